/* SPDX-License-Identifier: Apache-2.0 */
/* The generic timer as EL2 uses it (DDI0487 D11): counter and CNTHP. */
#include <arch/barrier.h>
#include <arch/sysreg.h>
#include <drivers/timer.h>
#include <lib/atomic.h>
#include <lib/bits.h>

#define CTL_ENABLE BIT(0)

/* Reads of a counter that may be wrong: many more than any of its faults lasts. */
#define CAREFUL_READS 200

static u32 distrusted; /* enum timer_fault; atomic */

void timer_distrust(u32 faults)
{
	atomic_or(&distrusted, faults);
}

u32 timer_distrusted(void)
{
	return atomic_load(&distrusted);
}

bool timer_believes(u32 faults, u64 first, u64 second)
{
	if (faults & TIMER_ROLLOVER && (first ^ second) >> 32)
		return false;
	if (faults & TIMER_A64 && ((first + 1) & GENMASK(8, 0)) <= 1)
		return false;
	if (faults & TIMER_A008585 && first != second)
		return false;
	return !(faults & TIMER_161010101) || (second - first) >> 5 == 0;
}

static __attribute__((noinline)) u64 careful_now(void)
{
	u32 faults = timer_distrusted();
	u64 first = 0;

	for (u32 i = 0; i < CAREFUL_READS; i++) {
		first = read_sysreg(CNTPCT_EL0);
		if (timer_believes(faults, first, read_sysreg(CNTPCT_EL0)))
			break;
	}
	return first;
}

u64 timer_now(void)
{
	isb();
	return __builtin_expect(timer_distrusted(), 0) ? careful_now() : read_sysreg(CNTPCT_EL0);
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
