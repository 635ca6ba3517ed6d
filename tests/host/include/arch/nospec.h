/* SPDX-License-Identifier: Apache-2.0 */
/* Indices that a guest chooses, for host tests: nothing runs ahead. */
#pragma once

#include <lib/types.h>

static inline bool index_check(u64 *i, u64 n)
{
	bool below = *i < n;

	*i = below ? *i : 0;
	return below;
}

static inline u64 index_nospec(u64 i, u64 n)
{
	index_check(&i, n);
	return i;
}
