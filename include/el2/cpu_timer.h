/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times at which a CPU has something to do, whichever vCPU runs there: one per user (enum
 * cpu_timer_user in el2/cpu.h). They share EL2's timer with the scheduler, which sets it for no
 * later than the first of them. A CPU's own: no lock.
 */
#pragma once

#include <drivers/timer.h>
#include <el2/cpu.h>

/* The one place that sets EL2's timer: it fires at the counter value at, or at the first user's
 * time if that is earlier. An earlier setting that is still to come stays, because it costs one
 * interrupt at most and a new setting costs more; with now 0 it also stays if it has come, because
 * it has not been served yet. now is the counter. True: the timer was set. This CPU's. */
static inline bool cpu_timer_arm(struct cpu *cpu, u64 now, u64 at)
{
	if (cpu->timer_first && cpu->timer_first < at)
		at = cpu->timer_first;
	if (at >= cpu->alarm && cpu->alarm > now)
		return false;
	cpu->alarm = at;
	timer_set(at);
	return true;
}

/* Calls the user's function on this CPU at the counter value then, or earlier if an earlier
 * time was set already. Calls it once; the user sets the next time if it needs one. now is the
 * counter. */
void cpu_timer_at(enum cpu_timer_user user, u64 then, u64 now);

/* EL2's timer came, for whatever reason: calls all due users. The work is bounded: a user that
 * polls each partition polls some of them, and its round continues at once. */
void cpu_timer_serve(struct cpu *cpu);
