/* SPDX-License-Identifier: Apache-2.0 */
/* A failed CHECK goes into the vectors, with its arguments still in x0-x2. */
#include <lib/check.h>

_Noreturn void check_failed(const char *expr, const char *file, u32 line)
{
	register const char *x0 __asm__("x0") = expr;
	register const char *x1 __asm__("x1") = file;
	register u64 x2 __asm__("x2") = line;

	for (;;)
		__asm__ volatile("brk %0" ::"i"(CHECK_BRK), "r"(x0), "r"(x1), "r"(x2) : "memory");
}
