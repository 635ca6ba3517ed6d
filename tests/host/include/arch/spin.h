/* SPDX-License-Identifier: Apache-2.0 */
/* What locks are made of, for threads of host tests. */
#pragma once

#include <lib/types.h>

/* A test that has one thread defines it: what other CPUs do while this one spins. */
__attribute__((weak)) void spin_others(void);

static inline u32 spin_fetch_add(u32 *p, u32 value)
{
	return __atomic_fetch_add(p, value, __ATOMIC_ACQUIRE);
}

static inline u32 spin_add_if_equal(u32 *p, u32 value, u32 *seen)
{
	*seen = *(u16 *)p * 0x10001U;
	return !__atomic_compare_exchange_n(p, seen, *seen + value, false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED);
}

static inline u32 spin_while(const u32 *p, u32 old)
{
	u32 seen;

	while ((seen = __atomic_load_n(p, __ATOMIC_ACQUIRE)) == old)
		if (spin_others)
			spin_others();
	return seen;
}
