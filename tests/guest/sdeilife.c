/* SPDX-License-Identifier: Apache-2.0 */
/* SDEI over a vCPU's life: CPU_ON, CPU_OFF and CPU_SUSPEND, in handlers too, and
 * signals to one that is off or on its way. */
#include "sdei.h"

#define RACES 200
#define POWER_DOWN BIT(16)

static volatile u32 ready, stop, went_wrong;

/* What a PE must be like that has just been started; takes an event then. */
static void expect_clean(void)
{
	u32 cpu = me()->index;

	EXPECT_EQ(sdei_mask(), 0);
	EXPECT_EQ(sdei_status(E0), 0);
	EXPECT_EQ(sdei_status(ALARM), 0);
	EXPECT_EQ(sdei_enable(E0), SDEI_DENIED);
	EXPECT_EQ(sdei_context(0), SDEI_DENIED);
	EXPECT_EQ(sdei1(SDEI_EVENT_COMPLETE, 0), SDEI_DENIED);
	memset(&sdei_cpu[cpu], 0, sizeof(sdei_cpu[cpu]));
	sdei_add(E0);
	sdei_add(ALARM);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_signal(cpu), 0);
	EXPECT_EQ(sdei_ring(cpu, 0), 0);
	EXPECT_EQ(sdei_runs(), 2);
}

static void clean_cpu(u64 arg)
{
	(void)arg;
	expect_clean();
	ready = 1;
}

static void expect_clean_start(u32 cpu)
{
	sdei_hook = NULL;
	ready = 0;
	EXPECT_EQ(cpu_start(cpu, clean_cpu, 0), PSCI_SUCCESS);
	cpu_wait_off(cpu);
	EXPECT_EQ(ready, 1);
}

/* Each time with events registered, enabled and unmasked from the time before. */
static void on_is_clean(void)
{
	sdei_fresh();
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		for (u32 i = 0; i < 3; i++)
			expect_clean_start(cpu);
}

static void leave_pending(u64 arg)
{
	(void)arg;
	sdei_ready(E0);
	sdei_add(ALARM);
	sdei_mask();
	EXPECT_EQ(sdei_signal(1), 0);
	EXPECT_EQ(sdei_ring(1, 0), 0);
	EXPECT_EQ(sdei_runs(), 0);
}

static void off_drops_pending(void)
{
	sdei_fresh();
	EXPECT_EQ(cpu_start(1, leave_pending, 0), PSCI_SUCCESS);
	cpu_wait_off(1);
	expect_clean_start(1);
}

static void signal_to_off(void)
{
	sdei_fresh();
	for (u32 i = 0; i < 3; i++) {
		EXPECT_EQ(sdei_signal(nr_cpus - 1), 0);
		EXPECT_EQ(sdei_ring(nr_cpus - 1, 0), 0);
		expect_clean_start(nr_cpus - 1);
	}
}

/* Goes off while the first CPU signals. */
static void going_off(u64 rounds)
{
	sdei_ready(E0);
	sdei_add(ALARM);
	ready = 1;
	for (volatile u64 i = 0; i < rounds; i++)
		;
}

static void signal_races_off(void)
{
	u64 seed = 0xfade;

	sdei_fresh();
	for (u32 i = 0; i < RACES && !test_failed(); i++) {
		ready = 0;
		EXPECT_EQ(cpu_start(1, going_off, random_next(&seed) & 0x3ff), PSCI_SUCCESS);
		EXPECT(wait_for(&ready, 1), "CPU 1 does not start");
		for (u32 n = 0; n < 100 || percpu[1].online; n++) {
			EXPECT_EQ(sdei_signal(1), 0);
			EXPECT_EQ(sdei_ring(1, 0), 0);
		}
		cpu_wait_off(1);
		expect_clean_start(1);
	}
}

/* ---- from handlers ---- */

static void hook_off(struct sdei_entry *e)
{
	if (e->x[0] == E0 && e->x[1] & BIT(40))
		EXPECT_EQ(sdei_ring(1, 0), 0); /* and then within both */
	sdei_signal(1);
	hvc_call(PSCI_CPU_OFF, 0, 0, 0);
	went_wrong = 1;
}

static void off_in_handler(u64 nested)
{
	sdei_fresh();
	EXPECT_EQ(sdei_register(E0, sdei_entry, nested ? BIT(40) : 0), 0);
	EXPECT_EQ(sdei_enable(E0), 0);
	sdei_add(ALARM);
	EXPECT_EQ(sdei_unmask(), 0);
	sdei_signal(1);
	went_wrong = 1;
}

static void off_from_handler(void)
{
	went_wrong = 0;
	for (u64 nested = 0; nested < 2; nested++) {
		sdei_fresh();
		sdei_hook = hook_off;
		EXPECT_EQ(cpu_start(1, off_in_handler, nested), PSCI_SUCCESS);
		cpu_wait_off(1);
		EXPECT_EQ(went_wrong, 0);
		expect_clean_start(1);
	}
}

/* ---- CPU_SUSPEND ---- */

static void arm_timer(void)
{
	gic_enable(INTID_VTIMER);
	write_sysreg(CNTV_CVAL_EL0, counter() + read_sysreg(CNTFRQ_EL0) / 500);
	write_sysreg(CNTV_CTL_EL0, CNTV_CTL_EL0_ENABLE);
	isb();
}

static void disarm_timer(void)
{
	u32 iar;

	write_sysreg(CNTV_CTL_EL0, 0);
	isb();
	iar = gic_ack();
	if ((iar & 0x3ff) < 1020)
		gic_eoi(iar);
	gic_disable(INTID_VTIMER);
}

/* Wakes up masked, with what was registered and what was pending. */
static void after_power_down(u64 was_running)
{
	disarm_timer();
	EXPECT_EQ(sdei_mask(), 0);
	EXPECT_EQ(sdei_status(E0), 3);
	EXPECT_EQ(sdei_status(ALARM), 1);
	EXPECT_EQ(sdei_context(0), SDEI_DENIED);
	EXPECT_EQ(sdei1(SDEI_EVENT_COMPLETE, 0), SDEI_DENIED);
	sdei_cpu[1].runs = 0;
	sdei_hook = NULL;
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_last()->x[1], sdei_argument(E0));
	EXPECT_EQ(sdei_signal(1), 0);
	EXPECT_EQ(sdei_runs(), 2);
	ready = 1;
	(void)was_running;
}

static void power_down(void)
{
	me()->entry = after_power_down;
	arm_timer();
	hvc_call(PSCI64(PSCI_CPU_SUSPEND), POWER_DOWN, (u64)secondary_entry, me()->index);
	went_wrong = 1;
}

static void prepare(void)
{
	gic_cpu_init();
	sdei_ready(E0);
	sdei_add(ALARM);
	EXPECT_EQ(sdei_disable(ALARM), 0);
}

static void power_down_outside(u64 arg)
{
	(void)arg;
	prepare();
	sdei_mask();
	EXPECT_EQ(sdei_signal(1), 0);
	EXPECT_EQ(sdei_runs(), 0);
	power_down();
}

static void hook_power_down(struct sdei_entry *e)
{
	(void)e;
	EXPECT_EQ(sdei_signal(1), 0); /* pending, again */
	power_down();
}

static void power_down_inside(u64 arg)
{
	(void)arg;
	prepare();
	sdei_signal(1);
	went_wrong = 1;
}

static void power_down_by(void (*entry)(u64), void (*hook)(struct sdei_entry *e))
{
	sdei_fresh();
	sdei_hook = hook;
	ready = went_wrong = 0;
	EXPECT_EQ(cpu_start(1, entry, 0), PSCI_SUCCESS);
	cpu_wait_off(1);
	EXPECT_EQ(ready, 1);
	EXPECT_EQ(went_wrong, 0);
	expect_clean_start(1);
}

static void suspend_power_down(void)
{
	power_down_by(power_down_outside, NULL);
}

static void suspend_in_handler(void)
{
	power_down_by(power_down_inside, hook_power_down);
}

/* A power-down that is refused changes nothing. */
static void suspend_refused(void)
{
	sdei_ready(E0);
	EXPECT_EQ(hvc_call(PSCI64(PSCI_CPU_SUSPEND), POWER_DOWN, 0x3f000000, 0),
		  PSCI_INVALID_ADDRESS);
	EXPECT_EQ(sdei_mask(), 1);
	EXPECT_EQ(sdei_status(E0), 3);
}

static void suspend_standby(void)
{
	for (u32 masked = 0; masked < 2; masked++) {
		sdei_ready(E0);
		if (masked)
			sdei_mask();
		arm_timer();
		EXPECT_EQ(hvc_call(PSCI64(PSCI_CPU_SUSPEND), 0, 0, 0), PSCI_SUCCESS);
		disarm_timer();
		EXPECT_EQ(sdei_mask(), !masked);
		EXPECT_EQ(sdei_status(E0), 3);
	}
}

static void standing_by(u64 arg)
{
	(void)arg;
	sdei_ready(E0);
	ready = 1;
	while (!stop)
		EXPECT_EQ(hvc_call(PSCI64(PSCI_CPU_SUSPEND), 0, 0, 0), PSCI_SUCCESS);
	EXPECT_EQ(sdei_mask(), 1);
}

/* An event ends standby; what it interrupts has the result already. */
static void event_ends_standby(void)
{
	sdei_fresh();
	ready = stop = 0;
	EXPECT_EQ(cpu_start(1, standing_by, 0), PSCI_SUCCESS);
	EXPECT(wait_for(&ready, 1), "CPU 1 does not start");
	for (u32 i = 1; i <= 20; i++) {
		delay_us(500);
		EXPECT_EQ(sdei_signal(1), 0);
		EXPECT(wait_for(&sdei_cpu[1].runs, i), "it sleeps on");
	}
	stop = 1;
	sdei_signal(1);
	cpu_wait_off(1);
}

void guest_setup(void)
{
	sdei_setup();
}

const struct test guest_tests[] = {
    {"89 90 on-is-clean", on_is_clean, UNDER_TOCSIN | NEEDS_SMP},
    {"90 off-drops-pending", off_drops_pending, UNDER_TOCSIN | NEEDS_SMP},
    {"91 signal-to-off", signal_to_off, UNDER_TOCSIN | NEEDS_SMP},
    {"92 signal-races-off", signal_races_off, UNDER_TOCSIN | NEEDS_SMP},
    {"95 off-from-handler", off_from_handler, UNDER_TOCSIN | NEEDS_SMP},
    {"93 suspend-power-down", suspend_power_down, UNDER_TOCSIN | NEEDS_SMP},
    {"93 suspend-in-handler", suspend_in_handler, UNDER_TOCSIN | NEEDS_SMP},
    {"93 suspend-refused", suspend_refused, UNDER_TOCSIN},
    {"94 suspend-standby", suspend_standby, UNDER_TOCSIN},
    {"94 event-ends-standby", event_ends_standby, UNDER_TOCSIN | NEEDS_SMP},
    {0},
};
