/* SPDX-License-Identifier: Apache-2.0 */
/* The operand of cache maintenance by set and way (DDI0487 C5.3). */
#pragma once

#include <lib/types.h>

static inline u32 set_way_bits(u64 most)
{
	return most ? 64 - (u32)__builtin_clzll(most) : 0;
}

/* Does the cache that ccsidr (CCSIDR_EL1) describes have the set and way that *operand names? wide:
 * the format is FEAT_CCIDX's. Clears the bits of *operand that have no meaning. Pure. */
static inline bool set_way_exists(u64 *operand, u64 ccsidr, bool wide)
{
	u64 last_way = ccsidr >> 3 & (wide ? 0x1fffff : 0x3ff);
	u64 last_set = wide ? ccsidr >> 32 & 0xffffff : ccsidr >> 13 & 0x7fff;
	u32 way_bits = set_way_bits(last_way);
	u32 set_at = 4 + (ccsidr & 7), way_at = 32 - way_bits;
	u64 way = way_bits ? (u32)*operand >> way_at : 0;
	u64 set = *operand >> set_at & ((1UL << set_way_bits(last_set)) - 1);

	*operand = (*operand & 0xe) | set << set_at | (way_bits ? way << way_at : 0);
	return way <= last_way && set <= last_set;
}
