/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop between exits: requests, choice, switch. No locks, because a CPU's queue is an array
 * that never changes after boot, and only that CPU walks it. el2/vcpu/schedule.c makes the choice
 * itself.
 */
#include <arch/barrier.h>
#include <drivers/timer.h>
#include <el2/context.h>
#include <el2/cpu_timer.h>
#include <el2/irq.h>
#include <el2/partition.h>
#include <el2/pvtime.h>
#include <el2/sched.h>
#include <el2/vsdei.h>
#include <el2/vtimer.h>
#include <mm/pages.h>

/* Requests that are served in the vCPU's turn, before it is entered, whether it is on or off. */
#define REQ_FIRST (u32)(REQ_START | REQ_STOP | REQ_SDEI)
/* Requests that concern only v, while v runs. */
#define REQ_OWN ((u32)(REQ_VGIC | REQ_SDEI))
/* How long a vCPU keeps the CPU when one of equal rank could run: 1/256 s. */
#define SLICE_SHIFT 8
/* vCPUs that survey() reads between two polls for interrupts. */
#define SURVEY 16

u32 sched_major_frame_us;

void guest_enter(struct vcpu *v); /* vectors.S */

/* ---- boot ---- */

static u64 ticks(u64 us)
{
	return us * timer_frequency() / 1000000;
}

static u32 nr_on(const struct partition_config *c, const struct cpu *cpu)
{
	u32 nr = 0;

	for (u32 i = 0; i < c->nr_vcpus; i++)
		nr += c->vcpu_cpu[i] == cpu->index;
	return nr;
}

static enum err add_windows(struct schedule *s, const struct partition_config *c, u16 owner)
{
	enum err err = OK;

	for (u32 i = 0; !err && i < c->nr_windows; i++) {
		const struct sched_window *from = &c->windows[i];
		struct schedule_window w = {.start = ticks(from->offset_us),
					    .end = ticks((u64)from->offset_us + from->length_us),
					    .owner = owner,
					    .donates = c->donate_slack};

		err = schedule_add_window(s, &w);
	}
	return err;
}

/* Makes *s the future schedule of cpu, with p's windows and room for p's vCPUs. */
static enum err plan(struct schedule *s, const struct cpu *cpu, const struct partition *p)
{
	const struct partition_config *c = p->config;
	u32 nr = nr_on(c, cpu), nr_windows;
	struct schedule_entry *entries;
	struct schedule_window *windows = NULL;

	*s = cpu->schedule;
	if (!nr)
		return OK;
	nr_windows = s->nr_windows + c->nr_windows;
	entries = boot_alloc((cpu->nr_vcpus + nr) * sizeof(*entries), 8);
	if (nr_windows) {
		windows = boot_alloc(nr_windows * sizeof(*windows), 8);
		s->frame = ticks(sched_major_frame_us);
	}
	if (!entries || (nr_windows && !windows))
		return ERR_NO_MEMORY;
	schedule_move(s, entries, windows);
	return add_windows(s, c, (u16)(p - partitions));
}

static void bind(struct vcpu *v)
{
	v->sched_slot = schedule_add(&v->cpu->schedule, v, (u16)(v->partition - partitions),
				     v->partition->config->priority);
	v->cpu->nr_vcpus++;
}

void sched_init(void)
{
	for (u32 i = 0; i < nr_cpus; i++)
		schedule_init(&cpus[i].schedule, NULL, NULL, timer_frequency() >> SLICE_SHIFT, 0);
}

enum err sched_add(struct partition *p)
{
	size_t nr_pages = ALIGN_UP(nr_cpus * sizeof(struct schedule), PAGE_SIZE) / PAGE_SIZE;
	struct schedule *planned = pages_alloc(nr_pages);
	enum err err = planned ? OK : ERR_NO_MEMORY;

	for (u32 i = 0; !err && i < nr_cpus; i++)
		err = plan(&planned[i], &cpus[i], p);
	for (u32 i = 0; !err && i < nr_cpus; i++)
		cpus[i].schedule = planned[i];
	for (u32 i = 0; !err && i < p->nr_vcpus; i++)
		bind(&p->vcpus[i]);
	if (planned)
		pages_free(planned, nr_pages);
	return err;
}

/* ---- requests ---- */

/* Flushes the list registers of the loaded vCPU, which does not run now, because other vCPUs may
 * wait for what they hold. True: those may be ready now. */
static bool flush_current(struct cpu *cpu)
{
	struct vcpu *v = cpu->current;

	if (!v || !(atomic_andnot(&v->requests, (u32)REQ_VGIC) & REQ_VGIC))
		return false;
	vgic_flush(v);
	return true;
}

/* ---- choice ---- */

/* When v, which waits for an interrupt, wakes up. The timers of the loaded vCPU raise interrupts
 * by themselves. */
static inline u64 woken_at(struct vcpu *v, bool loaded)
{
	u64 deadline = loaded ? UINT64_MAX : vtimer_deadline(v);

	return v->apf ? MIN(deadline, paging_ready(v)) : deadline;
}

/* When v can use the CPU: a counter value, 0 for now. Returns UINT64_MAX if only an event can wake
 * v. The timers of the loaded vCPU raise interrupts and need no deadline here. */
static inline u64 ready_at(const struct cpu *cpu, struct vcpu *v)
{
	u32 requests = atomic_load(&v->requests);

	if (requests & REQ_FIRST)
		return 0;
	if (atomic_load(&v->power) != POWER_ON)
		return requests & REQ_STEP ? v->partition->not_before : UINT64_MAX;
	if (!v->waiting)
		return 0;
	/* No interrupt wakes a vCPU that waits for an absent page. */
	if (v->apf && atomic_load(&v->paging.absent))
		return paging_ready(v);
	if (vgic_pending(v))
		return 0;
	return woken_at(v, v == cpu->current);
}

/* Looks which of the CPU's vCPUs are ready. One that may not run in this window costs it
 * nothing: what was asked of it waits. After some of them it looks at an interrupt; true: there
 * was one, for which the choice is to be made again. */
static inline bool survey(struct schedule *s, struct cpu *cpu)
{
	struct schedule_entry *e = s->entries, *pause = e + SURVEY;
	bool windows = s->nr_windows, stale = false;

	for (; e != s->end; e++) {
		if (e == pause) {
			pause += SURVEY;
			stale |= irq_handle(cpu);
		}
		if (!windows || schedule_allows(e))
			e->ready = ready_at(cpu, e->vcpu);
	}
	return stale;
}

void sched_choose_by(struct cpu *cpu, u64 then)
{
	(void)cpu_timer_arm(cpu, 0, then);
}

/* Sleeps with the virtual interface off. The loaded vCPU may not run now, but its pending
 * interrupts would end QEMU's WFI at EL2, too. */
static __attribute__((noinline)) void sleep_deaf(void)
{
	u32 hcr = gic_hcr_read();

	gic_hcr_write(hcr & ~(u32)ICH_HCR_EL2_EN);
	dsb(sy); /* GICv2 has it in memory */
	isb();
	wfi();
	gic_hcr_write(hcr);
}

static void idle(struct cpu *cpu, u64 now)
{
	(void)cpu_timer_arm(cpu, now, schedule_until(&cpu->schedule));
	dsb(sy); /* all stores are visible to other CPUs before this one sleeps */
	if (cpu->current && vgic_pending(cpu->current))
		sleep_deaf();
	else
		wfi();
}

/* Prepares the chosen v for entry. Sets EL2's timer for the next choice, which covers the timers
 * of vCPUs that are not loaded. The next choice is due at once if this one is stale. */
static void take_up(struct cpu *cpu, struct vcpu *v, u64 now, bool stale)
{
	struct vcpu *from;
	u64 alarm;

	if (v->powerdown)
		vcpu_begin(v);
	from = cpu->current;
	if (from != v) {
		context_switch(cpu, v);
		if (from && from->waiting && !(from->apf && atomic_load(&from->paging.absent)))
			cpu->schedule.entries[from->sched_slot].ready = woken_at(from, false);
	}
	v->waiting = false;
	if (atomic_andnot(&v->requests, (u32)(REQ_RESCHED | REQ_VGIC)) & REQ_VGIC)
		vgic_flush(v);
	alarm = stale ? now : schedule_until(&cpu->schedule);
	(void)cpu_timer_arm(cpu, now, v->apf ? MIN(alarm, paging_ready(v)) : alarm);
}

/* Does what v needs in its turn before it can be entered: its requests, a step of its partition's
 * start or end, or a step for pages that it waits for. */
static void step(struct vcpu *v, u64 now)
{
	bool on = atomic_load(&v->power) == POWER_ON;
	u32 mask = on ? REQ_FIRST : REQ_FIRST | REQ_STEP;
	u32 requests = atomic_load(&v->requests) & mask;

	if (requests)
		vcpu_serve_life(v, atomic_andnot(&v->requests, requests) & requests);
	else if (on)
		paging_step(v, now);
}

static inline bool can_be_entered(const struct vcpu *v, u64 now)
{
	if (atomic_load(&v->power) != POWER_ON || atomic_load(&v->requests) & REQ_FIRST)
		return false;
	return !v->apf || (!atomic_load(&v->paging.absent) && paging_ready(v) > now);
}

/* Adds the time for which the chosen vCPU was ready without running to its stolen time. */
static __attribute__((noinline)) void account(struct cpu *cpu, u64 now)
{
	u64 waited = schedule_waited(&cpu->schedule, now);

	if (waited)
		pvtime_add(cpu->schedule.running->vcpu, waited);
}

/* loaded is in the hardware, or soon will be. */
static inline bool publish(struct cpu *cpu, const struct vcpu *loaded)
{
	return schedule_publish(&cpu->schedule, loaded ? loaded->sched_slot : SCHEDULE_NONE);
}

static struct vcpu *next_vcpu(struct cpu *cpu)
{
	for (;;) {
		u64 now = timer_now();
		struct schedule_entry *next;
		struct vcpu *v;
		bool stale;

		schedule_enter(&cpu->schedule, now);
		stale = survey(&cpu->schedule, cpu);
		next = schedule_choose(&cpu->schedule, now);
		if (cpu->schedule.account_wait)
			account(cpu, now);
		v = next && can_be_entered(next->vcpu, now) ? next->vcpu : NULL;
		if (publish(cpu, v ?: cpu->current))
			continue;
		if (v) {
			take_up(cpu, v, now, stale);
			if (atomic_load(&v->requests) == 0)
				return v;
		} else {
			bool flushed = flush_current(cpu);

			if (next)
				step(next->vcpu, now);
			else if (!flushed && !stale)
				idle(cpu, now);
		}
		irq_handle(cpu); /* requests for v that came meanwhile */
	}
}

struct vcpu *sched_serve(struct vcpu *v)
{
	/* These requests concern only v. */
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
