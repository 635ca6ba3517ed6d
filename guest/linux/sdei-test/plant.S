/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fills x0 to x28 and the flags with known values and waits for an event: in an HVC that signals
 * it, or in a loop until somebody opens a gate. The handler compares what was interrupted, and
 * the caller what came back.
 */
#include <linux/linkage.h>
#include <asm/assembler.h>

#define FRAME 112 /* x29, x30, x19 to x28, out */

	.macro	plant
	stp	x29, x30, [sp, #-FRAME]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x1, [sp, #96]
	mov	x30, x0
	ldr	x28, =0x60000000
	msr	nzcv, x28
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
	ldr	x28, [x30, #224]
	.endm

	.macro	harvest
	ldr	x30, [sp, #96]
	stp	x0, x1, [x30]
	stp	x2, x3, [x30, #16]
	stp	x4, x5, [x30, #32]
	stp	x6, x7, [x30, #48]
	stp	x8, x9, [x30, #64]
	stp	x10, x11, [x30, #80]
	stp	x12, x13, [x30, #96]
	stp	x14, x15, [x30, #112]
	stp	x16, x17, [x30, #128]
	stp	x18, x19, [x30, #144]
	stp	x20, x21, [x30, #160]
	stp	x22, x23, [x30, #176]
	stp	x24, x25, [x30, #192]
	stp	x26, x27, [x30, #208]
	mrs	x0, nzcv
	stp	x28, x0, [x30, #224]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #FRAME
	ret
	.endm

SYM_FUNC_START(plant_signal)
	plant
	hvc	#0
SYM_INNER_LABEL(plant_signalled, SYM_L_GLOBAL)
	harvest
SYM_FUNC_END(plant_signal)

/* cbz leaves the flags alone. */
SYM_FUNC_START(plant_spin)
	plant
SYM_INNER_LABEL(plant_spinning, SYM_L_GLOBAL)
	str	w26, [x27, #4]
	ldr	w28, [x27]
	cbz	w28, plant_spinning
SYM_INNER_LABEL(plant_spun, SYM_L_GLOBAL)
	harvest
SYM_FUNC_END(plant_spin)
