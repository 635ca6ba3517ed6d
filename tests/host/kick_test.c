/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For what a CPU interrupts another one.
 * sources: el2/vcpu/sched.c el2/vcpu/schedule.c el2/vcpu/vcpu.c
 */
#include <sched_world.h>

/* Does a request from the second CPU interrupt the first? */
static bool kicks(struct vcpu *v, u32 request)
{
	u32 before = world.kicks;

	host_TPIDR_EL2 = (u64)&cpus[1];
	vcpu_request(v, request);
	host_TPIDR_EL2 = (u64)&cpus[0];
	EXPECT(v->requests & request);
	return world.kicks != before;
}

TEST(kicks_in_windows)
{
	config_windows();
	world_init();
	EXPECT(first() == a);
	EXPECT(kicks(a, REQ_VGIC));
	EXPECT(!kicks(b, REQ_VGIC));
	EXPECT(!kicks(b, REQ_SDEI));
	EXPECT(!kicks(b, REQ_START));
	EXPECT(sched_serve(a) == a);
	EXPECT(b->requests & REQ_SDEI); /* in its own time */
	EXPECT(at_alarm(a) == b);
	EXPECT_EQ(b->requests, 0);
	EXPECT(kicks(b, REQ_VGIC));
	EXPECT(!kicks(a, REQ_VGIC));
	/* Its end waits for its turn, too. */
	EXPECT(!kicks(a, REQ_STOP));
	partitions[0].nr_stopping = 2;
	EXPECT(sched_serve(b) == b);
	EXPECT_EQ(a->power, POWER_ON);
	EXPECT(at_alarm(b) == b);
	EXPECT_EQ(a->power, POWER_OFF);
	EXPECT_EQ(partitions[0].nr_stopping, 1);
}

TEST(kicks_by_priority)
{
	config_plain();
	config[1].priority = 1;
	world_init();
	EXPECT(first() == b);
	EXPECT(!kicks(a, REQ_VGIC));
	EXPECT(waits(b) == a);
	EXPECT(kicks(a, REQ_VGIC));
	EXPECT(kicks(b, REQ_VGIC));
	*pending_of(b) = true;
	a->requests |= REQ_RESCHED; /* the kick */
	EXPECT(sched_serve(a) == b);
}

/* Equals are let in once in a slice. */
TEST(kicks_among_equals)
{
	config_plain();
	world_init();
	b->waiting = true;
	EXPECT(first() == a);
	EXPECT_EQ(world.alarm, UINT64_MAX);
	EXPECT(kicks(b, REQ_VGIC));
	schedule_equal_waits(&cpus[0].schedule);
	a->requests |= REQ_RESCHED;
	EXPECT(sched_serve(a) == a);
	EXPECT_EQ(world.alarm, 1000000 + (HZ >> 8));
	EXPECT(!kicks(b, REQ_VGIC));
	EXPECT(kicks(a, REQ_VGIC));
	*pending_of(b) = true;
	EXPECT(at_alarm(a) == b);
}
