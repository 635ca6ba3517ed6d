/* SPDX-License-Identifier: Apache-2.0 */
/* program_run(): into a program by ERET, out of it by any exception. */
#include "program.h"

	.text
	/* void program_run(struct program *) */
	.global program_run
program_run:
	stp	x29, x30, [sp, #-128]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mrs	x1, vbar_el1
	mrs	x2, daif
	mrs	x3, sp_el0
	stp	x1, x2, [sp, #96]
	str	x3, [sp, #112]
	msr	daifset, #0xf
	str	x0, [sp, #-16]!		/* the vectors find it here */
	mov	x1, sp
	str	x1, [x0, #PROGRAM_SP_EL1]
	adr	x1, program_vectors
	msr	vbar_el1, x1
	ldr	x1, [x0, #PROGRAM_SP_EL0]
	msr	sp_el0, x1
	ldp	x1, x2, [x0, #PROGRAM_PC]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	isb
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	eret

	.macro	ending kind
	.balign 0x80
	stp	x0, x1, [sp, #-16]!
	mov	x1, #\kind
	b	program_end
	.endm

	.balign	0x800
program_vectors:
	ending	0
	ending	1
	ending	2
	ending	3
	ending	4
	ending	5
	ending	6
	ending	7
	ending	8
	ending	9
	ending	10
	ending	11
	ending	12
	ending	13
	ending	14
	ending	15
	.global program_resumed
program_resumed:
	ending	16

	/* No instruction before NZCV is read may change it. */
program_end:
	ldr	x0, [sp, #16]
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	str	x30, [x0, #240]
	str	x1, [x0, #PROGRAM_KIND]
	ldp	x2, x3, [sp], #32
	stp	x2, x3, [x0]

	mrs	x1, nzcv
	mrs	x2, daif
	orr	x1, x1, x2
	mrs	x2, currentel
	orr	x1, x1, x2
	mrs	x2, spsel
	orr	x1, x1, x2
	str	x1, [x0, #PROGRAM_LIVE]
	mrs	x1, esr_el1
	mrs	x2, far_el1
	stp	x1, x2, [x0, #PROGRAM_ESR]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x1, x2, [x0, #PROGRAM_PC]
	mrs	x1, sp_el0
	str	x1, [x0, #PROGRAM_SP_EL0]

	ldp	x1, x2, [sp, #96]
	ldr	x3, [sp, #112]
	msr	sp_el0, x3
	msr	vbar_el1, x1
	isb
	msr	daif, x2
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #128
	ret
