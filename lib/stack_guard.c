/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that have arrays on their stack, or take addresses of what is there, keep a guard
 * above it and compare it before they return: those of boot code, of libfdt, and of what runs
 * rarely (RARE in the Makefile). Guard pages lie under all stacks.
 */
#include <lib/check.h>
#include <lib/types.h>

extern u64 __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

/* primary_entry in boot/start/head.S puts a number of this boot into all bytes but the last, which
 * stays 0 and so ends text that overruns a buffer. */
u64 __stack_chk_guard = 0x7d0a00ff5c1e9300UL;

void __stack_chk_fail(void)
{
	check_failed("stack guard of a function intact", __FILE__, __LINE__);
}
