/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world for the scheduler's loop: two partitions on two CPUs, with time that only passes
 * when a test or an idle CPU lets it. Whoever includes it links el2/vcpu/sched.c,
 * el2/vcpu/schedule.c and el2/vcpu/vcpu.c.
 */
#pragma once

#include <drivers/gic.h>
#include <drivers/timer.h>
#include <el2/context.h>
#include <el2/irq.h>
#include <el2/partition.h>
#include <el2/pvtime.h>
#include <el2/sched.h>
#include <el2/vsdei.h>
#include <el2/vtimer.h>
#include <lib/string.h>
#include <no_paging.h>
#include <test.h>

#define HZ 1000000 /* a tick is a microsecond */
#define NR_CPUS 2
#define NR_VCPUS 2 /* of each partition, one on each CPU */

static struct world {
	u64 now, alarm; /* EL2's timer of the CPU at hand */
	u32 switches, loads, idled, kicks;
	u32 hcr, deaf; /* ICH_HCR_EL2; how often virtual interrupts were kept away */
	u64 stolen[2];
	bool pending[2][NR_VCPUS];
	u64 deadline[2][NR_VCPUS];
	u64 heap[2048];
	size_t used;
	u32 allocations, fail_at; /* the one that there is no memory for */
} world;

struct cpu *cpus;
u32 nr_cpus;
struct partition *partitions;
u32 nr_partitions;

/* ---- what the scheduler calls ---- */

void *boot_alloc(size_t size, size_t align)
{
	void *object = &world.heap[world.used];

	(void)align;
	if (++world.allocations == world.fail_at)
		return NULL;
	world.used += (size + 7) / 8;
	EXPECT(world.used <= ARRAY_SIZE(world.heap));
	return object;
}

static u8 page[PAGE_SIZE] __attribute__((aligned(8)));

void *pages_alloc(size_t n)
{
	EXPECT_EQ(n, 1);
	return ++world.allocations == world.fail_at ? NULL : page;
}

void pages_free(void *pages, size_t n)
{
	EXPECT(pages == page && n == 1);
}

u64 timer_now(void)
{
	return world.now;
}

u64 timer_frequency(void)
{
	return HZ;
}

void timer_set(u64 deadline)
{
	world.alarm = deadline;
}

static inline bool *pending_of(const struct vcpu *v)
{
	return &world.pending[v->partition - partitions][v->index];
}

bool vgic_pending(struct vcpu *v)
{
	return *pending_of(v);
}

u64 vtimer_armed_deadline(const struct vcpu *v)
{
	return world.deadline[v->partition - partitions][v->index];
}

u32 gic_hcr_read(void)
{
	return world.hcr;
}

void gic_hcr_write(u32 hcr)
{
	world.hcr = hcr;
	world.deaf += !(hcr & ICH_HCR_EL2_EN);
}

void context_switch(struct cpu *cpu, struct vcpu *v)
{
	world.switches += cpu->current != v;
	cpu->current = v;
}

/* Time passes where a CPU waits: until its timer, as nothing else happens by itself. */
bool irq_handle(struct cpu *cpu)
{
	(void)cpu;
	if (world.alarm == UINT64_MAX)
		return false;
	world.idled += world.alarm > world.now;
	world.now = MAX(world.now, world.alarm);
	return true;
}

bool partition_step(struct partition *p)
{
	world.loads++;
	world.now += 30;
	if (++p->load_index < 5)
		return false;
	p->state = PARTITION_RUNNING;
	p->vcpus[0].power = POWER_ON_PENDING;
	vcpu_request(&p->vcpus[0], REQ_START);
	return true;
}

void pvtime_add(struct vcpu *v, u64 ticks)
{
	world.stolen[v->partition - partitions] += ticks;
}

void vsdei_serve(struct vcpu *v)
{
	v->waiting = false;
}

void guest_enter(struct vcpu *v)
{
	(void)v;
	abort();
}
void vgic_flush(struct vcpu *v)
{
	(void)v;
}
void gic_send_sgi(enum gic_sgi sgi, u32 cpu, u64 mpidr)
{
	(void)sgi, (void)mpidr;
	world.kicks++;
	cpus[cpu].kicked = false; /* it has come */
}
void context_evict(struct cpu *cpu, struct vcpu *v)
{
	if (cpu->current == v)
		cpu->current = NULL;
}
void context_reset(struct vcpu *v)
{
	(void)v;
}
void vtimer_reset(struct vcpu *v)
{
	(void)v;
}
void vsdei_vcpu_reset(struct vcpu *v)
{
	(void)v;
}
void vsdei_vcpu_suspend(struct vcpu *v)
{
	(void)v;
}
void vgic_vcpu_reset(struct vcpu *v)
{
	(void)v;
}
void report_watchdog(const struct vcpu *v)
{
	(void)v;
}
bool partition_stop(struct partition *p, enum stop_reason reason)
{
	(void)p, (void)reason;
	return true;
}
void partition_counted_off(struct partition *p)
{
	p->nr_stopping--;
}

/* ---- the world ---- */

static struct partition_config config[2];
static struct vcpu vcpus[2][NR_VCPUS];
static u32 on_cpu[NR_VCPUS] = {0, 1};

static inline void world_init(void)
{
	static struct cpu two_cpus[NR_CPUS];
	static struct partition two[2];
	memset(&world, 0, sizeof(world));
	memset(two_cpus, 0, sizeof(two_cpus));
	memset(two, 0, sizeof(two));
	memset(vcpus, 0, sizeof(vcpus));
	cpus = two_cpus;
	nr_cpus = NR_CPUS;
	partitions = two;
	nr_partitions = 2;
	world.now = 1000000;
	world.alarm = UINT64_MAX;
	world.hcr = ICH_HCR_EL2_EN;
	cpus[1].index = 1;
	for (u32 i = 0; i < 2; i++) {
		config[i].nr_vcpus = NR_VCPUS;
		config[i].vcpu_cpu = on_cpu;
	}
	sched_init();
	for (u32 i = 0; i < 2; i++) {
		two[i].config = &config[i];
		two[i].vcpus = vcpus[i];
		two[i].nr_vcpus = NR_VCPUS;
		two[i].state = PARTITION_RUNNING;
		for (u32 k = 0; k < NR_VCPUS; k++) {
			vcpus[i][k].index = k;
			vcpus[i][k].partition = &two[i];
			vcpus[i][k].cpu = &cpus[k];
			vcpus[i][k].power = POWER_ON;
			world.deadline[i][k] = UINT64_MAX;
			vcpus[i][k].vtimer.ctl = 1;
		}
		EXPECT_EQ(sched_add(&two[i]), OK);
	}
	host_TPIDR_EL2 = (u64)&cpus[0];
}

/* The first vCPU of each partition, on the first CPU. */
static struct vcpu *const a = &vcpus[0][0], *const b = &vcpus[1][0];

/* The alarm has come. */
static inline struct vcpu *at_alarm(struct vcpu *v)
{
	EXPECT(world.alarm != UINT64_MAX);
	world.now = MAX(world.now, world.alarm);
	v->requests |= REQ_RESCHED;
	return sched_serve(v);
}

static inline struct vcpu *first(void)
{
	a->requests |= REQ_RESCHED;
	return sched_serve(a);
}

static inline struct vcpu *waits(struct vcpu *v)
{
	*pending_of(v) = false;
	vcpu_wait(v);
	return sched_serve(v);
}

static inline void interrupt(struct vcpu *v)
{
	*pending_of(v) = true;
	vcpu_request(v, REQ_VGIC);
}

static inline void config_plain(void)
{
	memset(config, 0, sizeof(config));
	sched_major_frame_us = 0;
}

static const struct sched_window window_a[] = {{0, 400}}, window_b[] = {{500, 300}};

static inline void config_windows(void)
{
	config_plain();
	sched_major_frame_us = 1000;
	config[0].windows = window_a;
	config[1].windows = window_b;
	config[0].nr_windows = config[1].nr_windows = 1;
}
