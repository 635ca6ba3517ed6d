/* SPDX-License-Identifier: Apache-2.0 */
/* Bringing CPUs up. */
#pragma once

#include <boot/machine.h>
#include <el2/cpu.h>

/* Makes cpus and their stacks for the machine's CPUs, the boot CPU first. Before
 * the final stage-1 table is in use. ERR_NO_MEMORY; ERR_NOT_FOUND after a sentence. */
enum err smp_create(struct machine *m) MUST_CHECK;

/* What every CPU does for itself once the GIC's distributor is set up. Errors of
 * gic_cpu_init(). */
enum err cpu_init(struct cpu *cpu) MUST_CHECK;

/* Starts the secondary CPUs and waits for them; returns how many run, the boot CPU
 * included. Those that firmware refuses are left out of m, each after a sentence (with a
 * configuration, those after it, too); one that is silent ends the list. */
u32 smp_start(struct machine *m);

/* Every CPU that was started has left boot code: none will ever enter it again. */
bool smp_complete(void);
