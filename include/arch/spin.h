/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What locks are made of. The host tests have a header of the same name.
 */
#pragma once

#include <lib/types.h>

/* All CPUs have FEAT_LSE. Written once, by boot code, while locks are in use: the two ways to
 * add may meet at one word. */
extern bool spin_lse;

/*
 * Adds to *p and returns what it was; acquires. One access where the CPUs have it. A pair of
 * exclusives fails if another CPU has stored in between: a lock's next try then competes with
 * one CPU less, since that one has its ticket and only waits.
 */
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

/* Returns when *p has been seen to be value; acquires. It does not hammer the bus: the exclusive
 * load arms the monitor, and the store that we wait for is the event that ends the WFE
 * (DDI0487 B2.12.5, D1.6.1). */
static inline void spin_until(const u16 *p, u16 value)
{
	u32 seen;

	__asm__ volatile("	sevl\n"
			 "1:	wfe\n"
			 "	ldaxrh	%w0, %1\n"
			 "	cmp	%w0, %w2\n"
			 "	b.ne	1b\n"
			 : "=&r"(seen)
			 : "Q"(*p), "r"((u32)value)
			 : "memory", "cc");
}
