/* SPDX-License-Identifier: Apache-2.0 */
/* What a CPU does at set times, beside running vCPUs: a table of functions. */
#include <drivers/timer.h>
#include <el2/terminal.h>
#include <el2/tick.h>
#include <el2/vcpu.h>
#include <el2/vwatchdog.h>

static void (*const users[NR_TICK_USERS])(void) = {
    [TICK_TERMINAL] = terminal_tick,
    [TICK_WATCHDOG] = vwatchdog_tick,
};

/* If the scheduler has set the timer for earlier, it sets it again when it runs. */
void tick_at(enum tick_user user, u64 then, u64 now)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->ticks[user] || then < cpu->ticks[user])
		cpu->ticks[user] = then;
	if (!cpu->tick || then < cpu->tick)
		cpu->tick = then;
	if (cpu->tick >= cpu->alarm && cpu->alarm > now)
		return;
	cpu->alarm = cpu->tick;
	timer_set(cpu->tick);
	if (cpu->current)
		atomic_or(&cpu->current->requests, REQ_RESCHED);
}

/* Those whose time it is are no longer asked for when the first of them is called. */
void tick_serve(struct cpu *cpu)
{
	u64 now = timer_now();
	u32 due = 0;

	if (!cpu->tick || cpu->tick > now)
		return;
	cpu->tick = 0;
	for (u32 i = 0; i < NR_TICK_USERS; i++) {
		u64 at = cpu->ticks[i];

		if (at && at <= now) {
			cpu->ticks[i] = 0;
			due |= 1U << i;
		} else if (at && (!cpu->tick || at < cpu->tick)) {
			cpu->tick = at;
		}
	}
	for (; due; due &= due - 1)
		users[__builtin_ctz(due)]();
}
