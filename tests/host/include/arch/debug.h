/* SPDX-License-Identifier: Apache-2.0 */
/* Breakpoints and watchpoints in host tests: there are none. */
#pragma once

#include <lib/types.h>

static inline void debug_disarm(s32 last_break, s32 last_watch)
{
	(void)last_break, (void)last_watch;
}
