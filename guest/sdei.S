/* SPDX-License-Identifier: Apache-2.0 */
/* The handler of events: writes down, runs C, spoils what it may, completes. */
#include "sdei.h"

	.text
	/* No instruction before NZCV is read may change it. The frame is on the stack
	 * of whom it interrupts: SP_EL1 as it was. */
	.balign	16
	.global sdei_entry
sdei_entry:
	sub	sp, sp, #ENTRY_SIZE
	stp	x0, x1, [sp]
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
	add	x0, sp, #ENTRY_SIZE
	stp	x30, x0, [sp, #240]
	mrs	x1, nzcv
	mrs	x2, daif
	orr	x1, x1, x2
	mrs	x2, currentel
	orr	x1, x1, x2
	mrs	x2, spsel
	orr	x1, x1, x2
	str	x1, [sp, #ENTRY_PSTATE]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x1, x2, [sp, #ENTRY_ELR]
	mrs	x1, esr_el1
	mrs	x2, far_el1
	stp	x1, x2, [sp, #ENTRY_ESR]
	mrs	x1, vbar_el1
	mrs	x2, tpidr_el1
	stp	x1, x2, [sp, #ENTRY_VBAR]
	mrs	x1, sp_el0
	str	x1, [sp, #ENTRY_SP_EL0]
	mov	x0, sp
	bl	sdei_entered

	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	ldr	x0, [sp, #ENTRY_PSTATE]
	mvn	x0, x0
	msr	nzcv, x0
	adrp	x2, sdei_by_smc
	ldrb	w2, [x2, #:lo12:sdei_by_smc]
	ldp	x0, x1, [sp, #ENTRY_CALL]
	add	sp, sp, #ENTRY_SIZE
	mov	x3, #0xdead
	mov	x4, x3
	mov	x5, x3
	mov	x6, x3
	mov	x7, x3
	mov	x8, x3
	mov	x9, x3
	mov	x10, x3
	mov	x11, x3
	mov	x12, x3
	mov	x13, x3
	mov	x14, x3
	mov	x15, x3
	mov	x16, x3
	mov	x17, x3
	cbnz	x2, 1f
	hvc	#0
	b	sdei_not_ended
1:	smc	#0
	b	sdei_not_ended

	/* Programs of one call and the SVC that ends them. */
	.global	sdei_program_hvc, sdei_program_smc
sdei_program_hvc:
	hvc	#0
	svc	#0
sdei_program_smc:
	smc	#0
	svc	#0
