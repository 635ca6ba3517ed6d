/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler's loop in a world of two partitions on two CPUs, with time that only
 * passes when the test or an idle CPU lets it.
 * sources: el2/sched.c el2/schedule.c el2/vcpu.c
 */
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
#include <test.h>

#define HZ 1000000 /* a tick is a microsecond */
#define NR_CPUS 2
#define NR_VCPUS 2 /* of each partition, one on each CPU */

static struct world {
	u64 now, alarm; /* EL2's timer of the CPU at hand */
	u32 switches, loads, idled;
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

void *object_alloc(size_t size, size_t align)
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

static bool *pending_of(const struct vcpu *v)
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

void context_switch(struct cpu *cpu, struct vcpu *v)
{
	world.switches += cpu->current != v;
	cpu->current = v;
}

/* Time passes where a CPU waits: until its timer, as nothing else happens by itself. */
void irq_handle(struct cpu *cpu)
{
	(void)cpu;
	if (world.alarm == UINT64_MAX)
		return;
	world.idled += world.alarm > world.now;
	world.now = MAX(world.now, world.alarm);
}

bool partition_load_step(struct partition *p)
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
	(void)sgi, (void)cpu, (void)mpidr;
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
void partition_stop(struct partition *p, enum stop_reason reason)
{
	(void)p, (void)reason;
}
void partition_stopped(struct partition *p)
{
	p->state = PARTITION_STOPPED;
}

/* ---- the world ---- */

static struct partition_config config[2];
static struct vcpu vcpus[2][NR_VCPUS];
static u32 on_cpu[NR_VCPUS] = {0, 1};

static void world_init(void)
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
static struct vcpu *at_alarm(struct vcpu *v)
{
	EXPECT(world.alarm != UINT64_MAX);
	world.now = MAX(world.now, world.alarm);
	v->requests |= REQ_RESCHED;
	return sched_serve(v);
}

static struct vcpu *first(void)
{
	a->requests |= REQ_RESCHED;
	return sched_serve(a);
}

static struct vcpu *waits(struct vcpu *v)
{
	*pending_of(v) = false;
	vcpu_wait(v);
	return sched_serve(v);
}

static void interrupt(struct vcpu *v)
{
	*pending_of(v) = true;
	vcpu_request(v, REQ_VGIC);
}

static void config_plain(void)
{
	memset(config, 0, sizeof(config));
	sched_major_frame_us = 0;
}

static const struct sched_window window_a[] = {{0, 400}}, window_b[] = {{500, 300}};

static void config_windows(void)
{
	config_plain();
	sched_major_frame_us = 1000;
	config[0].windows = window_a;
	config[1].windows = window_b;
	config[0].nr_windows = config[1].nr_windows = 1;
}

/* ---- tests ---- */

TEST(slices)
{
	struct vcpu *v;

	config_plain();
	world_init();
	v = first();
	for (u32 i = 0; i < 10; i++) {
		struct vcpu *next = at_alarm(v);

		EXPECT(next != v);
		v = next;
	}
	EXPECT_EQ(world.now, 1000000 + 10 * (HZ >> 8));
	EXPECT_EQ(world.switches, 11);
}

TEST(priority_drives_out)
{
	config_plain();
	config[1].priority = 1;
	world_init();
	EXPECT(first() == b);
	EXPECT_EQ(world.alarm, UINT64_MAX); /* nobody else's business */
	EXPECT(waits(b) == a);
	interrupt(b);
	EXPECT(a->requests & REQ_RESCHED);
	EXPECT(sched_serve(a) == b);
	interrupt(a);
	EXPECT(!(b->requests & REQ_RESCHED));
	world.deadline[1][0] = world.now + 70;
	EXPECT(waits(b) == a);
	EXPECT_EQ(world.alarm, world.now + 70);
	EXPECT(at_alarm(a) == b);
}

TEST(windows)
{
	config_windows();
	world_init();
	EXPECT(first() == a);
	for (u32 i = 0; i < 100; i++) {
		u64 frame = 1000000 + i * 1000;

		EXPECT_EQ(world.alarm, frame + 400);
		EXPECT(at_alarm(a) == b); /* idles from 400 to 500 */
		EXPECT_EQ(world.now, frame + 500);
		interrupt(a);
		EXPECT(!(b->requests & REQ_RESCHED));
		EXPECT_EQ(world.alarm, frame + 800);
		EXPECT(at_alarm(b) == a);
		EXPECT_EQ(world.now, frame + 1000);
	}
	EXPECT_EQ(world.idled, 200);
}

/* Both wait: the CPU idles through b's window until b's timer has expired, in b's next. */
TEST(timers_wait_for_windows)
{
	config_windows();
	world_init();
	EXPECT(first() == a);
	world.deadline[1][0] = 1000900;
	b->waiting = true;
	EXPECT(waits(a) == b);
	EXPECT_EQ(world.now, 1001500);
}

TEST(donated_slack)
{
	config_windows();
	config[0].donate_slack = true;
	world_init();
	EXPECT(first() == a);
	world.now += 100;
	EXPECT(waits(a) == b);
	interrupt(a);
	EXPECT(b->requests & REQ_RESCHED);
	EXPECT(sched_serve(b) == a);
	EXPECT_EQ(world.now, 1000100);
}

/* b is loaded in b's windows alone, and a loses nothing. */
TEST(loading_in_its_own_time)
{
	config_windows();
	world_init();
	b->power = POWER_OFF;
	partitions[1].state = PARTITION_LOADING;
	EXPECT(first() == a);
	vcpu_request(b, REQ_LOAD);
	EXPECT(sched_serve(a) == a);
	EXPECT_EQ(world.now, 1000000);
	EXPECT_EQ(world.loads, 0);
	EXPECT(at_alarm(a) == b);
	EXPECT_EQ(world.loads, 5);
	EXPECT_EQ(world.now, 1000500 + 5 * 30);
}

TEST(loading_waits_its_time)
{
	config_plain();
	world_init();
	b->power = POWER_OFF;
	partitions[1].state = PARTITION_LOADING;
	partitions[1].not_before = 1200000;
	a->waiting = true;
	vcpu_request(b, REQ_LOAD);
	EXPECT(first() == b);
	EXPECT_EQ(world.now, 1200000 + 5 * 30);
}

TEST(stolen_time)
{
	config_windows();
	world_init();
	cpus[0].schedule.measured = true;
	EXPECT(first() == a);
	for (u32 i = 0; i < 10; i++)
		EXPECT(at_alarm(at_alarm(a)) == a);
	EXPECT_EQ(world.stolen[0], 10 * 600);
	EXPECT_EQ(world.stolen[1], 500 + 9 * 700);
}

/* An event ends b's waiting, though nothing is pending in its interrupt controller. */
TEST(events_wake)
{
	config_plain();
	config[1].priority = 1;
	world_init();
	b->waiting = true;
	EXPECT(first() == a);
	vcpu_request(b, REQ_SDEI);
	EXPECT(a->requests & REQ_RESCHED);
	EXPECT(sched_serve(a) == b);
}

/* Windows that cannot be, or no memory, however late: no CPU's schedule has changed. */
TEST(all_or_nothing)
{
	static const struct sched_window over[] = {{900, 101}}, huge[] = {{UINT32_MAX, UINT32_MAX}};
	static const struct sched_window free_and_not[] = {{950, 50}, {0, 1}};
	static const struct {
		const struct sched_window *windows;
		u32 nr;
		enum err err;
	} impossible[] = {{over, 1, ERR_RANGE},
			  {huge, 1, ERR_RANGE},
			  {window_a, 1, ERR_OVERLAP},
			  {free_and_not, 2, ERR_OVERLAP}};
	struct cpu before[NR_CPUS];

	config_windows();
	world_init();
	memcpy(before, cpus, sizeof(before));
	for (u32 i = 0; i < ARRAY_SIZE(impossible); i++) {
		config[1].windows = impossible[i].windows;
		config[1].nr_windows = impossible[i].nr;
		EXPECT_EQ(sched_add(&partitions[1]), impossible[i].err);
		EXPECT(!memcmp(before, cpus, sizeof(before)));
	}
	config[1].windows = free_and_not;
	config[1].nr_windows = 1;
	for (world.fail_at = 1; world.fail_at <= 5; world.fail_at++) {
		world.allocations = 0;
		EXPECT_EQ(sched_add(&partitions[1]), ERR_NO_MEMORY);
		EXPECT(!memcmp(before, cpus, sizeof(before)));
	}
	world.fail_at = 0;
	EXPECT_EQ(sched_add(&partitions[1]), OK);
	EXPECT_EQ(cpus[1].nr_vcpus, 3);
	EXPECT_EQ(cpus[1].schedule.nr_windows, before[1].schedule.nr_windows + 1);
	sched_major_frame_us = 0;
	EXPECT_EQ(sched_add(&partitions[1]), ERR_RANGE);
}
