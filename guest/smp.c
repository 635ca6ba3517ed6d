/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware calls, CPUs, time. */
#include "guest.h"

#define SECOND_US 1000000
#define PATIENCE 5 /* seconds */

long hvc_call(u64 fid, u64 a1, u64 a2, u64 a3)
{
	struct regs r = {{fid, a1, a2, a3}};

	hvc_regs(&r);
	return (long)r.x[0];
}

long smc_call(u64 fid, u64 a1, u64 a2, u64 a3)
{
	struct regs r = {{fid, a1, a2, a3}};

	smc_regs(&r);
	return (long)r.x[0];
}

long cpu_start(u32 index, void (*entry)(u64), u64 arg)
{
	percpu[index].entry = entry;
	percpu[index].arg = arg;
	percpu[index].started = 0;
	dsb(sy);
	return hvc_call(PSCI64(PSCI_CPU_ON), percpu[index].mpidr, (u64)secondary_entry, index);
}

void cpu_wait_off(u32 index)
{
	u64 start = counter();

	/* QEMU says "off" for a while after CPU_ON, too. */
	if (!wait_for(&percpu[index].started, 1))
		test_fail("CPU %u does not start", index);
	while (hvc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[index].mpidr, 0, 0) != 1) {
		if (counter() - start > PATIENCE * read_sysreg(CNTFRQ_EL0)) {
			test_fail("CPU %u does not go off", index);
			return;
		}
	}
}

u64 counter(void)
{
	isb();
	return read_sysreg(CNTVCT_EL0);
}

void delay_us(u64 us)
{
	u64 end = counter() + us * read_sysreg(CNTFRQ_EL0) / SECOND_US;

	while (counter() < end)
		;
}

bool wait_for(volatile u32 *word, u32 value)
{
	u64 start = counter(), frequency = read_sysreg(CNTFRQ_EL0);
	u64 patience = test_failed() ? frequency / 100 : PATIENCE * frequency;

	while (*word != value) {
		if (counter() - start > patience)
			return false;
	}
	dsb(sy);
	return true;
}
