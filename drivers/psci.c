/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's PSCI (DEN0022) and the SMCCC discovery beside it. */
#include <arch/smccc.h>
#include <drivers/psci.h>

#define SMCCC_VERSION_1_1 0x10001

static bool present;

void psci_init(bool firmware)
{
	present = firmware;
}

/* Results are 32 bits for SMC32 functions, and error codes fit into them
 * for SMC64 ones. */
static long call(u32 fid, u64 a1, u64 a2, u64 a3)
{
	if (!present)
		return PSCI_NOT_SUPPORTED;
	return (s32)smc_call(fid, a1, a2, a3).x[0];
}

long psci_cpu_on(u64 mpidr, u64 entry, u64 context)
{
	return call(PSCI_CPU_ON | (u32)SMCCC_64, mpidr, entry, context);
}

void psci_system_off(void)
{
	call(PSCI_SYSTEM_OFF, 0, 0, 0);
}

void psci_system_reset(void)
{
	call(PSCI_SYSTEM_RESET, 0, 0, 0);
}

long smccc_arch_features(u32 fid)
{
	/* Firmware of SMCCC 1.0 may do anything with a call it does not know, so
	 * the way to ask is through PSCI (DEN0028 appendix B). */
	if (call(PSCI_FEATURES, SMCCC_VERSION, 0, 0) < 0 ||
	    call(SMCCC_VERSION, 0, 0, 0) < SMCCC_VERSION_1_1)
		return SMCCC_NOT_SUPPORTED;
	return call(SMCCC_ARCH_FEATURES, fid, 0, 0);
}
