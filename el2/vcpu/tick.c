/* SPDX-License-Identifier: Apache-2.0 */
/* What a CPU does at set times, beside running vCPUs: a table of functions. */
#include <drivers/timer.h>
#include <el2/partition.h>
#include <el2/terminal.h>
#include <el2/tick.h>
#include <el2/vcpu.h>

/* Partitions that a user looks at in one go. */
#define LOOKS 16

static const struct {
	void (*run)(void);
	void (*look)(struct partition *p, u64 now); /* at each partition */
} users[] = {
    [TICK_TERMINAL] = {.run = terminal_tick},   [TICK_CONSOLE] = {.run = terminal_poll},
    [TICK_WATCHDOG] = {.look = vwatchdog_tick}, [TICK_PARTITION] = {.look = partition_tick},
    [TICK_REPORT] = {.look = report_tick},
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

/* The next partitions of a round over all of them, of which *next remembers where it is. */
static void look_on(u32 user, u32 *next, u64 now)
{
	u32 end = MIN(*next + LOOKS, nr_partitions);

	for (u32 i = *next; i < end; i++)
		users[user].look(&partitions[i], now);
	*next = end == nr_partitions ? 0 : end;
}

/* The next of all set times; a round that is not over goes on at once. */
static u64 first_of(const struct cpu *cpu, u64 now)
{
	u64 first = 0;

	for (u32 i = 0; i < NR_TICK_USERS; i++) {
		u64 at = cpu->tick_next[i] ? now : cpu->ticks[i];

		if (at && (!first || at < first))
			first = at;
	}
	return first;
}

/* Those whose time it is are no longer asked for when the first of them is called. One that is
 * asked for during a round has another after it. */
void tick_serve(struct cpu *cpu)
{
	u64 now = timer_now();
	u32 due = 0;

	if (!cpu->tick || cpu->tick > now)
		return;
	for (u32 i = 0; i < NR_TICK_USERS; i++) {
		if (cpu->tick_next[i]) {
			due |= 1U << i;
		} else if (cpu->ticks[i] && cpu->ticks[i] <= now) {
			cpu->ticks[i] = 0;
			due |= 1U << i;
		}
	}
	cpu->tick = 0;
	for (; due; due &= due - 1) {
		u32 user = (u32)__builtin_ctz(due);

		if (users[user].run)
			users[user].run();
		else
			look_on(user, &cpu->tick_next[user], now);
	}
	cpu->tick = first_of(cpu, now);
}
