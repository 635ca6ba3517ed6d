/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for another CPU's store without hammering the bus: the exclusive load
 * arms the monitor, and the store that we wait for is the event that ends the
 * WFE (DDI0487 B2.12.5, D1.6.1). The host tests have a header of the same name.
 */
#pragma once

#include <lib/types.h>

/* Returns when *p has been seen to be other than value. No ordering. */
static inline void spin_while(const u32 *p, u32 value)
{
	u32 seen;

	__asm__ volatile("	sevl\n"
			 "1:	wfe\n"
			 "	ldxr	%w0, %1\n"
			 "	cmp	%w0, %w2\n"
			 "	b.eq	1b\n"
			 : "=&r"(seen)
			 : "Q"(*p), "r"(value)
			 : "memory", "cc");
}
