/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indices that a guest chooses. A CPU runs ahead on a guess of the branch that checks one, and
 * what it loads there by a wrong one leaves traces in the caches (CVE-2017-5753). So the index
 * itself has to obey. An array of 2^k elements needs none of this: it is indexed modulo 2^k.
 * The host tests have a header of the same name.
 */
#pragma once

#include <lib/types.h>

/* True if *i is less than n. Else *i becomes 0, for a CPU that runs ahead, too: what follows
 * CSDB does not use a guess of the flags (DDI0487 C6.2.66). Two instructions more than the
 * comparison alone. */
static inline bool index_check(u64 *i, u64 n)
{
	bool below;

#ifndef __GCC_ASM_FLAG_OUTPUTS__ /* clang before 17 */
	below = *i < n;
	__asm__("cmp	%0, %1\n\t"
		"csel	%0, %0, xzr, lo\n\t"
		"hint	#20" /* CSDB */
		: "+&r"(*i)
		: "r"(n)
		: "cc");
#else
	__asm__("cmp	%0, %2\n\t"
		"csel	%0, %0, xzr, lo\n\t"
		"hint	#20" /* CSDB */
		: "+&r"(*i), "=@cclo"(below)
		: "r"(n));
#endif
	return below;
}

/* i, or 0 if it is not less than n: for an access behind a check made elsewhere. */
static inline u64 index_nospec(u64 i, u64 n)
{
	index_check(&i, n);
	return i;
}
