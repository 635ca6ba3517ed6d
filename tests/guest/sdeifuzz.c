/* SPDX-License-Identifier: Apache-2.0 */
/* Random SDEI calls on all vCPUs at once, in handlers too: each answer is one that
 * the call has, no register is lost, and afterwards everything still works. The boot
 * argument calls=N says how many each vCPU makes. */
#include "sdei.h"

#define IN_HANDLER 3

static u64 seed[MAX_CPUS];
static u32 depth[MAX_CPUS];
static u64 calls;
static volatile u32 go;

static u64 random(void)
{
	return random_next(&seed[me()->index]);
}

/* One of the few that mean something most of the time, else anything. */
#define PICK(...)                                                                                  \
	({                                                                                         \
		const u64 list_[] = {__VA_ARGS__};                                                 \
		u64 r_ = random();                                                                 \
		r_ & 0xf00 ? list_[(r_ & 0xff) % ARRAY_SIZE(list_)] : random();                    \
	})

static u64 some_event(void)
{
	u64 event =
	    PICK(E0, E0, E0, E0, ALARM, ALARM, ALARM, TOCSIN_EVENT_BOUND_PRIVATE + (random() & 7),
		 TOCSIN_EVENT_BOUND_SHARED + (random() & 7), 1, 0x80000000, 0xffffffff);

	return random() & 7 ? event : event | random() << 32;
}

static u64 some_mpidr(void)
{
	return PICK(percpu[random() % nr_cpus].mpidr, read_sysreg(MPIDR_EL1), ~0UL, BIT(39));
}

/* A handler may be entered: only ours, or addresses that no call may take. */
static u64 some_entry(void)
{
	u64 bad[] = {0, (u64)sdei_entry + 1 + random() % 3, random() | BIT(63) | 1, BIT(60)};
	u64 r = random();

	return r & 7 ? (u64)sdei_entry : bad[(r >> 8) % ARRAY_SIZE(bad)];
}

/* Half of them towards a handler, and few that undo all of it. */
static u64 some_function(void)
{
	static const u64 towards[] = {SDEI_EVENT_REGISTER, SDEI_EVENT_ENABLE, SDEI_PE_UNMASK,
				      SDEI_EVENT_SIGNAL, TOCSIN_ALARM};
	u64 r = random(), fid = 0xc4000020u + (r >> 8) % 32;

	if (r & 1)
		return towards[(r >> 8) % ARRAY_SIZE(towards)];
	if (r & 0x3e && (fid == SDEI_PRIVATE_RESET || fid == SDEI_SHARED_RESET))
		return SDEI_EVENT_STATUS;
	return r & 0xc0 ? fid : TOCSIN_ALARM + (r >> 8) % 3;
}

static struct regs some_call(void)
{
	struct regs r;

	for (u32 i = 0; i < 18; i++)
		r.x[i] = random();
	r.x[0] = some_function();
	switch (r.x[0]) {
	case SDEI_EVENT_REGISTER:
		r.x[2] = some_entry();
		r.x[4] = PICK(0, 0, 0, 1, 1, 2);
		r.x[5] = some_mpidr();
		break;
	case SDEI_EVENT_SIGNAL:
		r.x[2] = some_mpidr();
		break;
	case SDEI_EVENT_ROUTING_SET:
		r.x[2] = PICK(0, 1, 2);
		r.x[3] = some_mpidr();
		break;
	case SDEI_EVENT_GET_INFO:
		r.x[2] = PICK(0, 1, 2, 3, 4, 5);
	}
	switch (r.x[0]) {
	case SDEI_EVENT_CONTEXT:
		r.x[1] = random() % 20;
		return r;
	case SDEI_EVENT_COMPLETE_AND_RESUME:
		r.x[1] = PICK(0, 1, BIT(60)) | 1;
		return r;
	case SDEI_INTERRUPT_BIND:
		r.x[1] = random() % 1100;
		return r;
	case SDEI_FEATURES:
		r.x[1] = random() % 4;
		return r;
	case TOCSIN_ALARM:
	case TOCSIN_ALARM_CANCEL:
	case TOCSIN_ALARM_STATUS:
		r.x[1] = some_mpidr();
		r.x[2] = PICK(0, 0, TOCSIN_ALARM_NOW, 2);
		return r;
	}
	r.x[1] = some_event();
	return r;
}

/* The errors of each call, and the values that it has besides: 0 to most. */
static const struct {
	u32 fid;
	long errors[4];
	long most;
} answers[] = {
    {SDEI_EVENT_REGISTER, {-2, -3}, 0},
    {SDEI_EVENT_ENABLE, {-2, -3}, 0},
    {SDEI_EVENT_DISABLE, {-2, -3}, 0},
    {SDEI_EVENT_COMPLETE, {-3}, -1},
    {SDEI_EVENT_COMPLETE_AND_RESUME, {-2, -3}, -1},
    {SDEI_EVENT_UNREGISTER, {-2, -3, -5}, 0},
    {SDEI_EVENT_STATUS, {-2}, 7},
    {SDEI_EVENT_GET_INFO, {-2, -3}, 0xff00ffffffL},
    {SDEI_EVENT_ROUTING_SET, {-2, -3}, 0},
    {SDEI_PE_MASK, {0}, 1},
    {SDEI_PE_UNMASK, {0}, 0},
    {SDEI_INTERRUPT_BIND, {-2, -3, -10}, TOCSIN_EVENT_BOUND_SHARED + 3},
    {SDEI_INTERRUPT_RELEASE, {-2, -3}, 0},
    {SDEI_EVENT_SIGNAL, {-2}, 0},
    {SDEI_FEATURES, {-2}, 0x40004},
    {SDEI_PRIVATE_RESET, {-3}, 0},
    {SDEI_SHARED_RESET, {-3}, 0},
    {TOCSIN_ALARM, {-2, -3}, 0},
    {TOCSIN_ALARM_CANCEL, {-2}, 1},
    {TOCSIN_ALARM_STATUS, {-2}, 0},
};

static bool is_answer(u64 fid, long result)
{
	if (fid == SDEI_VERSION || fid == SDEI_EVENT_CONTEXT)
		return true;
	for (u32 i = 0; i < ARRAY_SIZE(answers); i++) {
		if (answers[i].fid != fid)
			continue;
		for (u32 n = 0; n < ARRAY_SIZE(answers[i].errors); n++)
			if (result < 0 && answers[i].errors[n] == result)
				return true;
		return result >= 0 && result <= answers[i].most;
	}
	return result == SDEI_NOT_SUPPORTED;
}

static void check(const struct regs *before, const struct regs *after)
{
	long result = (long)after->x[0];
	u64 fid = before->x[0];

	EXPECT(is_answer(fid, result), "0x%lx(0x%lx, 0x%lx) answers %ld", fid, before->x[1],
	       before->x[2], result);
	if (fid == SDEI_EVENT_STATUS)
		EXPECT(result != 2 && result != 6, "status %ld", result);
	if (fid == SDEI_INTERRUPT_BIND)
		EXPECT(result < 0 || result >= TOCSIN_EVENT_BOUND_PRIVATE, "bound to %ld", result);
	for (u32 i = fid == TOCSIN_ALARM_STATUS ? 3 : 1; i < 18; i++)
		EXPECT(before->x[i] == after->x[i], "0x%lx: x%u 0x%lx became 0x%lx", fid, i,
		       before->x[i], after->x[i]);
}

static void call_something(void)
{
	struct regs r = some_call(), before = r;

	/* In a handler this would not come back. */
	if (depth[me()->index] && r.x[0] == SDEI_EVENT_COMPLETE)
		return;
	if (random() & 1)
		hvc_regs(&r);
	else
		smc_regs(&r);
	check(&before, &r);
}

static void hook(struct sdei_entry *e)
{
	u32 *level = &depth[me()->index];
	long status = sdei_status(e->x[0]);
	bool bound =
	    e->x[0] - TOCSIN_EVENT_BOUND_PRIVATE < 4 || e->x[0] - TOCSIN_EVENT_BOUND_SHARED < 4;

	EXPECT(e->x[0] == E0 || e->x[0] == ALARM || bound, "event 0x%lx", e->x[0]);
	/* What comes between may disable it, and unregister it. */
	EXPECT(status & SDEI_STATUS_RUNNING, "it runs, but its status is %ld", status);
	EXPECT(*level < (e->x[0] == ALARM ? 2 : 1), "event 0x%lx on level %u", e->x[0], *level);
	++*level;
	for (u64 n = random() % IN_HANDLER; n; n--)
		call_something();
	--*level;
}

static void fuzz(u64 arg)
{
	seed[me()->index] = 0xf0220000 + arg;
	wait_for(&go, 1);
	for (u64 i = 0; i < calls && !test_failed(); i++)
		call_something();
	sdei_mask();
	EXPECT_EQ(sdei1(SDEI_PRIVATE_RESET, 0), 0);
}

static void all_at_once(void)
{
	u32 handlers = 0;

	sdei_fresh();
	sdei_hook = hook;
	go = 0;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		EXPECT_EQ(cpu_start(cpu, fuzz, cpu), PSCI_SUCCESS);
	go = 1;
	fuzz(0);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		while (hvc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[cpu].mpidr, 0, 0) != 1)
			;
	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		handlers += sdei_cpu[cpu].runs;
	print("%lu calls on each of %u CPUs, %u handlers\n", calls, nr_cpus, handlers);
	EXPECT(handlers > calls / 100, "only %u handlers ran", handlers);
}

/* Nothing of it is left. */
static void still_works(void)
{
	u64 slots = (u64)sdei1(SDEI_FEATURES, SDEI_FEATURE_BIND_SLOTS);

	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), 0);
	for (u64 i = 0; i < (slots & 0xffff); i++)
		EXPECT_EQ(sdei_status(TOCSIN_EVENT_BOUND_PRIVATE + i), 0);
	for (u64 i = 0; i < slots >> 16; i++)
		EXPECT_EQ(sdei_status(TOCSIN_EVENT_BOUND_SHARED + i), 0);
	sdei_ready(E0);
	sdei_add(ALARM);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_ring(0, 0), 0);
	EXPECT_EQ(sdei_runs(), 2);
}

void guest_setup(void)
{
	sdei_setup();
	calls = bootarg_number("calls=", 200000);
}

const struct test guest_tests[] = {
    {"105 all-at-once", all_at_once, UNDER_TOCSIN},
    {"105 still-works", still_works, UNDER_TOCSIN},
    {0},
};
