/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDEI where more than the calling vCPU has a part: signals, the scheduler, hotplug,
 * owners of events, interrupts.
 * sources: el2/sdei/vsdei.c el2/sdei/alarm.c el2/entry/inject.c sdei/pe.c sdei/event.c
 */
#include <test.h>

#define world_expect EXPECT

#include <sdei_guest.h>

/* ---- between vCPUs ---- */

TEST(vsdei_signal_target)
{
	world_init();
	for (u32 i = 0; i < NR_VCPUS; i++)
		begin(&world.vcpus[i], 0);
	for (u32 i = 1; i < NR_VCPUS; i++) {
		struct vcpu *target = &world.vcpus[i];

		CALL(target, SDEI_PE_UNMASK);
		target->waiting = true;
		EXPECT_EQ(CALL(&world.vcpus[0], SDEI_EVENT_SIGNAL, 0, target->mpidr | 0xc1000000),
			  0);
		for (u32 j = 0; j < NR_VCPUS; j++)
			EXPECT_EQ(world.vcpus[j].requests, i == j ? REQ_SDEI : 0);
		target->regs = guest();
		world.cpu.current = &world.vcpus[0]; /* it is scheduled out */
		world_serve(target);
		EXPECT(in_handler(target, 0) && !target->waiting);
		EXPECT_EQ(target->regs.x[2], PC);
	}
}

TEST(vsdei_signal_nobody)
{
	static const u64 strangers[] = {1, 0x200, 0x201, 0x0100000000, 0xff00000000, 0x0100000200};
	struct vcpu *v = ready();

	for (u32 i = 0; i < ARRAY_SIZE(strangers); i++)
		EXPECT_EQ(CALL(v, SDEI_EVENT_SIGNAL, 0, strangers[i]), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_SIGNAL, TOCSIN_EVENT_ALARM, v->mpidr), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_SIGNAL, BOUND, v->mpidr), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_SIGNAL, SHARED, v->mpidr), -2UL);
	EXPECT_EQ(v->sdei.pending, 0);
}

TEST(vsdei_signal_off)
{
	struct vcpu *v = ready(), *target = &world.vcpus[1];

	target->power = POWER_OFF;
	EXPECT_EQ(CALL(v, SDEI_EVENT_SIGNAL, 0, target->mpidr), 0);
	target->power = POWER_ON_PENDING;
	EXPECT_EQ(CALL(v, SDEI_EVENT_SIGNAL, 0, target->mpidr), 0);
	EXPECT_EQ(target->sdei.pending, SDEI_MASKED);
	EXPECT_EQ(target->requests, 0);
}

/* Neither masked nor off does a vCPU wake up or enter a handler. */
TEST(vsdei_serve_in_vain)
{
	struct vcpu *v = ready();

	CALL(v, SDEI_PE_MASK);
	v->waiting = true;
	vsdei_raise(v, SDEI_SOFTWARE);
	world_serve(v);
	EXPECT(v->waiting && v->regs.pc == PC);
	atomic_andnot(&v->sdei.pending, SDEI_MASKED);
	v->power = POWER_OFF;
	world_serve(v);
	EXPECT(v->waiting && v->regs.pc == PC);
	v->power = POWER_ON;
	world_serve(v);
	EXPECT(!v->waiting && in_handler(v, 0));
}

/* ---- life ---- */

TEST(vsdei_suspend)
{
	struct vcpu *v = handling();

	CALL(v, SDEI_EVENT_SIGNAL, 0, v->mpidr);
	vsdei_vcpu_suspend(v);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, 0), 3);
	EXPECT_EQ(CALL(v, SDEI_EVENT_COMPLETE), -3UL);
	EXPECT_EQ(CALL(v, SDEI_PE_MASK), 0);
	CALL(v, SDEI_PE_UNMASK);
	EXPECT(in_handler(v, 0));
}

TEST(vsdei_off_and_on)
{
	struct vcpu *v = handling();

	CALL(v, SDEI_EVENT_SIGNAL, 0, v->mpidr);
	vsdei_vcpu_reset(v);
	EXPECT_EQ(CALL(v, SDEI_PE_MASK), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_ENABLE, 0), -3UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, 0), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_COMPLETE), -3UL);
	begin(v, 0);
	EXPECT_EQ(CALL(v, SDEI_PE_UNMASK), 0);
	EXPECT_EQ(v->regs.pc, PC);
}

/* ---- owners, and the alarm as one of them ---- */

static void expect_alarms(struct vcpu *v, u64 heard, u64 over)
{
	EXPECT_EQ(CALL(v, TOCSIN_ALARM_STATUS, v->mpidr), 0);
	EXPECT_EQ(v->regs.x[1], heard);
	EXPECT_EQ(v->regs.x[2], over);
}

TEST(vsdei_alarm_in_handler)
{
	struct vcpu *v = handling();

	begin(v, TOCSIN_EVENT_ALARM);
	EXPECT_EQ(CALL(&world.vcpus[2], TOCSIN_ALARM, v->mpidr), 0);
	expect_alarms(v, 0, 0);
	world_serve(v);
	EXPECT(in_handler(v, TOCSIN_EVENT_ALARM));
	expect_alarms(v, 1, 0);
	CALL(v, SDEI_EVENT_COMPLETE);
	expect_alarms(v, 1, 1);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, 0), 7);
	for (u64 end = 0; end < 2; end++) {
		CALL(v, TOCSIN_ALARM, v->mpidr);
		world_serve(v);
		if (end == 0)
			CALL(v, SDEI_EVENT_COMPLETE_AND_RESUME, RESUME);
		else
			vsdei_vcpu_suspend(v);
		expect_alarms(v, 2 + end, 2 + end);
	}
	vsdei_vcpu_reset(v);
	expect_alarms(v, 0, 0);
}

TEST(vsdei_alarm_arguments)
{
	struct vcpu *v = ready();

	EXPECT_EQ(CALL(v, TOCSIN_ALARM, 1), -2UL);
	EXPECT_EQ(CALL(v, TOCSIN_ALARM_CANCEL, 1), -2UL);
	EXPECT_EQ(CALL(v, TOCSIN_ALARM_STATUS, 1), -2UL);
	for (u32 bit = 1; bit < 64; bit++)
		EXPECT_EQ(CALL(v, TOCSIN_ALARM, v->mpidr, BIT(bit)), -2UL);
	EXPECT_EQ(CALL(v, TOCSIN_ALARM, world.vcpus[1].mpidr, TOCSIN_ALARM_NOW), -2UL);
	EXPECT_EQ(CALL(v, TOCSIN_ALARM_CANCEL, v->mpidr), 0);
	EXPECT_EQ(CALL(v, TOCSIN_ALARM, v->mpidr), 0);
	EXPECT_EQ(CALL(v, TOCSIN_ALARM_CANCEL, v->mpidr), 1);
	EXPECT_EQ(CALL(v, TOCSIN_ALARM_CANCEL, v->mpidr), 0);
	EXPECT_EQ(v->sdei.pending, 0);
}

/* At once, or not at all. */
TEST(vsdei_raise_now)
{
	struct vcpu *v = ready();

	EXPECT_EQ(CALL(v, TOCSIN_ALARM, v->mpidr, TOCSIN_ALARM_NOW), -3UL); /* not registered */
	begin(v, TOCSIN_EVENT_ALARM);
	CALL(v, SDEI_PE_MASK);
	EXPECT(!vsdei_raise_now(v, SDEI_ALARM));
	EXPECT_EQ(v->sdei.pending, SDEI_MASKED);
	CALL(v, SDEI_PE_UNMASK);
	EXPECT_EQ(v->requests, 0);
	EXPECT_EQ(CALL(v, TOCSIN_ALARM, v->mpidr, TOCSIN_ALARM_NOW), 0);
	EXPECT_EQ(v->requests, REQ_SDEI);
	EXPECT(!vsdei_raise_now(v, SDEI_ALARM)); /* it is pending */
	EXPECT(v->sdei.pending & 1u << SDEI_ALARM);
	world_serve(v);
	EXPECT(in_handler(v, TOCSIN_EVENT_ALARM) && v->regs.x[2] == PC);
	EXPECT(!vsdei_raise_now(v, SDEI_ALARM) && !vsdei_raise_now(v, SDEI_SOFTWARE));
	EXPECT_EQ(v->sdei.pending, 0);
}

/* Not if another one comes first. */
TEST(vsdei_raise_now_second)
{
	struct vcpu *v = ready();

	begin(v, TOCSIN_EVENT_ALARM);
	CALL(v, SDEI_INTERRUPT_BIND, 30);
	begin(v, BOUND);
	sdei_raise(&v->sdei, SDEI_ALARM);
	EXPECT(!vsdei_raise_now(v, SDEI_SOFTWARE));
	EXPECT(vsdei_cancel(v, SDEI_ALARM) && !vsdei_cancel(v, SDEI_ALARM));
	sdei_raise(&v->sdei, SDEI_SOFTWARE);
	EXPECT(!vsdei_raise_now(v, SDEI_BOUND));
	EXPECT(vsdei_raise_now(v, SDEI_ALARM));
	EXPECT_EQ(v->sdei.pending, 1u << SDEI_SOFTWARE | 1u << SDEI_ALARM);
}

/* ---- bound interrupts and shared events: who is told what ---- */

TEST(vsdei_bound_is_told)
{
	struct vcpu *v = ready();

	EXPECT_EQ(CALL(v, SDEI_INTERRUPT_BIND, 30), BOUND);
	begin(v, BOUND);
	EXPECT_EQ(world.claimed[0], 1u << SDEI_BOUND);
	EXPECT_EQ(CALL(v, SDEI_INTERRUPT_RELEASE, BOUND), -3UL);
	EXPECT(world_interrupt(v, SDEI_BOUND));
	world_serve(v);
	EXPECT(in_handler(v, BOUND));
	EXPECT_EQ(world.active[0], 1u << SDEI_BOUND);
	CALL(v, SDEI_EVENT_COMPLETE);
	EXPECT_EQ(world.active[0], 0);
	EXPECT_EQ(world.claimed[0], 1u << SDEI_BOUND);
	world_interrupt(v, SDEI_BOUND);
	world_serve(v);
	EXPECT_EQ(CALL(v, SDEI_EVENT_UNREGISTER, BOUND), -5UL);
	EXPECT_EQ(world.claimed[0], 1u << SDEI_BOUND);
	CALL(v, SDEI_EVENT_COMPLETE);
	EXPECT_EQ(world.claimed[0], 0);
	EXPECT_EQ(CALL(v, SDEI_INTERRUPT_RELEASE, BOUND), 0);
}

/* Every way to lose a registration gives the interrupt back, once. */
TEST(vsdei_bound_is_given_back)
{
	for (u32 way = 0; way < 4; way++)
		for (u32 inside = 0; inside < 2; inside++) {
			struct vcpu *v = ready();

			CALL(v, SDEI_INTERRUPT_BIND, 30);
			begin(v, BOUND);
			if (inside) {
				world_interrupt(v, SDEI_BOUND);
				world_serve(v);
			}
			switch (way) {
			case 0:
				CALL(v, SDEI_EVENT_UNREGISTER, BOUND);
				break;
			case 1:
				CALL(v, SDEI_PRIVATE_RESET);
				break;
			case 2:
				vsdei_vcpu_suspend(v);
				EXPECT_EQ(world.binding[0].holders, 1);
				EXPECT_EQ(world.active[0], 0);
				CALL(v, SDEI_EVENT_UNREGISTER, BOUND);
				break;
			default:
				vsdei_vcpu_reset(v);
			}
			if (sdei_is_running(&v->sdei))
				CALL(v, SDEI_EVENT_COMPLETE);
			EXPECT_EQ(world.claimed[0], 0);
			EXPECT_EQ(world.binding[0].holders, 0);
		}
}

TEST(vsdei_shared_is_asked)
{
	struct vcpu *v = world_init();

	EXPECT_EQ(CALL(v, SDEI_EVENT_ENABLE, SHARED), SHARED_ENABLED);
	EXPECT_EQ(CALL(v, SDEI_EVENT_DISABLE, SHARED), SHARED_DISABLED);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, SHARED), SHARED_STATUS);
	EXPECT_EQ(CALL(v, SDEI_EVENT_UNREGISTER, SHARED), -5UL);
	EXPECT_EQ(CALL(v, SDEI_SHARED_RESET), SHARED_RESET);
	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, SHARED, ENTRY + 1), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, SHARED, ENTRY, 0, 2), -2UL);
	EXPECT_EQ(world.registered.slot, 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, SHARED, ENTRY, 7, 1), -3UL);
	EXPECT_EQ(world.registered.slot, SDEI_SHARED);
	EXPECT_EQ(world.registered.handler.entry, ENTRY);
	EXPECT_EQ(world.registered.handler.argument, 7);
	EXPECT_EQ(world.registered.flags, 1);
	EXPECT_EQ(world.registered.affinity, guest().x[5]);
	EXPECT_EQ(CALL(v, SDEI_EVENT_ROUTING_SET, SHARED, 5, 6), -3UL);
	EXPECT_EQ(world.registered.flags, 5);
	EXPECT_EQ(world.registered.affinity, 6);
	EXPECT_EQ(CALL(v, SDEI_EVENT_ROUTING_SET, 0), -2UL);
	EXPECT_EQ(CALL(v, SDEI_INTERRUPT_RELEASE, 0), -2UL);
	EXPECT_EQ(CALL(v, SDEI_INTERRUPT_RELEASE, TOCSIN_EVENT_ALARM), -2UL);
	EXPECT_EQ(CALL(v, SDEI_INTERRUPT_RELEASE, SHARED), -3UL);
}

TEST(vsdei_shared_runs)
{
	struct vcpu *v = ready();

	world.shared_waits = true;
	world_offer_shared(v);
	world_serve(v);
	EXPECT_EQ(v->regs.pc, SHARED_ENTRY);
	EXPECT_EQ(v->regs.x[0], SHARED);
	EXPECT_EQ(CALL(v, SDEI_EVENT_SIGNAL, 0, v->mpidr), 0);
	CALL(v, SDEI_EVENT_COMPLETE);
	EXPECT(!world.shared_on && in_handler(v, 0));
	/* It cannot take the next one now: another vCPU is asked. */
	world.shared_waits = true;
	world_offer_shared(v);
	world_serve(v);
	EXPECT(world.vcpus[1].sdei.pending & SDEI_PENDING_SHARED);
	EXPECT_EQ(world.vcpus[1].requests, REQ_SDEI);
}

/* There was no shared event, but meanwhile two of its own: the critical one is first. */
TEST(vsdei_shared_race)
{
	struct vcpu *v = ready();

	world.race = true;
	world_offer_shared(v);
	world_serve(v);
	EXPECT(in_handler(v, 0));
	v = ready();
	begin(v, TOCSIN_EVENT_ALARM);
	world.race = true;
	world_offer_shared(v);
	world_serve(v);
	EXPECT(in_handler(v, TOCSIN_EVENT_ALARM));
}

TEST(vsdei_shared_dropped)
{
	struct vcpu *v = ready();

	world.shared_waits = true;
	world_offer_shared(v);
	world_serve(v);
	EXPECT(world.shared_on == v);
	vsdei_vcpu_reset(v);
	EXPECT(!world.shared_on && !sdei_is_running(&v->sdei));
}
