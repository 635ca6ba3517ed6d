/* SPDX-License-Identifier: Apache-2.0 */
/* What a CPU does at set times, beside running vCPUs: a table of functions. */
#include <drivers/timer.h>
#include <el2/cpu_timer.h>
#include <el2/partition.h>
#include <el2/terminal.h>
#include <el2/vcpu.h>
#include <lib/layout.h>

REQUIRE(NR_CPU_TIMER_USERS <= 32); /* bits of due */

/* Partitions that a user polls in one step. */
#define LOOKS 16

static const struct {
	void (*run)(void);
	void (*look)(struct partition *p, u64 now); /* polls one partition */
} users[] = {
    [CPU_TIMER_TERMINAL] = {.run = terminal_timer},
    [CPU_TIMER_CONSOLE] = {.run = terminal_poll},
    [CPU_TIMER_WATCHDOG] = {.look = vwatchdog_timer},
    [CPU_TIMER_PARTITION] = {.look = partition_timer},
    [CPU_TIMER_REPORT] = {.look = report_timer},
};

/* The scheduler chooses anew, because its own time may have been in the timer. */
void cpu_timer_at(enum cpu_timer_user user, u64 then, u64 now)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->timers[user] || then < cpu->timers[user])
		cpu->timers[user] = then;
	if (!cpu->timer_first || then < cpu->timer_first)
		cpu->timer_first = then;
	if (cpu_timer_arm(cpu, now, cpu->timer_first) && cpu->current)
		atomic_or(&cpu->current->requests, REQ_RESCHED);
}

/* Polls the next LOOKS partitions of a round over all; the round continues at *next. */
static void look_on(u32 user, u32 *next, u64 now)
{
	u32 end = MIN(*next + LOOKS, nr_partitions);

	for (u32 i = *next; i < end; i++)
		users[user].look(&partitions[i], now);
	*next = end == nr_partitions ? 0 : end;
}

/* The earliest of all set times. An unfinished round continues at once. */
static u64 first_of(const struct cpu *cpu, u64 now)
{
	u64 first = 0;

	for (u32 i = 0; i < NR_CPU_TIMER_USERS; i++) {
		u64 at = cpu->timer_next[i] ? now : cpu->timers[i];

		if (at && (!first || at < first))
			first = at;
	}
	return first;
}

/* Clears the times of all due users before it calls the first of them. A user whose time is set
 * during its round has another round after it. */
void cpu_timer_serve(struct cpu *cpu)
{
	u64 now = timer_now();
	u32 due = 0;

	if (!cpu->timer_first || cpu->timer_first > now)
		return;
	for (u32 i = 0; i < NR_CPU_TIMER_USERS; i++) {
		if (cpu->timer_next[i]) {
			due |= 1U << i;
		} else if (cpu->timers[i] && cpu->timers[i] <= now) {
			cpu->timers[i] = 0;
			due |= 1U << i;
		}
	}
	cpu->timer_first = 0;
	FOR_EACH_BIT (user, due) {
		if (users[user].run)
			users[user].run();
		else
			look_on(user, &cpu->timer_next[user], now);
	}
	cpu->timer_first = first_of(cpu, now);
}
