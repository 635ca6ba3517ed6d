/* SPDX-License-Identifier: Apache-2.0 */
/* DC ZVA (DDI0487 C5.3.8): normal memory is zeroed a block at a time. The host tests have
 * a header of the same name. */
#pragma once

#include <lib/bits.h>

/* Bytes of a block, a power of two of at most 2 KiB; 0: the instruction is prohibited. */
static inline u64 zva_block(void)
{
	u64 id;

	__asm__("mrs %0, dczid_el0" : "=r"(id));
	return id & BIT(4) ? 0 : 4UL << (id & 15); /* DZP; BS, in words */
}

/* Zeroes the block that at begins. */
static inline void zva(u64 at)
{
	__asm__ volatile("dc zva, %0" ::"r"(at) : "memory");
}
