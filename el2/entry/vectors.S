/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EL2's exception vectors (DDI0487 D1.3.1).
 *
 * While a guest runs, SP_EL2 is its struct vcpu, so the registers are saved
 * with no spare one at hand; then the stack of the CPU is taken from its top. Each exit
 * is counted in the vCPU, by cause.
 * What follows is el2/entry/trap.c's and el2/entry/irq.c's; the way back is by the vCPU's
 * requests, if it has any, and guest_enter. There is no other.
 */
#include <gen/offsets.h>

	.macro	save_rest
	stp	x2, x3, [sp, #VCPU_X + 16]
	stp	x4, x5, [sp, #VCPU_X + 32]
	stp	x6, x7, [sp, #VCPU_X + 48]
	stp	x8, x9, [sp, #VCPU_X + 64]
	stp	x10, x11, [sp, #VCPU_X + 80]
	stp	x12, x13, [sp, #VCPU_X + 96]
	stp	x14, x15, [sp, #VCPU_X + 112]
	stp	x16, x17, [sp, #VCPU_X + 128]
	stp	x18, x19, [sp, #VCPU_X + 144]
	stp	x20, x21, [sp, #VCPU_X + 160]
	stp	x22, x23, [sp, #VCPU_X + 176]
	stp	x24, x25, [sp, #VCPU_X + 192]
	stp	x26, x27, [sp, #VCPU_X + 208]
	stp	x28, x29, [sp, #VCPU_X + 224]
	mrs	x1, elr_el2
	mrs	x2, spsr_el2
	stp	x30, x1, [sp, #VCPU_X + 240]
	str	x2, [sp, #VCPU_PC + 8]
	mov	x0, sp
	ldp	x3, x29, [sp, #VCPU_STACK]	/* and no frame below the first */
	mov	sp, x3
	.endm

	/* Saved; x0 is the vCPU, and stays in x19. */
	.macro	handle kind
	mov	x19, x0
	b	guest_\kind
	.endm

	.macro	guest_vector kind
	.balign	0x80
	stp	x0, x1, [sp, #VCPU_X]
	save_rest
	handle	\kind
	.endm

	/* For CPUs whose branch predictors a guest could train against EL2: the
	 * same after CLRBHB, CPU_BRANCH_LOOPS taken branches, or firmware's help. */
	.macro	hardened_vector kind
	.balign	0x80
	stp	x0, x1, [sp, #VCPU_X]
	mrs	x0, tpidr_el2
	ldr	x1, [x0, #CPU_BRANCH_LOOPS]
	hint	#22			/* CLRBHB; a NOP where it does not exist */
	cbz	x1, 3f
1:	b	2f
2:	subs	x1, x1, #1
	b.ne	1b
	dsb	nsh
	isb
	b	hardened_\kind
3:	stp	x2, x3, [sp, #VCPU_X + 16]
	ldr	x0, [x0, #CPU_BRANCH_CALL]
	smc	#0
	ldp	x2, x3, [sp, #VCPU_X + 16]
	b	hardened_\kind
	.endm

	.macro	own_vector name
	.balign	0x80
	b	own_\name
	.endm

	.macro	own_vectors
	own_vector sync
	own_vector irq
	own_vector fiq
	own_vector serror
	.endm

	.macro	all_guest_vectors vector
	\vector	sync
	\vector	irq
	\vector	fiq
	\vector	serror
	.endm

	.text
	.balign	0x800
	.global el2_vectors
el2_vectors:
	own_vectors			/* EL2 on SP_EL0: never used */
	own_vectors			/* EL2 itself */
	all_guest_vectors guest_vector	/* AArch64 guest */
	all_guest_vectors guest_vector	/* AArch32 guest (EL0 only) */

	.balign	0x800
	.global el2_vectors_hardened
el2_vectors_hardened:
	own_vectors
	own_vectors
	all_guest_vectors hardened_vector
	all_guest_vectors hardened_vector

	.irp	kind, sync, irq, fiq, serror
hardened_\kind:
	save_rest
	handle	\kind
	.endr

guest_fiq:
	bl	exit_fiq
	b	requests
guest_serror:
	bl	exit_serror
	b	requests
guest_irq:
	ldr	x1, [x19, #VCPU_IRQS]
	ldr	x0, [x19, #VCPU_CPU]
	add	x1, x1, #1
	str	x1, [x19, #VCPU_IRQS]
	bl	irq_handle
	b	requests

/* A trap, counted: its class's handler decides, trap_finish() acts on what it says, unless
 * that is 0, to go on. Nothing in between takes an exception, so ESR_EL2 stays. */
guest_sync:
	mrs	x1, esr_el2
	adr	x2, trap_table
	ubfx	x3, x1, #26, #6
	add	x4, x0, x3, lsl #3
	ldr	x5, [x4, #VCPU_EXITS]
	ldr	x2, [x2, x3, lsl #3]
	add	x5, x5, #1
	str	x5, [x4, #VCPU_EXITS]
	blr	x2
	cbz	w0, requests
	mov	w2, w0
	mrs	x1, esr_el2
	mov	x0, x19
	bl	trap_finish

/* Whatever else could delay the return is a bit of one word. */
requests:
	ldr	w1, [x19, #VCPU_REQUESTS]
	cbnz	w1, 1f
	mov	sp, x19
2:
	ldp	x30, x1, [sp, #VCPU_X + 240]
	ldr	x2, [sp, #VCPU_PC + 8]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	tbnz	x2, #4, 4f
3:
	ldp	x2, x3, [sp, #VCPU_X + 16]
	ldp	x4, x5, [sp, #VCPU_X + 32]
	ldp	x6, x7, [sp, #VCPU_X + 48]
	ldp	x8, x9, [sp, #VCPU_X + 64]
	ldp	x10, x11, [sp, #VCPU_X + 80]
	ldp	x12, x13, [sp, #VCPU_X + 96]
	ldp	x14, x15, [sp, #VCPU_X + 112]
	ldp	x16, x17, [sp, #VCPU_X + 128]
	ldp	x18, x19, [sp, #VCPU_X + 144]
	ldp	x20, x21, [sp, #VCPU_X + 160]
	ldp	x22, x23, [sp, #VCPU_X + 176]
	ldp	x24, x25, [sp, #VCPU_X + 192]
	ldp	x26, x27, [sp, #VCPU_X + 208]
	ldp	x28, x29, [sp, #VCPU_X + 224]
	ldp	x0, x1, [sp, #VCPU_X]
	eret
	/* No speculation past the ERET with guest values in registers. */
	dsb	nsh
	isb

	/* To AArch32: a load there could take what a load here has read, unless this is
	 * written (Cortex-A53 845719). */
4:	mrs	x1, contextidr_el1
	msr	contextidr_el1, x1
	b	3b

1:	mov	x0, x19
	bl	sched_serve

/* void guest_enter(struct vcpu *): never returns. */
	.global guest_enter
guest_enter:
	mov	sp, x0
	b	2b

/*
 * An exception of EL2's own: a probe's fix-up, or a bug. The stack it came from
 * may be the reason, so another one is used; SP_EL0 is the spare register (a
 * guest's, which matters no more; probes run before there is one).
 */
	.macro	own_exception name, kind
own_\name:
	msr	sp_el0, x0
	mrs	x0, tpidr_el2
	ldr	x0, [x0, #CPU_PANIC_STACK]
	sub	x0, x0, #FRAME_SIZE
	str	x1, [x0, #8]
	mov	x1, sp
	str	x1, [x0, #FRAME_SP]
	mov	sp, x0
	mrs	x1, sp_el0
	str	x1, [x0]
	mov	x1, #\kind
	b	own_common
	.endm

	own_exception sync, 0
	own_exception irq, 1
	own_exception fiq, 2
	own_exception serror, 3

own_common:
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
	str	x30, [sp, #240]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	mrs	x4, esr_el2
	mrs	x5, far_el2
	stp	x2, x3, [sp, #FRAME_ELR]
	stp	x4, x5, [sp, #FRAME_ESR]
	mov	x0, sp
	bl	el2_exception
	ldp	x2, x3, [sp, #FRAME_ELR]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	mov	x30, sp
	ldr	x0, [x30, #FRAME_SP]
	mov	sp, x0
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
