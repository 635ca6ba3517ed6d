/* SPDX-License-Identifier: Apache-2.0 */
/* The host has no DC ZVA; a block is made up. */
#pragma once

#include <lib/bits.h>
#include <string.h>

static inline u64 zva_block(void)
{
	return 64;
}

static inline void zva(u64 at)
{
	memset((void *)at, 0, zva_block());
}
