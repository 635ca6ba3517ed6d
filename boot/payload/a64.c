/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows the path of a CPU into raw code, past instructions that fall through and along branches,
 * as long as the path is certain. Bits 28:25 put a word into one of 16 groups. Two groups are
 * unallocated, one is reserved except for SME, and one is SVE; no guest here has SME or SVE. So a
 * random word is refused in one of four cases, and most branches in random data lead out of it.
 */
#include <boot/a64.h>
#include <lib/bits.h>

/* Kernels branch by a register within this number of steps. */
#define MAX_STEPS 48

enum flow { FLOW_ON, FLOW_TO, FLOW_EITHER, FLOW_ENDS };

/* Groups 0 to 3: reserved and SME, unallocated, SVE, unallocated. */
static bool is_allocated(u32 word)
{
	return (word >> 25 & 15) > 3;
}

/* Where a CPU continues after an instruction; *distance becomes the branch offset in bytes. */
static enum flow flow_of(u32 word, s64 *distance)
{
	if ((word & 0x7c000000) == 0x14000000) { /* B, BL */
		*distance = (s64)((u64)word << 38) >> 36;
		return FLOW_TO;
	}
	if ((word & 0xff000000) == 0x54000000 || /* B.cond, BC.cond */
	    (word & 0x7e000000) == 0x34000000) { /* CBZ, CBNZ */
		*distance = (s64)((u64)(word >> 5) << 45) >> 43;
		return FLOW_EITHER;
	}
	if ((word & 0x7e000000) == 0x36000000) { /* TBZ, TBNZ */
		*distance = (s64)((u64)(word >> 5) << 50) >> 48;
		return FLOW_EITHER;
	}
	/* Exceptions; branches to registers. */
	if ((word & 0xff000000) == 0xd4000000 || (word & 0xfe000000) == 0xd6000000)
		return FLOW_ENDS;
	return FLOW_ON;
}

static u32 word_at(const u8 *code, u64 at)
{
	return code[at] | (u32)code[at + 1] << 8 | (u32)code[at + 2] << 16 |
	       (u32)code[at + 3] << 24;
}

bool a64_may_run(const u8 *code, u64 size, struct a64_fault *fault)
{
	u64 at = 0;

	*fault = (struct a64_fault){0};
	if (size < 4)
		return false;
	for (u32 step = 0; step < MAX_STEPS && at + 4 <= size; step++) {
		u32 word = word_at(code, at);
		s64 distance = 0;
		enum flow flow = flow_of(word, &distance);
		bool leads = (flow == FLOW_TO || flow == FLOW_EITHER) &&
			     at + (u64)distance >= size; /* below 0 too */

		if (!is_allocated(word) || leads) {
			*fault = (struct a64_fault){at, word, leads};
			return false;
		}
		if (flow == FLOW_ENDS)
			return true;
		at += flow == FLOW_TO ? (u64)distance : 4;
	}
	return true;
}
