/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop between exits: requests, choice, switch. No locks: a CPU's queue is
 * an array that never changes after boot, and only its own CPU walks it.
 */
#include <arch/barrier.h>
#include <drivers/timer.h>
#include <el2/context.h>
#include <el2/irq.h>
#include <el2/partition.h>
#include <el2/sched.h>
#include <el2/vtimer.h>

/* Requests that need nothing but the loaded vCPU's own list registers. */
#define REQ_LOCAL (REQ_VGIC | REQ_VGIC_SYNC)
/* Requests that are served whether or not the vCPU is loaded. */
#define REQ_LIFE (REQ_START | REQ_STOP | REQ_LOAD)
/* How long a vCPU keeps the CPU when another could run: ticks, 1/250 s. */
#define SLICES_PER_SECOND 250

void guest_enter(struct vcpu *v); /* vectors.S */

static bool runnable(const struct cpu *cpu, const struct vcpu *v)
{
	if (atomic_load(&v->power) != POWER_ON)
		return false;
	return !v->waiting || vgic_pending((struct vcpu *)v) ||
	       (v != cpu->current && vtimer_deadline(v) <= timer_now());
}

static void serve_list_registers(struct vcpu *v)
{
	if (atomic_andnot(&v->requests, REQ_LOCAL) & REQ_LOCAL)
		vgic_flush(v);
}

/* True: something is left to do, in a next step. */
static bool serve_life(struct cpu *cpu)
{
	bool more = false;

	for (u32 i = 0; i < cpu->nr_vcpus; i++) {
		struct vcpu *v = cpu->vcpus[i];

		if (atomic_load(&v->requests) & REQ_LIFE)
			vcpu_serve_life(v, atomic_andnot(&v->requests, REQ_LIFE) & REQ_LIFE);
	}
	/* Serving one may have set another's, also one that was passed. */
	for (u32 i = 0; i < cpu->nr_vcpus; i++)
		more |= (atomic_load(&cpu->vcpus[i]->requests) & REQ_LIFE) != 0;
	return more;
}

/* The current vCPU until its slice is over, else the next runnable in turn. */
static struct vcpu *choose(struct cpu *cpu)
{
	struct vcpu *current = cpu->current;

	if (current && runnable(cpu, current) && timer_now() < cpu->slice_end)
		return current;
	for (u32 i = 0; i < cpu->nr_vcpus; i++) {
		u32 n = (cpu->next + i) % cpu->nr_vcpus;

		if (runnable(cpu, cpu->vcpus[n])) {
			cpu->next = (n + 1) % cpu->nr_vcpus;
			cpu->slice_end = timer_now() + timer_frequency() / SLICES_PER_SECOND;
			return cpu->vcpus[n];
		}
	}
	return NULL;
}

/* EL2's timer: the end of the slice if somebody else could use the CPU, and the
 * timers of vCPUs whose own are not in the hardware. */
static void arm_timer(struct cpu *cpu, const struct vcpu *running)
{
	u64 deadline = UINT64_MAX;

	for (u32 i = 0; i < cpu->nr_vcpus; i++) {
		struct vcpu *v = cpu->vcpus[i];

		if (v == running || atomic_load(&v->power) != POWER_ON)
			continue;
		if (running && runnable(cpu, v))
			deadline = MIN(deadline, cpu->slice_end);
		else if (v != cpu->current)
			deadline = MIN(deadline, vtimer_deadline(v));
	}
	timer_set(deadline);
}

static void idle(struct cpu *cpu)
{
	arm_timer(cpu, NULL);
	cpu->slice_end = 0;
	dsb(sy); /* everything this CPU has to tell others is visible before it sleeps */
	wfi();
}

static struct vcpu *next_vcpu(struct cpu *cpu)
{
	for (;;) {
		struct vcpu *v;
		bool more = serve_life(cpu);

		v = choose(cpu);
		if (!v) {
			/* Others may wait for what its list registers hold. */
			if (cpu->current)
				serve_list_registers(cpu->current);
			if (!more)
				idle(cpu);
			irq_handle(cpu);
			continue;
		}
		if (v->powerdown)
			vcpu_begin(v);
		context_switch(cpu, v);
		v->waiting = false;
		atomic_andnot(&v->requests, REQ_RESCHED);
		serve_list_registers(v);
		if (cpu->nr_vcpus > 1)
			arm_timer(cpu, v);
		if (atomic_load(&v->requests) == 0)
			return v;
	}
}

struct vcpu *sched_serve(struct vcpu *v)
{
	if (!(atomic_load(&v->requests) & ~REQ_LOCAL)) {
		serve_list_registers(v);
		if (atomic_load(&v->requests) == 0)
			return v;
	}
	return next_vcpu(v->cpu);
}

void sched_start(struct cpu *cpu)
{
	guest_enter(next_vcpu(cpu));
	__builtin_unreachable();
}
