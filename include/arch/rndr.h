/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU's random numbers (FEAT_RNG). The host tests have a header of the same name. */
#pragma once

#include <lib/types.h>

/* 64 random bits; false if the CPU has none at the moment. Only where
 * ID_AA64ISAR0_EL1.RNDR is not 0. MRS RNDR says how it went in PSTATE.Z. */
static inline bool rndr_read(u64 *value)
{
	u64 bits;
	u32 good;

	__asm__ volatile("mrs %0, S3_3_C2_C4_0\n\tcset %w1, ne" : "=r"(bits), "=r"(good)::"cc");
	*value = bits;
	return good;
}
