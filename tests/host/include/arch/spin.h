/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for another thread's store in host tests. */
#pragma once

#include <lib/atomic.h>

static inline void spin_until(const u16 *p, u16 value)
{
	while (atomic_load_acquire(p) != value)
		;
}
