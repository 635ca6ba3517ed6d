/* SPDX-License-Identifier: Apache-2.0 */
/* Generic timer: the counter, and EL2's own timer (CNTHP) for the scheduler. */
#pragma once

#include <lib/types.h>

/* Errata by which a read of the counter may be wrong. */
enum timer_fault {
	TIMER_ROLLOVER = 1 << 0, /* Arm 858921: while bit 32 changes */
	TIMER_A64 = 1 << 1,      /* Allwinner unknown1: while the low nine bits roll over */
	TIMER_A008585 = 1 << 2,  /* Freescale: at any time, but not twice the same */
	TIMER_161010101 = 1 << 3 /* Hisilicon: at any time, by 32 or more */
};

/* From now on the counter is read with care. Any CPU. */
void timer_distrust(u32 faults);

/* Which faults there are. */
u32 timer_distrusted(void);

/* Is first right, if second was read just after it? Pure. */
bool timer_believes(u32 faults, u64 first, u64 second);

/* The physical count now, not speculated ahead of earlier instructions. */
u64 timer_now(void);

/* Counter ticks per second. */
u64 timer_frequency(void);

/* Raises PPI 26 on this CPU when the count reaches deadline; UINT64_MAX: never. */
void timer_set(u64 deadline);
