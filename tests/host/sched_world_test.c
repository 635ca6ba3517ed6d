/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler's loop: slices, priorities, windows, loading, stolen time.
 * sources: el2/vcpu/sched.c el2/vcpu/schedule.c el2/vcpu/vcpu.c
 */
#include <sched_world.h>

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

/* A vCPU that goes on has begun to wait: the timer comes earlier, if at all; one that has
 * come but was not heard yet stays. */
TEST(chooses_by)
{
	u64 slice_end;

	config_plain();
	world_init();
	EXPECT(first() == a);
	slice_end = world.alarm;
	sched_choose_by(a->cpu, UINT64_MAX);
	sched_choose_by(a->cpu, slice_end + 1);
	EXPECT_EQ(world.alarm, slice_end);
	sched_choose_by(a->cpu, world.now + 50);
	EXPECT_EQ(world.alarm, world.now + 50);
	EXPECT(!a->requests);
	world.now += 60;
	sched_choose_by(a->cpu, world.now + 70);
	EXPECT_EQ(world.alarm, world.now - 10);
	EXPECT(at_alarm(a) == a);
	EXPECT_EQ(world.alarm, slice_end);
	EXPECT(at_alarm(a) == b);
}

/* Both wait: the CPU idles through b's window until b's timer has expired, in b's next. */
/* An interrupt of the vCPU in the hardware, which may not run now, wakes nobody. */
TEST(sleeps_deaf)
{
	config_windows();
	world_init();
	EXPECT(first() == a);
	EXPECT(at_alarm(a) == b);
	EXPECT(at_alarm(b) == a);
	EXPECT_EQ(world.deaf, 0);
	interrupt(a);
	EXPECT(at_alarm(a) == b);
	EXPECT_EQ(world.deaf, 1);
	EXPECT_EQ(world.hcr, ICH_HCR_EL2_EN);
}

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
	vcpu_request(b, REQ_STEP);
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
	vcpu_request(b, REQ_STEP);
	EXPECT(first() == b);
	EXPECT_EQ(world.now, 1200000 + 5 * 30);
}

TEST(stolen_time)
{
	config_windows();
	world_init();
	cpus[0].schedule.account_wait = true;
	EXPECT(first() == a);
	for (u32 i = 0; i < 10; i++)
		EXPECT(at_alarm(at_alarm(a)) == a);
	EXPECT_EQ(world.stolen[0], 10 * 600);
	EXPECT_EQ(world.stolen[1], 9 * 700); /* before its first window nobody looks */
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
