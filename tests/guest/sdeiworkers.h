/* SPDX-License-Identifier: Apache-2.0 */
/* Other CPUs that do as they are told, and an event that all of them share. */
#pragma once

#include "sdeibound.h"

#define WAKE 1 /* an SGI */

/* ---- other CPUs: each sleeps until there is something to do, and tells when it is done ---- */

static void (*volatile job[MAX_CPUS])(void);
static volatile u32 at_work[MAX_CPUS];

/* With IRQs masked: an SGI that has come ends the WFI. */
static inline void sleep(void)
{
	u32 iar = gic_ack();

	if ((iar & 0x3ff) < 1020)
		gic_eoi(iar);
	else if (!job[me()->index])
		wfi();
}

static inline void worker(u64 arg)
{
	(void)arg;
	gic_cpu_init();
	gic_enable(WAKE);
	sdei_fresh();
	at_work[me()->index] = 1;
	for (;;) {
		void (*now)(void) = job[me()->index];

		if (now) {
			job[me()->index] = NULL;
			now();
			at_work[me()->index]++;
		} else {
			sleep();
		}
	}
}

static inline void begin_on(u32 cpu, void (*what)(void))
{
	dsb(sy);
	job[cpu] = what;
	gic_send_sgi(WAKE, cpu);
}

/* CPU does that, and has done it. */
static inline void on(u32 cpu, void (*what)(void))
{
	u32 before = at_work[cpu];

	if (cpu == 0) {
		what();
		return;
	}
	begin_on(cpu, what);
	EXPECT(wait_for(&at_work[cpu], before + 1), "CPU %u hangs", cpu);
}

static inline void unmask(void)
{
	EXPECT_EQ(sdei_unmask(), 0);
}
static inline void mask(void)
{
	sdei_mask();
}
static inline void go_off(void)
{
	hvc_call(PSCI_CPU_OFF, 0, 0, 0);
}

static inline void start(u32 cpu)
{
	at_work[cpu] = 0;
	job[cpu] = NULL;
	EXPECT_EQ(cpu_start(cpu, worker, 0), PSCI_SUCCESS);
	EXPECT(wait_for(&at_work[cpu], 1), "CPU %u does not start", cpu);
}

static inline void start_all(void)
{
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		start(cpu);
}

static inline void stop(u32 cpu)
{
	begin_on(cpu, go_off);
	cpu_wait_off(cpu);
}

static inline void stop_all(void)
{
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		stop(cpu);
}

/* ---- the event of the clock ---- */

static inline u32 total_runs(void)
{
	u32 total = 0;

	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		total += sdei_cpu[cpu].runs;
	return total;
}

/* All handlers together have run so often, and no more come. */
static inline bool expect_total(u32 n)
{
	u64 start = counter();

	while (total_runs() != n && counter() - start < 5 * read_sysreg(CNTFRQ_EL0))
		;
	delay_us(SETTLE_US);
	return total_runs() == n;
}

/* Bound, all CPUs at work and masked. */
static inline u64 begin_shared(const struct source *s)
{
	s->silence();
	sdei_fresh();
	start_all();
	active = s;
	sdei_hook = silence_it;
	return (u64)bind(s->intid);
}

static inline void end_shared(u64 event)
{
	active->silence();
	EXPECT_EQ(sdei_unregister(event), 0);
	EXPECT_EQ(release((long)event), 0);
	stop_all();
	sdei_fresh();
}
