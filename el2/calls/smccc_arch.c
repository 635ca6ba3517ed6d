/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arm architecture calls for guests: version, and the discovery and use of
 * firmware's workarounds for speculation, passed on where the CPU needs them.
 */
#include <drivers/psci.h>
#include <el2/cpu.h>
#include <el2/errata.h>
#include <el2/pvtime.h>
#include <el2/smccc.h>

/* 1.3 is the version with the SVE hint, which we ignore; 1.2 promised x4-x17. */
#define VERSION_1_3 0x10003

struct verdict smccc_version(struct vcpu *v, u32 fid)
{
	return smccc_return(v, VERSION_1_3);
}

/* SMCCC_ARCH_SOC_ID is not here on purpose: the SoC is not the guest's. */
struct verdict smccc_features(struct vcpu *v, u32 fid)
{
	u32 asked = (u32)smccc_arg(v, fid, 1);

	switch (asked) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return smccc_return(v, SMCCC_SUCCESS);
	case PV_TIME_FEATURES:
		return smccc_return(v, pvtime_has(v) ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED);
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_2:
	case SMCCC_ARCH_WORKAROUND_3:
		return smccc_return(v, errata_answer(v->cpu->errata, asked));
	default:
		return smccc_return(v, SMCCC_NOT_SUPPORTED);
	}
}

/* ARCH_WORKAROUND_1 and 3. Where the answer was 1 there is nothing to do. */
struct verdict smccc_workaround(struct vcpu *v, u32 fid)
{
	long answer = errata_answer(v->cpu->errata, fid);

	if (answer < 0)
		return smccc_return(v, SMCCC_NOT_SUPPORTED);
	if (answer == SMCCC_SUCCESS)
		smc_call(fid, 0, 0, 0);
	return smccc_return(v, SMCCC_SUCCESS);
}
