/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical interrupts: a handful are Tocsin's, every other is a guest's and goes
 * into a list register, where the guest deactivates it without us, or is bound to
 * one of its SDEI events.
 */
#include <drivers/gic.h>
#include <drivers/timer.h>
#include <el2/cpu_timer.h>
#include <el2/irq.h>
#include <el2/panic.h>
#include <el2/terminal.h>
#include <el2/vcpu.h>
#include <el2/vsdei.h>
#include <el2/vtimer.h>

#define NO_INTID (~0U) /* 0 is an SGI */

static struct irq_config own;

void irq_init(const struct irq_config *c)
{
	own = *c;
	vtimer_init(c->virtual_timer);
	if (!own.console)
		own.console = NO_INTID;
	else
		gic_enable(0, own.console);
}

void irq_init_cpu(const struct cpu *cpu)
{
	gic_enable(cpu->index, own.hyp_timer);
}

static void reschedule(struct cpu *cpu)
{
	if (cpu->current)
		atomic_or(&cpu->current->requests, REQ_RESCHED);
}

/* Another CPU has set a request. That of a loaded vCPU alone on its CPU is seen
 * on the way out; others need the scheduler. */
static void kick(struct cpu *cpu)
{
	/* An exchange, so that no later load of a request can pass it, because a CPU that finds
	 * the flag set sends no interrupt. */
	(void)atomic_swap(&cpu->kicked, false);
	if (cpu->current)
		cpu->current->kicks++;
	if (cpu->nr_vcpus > 1) {
		schedule_equal_waits(&cpu->schedule);
		reschedule(cpu);
	}
}

/* Those of Tocsin's own interrupts; false: it is a guest's. */
static bool handle_own(struct cpu *cpu, u32 intid)
{
	if (intid == own.hyp_timer) {
		timer_set(UINT64_MAX);
		reschedule(cpu);
		cpu_timer_serve(cpu);
	} else if (intid == own.maintenance) {
		if (cpu->current)
			vgic_maintenance(cpu->current);
	} else if (intid == own.console) {
		terminal_interrupt();
	} else if (intid == SGI_KICK) {
		kick(cpu);
	} else if (intid == SGI_STOP) {
		panic_join();
	} else {
		return false;
	}
	return true;
}

/* If it is bound to an event, it stays active until that is completed. Otherwise it has no
 * owner. */
static __attribute__((noinline)) void not_the_vgics(u32 token, u32 intid)
{
	if (!vsdei_interrupt(this_cpu()->current, intid))
		gic_dir(token);
}

bool irq_handle(struct cpu *cpu)
{
	struct gic_taken t = gic_take();

	if (t.intid >= GIC_INTID_SPURIOUS) {
		gic_dismiss(t.token, t.intid);
		return false;
	}
	if (t.intid != own.virtual_timer && handle_own(cpu, t.intid))
		gic_dir(t.token);
	else if (!vgic_inject_physical(cpu->current, t.intid)) /* else its guest deactivates it */
		not_the_vgics(t.token, t.intid);
	return true;
}
