/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's calls by HVC and SMC: the allow list of functions and the way to
 * them. The top byte of an identifier (fast bit, width, owner) picks a list of
 * ranges, the number an entry of a range. No state, no lock.
 */
#include "vpsci.h"
#include <abi/tocsin.h>
#include <arch/esr.h>
#include <arch/nospec.h>
#include <arch/sdei.h>
#include <el2/alarm.h>
#include <el2/apf.h>
#include <el2/smccc.h>
#include <el2/vsdei.h>

/* Consecutive function identifiers of one width and owner. */
struct calls {
	u32 first;
	u32 count;
	const smccc_fn *functions; /* NULL: not there */
	const struct calls *more;  /* the owner's next range */
};

#define CALLS(from, table, next)                                                                   \
	{                                                                                          \
		.first = (from), .count = ARRAY_SIZE(table), .functions = (table), .more = (next)  \
	}

#define NUMBER(fid) SMCCC_NUMBER(fid)
#define TOP(fid) ((u32)(fid) >> 24)
#define FIRST(fid) ((u32)(fid)&0xff000000) /* of the same width and owner */

static const smccc_fn arch_functions[] = {
    [NUMBER(SMCCC_VERSION)] = smccc_version,
    [NUMBER(SMCCC_ARCH_FEATURES)] = smccc_features,
};
static const smccc_fn workaround_functions[] = {smccc_workaround};

static const struct calls workaround_1 = CALLS(SMCCC_ARCH_WORKAROUND_1, workaround_functions, NULL);
static const struct calls workaround_3 =
    CALLS(SMCCC_ARCH_WORKAROUND_3, workaround_functions, &workaround_1);
static const struct calls arch = CALLS(FIRST(SMCCC_VERSION), arch_functions, &workaround_3);

static const smccc_fn standard32_functions[] = {
    [NUMBER(PSCI_VERSION)] = vpsci_version,
    [NUMBER(PSCI_CPU_SUSPEND)] = vpsci_cpu_suspend,
    [NUMBER(PSCI_CPU_OFF)] = vpsci_cpu_off,
    [NUMBER(PSCI_CPU_ON)] = vpsci_cpu_on,
    [NUMBER(PSCI_AFFINITY_INFO)] = vpsci_affinity_info,
    [NUMBER(PSCI_MIGRATE_INFO_TYPE)] = vpsci_migrate_info_type,
    [NUMBER(PSCI_SYSTEM_OFF)] = vpsci_system_off,
    [NUMBER(PSCI_SYSTEM_RESET)] = vpsci_system_reset,
    [NUMBER(PSCI_FEATURES)] = vpsci_features,
    [NUMBER(PSCI_SYSTEM_RESET2)] = vpsci_system_reset2,
    [NUMBER(TRNG_VERSION)] = trng_version,
    [NUMBER(TRNG_FEATURES)] = trng_features,
    [NUMBER(TRNG_GET_UUID)] = trng_get_uuid,
    [NUMBER(TRNG_RND)] = trng_rnd,
};
static const struct calls standard32 = CALLS(FIRST(PSCI_VERSION), standard32_functions, NULL);

/* Those with arguments of 64 bits. */
static const smccc_fn standard64_functions[] = {
    [NUMBER(PSCI_CPU_SUSPEND)] = vpsci_cpu_suspend,
    [NUMBER(PSCI_CPU_ON)] = vpsci_cpu_on,
    [NUMBER(PSCI_AFFINITY_INFO)] = vpsci_affinity_info,
    [NUMBER(PSCI_SYSTEM_RESET2)] = vpsci_system_reset2,
    [NUMBER(TRNG_RND)] = trng_rnd,
    [NUMBER(SDEI_VERSION)... NUMBER(SDEI_SHARED_RESET)] = vsdei_call,
};
static const struct calls standard64 =
    CALLS(FIRST(PSCI_VERSION | SMCCC_64), standard64_functions, NULL);

static const smccc_fn hypervisor_functions[] = {pvtime_features, pvtime_st};
static const struct calls hypervisor64 = CALLS(PV_TIME_FEATURES, hypervisor_functions, NULL);

static const smccc_fn vendor_functions[] = {
    [NUMBER(TOCSIN_FEATURES)] = vendor_features,
};
static const smccc_fn vendor_query_functions[] = {
    [NUMBER(VENDOR_HYP_UID) - NUMBER(VENDOR_HYP_UID)] = vendor_uid,
    [NUMBER(VENDOR_HYP_REVISION) - NUMBER(VENDOR_HYP_UID)] = vendor_revision,
};
static const struct calls vendor_query = CALLS(VENDOR_HYP_UID, vendor_query_functions, NULL);
static const struct calls vendor = CALLS(FIRST(TOCSIN_FEATURES), vendor_functions, &vendor_query);

static const smccc_fn vendor64_functions[] = {
    [NUMBER(TOCSIN_ALARM)] = alarm_ring,          [NUMBER(TOCSIN_ALARM_CANCEL)] = alarm_cancel,
    [NUMBER(TOCSIN_ALARM_STATUS)] = alarm_status, [NUMBER(TOCSIN_APF_INFO)] = apf_info,
    [NUMBER(TOCSIN_APF_ENABLE)] = apf_enable,     [NUMBER(TOCSIN_APF_DISABLE)] = apf_disable,
    [NUMBER(TOCSIN_APF_COUNT)] = apf_count,
};
static const struct calls vendor64 = CALLS(FIRST(TOCSIN_ALARM), vendor64_functions, NULL);

/* Everything else has no functions: yielding calls, other owners, other widths. */
static const struct calls nothing;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct calls *const owners[TOP(~0u) + 1] = {
    [0 ... TOP(~0u)] = &nothing,
    [TOP(SMCCC_VERSION)] = &arch,
    [TOP(PSCI_VERSION)] = &standard32,
    [TOP(PSCI_VERSION | SMCCC_64)] = &standard64,
    [TOP(PV_TIME_FEATURES)] = &hypervisor64,
    [TOP(TOCSIN_FEATURES)] = &vendor,
    [TOP(TOCSIN_ALARM)] = &vendor64,
};
#pragma GCC diagnostic pop

static struct verdict unlisted(struct vcpu *v, u32 fid)
{
	return smccc_return(v, SMCCC_NOT_SUPPORTED);
}

/* The function of fid. Bits 23:17 must be 0; they count as part of the number,
 * which makes it one that no range has. */
static inline smccc_fn find(u32 fid)
{
	const struct calls *c = owners[TOP(fid)];

	do {
		u64 i = fid - c->first;

		if (index_check(&i, c->count) && c->functions[i])
			return c->functions[i];
		c = c->more;
	} while (c);
	return unlisted;
}

bool smccc_implemented(u32 fid)
{
	return find(fid) != unlisted;
}

/* What the guest asks for: x0 without the hint that it has no SVE state to keep. */
static inline u32 asked(const struct vcpu *v)
{
	return (u32)v->regs.x[0] & ~(u32)SMCCC_SVE_HINT;
}

/* HVC's return address is behind it; steps back so that the UNDEFINED exception reports the HVC
 * itself. */
struct verdict trap_hvc64(struct vcpu *v, u64 esr)
{
	if (ESR_IMM16(esr)) {
		v->regs.pc -= 4;
		return VERDICT(UNDEF);
	}
	return find(asked(v))(v, asked(v));
}

/* A trapped SMC's return address is the SMC itself: steps over it first, so that functions need
 * not know whether HVC or SMC called them. */
struct verdict trap_smc64(struct vcpu *v, u64 esr)
{
	if (ESR_IMM16(esr))
		return VERDICT(UNDEF);
	v->regs.pc += 4;
	v->regs.pstate &= ~(PSTATE_BTYPE | PSTATE_SS);
	return find(asked(v))(v, asked(v));
}
