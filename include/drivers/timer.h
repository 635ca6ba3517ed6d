/* SPDX-License-Identifier: Apache-2.0 */
/* Generic timer: the counter, and EL2's own timer (CNTHP) for the scheduler. */
#pragma once

#include <lib/types.h>

/* The physical count now, not speculated ahead of earlier instructions. */
u64 timer_now(void);

/* Counter ticks per second. */
u64 timer_frequency(void);

/* Raises PPI 26 on this CPU when the count reaches deadline; UINT64_MAX: never. */
void timer_set(u64 deadline);
