/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small real-time guest: does something every 10 ms, at times that do not drift, and
 * says once a second how late it was at worst, and how often in all so late that it was
 * the next one's turn. "seconds=N" in bootargs: powers off after that many. Typing "c"
 * sends it where no exception can be taken.
 */
#include "guest.h"

#define PERIOD_MS 10
#define PER_LINE 100
#define NOWHERE 0x0b800000
#define UARTDR 0x000
#define UARTFR 0x018
#define FR_RXFE BIT(4)

u64 call_at(u64 address, u64 x0);

static volatile u32 ticks, missed;
static u64 period, deadline, worst;

static void on_timer(u32 intid)
{
	u64 late = counter() - deadline;

	if (intid != INTID_VTIMER)
		return;
	worst = MAX(worst, late);
	missed += late >= period;
	deadline += period;
	write_sysreg(CNTV_CVAL_EL0, deadline);
	isb();
	ticks++;
}

static void obey(void)
{
	if (io_read32(machine.uart.base + UARTFR) & FR_RXFE ||
	    (u8)io_read32(machine.uart.base + UARTDR) != 'c')
		return;
	print("crashing\n");
	write_sysreg(VBAR_EL1, NOWHERE);
	isb();
	call_at(NOWHERE, 0);
}

static void run(void)
{
	u64 frequency = read_sysreg(CNTFRQ_EL0), left = bootarg_number("seconds=", 0);
	bool ends = left;

	period = frequency * PERIOD_MS / 1000;
	irq_hook = on_timer;
	gic_enable(INTID_VTIMER);
	deadline = counter() + period;
	write_sysreg(CNTV_CVAL_EL0, deadline);
	write_sysreg(CNTV_CTL_EL0, 1);
	irq_enable();
	for (u32 lines = 1; !ends || left--; lines++) {
		for (u32 seen = ticks; seen < lines * PER_LINE; seen = ticks) {
			obey();
			wfi_unless(ticks != seen);
		}
		print("%u ticks of %u ms, %u missed, at worst %lu us late\n", ticks, PERIOD_MS,
		      missed, worst * 1000000 / frequency);
		worst = 0;
	}
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {{"periodic", run, 0}, {0}};
