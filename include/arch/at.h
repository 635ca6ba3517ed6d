/* SPDX-License-Identifier: Apache-2.0 */
/* Address translation instructions (DDI0487 C5.4). The host tests have a header of the
 * same name. */
#pragma once

#include <lib/types.h>

/* What stage 1 of EL1 and EL0 says of an access to va; PAR_EL1 has it after an ISB. */
static inline void at_stage1(u64 va, bool el0, bool write)
{
	if (el0 && write)
		__asm__ volatile("at s1e0w, %0" ::"r"(va) : "memory");
	else if (el0)
		__asm__ volatile("at s1e0r, %0" ::"r"(va) : "memory");
	else if (write)
		__asm__ volatile("at s1e1w, %0" ::"r"(va) : "memory");
	else
		__asm__ volatile("at s1e1r, %0" ::"r"(va) : "memory");
}
