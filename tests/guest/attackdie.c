/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile partition that ends itself, with its interrupts as they are: bootargs "reset"
 * over and over, or "forever", "fault" where no exception vector can be fetched, "off" at once. */
#include "guest.h"

/* So long since the machine was started; memory does not remember how often. */
#define RESET_S 2

static void arm(void)
{
	gic_init();
	gic_cpu_init();
	for (u32 i = 0; i < machine.nr_intids; i++) {
		gic_enable(i);
		gic_set_pending(i);
	}
	write_sysreg(CNTV_CVAL_EL0, 0);
	write_sysreg(CNTV_CTL_EL0, CNTV_CTL_EL0_ENABLE);
	gic_ack();
}

static void die(void)
{
	arm();
	if (strstr(machine.bootargs, "forever") ||
	    (strstr(machine.bootargs, "reset") && counter() < RESET_S * read_sysreg(CNTFRQ_EL0)))
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	if (strstr(machine.bootargs, "fault")) {
		write_sysreg(VBAR_EL1, BIT(31) + BIT(30) + BIT(29));
		isb();
		__asm__ volatile("udf #0");
	}
	hvc_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	test_fail("it lives on");
}

void guest_setup(void)
{
}

const struct test guest_tests[] = {{"die", die, UNDER_TOCSIN}, {0}};
