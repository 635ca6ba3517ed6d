/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDEI events of bound interrupts: of the timers (private), of the real-time clock, a
 * device of the machine's, and of the UART, which Tocsin emulates (both shared), and
 * calls about SPIs that nobody raises. Numbers are those of docs/sdei-tests.md.
 */
#include "sdeibound.h"

/* ---- binding ---- */

/* 106. What is not the guest's, or not an interrupt, or not to be bound. */
static void bind_bad(void)
{
	static const u32 bad[] = {1019, 1020, 1023, 1024, 5000, 8192, 0x7fffffff, 0xffffffff};

	for (u32 intid = 0; intid < 32; intid++)
		if (intid != INTID_VTIMER && intid != INTID_PTIMER)
			EXPECT_EQ(bind(intid), SDEI_INVALID_PARAMETERS);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(bind(bad[i]), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(bind(machine.nr_intids), SDEI_INVALID_PARAMETERS);
}

/* 107. The same interrupt is bound once, whoever asks and however wide. */
static long elsewhere;

static void bind_elsewhere(u64 intid)
{
	elsewhere = bind(intid);
}

static void bind_again(void)
{
	static const u32 some[] = {INTID_PTIMER, INTID_VTIMER, FREE_SPI, FREE_SPI + 1};
	long event[ARRAY_SIZE(some)];

	for (u32 i = 0; i < ARRAY_SIZE(some); i++) {
		event[i] = bind(some[i]);
		EXPECT(event[i] > 0 && event[i] >> 32 == 0, "INTID %u: %ld", some[i], event[i]);
		for (u32 j = 0; j < i; j++)
			EXPECT(event[i] != event[j], "twice 0x%lx", event[i]);
	}
	for (u32 i = 0; i < ARRAY_SIZE(some); i++) {
		EXPECT_EQ(bind(some[i]), event[i]);
		EXPECT_EQ(bind(0xdead00000000UL | some[i]), event[i]);
		if (nr_cpus > 1) {
			EXPECT_EQ(cpu_start(1, bind_elsewhere, some[i]), PSCI_SUCCESS);
			cpu_wait_off(1);
			EXPECT_EQ(elsewhere, event[i]);
		}
	}
	for (u32 i = 0; i < ARRAY_SIZE(some); i++)
		EXPECT_EQ(release(event[i]), SDEI_SUCCESS);
}

/* 108. */
static void bind_too_many(void)
{
	u32 slots = (u32)sdei1(SDEI_FEATURES, SDEI_FEATURE_BIND_SLOTS) >> 16;

	EXPECT_EQ(slots, 4);
	for (u32 i = 0; i < slots; i++)
		EXPECT_EQ(bind(FREE_SPI + i), TOCSIN_EVENT_BOUND_SHARED + i);
	EXPECT_EQ(bind(FREE_SPI + slots), SDEI_OUT_OF_RESOURCE);
	EXPECT_EQ(bind(FREE_SPI + 1), TOCSIN_EVENT_BOUND_SHARED + 1);
	EXPECT_EQ(sdei1(SDEI_FEATURES, SDEI_FEATURE_BIND_SLOTS) >> 16, slots);
	EXPECT_EQ(release(TOCSIN_EVENT_BOUND_SHARED + 2), SDEI_SUCCESS);
	EXPECT_EQ(bind(FREE_SPI + slots), TOCSIN_EVENT_BOUND_SHARED + 2);
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), SDEI_SUCCESS);
}

/* One that is active cannot be bound. */
static void bind_active(void)
{
	static const u32 some[] = {INTID_PTIMER, FREE_SPI};

	for (u32 i = 0; i < ARRAY_SIZE(some); i++) {
		u32 iar, waited = 0;

		gic_enable(some[i]);
		gic_set_pending(some[i]);
		do {
			iar = gic_ack();
		} while ((iar & 0x3ff) >= 1020 && ++waited < 1000000);
		EXPECT_EQ(iar & 0x3ff, some[i]);
		EXPECT_EQ(bind(some[i]), SDEI_DENIED);
		gic_eoi(iar);
		gic_disable(some[i]);
		EXPECT(release(bind(some[i])) == SDEI_SUCCESS, "INTID %u when over", some[i]);
	}
}

/* 109. */
static void bound_types(void)
{
	long private = bind(INTID_PTIMER), shared = bind(FREE_SPI);

	EXPECT_EQ(info(private, SDEI_INFO_TYPE), SDEI_TYPE_PRIVATE);
	EXPECT_EQ(info(shared, SDEI_INFO_TYPE), SDEI_TYPE_SHARED);
	for (u32 i = 0; i < 2; i++) {
		long event = i ? shared : private;

		EXPECT_EQ(info(event, SDEI_INFO_PRIORITY), SDEI_NORMAL);
		EXPECT_EQ(info(event, SDEI_INFO_SIGNALED), 1);
		EXPECT_EQ(sdei_call(SDEI_EVENT_SIGNAL, (u64)event, me()->mpidr, 0, 0, 0),
			  SDEI_INVALID_PARAMETERS);
		EXPECT_EQ(release(event), SDEI_SUCCESS);
	}
}

/* 110. */
static void release_states(void)
{
	static const u32 some[] = {INTID_VTIMER, FREE_SPI};

	EXPECT_EQ(release(0x12345), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(release(E0), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(release(ALARM), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(release(TOCSIN_EVENT_BOUND_PRIVATE), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(release(TOCSIN_EVENT_BOUND_SHARED + 3), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(release(TOCSIN_EVENT_BOUND_SHARED + 4), SDEI_INVALID_PARAMETERS);
	for (u32 i = 0; i < ARRAY_SIZE(some); i++) {
		long event = bind(some[i]);

		EXPECT_EQ(sdei_register(event, sdei_entry, 0), SDEI_SUCCESS);
		EXPECT_EQ(release(event), SDEI_DENIED);
		EXPECT_EQ(sdei_enable(event), SDEI_SUCCESS);
		EXPECT_EQ(release(event), SDEI_DENIED);
		EXPECT_EQ(sdei_unregister(event), SDEI_SUCCESS);
		EXPECT_EQ(release(event), SDEI_SUCCESS);
		EXPECT_EQ(release(event), SDEI_INVALID_PARAMETERS);

		/* Disabled also when it was never taken from the guest. */
		event = bind(some[i]);
		gic_enable(some[i]);
		EXPECT(gic_is_enabled(some[i]), "INTID %u cannot be enabled", some[i]);
		EXPECT_EQ(release(event), SDEI_SUCCESS);
		EXPECT(!gic_is_enabled(some[i]), "INTID %u comes back enabled", some[i]);
	}
}

/* 111. Slots that are not bound are events that cannot be registered. */
static void unbound(void)
{
	static const u64 events[] = {TOCSIN_EVENT_BOUND_PRIVATE + 1, TOCSIN_EVENT_BOUND_SHARED};

	for (u32 i = 0; i < ARRAY_SIZE(events); i++) {
		EXPECT_EQ(sdei_status(events[i]), 0);
		EXPECT_EQ(sdei_register(events[i], sdei_entry, 0), SDEI_DENIED);
		EXPECT_EQ(sdei_enable(events[i]), SDEI_DENIED);
		EXPECT_EQ(sdei_disable(events[i]), SDEI_DENIED);
		EXPECT_EQ(sdei_unregister(events[i]), SDEI_DENIED);
		EXPECT_EQ(sdei_status(events[i]), 0);
	}
	EXPECT_EQ(route(events[1], SDEI_RM_ANY, 0), SDEI_DENIED);
	EXPECT_EQ(info(events[1], SDEI_INFO_ROUTING_MODE), SDEI_DENIED);
	EXPECT_EQ(sdei_status(TOCSIN_EVENT_BOUND_PRIVATE + 4), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_status(TOCSIN_EVENT_BOUND_SHARED + 4), SDEI_INVALID_PARAMETERS);
}

/* ---- delivery, for each source ---- */

/* 112. Fired while masked: delivered by UNMASK. Fired while disabled: by ENABLE. */
static void masked_or_disabled(const struct source *s)
{
	long event = begin(s);

	sdei_mask();
	s->fire();
	delay_us(SETTLE_US);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_last()->x[0], event);
	EXPECT_EQ(sdei_last()->x[1], sdei_argument((u64)event));

	EXPECT_EQ(sdei_disable(event), 0);
	s->fire();
	delay_us(SETTLE_US);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_enable(event), 0);
	EXPECT(expect_runs(2), "%u runs, not 2", sdei_runs());
	end(s, event);
}

/* Sleeps; where it goes on. */
static __attribute__((noinline)) u64 sleep(void)
{
	u64 after;

	__asm__ volatile("adr %0, 1f\n wfi\n1:" : "=r"(after)::"memory");
	return after;
}

/* The event ends WFIs, too. It may come before one: then the other timer does. */
static void ends_wfi(const struct source *s)
{
	const struct source *other = s == &source_timer ? &source_vtimer : &source_timer;
	u32 begun = sdei_runs(), slept = 0;

	gic_enable(other->intid);
	for (u32 i = 1; i < 10; i++) {
		u64 after = 0;

		other->silence();
		s->arm();
		other->arm_late();
		while (sdei_runs() < begun + i)
			after = sleep();
		slept += sdei_last()->x[2] == after;
	}
	other->silence();
	gic_disable(other->intid);
	EXPECT_EQ(sdei_runs(), begun + 9);
	EXPECT(slept, "it never came in a WFI");
}

/* It interrupts what has its interrupts masked. */
static void not_maskable(const struct source *s)
{
	long event = begin(s);

	irq_disable();
	for (u32 i = 1; i < 10; i++) {
		s->fire();
		EXPECT(expect_runs(i), "%u runs, not %u", sdei_runs(), i);
	}
	if (s->arm)
		ends_wfi(s);
	end(s, event);
}

/* 117. As long as it is asserted the handler runs again after COMPLETE. */
static volatile u32 silence_at;

static void silence_late(struct sdei_entry *e)
{
	(void)e;
	if (sdei_runs() + 1 == silence_at)
		active->silence();
}

static void level(const struct source *s)
{
	long event = begin(s);

	silence_at = 5;
	sdei_hook = silence_late;
	s->fire();
	EXPECT(expect_runs(5), "%u runs, not 5", sdei_runs());
	delay_us(SETTLE_US);
	EXPECT_EQ(sdei_runs(), 5);
	end(s, event);
}

/* Unregistered in its handler: the interrupt is the guest's again after COMPLETE. */
static void unregister_inside(struct sdei_entry *e)
{
	EXPECT_EQ(sdei_status(e->x[0]), 7);
	EXPECT_EQ(release((long)e->x[0]), SDEI_DENIED);
	EXPECT_EQ(sdei_register(e->x[0], sdei_entry, 0), SDEI_DENIED);
	EXPECT_EQ(sdei_disable(e->x[0]), 0);
	EXPECT_EQ(sdei_status(e->x[0]), 5);
	EXPECT_EQ(sdei_enable(e->x[0]), 0);
	EXPECT_EQ(sdei_unregister(e->x[0]), SDEI_PENDING);
	EXPECT_EQ(sdei_status(e->x[0]), 4);
	EXPECT_EQ(release((long)e->x[0]), SDEI_DENIED);
	EXPECT_EQ(sdei_register(e->x[0], sdei_entry, 0), SDEI_DENIED);
	EXPECT_EQ(sdei_enable(e->x[0]), SDEI_DENIED);
	EXPECT_EQ(sdei_disable(e->x[0]), SDEI_DENIED);
	EXPECT_EQ(sdei_unregister(e->x[0]), SDEI_PENDING);
	EXPECT_EQ(sdei_context(4), e->x[4]);
}

static void unregistered_inside(const struct source *s)
{
	long event = begin(s);

	sdei_hook = unregister_inside;
	s->fire(); /* and nobody silences it */
	while (!sdei_runs())
		;
	delay_us(SETTLE_US);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_status(event), 0);
	EXPECT_EQ(sdei_unregister(event), SDEI_DENIED);
	EXPECT(!gic_is_enabled(s->intid) && !gic_is_active(s->intid), "not as it should return");
	EXPECT_EQ(release(event), SDEI_SUCCESS);
	as_interrupt(s);
}

/* While registered the guest's writes to the GIC do nothing; given back it is
 * disabled, inactive, and an interrupt like others. */
static void taken_from_gic(const struct source *s)
{
	long event = begin(s);

	gic_enable(s->intid);
	EXPECT(!gic_is_enabled(s->intid), "is enabled");
	gic_set_pending(s->intid);
	EXPECT(!gic_is_pending(s->intid), "is pending");
	gic_set_priority(s->intid, 0x20);
	delay_us(SETTLE_US);
	EXPECT_EQ(sdei_runs(), 0);
	s->fire();
	EXPECT(expect_runs(1), "%u runs, not 1", sdei_runs());
	EXPECT(!gic_is_active(s->intid), "is active");
	end(s, event);
	as_interrupt(s);
}

/* REGISTER forgets what was pending or enabled in the GIC before. */
static void nothing_old(const struct source *s)
{
	long event = bind(s->intid);

	irq_disable();
	gic_enable(s->intid);
	s->fire();
	delay_us(SETTLE_US);
	s->silence();
	sdei_fresh();
	active = s;
	sdei_hook = silence_it;
	sdei_add((u64)event);
	EXPECT_EQ(sdei_unmask(), 0);
	delay_us(SETTLE_US);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT((gic_ack() & 0x3ff) >= 1020, "an interrupt comes");
	s->fire();
	EXPECT(expect_runs(1), "%u runs, not 1", sdei_runs());
	end(s, event);
}

#define FOR_EACH_SOURCE(test)                                                                      \
	static void test##_timer(void)                                                             \
	{                                                                                          \
		test(&source_timer);                                                               \
	}                                                                                          \
	static void test##_vtimer(void)                                                            \
	{                                                                                          \
		test(&source_vtimer);                                                              \
	}                                                                                          \
	static void test##_clock(void)                                                             \
	{                                                                                          \
		test(&source_clock);                                                               \
	}                                                                                          \
	static void test##_uart(void)                                                              \
	{                                                                                          \
		test(&source_uart);                                                                \
	}
#define ROWS(name, test)                                                                           \
	{name "-timer", test##_timer, 0}, {name "-vtimer", test##_vtimer, 0},                      \
	    {name "-clock", test##_clock, 0},                                                      \
	{                                                                                          \
		name "-uart", test##_uart, 0                                                       \
	}

FOR_EACH_SOURCE(masked_or_disabled)
FOR_EACH_SOURCE(not_maskable)
FOR_EACH_SOURCE(level)
FOR_EACH_SOURCE(unregistered_inside)
FOR_EACH_SOURCE(taken_from_gic)
FOR_EACH_SOURCE(nothing_old)

void guest_setup(void)
{
	sdei_setup();
	sources_find();
}

const struct test guest_tests[] = {
    {"bound-bind-bad", bind_bad, UNDER_TOCSIN},
    {"bound-bind-again", bind_again, UNDER_TOCSIN},
    {"bound-bind-too-many", bind_too_many, UNDER_TOCSIN},
    {"bound-bind-active", bind_active, UNDER_TOCSIN},
    {"bound-types", bound_types, UNDER_TOCSIN},
    {"bound-release", release_states, UNDER_TOCSIN},
    {"bound-unbound", unbound, UNDER_TOCSIN},
    ROWS("bound-masked-or-disabled", masked_or_disabled),
    ROWS("bound-not-maskable", not_maskable),
    ROWS("bound-level", level),
    ROWS("bound-unregistered-inside", unregistered_inside),
    ROWS("bound-taken-from-gic", taken_from_gic),
    ROWS("bound-nothing-old", nothing_old),
    {0},
};
