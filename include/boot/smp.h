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

/* Starts the secondary CPUs and waits for them; returns how many run, the boot
 * CPU included: all, or those before the first that failed (after a sentence). */
u32 smp_start(const struct machine *m);

/* Every CPU that was started has left boot code: none will ever enter it again. */
bool smp_complete(void);
