/* SPDX-License-Identifier: Apache-2.0 */
/* SYSTEM_RESET with events registered, running and pending on every vCPU: each
 * restart finds all of them as at first; and SYSTEM_OFF in a handler. */
#include "sdei.h"

#define MAGIC 0x5de15de1feedbeefUL

/* Not cleared by start.S: counts over restarts. */
static volatile u64 magic __attribute__((section(".noinit")));
static volatile u32 boots __attribute__((section(".noinit")));

static volatile u32 ready[MAX_CPUS], checked;

static void expect_fresh(void)
{
	EXPECT_EQ(sdei_mask(), 0);
	EXPECT_EQ(sdei_status(E0), 0);
	EXPECT_EQ(sdei_status(ALARM), 0);
	EXPECT_EQ(sdei_context(0), SDEI_DENIED);
	EXPECT_EQ(sdei1(SDEI_EVENT_COMPLETE, 0), SDEI_DENIED);
	sdei_add(E0);
	sdei_add(ALARM);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei1(SDEI_PRIVATE_RESET, 0), 0);
}

static void check_cpu(u64 arg)
{
	(void)arg;
	expect_fresh();
	checked++;
}

static void all_fresh(void)
{
	checked = 0;
	expect_fresh();
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		EXPECT_EQ(cpu_start(cpu, check_cpu, 0), PSCI_SUCCESS);
		cpu_wait_off(cpu);
	}
	EXPECT_EQ(checked, nr_cpus - 1);
}

/* In its handler, with another event of either kind pending. */
static void hook_stay(struct sdei_entry *e)
{
	(void)e;
	sdei_mask();
	sdei_signal(me()->index);
	sdei_ring(me()->index, 0);
	ready[me()->index] = 1;
	while (me()->index)
		;
}

/* CPUs with an odd number stay in a handler, the others wait for events. */
static void stay(u64 arg)
{
	(void)arg;
	sdei_ready(E0);
	sdei_add(ALARM);
	if (me()->index & 1)
		sdei_signal(me()->index);
	ready[me()->index] = 1;
	for (;;)
		wfi();
}

static void hook_reset(struct sdei_entry *e)
{
	if (me()->index) {
		hook_stay(e);
	} else if (e->x[0] == E0 && boots == 3) {
		sdei_ring(0, 0); /* and reset in both handlers */
	} else {
		sdei_mask();
		sdei_signal(0);
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	}
}

static void hook_done(struct sdei_entry *e)
{
	if (me()->index) {
		hook_stay(e);
	} else {
		print("PASS 99 off-in-handler\n");
		guest_done();
	}
}

static void restart(void)
{
	print("boot %u\n", boots);
	sdei_ready(E0);
	sdei_add(ALARM);
	sdei_hook = boots == 4 ? hook_done : hook_reset;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		ready[cpu] = 0;
		EXPECT_EQ(cpu_start(cpu, stay, 0), PSCI_SUCCESS);
		EXPECT(wait_for(&ready[cpu], 1), "CPU %u does not start", cpu);
	}
	if (test_failed())
		return;
	if (boots == 4)
		magic = 0;
	if (boots == 1)
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	else
		sdei_signal(0);
	test_fail("it goes on");
}

void guest_setup(void)
{
	sdei_setup();
	if (magic != MAGIC) {
		magic = MAGIC;
		boots = 0;
	}
	boots++;
}

const struct test guest_tests[] = {
    {"96 all-fresh", all_fresh, UNDER_TOCSIN},
    {"96 99 restart", restart, UNDER_TOCSIN},
    {0},
};
