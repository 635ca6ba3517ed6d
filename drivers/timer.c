/* SPDX-License-Identifier: Apache-2.0 */
/* The generic timer as EL2 uses it (DDI0487 D11): counter and CNTHP. */
#include <arch/barrier.h>
#include <arch/sysreg.h>
#include <drivers/timer.h>

#define CTL_ENABLE BIT(0)

u64 timer_now(void)
{
	isb();
	return read_sysreg(CNTPCT_EL0);
}

u64 timer_frequency(void)
{
	return read_sysreg(CNTFRQ_EL0);
}

void timer_set(u64 deadline)
{
	write_sysreg(CNTHP_CVAL_EL2, deadline);
	write_sysreg(CNTHP_CTL_EL2, deadline == UINT64_MAX ? 0 : CTL_ENABLE);
	isb();
}
