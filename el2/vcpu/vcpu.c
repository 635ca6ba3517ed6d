/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a vCPU. power is changed by compare-exchange (CPU_ON, on any CPU) or by the CPU that
 * the vCPU is bound to (all else); no lock.
 */
#include <arch/barrier.h>
#include <arch/esr.h>
#include <drivers/gic.h>
#include <el2/context.h>
#include <el2/partition.h>
#include <el2/vsdei.h>
#include <el2/vtimer.h>

static inline void reschedule(struct cpu *cpu)
{
	atomic_or(&cpu->current->requests, REQ_RESCHED);
}

static __attribute__((noinline)) void reschedule_ranked(struct cpu *cpu, const struct vcpu *v)
{
	if (schedule_cares(&cpu->schedule, &cpu->schedule.entries[v->sched_slot], cpu->alarm))
		reschedule(cpu);
}

/* Kicks v's CPU, another one, only if v is loaded or could preempt what runs there. */
static __attribute__((noinline)) void kick(struct cpu *cpu, const struct vcpu *v)
{
	dmb(ish); /* the request is set before the threshold is read: pairs with schedule_publish()
		   */
	if (!schedule_admits(&cpu->schedule, v->sched_slot))
		return;
	if (!atomic_swap(&cpu->kicked, true))
		gic_send_sgi(SGI_KICK, cpu->index, cpu->mpidr);
}

void vcpu_request(struct vcpu *v, u32 requests)
{
	struct cpu *cpu = v->cpu;

	atomic_or(&v->requests, requests);
	if (cpu != this_cpu()) {
		kick(cpu, v);
	} else if (cpu->current && cpu->current != v) {
		/* An interrupt or event can wait until v could run. Between equals that is when
		 * the slice ends, if EL2's timer is set for then at the latest. */
		bool waits = !(requests & ~(u32)(REQ_VGIC | REQ_SDEI));

		if (waits && cpu->schedule.ranked)
			reschedule_ranked(cpu, v);
		else if (!waits || cpu->alarm > cpu->schedule.slice_end)
			reschedule(cpu);
	}
}

void vcpu_wait(struct vcpu *v)
{
	v->waiting = true;
	atomic_or(&v->requests, REQ_RESCHED);
}

void vcpu_suspend_powerdown(struct vcpu *v, u64 entry, u64 context)
{
	v->entry = entry;
	v->context = context;
	v->powerdown = true;
	vsdei_vcpu_suspend(v);
	vcpu_wait(v);
}

void vcpu_off(struct vcpu *v)
{
	struct partition *p = v->partition;

	vsdei_vcpu_reset(v);
	paging_forget(v);
	atomic_store_release(&v->power, POWER_OFF);
	atomic_or(&v->requests, REQ_RESCHED);
	if (atomic_sub(&p->nr_on, 1) == 1)
		partition_stop(p, STOP_OFF);
}

void vcpu_begin(struct vcpu *v)
{
	context_evict(v->cpu, v);
	context_reset(v);
	for (u32 i = 0; i < 31; i++)
		v->regs.x[i] = 0;
	v->regs.x[0] = v->context;
	v->regs.pc = v->entry;
	v->regs.pstate = PSTATE_EL1H | PSTATE_DAIF;
	v->waiting = v->powerdown = false;
}

void vcpu_halt(struct vcpu *v)
{
	vsdei_vcpu_reset(v);
	paging_forget(v);
	context_evict(v->cpu, v);
	v->waiting = v->powerdown = false;
	atomic_store_release(&v->power, POWER_OFF);
}

/* CPU_ON. The partition may have begun to stop since: then the call has come too
 * late and the vCPU stays off. */
static void start(struct vcpu *v)
{
	if (atomic_load_acquire(&v->partition->state) != PARTITION_RUNNING)
		return;
	if (atomic_load_acquire(&v->power) != POWER_ON_PENDING)
		return;
	vcpu_begin(v);
	vtimer_reset(v);
	vsdei_vcpu_reset(v); /* signals may have come while it was off */
	vgic_vcpu_reset(v);
	atomic_store_release(&v->power, POWER_ON);
}

static void stop(struct vcpu *v)
{
	struct partition *p = v->partition;

	if (p->stop_reason == STOP_WATCHDOG && atomic_load(&v->power) == POWER_ON)
		report_watchdog(v);
	vcpu_halt(v);
	vgic_vcpu_reset(v);
	partition_counted_off(p);
}

void vcpu_forget(struct vcpu *v)
{
	atomic_andnot(&v->requests, (u32)(REQ_START | REQ_STOP));
	atomic_store(&v->power, POWER_OFF);
}

void vcpu_serve_life(struct vcpu *v, u32 requests)
{
	struct partition *p = v->partition;

	if (requests & REQ_STOP)
		stop(v);
	if (requests & REQ_STEP && !partition_step(p))
		atomic_or(&v->requests, REQ_STEP);
	if (requests & REQ_START)
		start(v);
	if (requests & REQ_SDEI)
		vsdei_serve(v);
}
