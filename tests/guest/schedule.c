/* SPDX-License-Identifier: Apache-2.0 */
/* vCPUs that share a CPU: turns, sleep that nothing disturbs, what wakes all the same. */
#include "guest.h"

#define SGI 5
#define ROUNDS 40

static volatile u32 count[MAX_CPUS], woken[MAX_CPUS], stop;

static void others(void (*entry)(u64))
{
	stop = 0;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		count[cpu] = woken[cpu] = 0;
		EXPECT_EQ(cpu_start(cpu, entry, 0), PSCI_SUCCESS);
	}
}

static void others_off(void)
{
	stop = 1;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		cpu_wait_off(cpu);
}

/* ---- turns ---- */

static void spin(u64 arg)
{
	(void)arg;
	while (!stop)
		count[me()->index]++;
}

/* Nobody ever waits: each is heard of in each round. */
static void turns(void)
{
	others(spin);
	for (u32 round = 0; round < ROUNDS && !test_failed(); round++) {
		for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
			u32 before = count[cpu];
			u64 start = counter();

			while (count[cpu] == before &&
			       counter() - start < 5 * read_sysreg(CNTFRQ_EL0))
				;
			EXPECT(count[cpu] != before, "round %u: CPU %u does not run", round, cpu);
		}
	}
	others_off();
}

/* ---- sleep ---- */

/* Sleeps with a timer that has expired and that it does not listen to. */
static void sleep_deaf(u64 physical)
{
	u32 iar, me_ = me()->index;

	gic_cpu_init();
	gic_enable(SGI);
	gic_disable(physical ? INTID_PTIMER : INTID_VTIMER);
	if (physical) {
		write_sysreg(CNTP_CVAL_EL0, 0);
		write_sysreg(CNTP_CTL_EL0, 1);
	} else {
		write_sysreg(CNTV_CVAL_EL0, 0);
		write_sysreg(CNTV_CTL_EL0, 1);
	}
	isb();
	count[me_] = 1;
	while (((iar = gic_ack()) & 0x3ff) >= 1020) {
		wfi();
		count[me_]++;
	}
	woken[me_] = (iar & 0x3ff) == SGI ? 1 : 2;
	gic_eoi(iar);
	write_sysreg(CNTP_CTL_EL0, 0);
	write_sysreg(CNTV_CTL_EL0, 0);
}

static void sleep_virtual(u64 arg)
{
	(void)arg;
	sleep_deaf(0);
}

static void sleep_physical(u64 arg)
{
	(void)arg;
	sleep_deaf(1);
}

/* They wake a few times at most, whatever the time; and by the SGI. */
static void deaf(void (*entry)(u64))
{
	others(entry);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		while (!count[cpu])
			;
	delay_us(200000);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		EXPECT(count[cpu] <= 5, "CPU %u woke %u times", cpu, count[cpu]);
		EXPECT_EQ(woken[cpu], 0);
		gic_send_sgi(SGI, cpu);
		EXPECT(wait_for(&woken[cpu], 1), "CPU %u sleeps on", cpu);
	}
	others_off();
}

static void deaf_virtual(void)
{
	deaf(sleep_virtual);
}

static void deaf_physical(void)
{
	deaf(sleep_physical);
}

/* Another CPU enables the PPI for it: now it listens, and the timer has expired long ago. */
static void heard_late(void)
{
	others(sleep_virtual);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		while (!count[cpu])
			;
		delay_us(20000);
		EXPECT_EQ(woken[cpu], 0);
		io_write32(gic_redist(cpu) + 0x10000 + GICD_ISENABLER, 1u << INTID_VTIMER);
		EXPECT(wait_for(&woken[cpu], 2), "CPU %u sleeps on", cpu);
	}
	others_off();
}

/* ---- stolen time ---- */

/* The zero-configuration guest has no page for it. */
static void not_stolen(void)
{
	EXPECT_EQ(hvc_call(PV_TIME_FEATURES, PV_TIME_ST, 0, 0), SMCCC_NOT_SUPPORTED);
	EXPECT_EQ(hvc_call(SMCCC_ARCH_FEATURES, PV_TIME_FEATURES, 0, 0), SMCCC_NOT_SUPPORTED);
	EXPECT_EQ(hvc_call(PV_TIME_ST, 0, 0, 0), SMCCC_NOT_SUPPORTED);
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {
    {"schedule-turns", turns, NEEDS_SMP},
    {"schedule-deaf-virtual", deaf_virtual, NEEDS_SMP},
    {"schedule-deaf-physical", deaf_physical, NEEDS_SMP},
    {"schedule-heard-late", heard_late, NEEDS_SMP | NEEDS_GICV3},
    {"schedule-no-stolen-time", not_stolen, UNDER_TOCSIN},
    {0},
};
