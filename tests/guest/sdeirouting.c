/* SPDX-License-Identifier: Apache-2.0 */
/* SDEI: who gets a shared event, and calls about that. Numbers are those of
 * docs/sdei-tests.md. */
#include "sdeiworkers.h"

#define NO_CPU 0x00ff00ff00UL

/* 115. RM_PE: on its target alone, whoever else could. */
static void to_one(const struct source *s)
{
	u64 event = begin_shared(s);
	u32 total = 0;

	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		on(cpu, unmask);
	for (u32 target = 0; target < nr_cpus; target++) {
		EXPECT_EQ(register_pe(event, percpu[target].mpidr | BIT(31)), 0);
		EXPECT_EQ(sdei_enable(event), 0);
		for (u32 i = 1; i <= 5; i++) {
			s->fire();
			EXPECT(expect_total(++total), "CPU %u: %u runs, not %u", target,
			       total_runs(), total);
			EXPECT_EQ(sdei_cpu[target].runs, i);
		}
		on(target, mask);
		s->fire();
		EXPECT(expect_total(total), "masked: %u runs, not %u", total_runs(), total);
		on(target, unmask);
		EXPECT(expect_total(++total), "unmasked: %u runs, not %u", total_runs(), total);
		EXPECT_EQ(sdei_unregister(event), 0);
	}
	EXPECT_EQ(sdei_register(event, sdei_entry, 0), 0);
	end_shared(event);
}

static void to_one_clock(void)
{
	to_one(&source_clock);
}
static void to_one_uart(void)
{
	to_one(&source_uart);
}

/* 115. RM_ANY: one run each time; every CPU that is not masked has its share, and if all
 * are it waits for the first that is not. */
static void to_any(const struct source *s)
{
	u64 event = begin_shared(s);
	u32 total = 0, masked = nr_cpus - 1;

	sdei_add(event);
	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		on(cpu, unmask);
	for (u32 i = 0; i < 8 * nr_cpus; i++) {
		s->fire();
		EXPECT(expect_total(++total), "%u runs, not %u", total_runs(), total);
	}
	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		EXPECT(sdei_cpu[cpu].runs > 0, "never on CPU %u", cpu);

	on(masked, mask);
	sdei_cpu[masked].runs = 0;
	total = total_runs();
	for (u32 i = 0; nr_cpus > 1 && i < 4 * nr_cpus; i++) {
		s->fire();
		EXPECT(expect_total(++total), "%u runs, not %u", total_runs(), total);
	}
	EXPECT_EQ(sdei_cpu[masked].runs, 0);

	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		on(cpu, mask);
	s->fire();
	EXPECT(expect_total(total), "all masked: %u runs, not %u", total_runs(), total);
	on(masked, unmask);
	EXPECT(expect_total(total + 1), "%u runs, not %u", total_runs(), total + 1);
	EXPECT_EQ(sdei_cpu[masked].runs, 1);
	end_shared(event);
}

static void to_any_clock(void)
{
	to_any(&source_clock);
}
static void to_any_uart(void)
{
	to_any(&source_uart);
}

/* The one that is asked is in a handler that does not end: another takes it. */
static volatile u32 held, let_go;

static void hold_event_0(struct sdei_entry *e)
{
	if (e->x[0] != E0) {
		active->silence();
		return;
	}
	held = 1;
	while (!let_go)
		;
}

static void ready_for_0(void)
{
	sdei_add(E0);
	unmask();
}

static void busy_one(void)
{
	u64 event = begin_shared(&source_clock);
	u32 busy = nr_cpus - 1;

	sdei_hook = hold_event_0;
	sdei_add(event);
	held = let_go = 0;
	on(busy, ready_for_0);
	EXPECT_EQ(sdei_signal(busy), 0);
	EXPECT(wait_for(&held, 1), "no handler of event 0");
	on(0, unmask);
	for (u32 i = 1; i <= 4; i++) {
		source_clock.fire();
		EXPECT(expect_runs(i), "%u runs on CPU 0, not %u", sdei_runs(), i);
	}
	/* Nobody else can: it waits for the handler's end. */
	mask();
	source_clock.fire();
	EXPECT(expect_total(4), "%u runs, not 4", total_runs());
	let_go = 1;
	EXPECT(expect_total(6), "%u runs, not 6", total_runs());
	EXPECT_EQ(sdei_cpu[busy].runs, 2);
	end_shared(event);
}

/* 113. */
static void routing_states(void)
{
	u64 event = (u64)bind(FREE_SPI), private = (u64)bind(INTID_PTIMER);
	u64 self = me()->mpidr;

	EXPECT_EQ(route(event, SDEI_RM_ANY, 0), SDEI_DENIED);
	EXPECT_EQ(sdei_register(event, sdei_entry, 0), 0);
	EXPECT_EQ(route(event, SDEI_RM_PE, self), 0);
	EXPECT_EQ(route(event, SDEI_RM_PE, self | BIT(31) | BIT(24)), 0);
	EXPECT_EQ(route(event, SDEI_RM_ANY, NO_CPU), 0);
	EXPECT_EQ(route(event, 2, self), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(route(event, BIT(32), self), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(route(event, SDEI_RM_PE, NO_CPU), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(route(event, SDEI_RM_PE, self | BIT(32)), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_enable(event), 0);
	EXPECT_EQ(route(event, SDEI_RM_ANY, 0), SDEI_DENIED);
	EXPECT_EQ(route(event, 2, self), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_unregister(event), 0);
	EXPECT_EQ(route(private, SDEI_RM_PE, self), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(route(E0, SDEI_RM_ANY, 0), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(route(0x777, SDEI_RM_ANY, 0), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(register_pe(event, NO_CPU), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_status(event), 0);
	EXPECT_EQ(register_pe(private, NO_CPU), 0);
	EXPECT_EQ(sdei_unregister(private), 0);
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), 0);
}

/* 114. */
static void routing_info(void)
{
	u64 event = (u64)bind(FREE_SPI), private = (u64)bind(INTID_PTIMER);
	u64 other = percpu[nr_cpus - 1].mpidr;

	for (u32 what = SDEI_INFO_ROUTING_MODE; what <= SDEI_INFO_ROUTING_AFFINITY; what++) {
		EXPECT_EQ(info(event, what), SDEI_DENIED);
		EXPECT_EQ(info(private, what), SDEI_INVALID_PARAMETERS);
	}
	EXPECT_EQ(register_pe(event, other | BIT(31)), 0);
	EXPECT_EQ(info(event, SDEI_INFO_ROUTING_MODE), SDEI_RM_PE);
	EXPECT_EQ(info(event, SDEI_INFO_ROUTING_AFFINITY), other);
	EXPECT_EQ(route(event, SDEI_RM_ANY, other), 0);
	EXPECT_EQ(info(event, SDEI_INFO_ROUTING_MODE), SDEI_RM_ANY);
	EXPECT_EQ(info(event, SDEI_INFO_ROUTING_AFFINITY), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(route(event, SDEI_RM_PE, me()->mpidr), 0);
	EXPECT_EQ(info(event, SDEI_INFO_ROUTING_AFFINITY), me()->mpidr);
	EXPECT_EQ(info(event, 5), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), 0);
	EXPECT_EQ(info(event, SDEI_INFO_ROUTING_MODE), SDEI_DENIED);
}

void guest_setup(void)
{
	sdei_setup();
	sources_find();
}

const struct test guest_tests[] = {
    {"routing-states", routing_states, UNDER_TOCSIN},
    {"routing-info", routing_info, UNDER_TOCSIN},
    {"routing-to-one-clock", to_one_clock, UNDER_TOCSIN},
    {"routing-to-one-uart", to_one_uart, UNDER_TOCSIN},
    {"routing-to-any-clock", to_any_clock, UNDER_TOCSIN},
    {"routing-to-any-uart", to_any_uart, UNDER_TOCSIN},
    {"routing-busy-one", busy_one, NEEDS_SMP},
    {0},
};
