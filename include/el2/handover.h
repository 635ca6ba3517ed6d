/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of boot: every CPU comes here from boot code and does not go back, so that
 * what only boot needed becomes memory like any other.
 */
#pragma once

#include <el2/cpu.h>

/* A secondary CPU is ready: marks it online, waits for handover() and schedules. */
_Noreturn void handover_join(struct cpu *cpu);

/*
 * The boot CPU is ready. Clears the nr ranges (whole pages of pages_init()'s range, mapped)
 * and gives them to the page pool, as data; then all CPUs begin to schedule. No CPU is in
 * boot code, none will enter it, and nothing points into the ranges, which may also be
 * the caller's code. Its stack is not among them.
 */
_Noreturn void handover(struct cpu *cpu, const struct range *ranges, u32 nr);
