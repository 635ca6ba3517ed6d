/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What locks are made of. The host tests have a header of the same name.
 */
#pragma once

#include <lib/types.h>

/* All CPUs have FEAT_LSE. Written once, by boot code, while locks are in use: the two ways to
 * add may meet at one word. */
extern bool spin_lse;

/* Adds to *p and returns what it was; acquires. A pair of exclusives fails if another CPU has
 * stored in between. */
static inline u32 spin_fetch_add(u32 *p, u32 value)
{
	u32 old;

	if (!spin_lse)
		return __atomic_fetch_add(p, value, __ATOMIC_ACQUIRE);
	__asm__ volatile(".arch_extension lse\n\t"
			 "ldadda	%w2, %w0, %1\n\t"
			 ".arch_extension nolse"
			 : "=r"(old), "+Q"(*p)
			 : "r"(value)
			 : "memory");
	return old;
}

/* Adds to *p if its halves are equal: 0, and it acquires. Else, or if another CPU's store came in
 * between, *seen is what *p was. */
static inline u32 spin_add_if_equal(u32 *p, u32 value, u32 *seen)
{
	u32 old, sum, other;

	if (spin_lse) {
		old = __atomic_load_n((u16 *)p, __ATOMIC_RELAXED) * 0x10001U;
		*seen = old;
		__asm__ volatile(".arch_extension lse\n\t"
				 "casa	%w0, %w2, %1\n\t"
				 ".arch_extension nolse"
				 : "+r"(*seen), "+Q"(*p)
				 : "r"(old + value)
				 : "memory");
		return *seen ^ old;
	}
	__asm__ volatile("	ldaxr	%w0, %3\n"
			 "	eor	%w1, %w0, %w0, ror #16\n"
			 "	cbnz	%w1, 2f\n"
			 "	add	%w2, %w0, %w4\n"
			 "	stxr	%w1, %w2, %3\n"
			 "2:\n"
			 : "=&r"(*seen), "=&r"(other), "=&r"(sum), "+Q"(*p)
			 : "rI"(value)
			 : "memory");
	return other;
}

/* Returns another value of *p than old, once there is one; acquires. It does not hammer the bus:
 * the exclusive load arms the monitor, and the store that we wait for is the event that ends the
 * WFE (DDI0487 B2.12.5, D1.6.1). */
static inline u32 spin_while(const u32 *p, u32 old)
{
	u32 seen;

	__asm__ volatile("	sevl\n"
			 "1:	wfe\n"
			 "	ldaxr	%w0, %1\n"
			 "	cmp	%w0, %w2\n"
			 "	b.eq	1b\n"
			 : "=&r"(seen)
			 : "Q"(*p), "r"(old)
			 : "memory", "cc");
	return seen;
}
