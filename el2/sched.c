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
#include <el2/vsdei.h>
#include <el2/vtimer.h>

/* Requests that are served whether or not the vCPU is loaded. */
#define REQ_LIFE (REQ_START | REQ_STOP | REQ_LOAD | REQ_SDEI)
/* Those that concern no other vCPU, when v runs. */
#define REQ_OWN ((u32)(REQ_VGIC | REQ_SDEI))
/* How long a vCPU keeps the CPU when another could run: 1/256 s. */
#define SLICE_SHIFT 8

void guest_enter(struct vcpu *v); /* vectors.S */

/* When v can use the CPU: at a counter value, 0 for now; UINT64_MAX: that is for others
 * to say. The timers of the one in the hardware interrupt by themselves. */
static u64 ready_at(const struct cpu *cpu, struct vcpu *v)
{
	if (atomic_load(&v->power) != POWER_ON)
		return UINT64_MAX;
	if (!v->waiting || vgic_pending(v))
		return 0;
	return v == cpu->current ? UINT64_MAX : vtimer_deadline(v);
}

static u32 life_requests(const struct cpu *cpu)
{
	u32 requests = 0;

	for (u32 i = 0; i < cpu->nr_vcpus; i++)
		requests |= atomic_load(&cpu->vcpus[i]->requests);
	return requests & REQ_LIFE;
}

/* True: something is left to do, in a next step. */
static bool serve_life(struct cpu *cpu)
{
	if (!life_requests(cpu))
		return false;
	for (u32 i = 0; i < cpu->nr_vcpus; i++) {
		struct vcpu *v = cpu->vcpus[i];

		if (atomic_load(&v->requests) & REQ_LIFE)
			vcpu_serve_life(v, atomic_andnot(&v->requests, REQ_LIFE) & REQ_LIFE);
	}
	/* Serving one may have set another's, also one that was passed. */
	return life_requests(cpu);
}

/* What a look at all vCPUs of a CPU has found. */
struct choice {
	struct vcpu *next; /* the first in turn that is ready, or NULL */
	u32 turn;          /* whose turn is next then */
	bool others;       /* more are ready */
	bool current;      /* so is the one in the hardware */
	u64 wake;          /* when the first of those that are not will be */
};

static void survey(struct cpu *cpu, struct choice *c, u64 now)
{
	u32 n = cpu->next;

	*c = (struct choice){.wake = UINT64_MAX};
	for (u32 i = 0; i < cpu->nr_vcpus; i++) {
		struct vcpu *v = cpu->vcpus[n];
		u64 at = ready_at(cpu, v);

		n = n + 1 == cpu->nr_vcpus ? 0 : n + 1;
		if (at > now) {
			c->wake = MIN(c->wake, at);
			continue;
		}
		c->current |= v == cpu->current;
		c->others |= c->next != NULL;
		if (!c->next) {
			c->next = v;
			c->turn = n;
		}
	}
}

/* EL2's timer. One that is set for earlier stays: it costs an interrupt at most, and
 * setting it anew costs more. */
static void set_alarm(struct cpu *cpu, u64 alarm, u64 now)
{
	if (alarm < cpu->alarm || cpu->alarm <= now) {
		cpu->alarm = alarm;
		timer_set(alarm);
	}
}

static void idle(struct cpu *cpu, u64 wake, u64 now)
{
	set_alarm(cpu, wake, now);
	cpu->slice_end = 0;
	dsb(sy); /* everything this CPU has to tell others is visible before it sleeps */
	wfi();
}

/* Makes the current vCPU go on until its slice is over, else the next in turn. The timer:
 * the end of the slice if somebody else could use the CPU, and the timers of vCPUs whose
 * own are not in the hardware. */
static struct vcpu *take_up(struct cpu *cpu, const struct choice *c, u64 now)
{
	struct vcpu *from = cpu->current, *v = c->next;
	u64 wake = c->wake;

	if (c->current && now < cpu->slice_end) {
		v = from;
	} else {
		cpu->next = c->turn;
		cpu->slice_end = now + (timer_frequency() >> SLICE_SHIFT);
	}
	if (v->powerdown)
		vcpu_begin(v);
	if (v != cpu->current)
		context_switch(cpu, v);
	v->waiting = false;
	if (atomic_andnot(&v->requests, REQ_RESCHED | REQ_VGIC) & REQ_VGIC)
		vgic_flush(v);
	if (cpu->nr_vcpus == 1)
		return v;
	if (c->others) {
		wake = MIN(wake, cpu->slice_end);
	} else if (from && from != v && atomic_load(&from->power) == POWER_ON) {
		u64 own = vtimer_deadline(from); /* in the hardware until now */

		wake = MIN(wake, own);
	}
	set_alarm(cpu, wake, now);
	return v;
}

static struct vcpu *next_vcpu(struct cpu *cpu)
{
	for (;;) {
		bool more = serve_life(cpu);
		u64 now = timer_now();
		struct choice c;
		struct vcpu *v;

		survey(cpu, &c, now);
		if (c.next) {
			v = take_up(cpu, &c, now);
			if (atomic_load(&v->requests) == 0)
				return v;
			continue;
		}
		/* Others may wait for what its list registers hold. */
		v = cpu->current;
		if (v && atomic_andnot(&v->requests, REQ_VGIC) & REQ_VGIC)
			vgic_flush(v);
		if (!more)
			idle(cpu, c.wake, now);
		irq_handle(cpu);
	}
}

struct vcpu *sched_serve(struct vcpu *v)
{
	/* These need nothing but v itself. */
	if (!(atomic_load(&v->requests) & ~REQ_OWN)) {
		u32 requests = atomic_andnot(&v->requests, REQ_OWN);

		if (requests & REQ_VGIC)
			vgic_flush(v);
		if (requests & REQ_SDEI)
			vsdei_serve(v);
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
