/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SYSTEM_RESET with interrupts bound, their events running on one PE, waiting for a
 * masked one, and with lines that are still high: afterwards nothing is bound, and the
 * interrupts are the guest's as at first. Tests 96 and 116 of docs/sdei-tests.md.
 */
#include "sdeibound.h"

#define MAGIC 0x5de1b07dfeedbeefUL
#define BOOTS 3

/* Not cleared by start.S: counts over restarts. */
static volatile u64 magic __attribute__((section(".noinit")));
static volatile u32 boots __attribute__((section(".noinit")));

static volatile u32 ready;

static void own_timer(u64 arg)
{
	(void)arg;
	gic_cpu_init();
	as_interrupt(&source_timer);
	ready++;
}

/* Devices are not reset with the partition. */
static void as_at_first(void)
{
	static const struct source *const all[] = {&source_timer, &source_vtimer, &source_clock,
						   &source_uart};

	for (u32 i = 0; i < 4; i++) {
		EXPECT_EQ(sdei_status(TOCSIN_EVENT_BOUND_PRIVATE + i), 0);
		EXPECT_EQ(sdei_status(TOCSIN_EVENT_BOUND_SHARED + i), 0);
		EXPECT_EQ(release(TOCSIN_EVENT_BOUND_PRIVATE + i), SDEI_INVALID_PARAMETERS);
		EXPECT_EQ(release(TOCSIN_EVENT_BOUND_SHARED + i), SDEI_INVALID_PARAMETERS);
	}
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		EXPECT(!gic_is_enabled(all[i]->intid) && !gic_is_active(all[i]->intid),
		       "INTID %u is not as after reset", all[i]->intid);
		all[i]->silence();
		as_interrupt(all[i]);
	}
	ready = 0;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		EXPECT_EQ(cpu_start(cpu, own_timer, 0), PSCI_SUCCESS);
		cpu_wait_off(cpu);
		EXPECT_EQ(ready, cpu);
	}
}

/* Its own timer has fired for its event, and is held: this PE stays masked. */
static void stay(u64 arg)
{
	(void)arg;
	sdei_fresh();
	sdei_add((u64)bind(INTID_PTIMER));
	fire_timer();
	delay_us(SETTLE_US);
	ready = 1;
	for (;;)
		wfi();
}

static void reset_inside(struct sdei_entry *e)
{
	(void)e;
	hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
}

/* In the handler of the clock's event; that of the UART waits for a PE. */
static void restart(void)
{
	u64 clock, uart;

	if (boots == BOOTS) {
		magic = 0;
		return;
	}
	sdei_fresh();
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		ready = 0;
		EXPECT_EQ(cpu_start(cpu, stay, 0), PSCI_SUCCESS);
		EXPECT(wait_for(&ready, 1), "CPU %u does not start", cpu);
	}
	sdei_hook = reset_inside;
	clock = (u64)bind(source_clock.intid);
	uart = (u64)bind(source_uart.intid);
	EXPECT_EQ(register_pe(uart, percpu[nr_cpus - 1].mpidr), 0);
	EXPECT_EQ(sdei_enable(uart), 0);
	sdei_add((u64)bind(INTID_PTIMER));
	sdei_add(clock);
	source_uart.fire();
	source_clock.fire();
	if (boots & 1)
		fire_timer();
	if (!test_failed())
		sdei_unmask();
	delay_us(SETTLE_US);
	test_fail("it goes on");
}

void guest_setup(void)
{
	sdei_setup();
	sources_find();
	if (magic != MAGIC) {
		magic = MAGIC;
		boots = 0;
	}
	boots++;
	print("boot %u\n", boots);
}

const struct test guest_tests[] = {
    {"boundreset-as-at-first", as_at_first, UNDER_TOCSIN},
    {"boundreset-restart", restart, UNDER_TOCSIN},
    {0},
};
