/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's calls by HVC and SMC (DEN0028): one table of ranges of function
 * identifiers in el2/calls/smccc.c, in which every function that a guest can call is
 * named. Unlisted is NOT_SUPPORTED. x1-x17 are preserved but for the result
 * registers that a function defines.
 */
#pragma once

#include <arch/smccc.h>
#include <el2/trap.h>
#include <el2/vcpu.h>
#include <lib/types.h>

/*
 * A function of a service: fid is the whole identifier without the SVE hint.
 * Ends with smccc_return(); results beyond x0 it writes itself.
 */
typedef struct verdict (*smccc_fn)(struct vcpu *v, u32 fid);

/* Gives the caller its x0. The call is over: PC is behind it. */
static inline struct verdict smccc_return(struct vcpu *v, long x0)
{
	v->regs.x[0] = (u64)x0;
	return VERDICT(RESUME);
}

/* EC 0x16 and 0x17: the trap handlers. An immediate other than 0 is UNDEFINED. */
struct verdict trap_hvc64(struct vcpu *v, u64 esr);
struct verdict trap_smc64(struct vcpu *v, u64 esr);

/* True if a call of fid would find a function. */
bool smccc_implemented(u32 fid);

/* Argument n (1 to 17) of the call fid: its low half if that is an SMC32 call. */
static inline u64 smccc_arg(const struct vcpu *v, u32 fid, u32 n)
{
	return fid & SMCCC_64 ? v->regs.x[n] : (u32)v->regs.x[n];
}

/* Arm architecture calls (DEN0028 7, DEN0070); in el2/calls/smccc_arch.c. */
struct verdict smccc_version(struct vcpu *v, u32 fid);
struct verdict smccc_features(struct vcpu *v, u32 fid);
struct verdict smccc_workaround(struct vcpu *v, u32 fid);

/* Random numbers (DEN0098) from the CPU's RNDR; in el2/calls/trng.c. All of them are
 * NOT_SUPPORTED in a partition whose CPUs have none. */
struct verdict trng_version(struct vcpu *v, u32 fid);
struct verdict trng_features(struct vcpu *v, u32 fid);
struct verdict trng_get_uuid(struct vcpu *v, u32 fid);
struct verdict trng_rnd(struct vcpu *v, u32 fid);

/* Stolen time (DEN0057); in el2/vcpu/pvtime.c. */
struct verdict pvtime_features(struct vcpu *v, u32 fid);
struct verdict pvtime_st(struct vcpu *v, u32 fid);

/* Our own service (abi/tocsin.h); in el2/calls/vendor.c. */
struct verdict vendor_features(struct vcpu *v, u32 fid);
struct verdict vendor_uid(struct vcpu *v, u32 fid);
struct verdict vendor_revision(struct vcpu *v, u32 fid);
