/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a litmus test is made of. A file has any number of tests. NAME_init(), if there is one,
 * runs first and alone. NAME_0(), NAME_1() ... then run on a CPU each. r[] is what they have
 * returned. NAME_forbidden() may be true after no execution that the architecture allows,
 * NAME_allowed() must be after one. Some instructions mean something to tests/litmus/verify:
 */
#pragma once

#include <arch/barrier.h>
#include <arch/sysreg.h>
#include <lib/atomic.h>
#include <lib/types.h>

#define FAULT UINT64_MAX

/* A guest's LDR of an address that this stage-2 entry translates; FAULT. */
static inline u64 guest_load(const u64 *entry)
{
	register u64 x0 __asm__("x0") = (u64)entry;

	__asm__ volatile("hlt #0x100" : "+r"(x0)::"memory");
	return x0;
}

/* A guest's STR; 0 or FAULT. */
static inline u64 guest_store(const u64 *entry, u64 value)
{
	register u64 x0 __asm__("x0") = (u64)entry;
	register u64 x1 __asm__("x1") = value;

	__asm__ volatile("hlt #0x101" : "+r"(x0) : "r"(x1) : "memory");
	return x0;
}

/* Its fetch; what is fetched, or FAULT. */
static inline u64 guest_fetch(const u64 *entry)
{
	register u64 x0 __asm__("x0") = (u64)entry;

	__asm__ volatile("hlt #0x103" : "+r"(x0)::"memory");
	return x0;
}

/* The CPU takes an SGI; executions in which none comes do not count. */
static inline void interrupt(void)
{
	__asm__ volatile("hlt #0x102" ::: "memory");
}

/* Entering a guest is a context synchronization event. */
static inline void enter_guest(void)
{
	isb();
}

/* Executions in which it is false do not count. */
static inline void assume(bool it)
{
	while (!it)
		;
}
