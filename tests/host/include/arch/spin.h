/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for another thread's store in host tests. */
#pragma once

#include <lib/atomic.h>

static inline void spin_while(const u32 *p, u32 value)
{
	while (atomic_load(p) == value)
		;
}
