/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a guest begins, on its first CPU and on those that CPU_ON starts, and
 * its exception vectors. Runs where it was loaded: relative relocations are
 * applied here. With IMAGE_HEADER it begins with Linux's Image header.
 */
	.section .head, "ax"
	.global _start
_start:
#ifdef IMAGE_HEADER
	b	begin
	.long	0
	.quad	0x80000			/* text_offset: from a 2 MiB boundary */
	.quad	0x100000		/* with bss and stacks; guest.ld checks it */
	.quad	0xa			/* little endian, 4 KiB pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0
#endif
begin:
	mrs	x19, cntvct_el0		/* the guest's first instruction */
	mov	x20, x0

	adrp	x0, __bss_start
	add	x0, x0, :lo12:__bss_start
	adrp	x1, __bss_end
	add	x1, x1, :lo12:__bss_end
1:	cmp	x0, x1
	b.hs	2f
	stp	xzr, xzr, [x0], #16
	b	1b

2:	adr	x2, _start		/* linked at 0: the load address is the offset */
	adrp	x0, __rela_start
	add	x0, x0, :lo12:__rela_start
	adrp	x1, __rela_end
	add	x1, x1, :lo12:__rela_end
3:	cmp	x0, x1
	b.hs	4f
	ldp	x3, x4, [x0], #16	/* r_offset, r_info: only R_AARCH64_RELATIVE is there */
	ldr	x5, [x0], #8
	add	x5, x5, x2
	str	x5, [x2, x3]
	b	3b

4:	adrp	x0, stacks
	add	x0, x0, :lo12:stacks
	add	x0, x0, #STACK_SIZE
	mov	sp, x0
	adr	x1, vectors
	msr	vbar_el1, x1
	mov	x29, xzr
	mov	x0, x20
	mov	x1, x19
	bl	guest_main
5:	b	5b

	/* CPU_ON's entry: x0 is the CPU's index, or anything from a hostile test. */
	.text
	.global secondary_entry
secondary_entry:
	and	x19, x0, #7
	adrp	x1, stacks
	add	x1, x1, :lo12:stacks
	add	x2, x19, #1
	mov	x3, #STACK_SIZE
	madd	x1, x2, x3, x1
	mov	sp, x1
	adr	x1, vectors
	msr	vbar_el1, x1
	mov	x29, xzr
	mov	x0, x19
	bl	guest_secondary
6:	b	6b

	/* Kind of exception = index of its vector. */
	.macro	vector kind
	.balign	0x80
	sub	sp, sp, #272
	stp	x0, x1, [sp]
	mov	x1, #\kind
	b	exception
	.endm

	.balign	0x800
	.global vectors
vectors:
	vector	0
	vector	1
	vector	2
	vector	3
	vector	4
	vector	5
	vector	6
	vector	7
	vector	8
	vector	9
	vector	10
	vector	11
	vector	12
	vector	13
	vector	14
	vector	15
	.balign	0x80

exception:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x2, elr_el1
	mrs	x3, spsr_el1
	stp	x30, x2, [sp, #240]
	str	x3, [sp, #256]
	mov	x0, sp
	bl	guest_exception
	ldr	x3, [sp, #256]
	ldp	x30, x2, [sp, #240]
	msr	elr_el1, x2
	msr	spsr_el1, x3
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldp	x0, x1, [sp]
	add	sp, sp, #272
	eret

	/* void hvc_regs(struct regs *): x0-x17 in and out. */
	.macro	conduit name, insn
	.global \name
\name:
	stp	x29, x30, [sp, #-32]!
	str	x19, [sp, #16]
	mov	x19, x0
	ldp	x2, x3, [x19, #16]
	ldp	x4, x5, [x19, #32]
	ldp	x6, x7, [x19, #48]
	ldp	x8, x9, [x19, #64]
	ldp	x10, x11, [x19, #80]
	ldp	x12, x13, [x19, #96]
	ldp	x14, x15, [x19, #112]
	ldp	x16, x17, [x19, #128]
	ldp	x0, x1, [x19]
	\insn	#0
	stp	x0, x1, [x19]
	stp	x2, x3, [x19, #16]
	stp	x4, x5, [x19, #32]
	stp	x6, x7, [x19, #48]
	stp	x8, x9, [x19, #64]
	stp	x10, x11, [x19, #80]
	stp	x12, x13, [x19, #96]
	stp	x14, x15, [x19, #112]
	stp	x16, x17, [x19, #128]
	ldr	x19, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret
	.endm
	conduit	hvc_regs, hvc
	conduit	smc_regs, smc

	/* u64 call_at(address, x0): a call into anywhere. */
	.global call_at
call_at:
	stp	x29, x30, [sp, #-16]!
	mov	x2, x0
	mov	x0, x1
	blr	x2
	ldp	x29, x30, [sp], #16
	ret

	.section .noinit, "aw", %nobits
	.balign	16
stacks:
	.skip	STACK_SIZE * 8
