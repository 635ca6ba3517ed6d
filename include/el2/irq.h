/* SPDX-License-Identifier: Apache-2.0 */
/* Physical interrupts, all of which come to EL2 first. */
#pragma once

#include <lib/types.h>

struct cpu;

/* INTIDs that are not simply a guest's. */
struct irq_config {
	u32 virtual_timer; /* the most frequent one; of the vCPU that is loaded */
	u32 hyp_timer;     /* ours: slices */
	u32 maintenance;   /* list registers */
	u32 console;       /* the UART's SPI; 0: none */
};

/* Boot CPU; c is copied. */
void irq_init(const struct irq_config *c);

/* Enables the calling CPU's own timer; after gic_cpu_init(). */
void irq_init_cpu(const struct cpu *cpu);

/* Takes one pending interrupt, if there is one, and does what it asks for. */
bool irq_handle(struct cpu *cpu);
