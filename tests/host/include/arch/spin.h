/* SPDX-License-Identifier: Apache-2.0 */
/* What locks are made of, for threads of host tests. */
#pragma once

#include <lib/types.h>

static inline u32 spin_fetch_add(u32 *p, u32 value)
{
	return __atomic_fetch_add(p, value, __ATOMIC_ACQUIRE);
}

static inline void spin_until(const u16 *p, u16 value)
{
	while (__atomic_load_n(p, __ATOMIC_ACQUIRE) != value)
		;
}
