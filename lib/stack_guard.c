/* SPDX-License-Identifier: Apache-2.0 */
/* Debian builds libfdt with stack protection, which wants these two. The rest of
 * Tocsin has guard pages under its stacks instead. */
#include <lib/check.h>
#include <lib/types.h>

extern u64 __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

/* Any value that text overrunning a buffer is unlikely to hold: it has a NUL,
 * a newline and a byte that is no character. */
u64 __stack_chk_guard = 0x7d0a00ff5c1e93a8UL;

void __stack_chk_fail(void)
{
	check_failed("stack guard of a libfdt function intact", __FILE__, __LINE__);
}
