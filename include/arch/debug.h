/* SPDX-License-Identifier: Apache-2.0 */
/* Breakpoints and watchpoints by number. The host tests have a header of the same
 * name. */
#pragma once

#include <lib/types.h>

/* Switches off breakpoints 0..last_break and watchpoints 0..last_watch (DBGBCR<n>_EL1
 * and DBGWCR<n>_EL1, n at most 15), which are unknown after reset. */
static inline void debug_disarm(s32 last_break, s32 last_watch)
{
#define DISARM(n)                                                                                  \
	do {                                                                                       \
		if (n <= last_break)                                                               \
			__asm__ volatile("msr S2_0_C0_C" #n "_5, xzr");                            \
		if (n <= last_watch)                                                               \
			__asm__ volatile("msr S2_0_C0_C" #n "_7, xzr");                            \
	} while (0)
	DISARM(0);
	DISARM(1);
	DISARM(2);
	DISARM(3);
	DISARM(4);
	DISARM(5);
	DISARM(6);
	DISARM(7);
	DISARM(8);
	DISARM(9);
	DISARM(10);
	DISARM(11);
	DISARM(12);
	DISARM(13);
	DISARM(14);
	DISARM(15);
#undef DISARM
}
