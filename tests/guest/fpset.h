/* SPDX-License-Identifier: Apache-2.0 */
/* All FP/SIMD registers at once, for guests that look whether they keep their values. */
#pragma once

#include "guest.h"

#define FP ".arch_extension fp\n\t.arch_extension simd\n\t"

struct fp_set {
	u64 d[64]; /* q0-q31 */
	u64 fpcr, fpsr;
} __attribute__((aligned(16)));

static inline void fp_load(const struct fp_set *s)
{
	__asm__ volatile(FP "ldp q0, q1, [%0]; ldp q2, q3, [%0, #32]\n\t"
			    "ldp q4, q5, [%0, #64]; ldp q6, q7, [%0, #96]\n\t"
			    "ldp q8, q9, [%0, #128]; ldp q10, q11, [%0, #160]\n\t"
			    "ldp q12, q13, [%0, #192]; ldp q14, q15, [%0, #224]\n\t"
			    "ldp q16, q17, [%0, #256]; ldp q18, q19, [%0, #288]\n\t"
			    "ldp q20, q21, [%0, #320]; ldp q22, q23, [%0, #352]\n\t"
			    "ldp q24, q25, [%0, #384]; ldp q26, q27, [%0, #416]\n\t"
			    "ldp q28, q29, [%0, #448]; ldp q30, q31, [%0, #480]\n\t"
			    "msr fpcr, %1; msr fpsr, %2" ::"r"(s->d),
			 "r"(s->fpcr), "r"(s->fpsr)
			 : "memory");
}

static inline void fp_store(struct fp_set *s)
{
	__asm__ volatile(FP "stp q0, q1, [%2]; stp q2, q3, [%2, #32]\n\t"
			    "stp q4, q5, [%2, #64]; stp q6, q7, [%2, #96]\n\t"
			    "stp q8, q9, [%2, #128]; stp q10, q11, [%2, #160]\n\t"
			    "stp q12, q13, [%2, #192]; stp q14, q15, [%2, #224]\n\t"
			    "stp q16, q17, [%2, #256]; stp q18, q19, [%2, #288]\n\t"
			    "stp q20, q21, [%2, #320]; stp q22, q23, [%2, #352]\n\t"
			    "stp q24, q25, [%2, #384]; stp q26, q27, [%2, #416]\n\t"
			    "stp q28, q29, [%2, #448]; stp q30, q31, [%2, #480]\n\t"
			    "mrs %0, fpcr; mrs %1, fpsr"
			 : "=&r"(s->fpcr), "=&r"(s->fpsr)
			 : "r"(s->d)
			 : "memory");
}

static inline void fp_random(struct fp_set *s, u64 *seed)
{
	for (u32 i = 0; i < 64; i++)
		s->d[i] = random_next(seed);
	s->fpcr = random_next(seed) & 0x07c00000; /* AHP, DN, FZ, RMode */
	s->fpsr = random_next(seed) & 0x0800009f; /* QC and the sticky flags */
}

static inline void fp_compare(const struct fp_set *a, const struct fp_set *b, u32 round)
{
	for (u32 i = 0; i < 64; i++)
		EXPECT(a->d[i] == b->d[i], "CPU %u round %u: q%u half %u 0x%lx became 0x%lx",
		       me()->index, round, i / 2, i % 2, a->d[i], b->d[i]);
	EXPECT_EQ(b->fpcr, a->fpcr);
	EXPECT_EQ(b->fpsr, a->fpsr);
}
