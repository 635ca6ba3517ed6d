/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDEI: what the PEs of a machine have in common of bound interrupts: the reset of all
 * bindings, PEs that go off, one interrupt bound for all, REGISTER against RELEASE.
 * Numbers are those of docs/sdei-tests.md.
 */
#include "sdeiworkers.h"

#define ROUNDS 400

/* 116. */
static void hold_private(void)
{
	EXPECT_EQ(sdei_register(TOCSIN_EVENT_BOUND_PRIVATE, sdei_entry, 0), 0);
}
static void drop_private(void)
{
	EXPECT_EQ(sdei_unregister(TOCSIN_EVENT_BOUND_PRIVATE), 0);
}

static void reset_inside(struct sdei_entry *e)
{
	active->silence();
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), SDEI_DENIED);
	EXPECT_EQ(sdei_status(e->x[0]), 4);
}

static void shared_reset(void)
{
	u32 last = nr_cpus - 1;
	u64 private = (u64)bind(INTID_PTIMER), other = (u64)bind(FREE_SPI);
	u64 event = begin_shared(&source_clock);

	EXPECT_EQ(sdei_register(other, sdei_entry, 0), 0);
	sdei_add(event);
	on(last, hold_private);
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), SDEI_DENIED);
	EXPECT_EQ(sdei_status(event), 0);
	EXPECT_EQ(sdei_status(other), 0);
	EXPECT_EQ(release((long)private), SDEI_DENIED);
	on(last, drop_private);
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), SDEI_SUCCESS);
	EXPECT_EQ(release((long)private), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(release((long)event), SDEI_INVALID_PARAMETERS);

	EXPECT_EQ(bind(source_clock.intid), TOCSIN_EVENT_BOUND_SHARED);
	event = TOCSIN_EVENT_BOUND_SHARED;
	sdei_hook = reset_inside;
	sdei_add(event);
	unmask();
	source_clock.fire();
	EXPECT(expect_runs(1), "%u runs, not 1", sdei_runs());
	EXPECT_EQ(sdei_status(event), 0);
	EXPECT_EQ(release((long)event), SDEI_SUCCESS);
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), SDEI_SUCCESS);
	stop_all();
	sdei_fresh();
}

/* A CPU goes off with a bound private event, and out of a shared one's handler. */
static void die(struct sdei_entry *e)
{
	if (me()->index && e->x[0] != E0)
		go_off();
	active->silence();
}

static void registered_off(void)
{
	u64 private = (u64)bind(INTID_PTIMER), event = begin_shared(&source_clock);

	on(1, hold_private);
	stop(1);
	EXPECT_EQ(release((long)private), SDEI_SUCCESS);

	start(1);
	sdei_hook = die;
	EXPECT_EQ(register_pe(event, percpu[1].mpidr), 0);
	EXPECT_EQ(sdei_enable(event), 0);
	on(1, unmask);
	source_clock.fire();
	cpu_wait_off(1);
	/* Still asserted, it waits for its target, which is off. */
	delay_us(SETTLE_US);
	EXPECT_EQ(sdei_status(event), 3);
	EXPECT_EQ(total_runs(), 0);
	sdei_hook = silence_it;
	start(1);
	EXPECT_EQ(total_runs(), 0);
	on(1, unmask);
	EXPECT(expect_total(1), "%u runs, not 1", total_runs());
	EXPECT_EQ(sdei_cpu[1].runs, 1);

	/* RM_ANY: somebody else takes it. */
	EXPECT_EQ(sdei_disable(event), 0);
	EXPECT_EQ(route(event, SDEI_RM_ANY, 0), 0);
	EXPECT_EQ(sdei_enable(event), 0);
	sdei_hook = die;
	source_clock.fire();
	cpu_wait_off(1);
	unmask();
	EXPECT(expect_runs(1), "%u runs on CPU 0, not 1", sdei_runs());
	source_clock.silence();
	EXPECT_EQ(sdei_unregister(event), 0);
	EXPECT_EQ(release((long)event), 0);
	for (u32 cpu = 2; cpu < nr_cpus; cpu++)
		stop(cpu);
	sdei_fresh();
}

/* REGISTER on one CPU against RELEASE on another: exactly one succeeds. */
static volatile u32 asked, answered;
static volatile long registered;

static void registers(void)
{
	for (u32 n = 1; n <= 2 * ROUNDS; n++) {
		if (!wait_for(&asked, n))
			return;
		if (n % 2)
			registered = sdei_register(TOCSIN_EVENT_BOUND_PRIVATE, sdei_entry, 0);
		else if (registered == SDEI_SUCCESS)
			EXPECT_EQ(sdei_unregister(TOCSIN_EVENT_BOUND_PRIVATE), 0);
		dsb(sy);
		answered = n;
	}
}

static void ask(u32 n)
{
	dsb(sy);
	asked = n;
}

static void register_or_release(void)
{
	u32 won = 0;

	sdei_fresh();
	start_all();
	asked = answered = 0;
	begin_on(1, registers);
	for (u32 n = 1; n < 2 * ROUNDS && !test_failed(); n += 2) {
		long released;

		EXPECT_EQ(bind(INTID_PTIMER), TOCSIN_EVENT_BOUND_PRIVATE);
		ask(n);
		for (u32 i = 0; i < n % 64; i++)
			__asm__ volatile("nop");
		released = release(TOCSIN_EVENT_BOUND_PRIVATE);
		EXPECT(wait_for(&answered, n), "round %u does not end", n);
		EXPECT((released == 0) != (registered == 0), "round %u: RELEASE %ld, REGISTER %ld",
		       n, released, registered);
		EXPECT(released == 0 || released == SDEI_DENIED, "RELEASE %ld", released);
		EXPECT(registered == 0 || registered == SDEI_DENIED, "REGISTER %ld", registered);
		won += registered == 0;
		ask(n + 1);
		EXPECT(wait_for(&answered, n + 1), "round %u does not end", n + 1);
		if (released)
			EXPECT_EQ(release(TOCSIN_EVENT_BOUND_PRIVATE), 0);
	}
	print("register-or-release: REGISTER won %u of %u\n", won, ROUNDS);
	stop_all();
}

/* One binding, a PE's own event and interrupt on each: all timers at once. */
#define TICKS 20

static volatile u32 finished[MAX_CPUS];

static void silence_own(struct sdei_entry *e)
{
	(void)e;
	silence_timer();
}

static void tick(void)
{
	u64 event = TOCSIN_EVENT_BOUND_PRIVATE;

	sdei_add(event);
	unmask();
	for (u32 i = 1; i <= TICKS; i++) {
		/* The first half while it spins, the other as soon as it unmasks. */
		if (i > TICKS / 2)
			mask();
		arm_timer();
		if (i > TICKS / 2) {
			while (!(read_sysreg(CNTP_CTL_EL0) & CNTV_CTL_EL0_ISTATUS))
				;
			delay_us(SETTLE_US);
			EXPECT_EQ(sdei_runs(), i - 1);
			unmask();
		}
		EXPECT(wait_for(&sdei_cpu[me()->index].runs, i), "CPU %u: %u runs, not %u",
		       me()->index, sdei_runs(), i);
		EXPECT_EQ(sdei_last()->x[1], sdei_argument(event));
	}
	EXPECT_EQ(sdei_unregister(event), 0);
	finished[me()->index] = 1;
}

static void all_timers(void)
{
	sdei_fresh();
	start_all();
	sdei_hook = silence_own;
	EXPECT_EQ(bind(INTID_PTIMER), TOCSIN_EVENT_BOUND_PRIVATE);
	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		finished[cpu] = 0;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		begin_on(cpu, tick);
	tick();
	for (u32 cpu = 0; cpu < nr_cpus; cpu++) {
		EXPECT(wait_for(&finished[cpu], 1), "CPU %u has not finished", cpu);
		EXPECT_EQ(sdei_cpu[cpu].runs, TICKS);
	}
	EXPECT_EQ(release(TOCSIN_EVENT_BOUND_PRIVATE), 0);
	stop_all();
}

void guest_setup(void)
{
	sdei_setup();
	sources_find();
}

const struct test guest_tests[] = {
    {"shared-reset", shared_reset, UNDER_TOCSIN},
    {"shared-registered-off", registered_off, NEEDS_SMP},
    {"shared-all-timers", all_timers, UNDER_TOCSIN},
    {"shared-register-or-release", register_or_release, NEEDS_SMP},
    {0},
};
