/* SPDX-License-Identifier: Apache-2.0 */
/* SDEI's calls outside of handlers, on one PE: what they answer and what they leave
 * alone. Numbers are those of docs/sdei-tests.md. */
#include "sdei.h"

#define UNKNOWN 0x40ffffffUL
#define JUNK 0xdeadbeef00000000UL
#define NO_CPU 0x00ff00ff00UL
#define SLOTS 0x40004 /* unless told otherwise: 4 private, 4 shared */

/* Asked for before anything else. */
static long first_status, first_mask;

static void version(void)
{
	u64 v = (u64)sdei1(SDEI_VERSION, 0);

	EXPECT_EQ(v >> 63, 0);
	EXPECT_EQ(FIELD_GET(SDEI_VERSION_MAJOR, v), 1);
	EXPECT_EQ(FIELD_GET(SDEI_VERSION_MINOR, v), 1);
	EXPECT_EQ(FIELD_GET(SDEI_VERSION_VENDOR, v), TOCSIN_SDEI_VENDOR);
	EXPECT_EQ(sdei1(SDEI_VERSION | SMCCC_SVE_HINT, 0), v);
	EXPECT_EQ(sdei1(JUNK | SDEI_VERSION, 0), v);
}

/* Both conduits, whatever the rest of this run uses. */
static void conduits(void)
{
	EXPECT_EQ(smc_call(SDEI_VERSION, 0, 0, 0), hvc_call(SDEI_VERSION, 0, 0, 0));
	EXPECT_EQ(smc_call(SDEI_EVENT_STATUS, UNKNOWN, 0, 0), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(hvc_call(SDEI_EVENT_STATUS, UNKNOWN, 0, 0), SDEI_INVALID_PARAMETERS);
}

/* Aliases of 32 bits, and numbers that nobody has given out. */
static void unknown_calls(void)
{
	for (u32 n = 0x20; n < 0x40; n++)
		EXPECT_EQ(sdei1(0x84000000u | n, 0), SDEI_NOT_SUPPORTED);
	for (u32 n = 0x33; n < 0x40; n++)
		EXPECT_EQ(sdei1(0xc4000000u | n, 0), SDEI_NOT_SUPPORTED);
	EXPECT_EQ(sdei1(SDEI_VERSION & ~(u32)SMCCC_FAST, 0), SDEI_NOT_SUPPORTED);
}

/* All 64 bits of x0 are compared: an error of 32 bits would be a large number. */
static void errors_are_wide(void)
{
	EXPECT_EQ(sdei_status(UNKNOWN), ~1UL);
	EXPECT_EQ(sdei_enable(E0), ~2UL);
	EXPECT_EQ(sdei1(0xc4000033u, 0), ~0UL);
}

/* Calls that do nothing for good; in this order. */
static const struct {
	u32 fid, x1, x2;
} harmless[] = {
    {SDEI_VERSION, 0, 0},
    {SDEI_FEATURES, 0, 0},
    {SDEI_EVENT_STATUS, E0, 0},
    {SDEI_EVENT_STATUS, UNKNOWN, 0},
    {SDEI_EVENT_ENABLE, E0, 0},
    {SDEI_EVENT_DISABLE, E0, 0},
    {SDEI_EVENT_GET_INFO, E0, 2},
    {SDEI_EVENT_CONTEXT, 0, 0},
    {SDEI_EVENT_COMPLETE, 0, 0},
    {SDEI_EVENT_COMPLETE_AND_RESUME, 0, 0},
    {SDEI_EVENT_ROUTING_SET, E0, 0},
    {SDEI_INTERRUPT_BIND, 0, 0},
    {SDEI_INTERRUPT_RELEASE, E0, 0},
    {SDEI_EVENT_SIGNAL, E0, 0},
    {SDEI_EVENT_UNREGISTER, E0, 0},
    {SDEI_PE_UNMASK, 0, 0},
    {SDEI_PE_MASK, 0, 0},
    {SDEI_PRIVATE_RESET, 0, 0},
    {SDEI_SHARED_RESET, 0, 0},
    {0xc4000033u, 0, 0},
};

static void registers_kept(void)
{
	u64 seed = 0x1234567;

	sdei_fresh();
	for (u32 i = 0; i < 2 * ARRAY_SIZE(harmless); i++) {
		u32 call = i / 2;
		struct regs r, before;

		for (u32 n = 3; n < 18; n++)
			r.x[n] = random_next(&seed);
		r.x[0] = harmless[call].fid;
		r.x[1] = harmless[call].x1;
		r.x[2] = harmless[call].x2;
		before = r;
		if (i & 1)
			smc_regs(&r);
		else
			hvc_regs(&r);
		for (u32 n = 1; n < 18; n++)
			EXPECT(r.x[n] == before.x[n], "0x%lx: x%u 0x%lx became 0x%lx", before.x[0],
			       n, before.x[n], r.x[n]);
	}
}

static void feature_slots(void)
{
	EXPECT_EQ(sdei1(SDEI_FEATURES, SDEI_FEATURE_BIND_SLOTS), SLOTS);
	EXPECT_EQ(sdei1(SDEI_FEATURES, JUNK | SDEI_FEATURE_BIND_SLOTS), SLOTS);
}

static void feature_relative(void)
{
	EXPECT_EQ(sdei1(SDEI_FEATURES, SDEI_FEATURE_RELATIVE_MODE), 0);
}

static void feature_unknown(void)
{
	EXPECT_EQ(sdei1(SDEI_FEATURES, 2), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei1(SDEI_FEATURES, 0xffffffff), SDEI_INVALID_PARAMETERS);
}

static void at_boot(void)
{
	EXPECT_EQ(first_status, 0);
	EXPECT_EQ(first_mask, 0);
}

static void mask_results(void)
{
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_mask(), 1);
	EXPECT_EQ(sdei_mask(), 0);
}

static void expect_no_event(u64 event)
{
	EXPECT_EQ(sdei_status(event), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_enable(event), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_disable(event), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_unregister(event), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_register(event, sdei_entry, 0), SDEI_INVALID_PARAMETERS);
	for (u64 info = 0; info < 5; info++)
		EXPECT_EQ(sdei_call(SDEI_EVENT_GET_INFO, event, info, 0, 0, 0),
			  SDEI_INVALID_PARAMETERS);
}

static void unknown_event(void)
{
	static const u64 unknown[] = {1, 2, 0x100, 0xffffff, 0x40000000, 0x4000ffff, UNKNOWN};

	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++)
		expect_no_event(unknown[i]);
}

static void negative_event(void)
{
	expect_no_event(0x80000000);
	expect_no_event(0x80000000 | ALARM);
	expect_no_event(0xffffffff);
}

static void junk_above_event(void)
{
	sdei_fresh();
	EXPECT_EQ(sdei_status(JUNK | E0), 0);
	EXPECT_EQ(sdei_call(SDEI_EVENT_REGISTER, JUNK | E0, (u64)sdei_entry, 0, 0, 0), 0);
	EXPECT_EQ(sdei_status(E0), SDEI_STATUS_REGISTERED);
	EXPECT_EQ(sdei_enable(JUNK | E0), 0);
	EXPECT_EQ(sdei_disable(JUNK | E0), 0);
	EXPECT_EQ(sdei_unregister(JUNK | E0), 0);
}

static long info(u64 event, u64 what)
{
	return sdei_call(SDEI_EVENT_GET_INFO, event, what, 0, 0, 0);
}

static void event_info(void)
{
	EXPECT_EQ(info(E0, SDEI_INFO_TYPE), SDEI_TYPE_PRIVATE);
	EXPECT_EQ(info(E0, SDEI_INFO_SIGNALED), 0); /* 0: it can be */
	EXPECT_EQ(info(E0, SDEI_INFO_PRIORITY), SDEI_NORMAL);
	EXPECT_EQ(info(ALARM, SDEI_INFO_TYPE), SDEI_TYPE_PRIVATE);
	EXPECT_EQ(info(ALARM, SDEI_INFO_SIGNALED), 1);
	EXPECT_EQ(info(ALARM, SDEI_INFO_PRIORITY), SDEI_CRITICAL);
	EXPECT_EQ(info(JUNK | ALARM, JUNK | SDEI_INFO_PRIORITY), SDEI_CRITICAL);
}

static void no_such_info(void)
{
	static const u64 bad[] = {3, 4, 5, 0x80000000, 0xffffffff};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(info(E0, bad[i]), SDEI_INVALID_PARAMETERS);
		EXPECT_EQ(info(ALARM, bad[i]), SDEI_INVALID_PARAMETERS);
	}
}

static void when_unregistered(void)
{
	sdei_fresh();
	EXPECT_EQ(sdei_enable(E0), SDEI_DENIED);
	EXPECT_EQ(sdei_disable(E0), SDEI_DENIED);
	EXPECT_EQ(sdei_unregister(E0), SDEI_DENIED);
}

static void context_outside(void)
{
	EXPECT_EQ(sdei_context(0), SDEI_DENIED);
	EXPECT_EQ(sdei_context(17), SDEI_DENIED);
	EXPECT_EQ(sdei_context(18), SDEI_INVALID_PARAMETERS);
}

/* Registered or not: nothing runs. */
static void complete_outside(void)
{
	sdei_fresh();
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(sdei1(SDEI_EVENT_COMPLETE, 0), SDEI_DENIED);
		EXPECT_EQ(sdei1(SDEI_EVENT_COMPLETE_AND_RESUME, 0), SDEI_DENIED);
		EXPECT_EQ(sdei1(SDEI_EVENT_COMPLETE_AND_RESUME, (u64)sdei_entry), SDEI_DENIED);
		sdei_ready(E0);
	}
	EXPECT_EQ(sdei_runs(), 0);
}

/* ---- REGISTER ---- */

static long register_as(u64 entry, u64 flags, u64 affinity)
{
	return sdei_call(SDEI_EVENT_REGISTER, E0, entry, 1, flags, affinity);
}

/* A REGISTER that fails leaves the event as it was. */
static void expect_refused(u64 entry, u64 flags)
{
	long r = register_as(entry, flags, 0);

	EXPECT(r == SDEI_INVALID_PARAMETERS, "entry 0x%lx, flags 0x%lx: %ld", entry, flags, r);
	EXPECT_EQ(sdei_status(E0), 0);
}

static void register_entry(void)
{
	static const u64 bad[] = {0, BIT(63), BIT(55), BIT(52), 0x7fffffffffffffff};

	sdei_fresh();
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		expect_refused(bad[i], 0);
	for (u32 i = 1; i < 4; i++)
		expect_refused((u64)sdei_entry + i, 0);
}

static void register_flags(void)
{
	sdei_fresh();
	for (u32 bit = 2; bit < 64; bit++)
		expect_refused((u64)sdei_entry, BIT(bit));
	expect_refused((u64)sdei_entry, ~1UL);
}

static void register_relative(void)
{
	sdei_fresh();
	expect_refused((u64)sdei_entry, SDEI_REGISTER_RELATIVE);
	expect_refused(0x280, SDEI_REGISTER_RELATIVE);
	expect_refused(0x280, SDEI_REGISTER_RELATIVE | SDEI_REGISTER_RM_PE);
}

/* Routing means nothing for a private event. */
static void expect_taken(u64 flags, u64 affinity)
{
	sdei_fresh();
	EXPECT_EQ(register_as((u64)sdei_entry, flags, affinity), 0);
	EXPECT_EQ(sdei_status(E0), SDEI_STATUS_REGISTERED);
}

static void register_any(void)
{
	expect_taken(0, 0);
	expect_taken(0, 0xdeadbeefdeadbeef);
}

static void register_pe_garbage(void)
{
	expect_taken(SDEI_REGISTER_RM_PE, 0xdeadbeefdeadbeef);
	expect_taken(SDEI_REGISTER_RM_PE, NO_CPU);
}

static void register_pe_raw(void)
{
	expect_taken(SDEI_REGISTER_RM_PE, read_sysreg(MPIDR_EL1));
}

static void register_twice(void)
{
	sdei_fresh();
	EXPECT_EQ(sdei_register(E0, sdei_entry, 77), 0);
	EXPECT_EQ(sdei_register(E0, program_resumed, 78), SDEI_DENIED);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_last()->x[1], 77);
}

static void status_bits(void)
{
	sdei_fresh();
	EXPECT_EQ(sdei_register(E0, sdei_entry, 0), 0);
	EXPECT_EQ(sdei_status(E0), 1);
	EXPECT_EQ(sdei_disable(E0), 0);
	EXPECT_EQ(sdei_status(E0), 1);
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(sdei_enable(E0), 0);
		EXPECT_EQ(sdei_status(E0), 3);
	}
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(sdei_disable(E0), 0);
		EXPECT_EQ(sdei_status(E0), 1);
	}
	EXPECT_EQ(sdei_status(ALARM), 0);
}

static void unregister_enabled(void)
{
	sdei_ready(E0);
	EXPECT_EQ(sdei_status(E0), 3);
	EXPECT_EQ(sdei_unregister(E0), 0);
	EXPECT_EQ(sdei_status(E0), 0);
	EXPECT_EQ(sdei_unregister(E0), SDEI_DENIED);
	EXPECT_EQ(sdei_register(E0, sdei_entry, 0), 0);
	EXPECT_EQ(sdei_status(E0), 1);
}

/* ---- SIGNAL ---- */

static void signal_others(void)
{
	static const u64 bad[] = {1,
				  UNKNOWN,
				  ALARM,
				  0x80000000,
				  0xffffffff,
				  TOCSIN_EVENT_BOUND_PRIVATE,
				  TOCSIN_EVENT_BOUND_SHARED};

	sdei_ready(ALARM);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(sdei_call(SDEI_EVENT_SIGNAL, bad[i], percpu[0].mpidr, 0, 0, 0),
			  SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_runs(), 0);
}

static long signal_mpidr(u64 mpidr)
{
	return sdei_call(SDEI_EVENT_SIGNAL, E0, mpidr, 0, 0, 0);
}

static void signal_nobody(void)
{
	u64 self = percpu[0].mpidr;

	sdei_ready(E0);
	EXPECT_EQ(signal_mpidr(NO_CPU), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(signal_mpidr(~0UL), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(signal_mpidr(self | BIT(39)), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(signal_mpidr(self | BIT(32)), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(signal_mpidr(self | BIT(23)), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(signal_mpidr(percpu[nr_cpus - 1].mpidr + 1), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_runs(), 0);
	/* What is no affinity does not count. */
	EXPECT_EQ(signal_mpidr(read_sysreg(MPIDR_EL1)), 0);
	EXPECT_EQ(signal_mpidr(self | BIT(30) | BIT(24) | GENMASK(63, 40)), 0);
	EXPECT_EQ(sdei_runs(), 2);
	EXPECT_EQ(sdei_call(SDEI_EVENT_SIGNAL, JUNK | E0, self, 0, 0, 0), 0);
	EXPECT_EQ(sdei_runs(), 3);
}

/* ---- resets ---- */

static void private_reset(void)
{
	sdei_ready(E0);
	sdei_add(ALARM);
	EXPECT_EQ(sdei1(SDEI_PRIVATE_RESET, 0), 0);
	EXPECT_EQ(sdei_status(E0), 0);
	EXPECT_EQ(sdei_status(ALARM), 0);
	EXPECT_EQ(sdei_mask(), 1); /* it was unmasked still */
	EXPECT_EQ(sdei1(SDEI_PRIVATE_RESET, 0), 0);
	EXPECT_EQ(sdei_mask(), 0);
}

static void shared_reset(void)
{
	sdei_ready(E0);
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), 0);
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), 0);
	EXPECT_EQ(sdei_status(E0), 3);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 1);
}

void guest_setup(void)
{
	first_status = sdei_status(E0);
	first_mask = sdei_mask();
	sdei_setup();
}

const struct test guest_tests[] = {
    {"9 11 at-boot", at_boot, UNDER_TOCSIN},
    {"1 2 version", version, UNDER_TOCSIN},
    {"1 conduits", conduits, UNDER_TOCSIN},
    {"3 unknown-calls", unknown_calls, UNDER_TOCSIN},
    {"4 errors-are-wide", errors_are_wide, UNDER_TOCSIN},
    {"5 registers-kept", registers_kept, UNDER_TOCSIN},
    {"6 feature-slots", feature_slots, UNDER_TOCSIN},
    {"7 feature-relative", feature_relative, UNDER_TOCSIN},
    {"8 feature-unknown", feature_unknown, UNDER_TOCSIN},
    {"10 mask-results", mask_results, UNDER_TOCSIN},
    {"12 unknown-event", unknown_event, UNDER_TOCSIN},
    {"13 negative-event", negative_event, UNDER_TOCSIN},
    {"14 junk-above-event", junk_above_event, UNDER_TOCSIN},
    {"15 event-info", event_info, UNDER_TOCSIN},
    {"16 no-such-info", no_such_info, UNDER_TOCSIN},
    {"17 when-unregistered", when_unregistered, UNDER_TOCSIN},
    {"18 19 context-outside", context_outside, UNDER_TOCSIN},
    {"20 21 complete-outside", complete_outside, UNDER_TOCSIN},
    {"22 28 register-entry", register_entry, UNDER_TOCSIN},
    {"23 28 register-flags", register_flags, UNDER_TOCSIN},
    {"24 28 register-relative", register_relative, UNDER_TOCSIN},
    {"25 register-any", register_any, UNDER_TOCSIN},
    {"26 register-pe-garbage", register_pe_garbage, UNDER_TOCSIN},
    {"27 register-pe-raw", register_pe_raw, UNDER_TOCSIN},
    {"29 register-twice", register_twice, UNDER_TOCSIN},
    {"30 31 status-bits", status_bits, UNDER_TOCSIN},
    {"32 unregister-enabled", unregister_enabled, UNDER_TOCSIN},
    {"35 signal-others", signal_others, UNDER_TOCSIN},
    {"36 signal-nobody", signal_nobody, UNDER_TOCSIN},
    {"77 78 private-reset", private_reset, UNDER_TOCSIN},
    {"81 82 shared-reset", shared_reset, UNDER_TOCSIN},
    {0},
};
