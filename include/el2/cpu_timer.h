/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times at which a CPU has something to do, whoever runs there: one per user (enum
 * cpu_timer_user in el2/cpu.h). They share EL2's timer with the scheduler, which sets it for
 * no later than the first of them. A CPU's own: no lock.
 */
#pragma once

#include <el2/cpu.h>

/* Calls the user's function on this CPU at the counter value then, or earlier if that was
 * asked for already. Once: it asks again if it needs to. now is the counter. */
void cpu_timer_at(enum cpu_timer_user user, u64 then, u64 now);

/* EL2's timer came, for whatever reason: calls those whose time it is. A bounded piece: of a user
 * that looks at each partition some, and it is called again at once. */
void cpu_timer_serve(struct cpu *cpu);
