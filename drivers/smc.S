/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct smc_result smc_call(u64 fid, u64 a1, u64 a2, u64 a3): see
 * drivers/psci.h. The result's address comes in x8, which SMCCC 1.0 firmware
 * may change, as x4-x17.
 */

	.section .text.smc_call, "ax"
	.global smc_call
	.hidden smc_call
	.type smc_call, %function
smc_call:
	bti	c
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	str	x8, [sp, #16]
	mov	x4, xzr
	mov	x5, xzr
	mov	x6, xzr
	mov	x7, xzr
	smc	#0
	ldr	x8, [sp, #16]
	stp	x0, x1, [x8]
	stp	x2, x3, [x8, #16]
	ldp	x29, x30, [sp], #32
	ret
	.size smc_call, . - smc_call
