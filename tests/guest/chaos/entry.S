/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors that need nothing but VBAR: whatever happens, the next operation follows. */

#define CHAOS_STACK 32768
#define FRAME 192

	.text
	.macro	here kind
	.balign	0x80
	b	\kind
	.endm

	.balign	0x800
	.global	chaos_vectors
chaos_vectors:
	.rept	2		/* EL1 with SP_EL0, and with SP_EL1 */
	here	sync
	here	irq
	here	irq
	here	sync
	.endr
	.rept	2		/* EL0, and in AArch32 */
	here	sync
	here	irq_el0
	here	irq_el0
	here	sync
	.endr
	.balign	0x80

	.macro	own_stack
	mrs	x19, mpidr_el1
	and	x19, x19, #1
	add	x19, x19, #1
	mov	x20, #CHAOS_STACK
	adrp	x21, chaos_stacks
	add	x21, x21, :lo12:chaos_stacks
	madd	x21, x19, x20, x21
	mov	sp, x21
	mov	x29, xzr
	.endm

sync:
	own_stack
	mrs	x0, esr_el1
	bl	chaos_exception

	/* Also where CPU_ON and COMPLETE_AND_RESUME go. */
	.global	chaos_recover, chaos_secondary
chaos_secondary:
chaos_recover:
	msr	daifset, #15
	msr	spsel, #1
	own_stack
	bl	chaos_go_on
	b	chaos_recover

irq_el0:
	own_stack
	bl	chaos_irq
	b	chaos_recover

irq:
	sub	sp, sp, #FRAME
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x29, [sp, #144]
	mrs	x0, elr_el1
	mrs	x1, spsr_el1
	stp	x30, x0, [sp, #160]
	str	x1, [sp, #176]
	bl	chaos_irq
	ldr	x1, [sp, #176]
	orr	x1, x1, x0		/* interrupts stay masked after too many */
	ldp	x30, x0, [sp, #160]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	ldp	x18, x29, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp]
	add	sp, sp, #FRAME
	eret

	/* A handler of SDEI events, on the stack of what it interrupts. */
	.balign	16
	.global	chaos_event
chaos_event:
	sub	sp, sp, #112
	stp	x18, x19, [sp]
	stp	x20, x21, [sp, #16]
	stp	x22, x23, [sp, #32]
	stp	x24, x25, [sp, #48]
	stp	x26, x27, [sp, #64]
	stp	x28, x29, [sp, #80]
	str	x30, [sp, #96]
	sub	sp, sp, #16
	mov	x1, sp
	bl	chaos_handle		/* how it ends: a call and its argument */
	ldp	x0, x1, [sp], #16
	ldp	x18, x19, [sp]
	ldp	x20, x21, [sp, #16]
	ldp	x22, x23, [sp, #32]
	ldp	x24, x25, [sp, #48]
	ldp	x26, x27, [sp, #64]
	ldp	x28, x29, [sp, #80]
	ldr	x30, [sp, #96]
	add	sp, sp, #112
	hvc	#0
	b	chaos_recover

	/* chaos_enter_el0(x, pc, spsr, sp) */
	.global	chaos_enter_el0
chaos_enter_el0:
	msr	elr_el1, x1
	msr	spsr_el1, x2
	msr	sp_el0, x3
	mov	x30, x0
	ldp	x0, x1, [x30]
	ldp	x2, x3, [x30, #16]
	ldp	x4, x5, [x30, #32]
	ldp	x6, x7, [x30, #48]
	ldp	x8, x9, [x30, #64]
	ldp	x10, x11, [x30, #80]
	ldp	x12, x13, [x30, #96]
	ldp	x14, x15, [x30, #112]
	ldp	x16, x17, [x30, #128]
	ldp	x18, x19, [x30, #144]
	ldp	x20, x21, [x30, #160]
	ldp	x22, x23, [x30, #176]
	ldp	x24, x25, [x30, #192]
	ldp	x26, x27, [x30, #208]
	ldp	x28, x29, [x30, #224]
	ldr	x30, [x30, #240]
	eret

	.section .noinit, "aw", %nobits
	.balign	16
chaos_stacks:
	.skip	CHAOS_STACK * 2
