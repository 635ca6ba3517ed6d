/* SPDX-License-Identifier: Apache-2.0 */
/* Bringing CPUs up. */
#pragma once

#include <boot/machine.h>
#include <el2/cpu.h>

/* Makes cpus and their stacks for the machine's CPUs, the boot CPU first. Before the final stage-1
 * table is in use. ERR_NO_MEMORY; ERR_NOT_FOUND after a message. */
enum err smp_create(struct machine *m) MUST_CHECK;

/* Sets up the calling CPU, after the GIC's distributor is set up. Errors of gic_cpu_init(). */
enum err cpu_init(struct cpu *cpu) MUST_CHECK;

/* Starts the secondary CPUs and waits for them; returns how many run, the boot CPU included. A CPU
 * that firmware refuses is removed from m after a message (with a configuration, so are the CPUs
 * after it). A CPU that does not come up ends the list. */
u32 smp_start(struct machine *m);

/* True if every CPU that was started has left boot code; then none will enter it again. */
bool smp_complete(void);
