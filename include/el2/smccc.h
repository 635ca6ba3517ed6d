/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's calls by HVC and SMC (DEN0028): one table of ranges of function
 * identifiers in el2/smccc.c, in which every function that a guest can call is
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
 * Returns x0; results beyond x0 it writes itself.
 */
typedef long (*smccc_fn)(struct vcpu *v, u32 fid);

/* EC 0x16 and 0x17: the trap handlers. An immediate other than 0 is UNDEFINED. */
struct verdict trap_hvc64(struct vcpu *v, u64 esr);
struct verdict trap_smc64(struct vcpu *v, u64 esr);

/* True if a call of fid would find a function. */
bool smccc_implemented(u32 fid);

/* Argument n (1 to 17) of the call fid: its low half if that is an SMC32 call. */
static inline u64 smccc_arg(const struct vcpu *v, u32 fid, u32 n)
{
	return fid & SMCCC_64 ? v->x[n] : (u32)v->x[n];
}

/* Arm architecture calls (DEN0028 7, DEN0070); in el2/smccc_arch.c. */
long smccc_version(struct vcpu *v, u32 fid);
long smccc_features(struct vcpu *v, u32 fid);
long smccc_workaround(struct vcpu *v, u32 fid);

/* Random numbers (DEN0098) from the CPU's RNDR; in el2/trng.c. All of them are
 * NOT_SUPPORTED in a partition whose CPUs have none. */
long trng_version(struct vcpu *v, u32 fid);
long trng_features(struct vcpu *v, u32 fid);
long trng_get_uuid(struct vcpu *v, u32 fid);
long trng_rnd(struct vcpu *v, u32 fid);

/* Our own service (abi/tocsin.h); in el2/vendor.c. */
long vendor_features(struct vcpu *v, u32 fid);
long vendor_uid(struct vcpu *v, u32 fid);
long vendor_revision(struct vcpu *v, u32 fid);
