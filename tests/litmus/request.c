/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU asks something of a vCPU of another one: it sends an SGI, or that CPU looks by itself.
 * el2/vcpu/vcpu.c, el2/entry/irq.c, el2/vcpu/schedule.c, drivers/gic*.c; tests/models/kick.pml is
 * the whole of it, this is what the model takes for granted of barriers.
 *
 * sources: el2/vcpu/vcpu.c el2/entry/irq.c el2/vcpu/schedule.c drivers/gic.c drivers/gicv2.c
 * sources: drivers/gicv3.c
 * fault: threshold: el2/vcpu/vcpu.c: dmb(ish); ->
 * fault: threshold: el2/vcpu/schedule.c: dmb(ish); ->
 * fault: once: el2/entry/irq.c: (void)atomic_swap(&cpu->kicked, false) ->
 * atomic_store_release(&cpu->kicked, false)
 * fault: once: el2/vcpu/vcpu.c: if (!atomic_swap(&cpu->kicked, true)) ->
 * if (!atomic_load(&cpu->kicked))
 * fault: told: drivers/gic.c: dsb(ishst); -> dmb(ishst);
 * fault: told told_gicv2: drivers/gic.c: dsb(ishst); ->
 */
#include "litmus.h"
#include <drivers/gic_regs.h>
#include <el2/cpu.h>
#include <el2/cpu_timer.h>
#include <el2/irq.h>
#include <el2/panic.h>
#include <el2/terminal.h>
#include <el2/vcpu.h>

static struct cpu two[2];
static struct vcpu v;
static struct schedule_entry entries[2];
static u64 x;

static void on(u32 cpu)
{
	write_sysreg(TPIDR_EL2, (u64)&two[cpu]);
}

/* ---- what el2/entry/irq.c calls for other interrupts ---- */

void timer_set(u64 deadline)
{
	(void)deadline;
}

void cpu_timer_serve(struct cpu *cpu)
{
	(void)cpu;
}

void terminal_interrupt(void)
{
}

void vgic_maintenance(struct vcpu *current)
{
	(void)current;
}

bool vgic_inject_physical(struct vcpu *current, u32 intid)
{
	(void)current, (void)intid;
	return false;
}

bool vsdei_interrupt(struct vcpu *current, u32 intid)
{
	(void)current, (void)intid;
	return false;
}

void panic_join(void)
{
	for (;;)
		;
}

void vtimer_init(u32 intid)
{
	(void)intid;
}

/* ---- tests ---- */

/* v is bound to CPU 1, where another vCPU of higher rank runs. */
static void behind(void)
{
	struct schedule *s = &two[1].schedule;

	gic.version = 3;
	two[1].nr_vcpus = 1;
	v.cpu = &two[1];
	v.sched_slot = 1;
	schedule_init(s, entries, NULL, 100, 0);
	entries[0].order = 1UL << 52;
	entries[1].order = 2UL << 52;
	s->end = entries + 2;
	s->running = &entries[0];
	(void)schedule_publish(s, 0);
}

/* That one begins to wait: either its CPU sees the request in its last look, or it is called. */
void threshold_init(void)
{
	behind();
}

u64 threshold_0(void)
{
	on(0);
	vcpu_request(&v, REQ_VGIC);
	return 0;
}

u64 threshold_1(void)
{
	two[1].schedule.running = NULL;
	return schedule_publish(&two[1].schedule, 0) ? atomic_load(&v.requests) : REQ_VGIC;
}

bool threshold_forbidden(const u64 *r)
{
	return !r[1] && !two[1].kicked;
}

/* A second request while the SGI of the first is on its way: it is seen, or sends another. */
void once_init(void)
{
	behind();
	(void)schedule_publish(&two[1].schedule, v.sched_slot); /* v is loaded */
	irq_init(&(struct irq_config){.hyp_timer = 26, .maintenance = 25, .virtual_timer = 27});
	two[1].kicked = true;
}

u64 once_0(void)
{
	on(0);
	vcpu_request(&v, REQ_STOP);
	return 0;
}

u64 once_1(void)
{
	on(1);
	write_sysreg(ICC_IAR1_EL1, SGI_KICK);
	irq_handle(&two[1]);
	return atomic_load(&v.requests);
}

bool once_forbidden(const u64 *r)
{
	return !r[1] && !two[1].kicked;
}

bool once_allowed(const u64 *r)
{
	return r[1] && !two[1].kicked;
}

/* What was written before the signal is seen by the CPU that takes it. */
void told_init(void)
{
	gic.version = 3;
}

u64 told_0(void)
{
	atomic_store(&x, 1);
	gic_send_sgi(SGI_KICK, 1, 1);
	return 0;
}

u64 told_1(void)
{
	interrupt();
	return atomic_load(&x);
}

bool told_forbidden(const u64 *r)
{
	return !r[1];
}

/* On GICv2 the signal is a store to the distributor. */
static u32 distributor[1024];

void told_gicv2_init(void)
{
	gic.version = 2;
	gic.dist = (u64)distributor;
}

u64 told_gicv2_0(void)
{
	atomic_store(&x, 1);
	gic_send_sgi(SGI_STOP, 0, 0);
	return 0;
}

u64 told_gicv2_1(void)
{
	return !atomic_load_acquire(&distributor[GICD_SGIR / 4]) || atomic_load(&x);
}

bool told_gicv2_forbidden(const u64 *r)
{
	return !r[1];
}
