/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing by the line in host tests. */
#pragma once

#include <lib/types.h>

static inline bool equal_line(const u64 *at, u64 word)
{
	for (u32 i = 0; i < 8; i++)
		if (at[i] != word)
			return false;
	return true;
}
