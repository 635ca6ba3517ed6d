/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small real-time guest: does something every 10 ms, at times that do not drift, and
 * says once a second how late it was at worst. "seconds=N" in bootargs: powers off after
 * that many.
 */
#include "guest.h"

#define PERIOD_MS 10
#define PER_LINE 100

static volatile u32 ticks;
static u64 period, deadline, worst;

static void on_timer(u32 intid)
{
	u64 late = counter() - deadline;

	if (intid != INTID_VTIMER)
		return;
	if (late > worst)
		worst = late;
	deadline += period;
	write_sysreg(CNTV_CVAL_EL0, deadline);
	isb();
	ticks++;
}

static u64 seconds_asked(void)
{
	const char *text = strstr(machine.bootargs, "seconds=");
	u64 n = 0;

	for (text = text ? text + 8 : ""; *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (u64)(*text - '0');
	return n;
}

static void run(void)
{
	u64 frequency = read_sysreg(CNTFRQ_EL0), left = seconds_asked();
	bool ends = left;

	period = frequency * PERIOD_MS / 1000;
	irq_hook = on_timer;
	gic_enable(INTID_VTIMER);
	deadline = counter() + period;
	write_sysreg(CNTV_CVAL_EL0, deadline);
	write_sysreg(CNTV_CTL_EL0, 1);
	irq_enable();
	for (u32 lines = 1; !ends || left--; lines++) {
		while (ticks < lines * PER_LINE)
			wfi_unless(ticks >= lines * PER_LINE);
		print("%u ticks of %u ms, at worst %lu us late\n", ticks, PERIOD_MS,
		      worst * 1000000 / frequency);
		worst = 0;
	}
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {{"periodic", run, 0}, {0}};
