/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing by the line: CCMP takes an instruction a word where the compiler takes two.
 * The host tests have a header of the same name. */
#pragma once

#include <lib/types.h>

/* Are the eight words from at on all the same as word? */
static inline bool equal_line(const u64 *at, u64 word)
{
	bool same;

	__asm__("	cmp	%1, %9\n"
		"	ccmp	%2, %9, #0, eq\n"
		"	ccmp	%3, %9, #0, eq\n"
		"	ccmp	%4, %9, #0, eq\n"
		"	ccmp	%5, %9, #0, eq\n"
		"	ccmp	%6, %9, #0, eq\n"
		"	ccmp	%7, %9, #0, eq\n"
		"	ccmp	%8, %9, #0, eq\n"
		: "=@cceq"(same)
		: "r"(at[0]), "r"(at[1]), "r"(at[2]), "r"(at[3]), "r"(at[4]), "r"(at[5]),
		  "r"(at[6]), "r"(at[7]), "r"(word));
	return same;
}
