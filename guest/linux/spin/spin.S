/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux program that fills x0 to x28 and v0 to v28 with known values and looks at them for ever.
 * It ends, with a sentence and status 1, if one has changed. The SDEI test module knows the
 * values: register i holds 0x5de1 << 48 | i.
 */
#define PATTERN 0x5de1
#define SYS_WRITE 64
#define SYS_EXIT 93

	.macro	every, what
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
	\what	\i
	.endr
	.endm

	.macro	known, to, i
	mov	\to, #(PATTERN << 48)
	add	\to, \to, #\i
	.endm

	.macro	fill, i
	known	x\i, \i
	dup	v\i\().2d, x\i
	.endm

	.macro	look, i
	known	x29, \i
	cmp	x\i, x29
	b.ne	changed
	mov	x30, v\i\().d[0]
	cmp	x30, x29
	b.ne	changed
	mov	x30, v\i\().d[1]
	cmp	x30, x29
	b.ne	changed
	.endm

	.global	_start
_start:
	every	fill
1:	every	look
	b	1b

changed:
	mov	x0, #1
	adr	x1, sentence
	mov	x2, #(sentence_end - sentence)
	mov	x8, #SYS_WRITE
	svc	#0
	mov	x0, #1
	mov	x8, #SYS_EXIT
	svc	#0

sentence:
	.ascii	"spin: FAIL: a register has changed\n"
sentence_end:
