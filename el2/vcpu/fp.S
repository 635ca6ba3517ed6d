/* SPDX-License-Identifier: Apache-2.0 */
/* FP/SIMD registers of a guest: the only code after boot that touches them. */
#include <gen/offsets.h>

	.arch	armv8-a+fp+simd

	.macro	all_pairs insn
	\insn	q0, q1, [x0, #FP_Q]
	\insn	q2, q3, [x0, #FP_Q + 32]
	\insn	q4, q5, [x0, #FP_Q + 64]
	\insn	q6, q7, [x0, #FP_Q + 96]
	\insn	q8, q9, [x0, #FP_Q + 128]
	\insn	q10, q11, [x0, #FP_Q + 160]
	\insn	q12, q13, [x0, #FP_Q + 192]
	\insn	q14, q15, [x0, #FP_Q + 224]
	\insn	q16, q17, [x0, #FP_Q + 256]
	\insn	q18, q19, [x0, #FP_Q + 288]
	\insn	q20, q21, [x0, #FP_Q + 320]
	\insn	q22, q23, [x0, #FP_Q + 352]
	\insn	q24, q25, [x0, #FP_Q + 384]
	\insn	q26, q27, [x0, #FP_Q + 416]
	\insn	q28, q29, [x0, #FP_Q + 448]
	\insn	q30, q31, [x0, #FP_Q + 480]
	.endm

	.text
/* void fp_save(struct fp_state *) */
	.global fp_save
	.type fp_save, %function
fp_save:
	all_pairs stp
	mrs	x1, fpcr
	mrs	x2, fpsr
	str	x1, [x0, #FP_FPCR]
	str	x2, [x0, #FP_FPCR + 8]
	ret
	.size fp_save, . - fp_save

/* void fp_restore(const struct fp_state *) */
	.global fp_restore
	.type fp_restore, %function
fp_restore:
	all_pairs ldp
	ldr	x1, [x0, #FP_FPCR]
	ldr	x2, [x0, #FP_FPCR + 8]
	msr	fpcr, x1
	msr	fpsr, x2
	ret
	.size fp_restore, . - fp_restore
