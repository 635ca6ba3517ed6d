/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage-2 aborts. The stage-2 table says what the address is: memory that is
 * there by now, an emulated device, or nothing. The region of a vCPU's last
 * emulated access is remembered beside it, so that a guest busy with one device
 * does not walk the table each time.
 */
#include <arch/at.h>
#include <arch/barrier.h>
#include <arch/esr.h>
#include <arch/nospec.h>
#include <arch/sysreg.h>
#include <el2/abort.h>
#include <el2/errata.h>
#include <el2/partition.h>

u64 abort_ipa(const struct vcpu *v)
{
	return FIELD_GET(HPFAR_EL2_FIPA, v->hpfar) << PAGE_SHIFT | (v->far & (PAGE_SIZE - 1));
}

#define SIZE_SHIFT(esr) (64 - (8 << ESR_ABT_SAS(esr)))
#define RT_XZR 31

/* What a store of that size puts on the bus. */
static u64 store_value(const struct vcpu *v, u64 esr)
{
	u32 rt = ESR_ABT_SRT(esr);

	return rt == RT_XZR ? 0 : v->regs.x[rt] << SIZE_SHIFT(esr) >> SIZE_SHIFT(esr);
}

/* What a load does with it; value has no more bits than were asked for. */
static void load_value(struct vcpu *v, u64 esr, u64 value)
{
	u32 rt = ESR_ABT_SRT(esr);

	if (rt == RT_XZR)
		return;
	if (__builtin_expect(esr & ESR_ABT_SSE, 0)) {
		value = (u64)((s64)(value << SIZE_SHIFT(esr)) >> SIZE_SHIFT(esr));
		value = esr & ESR_ABT_SF ? value : (u32)value;
	}
	v->regs.x[rt] = value;
}

/* What ESR_EL2 says of an access that can be carried out: a data abort for want of a
 * translation, with a valid syndrome, neither cache maintenance nor a walk of stage 1. */
#define ACCESS_MASK                                                                                \
	(0x3fUL << 26 | ESR_ABT_ISV | ESR_ABT_CM | ESR_ABT_S1PTW | FSC_TYPE(ESR_ABT_FSC(~0UL)))
#define ACCESS ((u64)EC_DABT_LOWER << 26 | ESR_ABT_ISV | FSC_TRANSLATION)

/* Carries out one access; its ESR is ACCESS. */
static inline struct verdict emulate(struct vcpu *v, u64 esr, const struct mmio_region *region,
				     u64 offset)
{
	u32 size = 1U << ESR_ABT_SAS(esr);
	enum mmio_result result;
	struct mmio_access a;

	if (!IS_ALIGNED(offset, size)) /* the region begins at a page */
		return VERDICT(ABORT);
	a.offset = offset;
	a.value = esr & ESR_ABT_WNR ? store_value(v, esr) : 0;
	a.size = (u8)size;
	a.write = esr & ESR_ABT_WNR;
	result = region->access(v, region->device, &a);
	if (result != MMIO_DONE)
		return result == MMIO_RETRY ? VERDICT(RESUME) : VERDICT(ABORT);
	if (!(esr & ESR_ABT_WNR))
		load_value(v, esr, a.value);
	return VERDICT(SKIP);
}

/* Where HPFAR_EL2 does not say it: after a permission fault (DDI0487 D24.2.61), and on CPUs
 * that take a fault of stage 1 for one of stage 2. False: stage 1 has changed since, or does not
 * let the access pass. A fetch may be from what cannot be read at EL0. */
static bool find_ipa(struct vcpu *v, u64 esr, u64 *ipa)
{
	bool fetch = ESR_EC(esr) == EC_IABT_LOWER;
	bool el0 =
	    v->regs.pstate & PSTATE_AARCH32 || (v->regs.pstate & PSTATE_M_MASK) == PSTATE_EL0T;
	u64 saved = read_sysreg(PAR_EL1), par;

	at_stage1(v->far, el0 && !fetch, esr & ESR_ABT_WNR && !(esr & ESR_ABT_CM) && !fetch);
	isb();
	par = read_sysreg(PAR_EL1);
	write_sysreg(PAR_EL1, saved);
	*ipa = (par & PAR_EL1_PA) | (v->far & (PAGE_SIZE - 1));
	return !(par & PAR_EL1_F);
}

/* Could it be a fault of stage 1, on CPUs that take one for a translation fault of stage 2 where
 * an access crosses into another page? */
static inline bool is_doubtful(u64 far, u64 esr)
{
	if (esr & ESR_ABT_S1PTW || FSC_TYPE(ESR_ABT_FSC(esr)) != FSC_TRANSLATION)
		return false;
	return !(esr & ESR_ABT_ISV) || IS_ALIGNED(far, PAGE_SIZE) ||
	       !IS_ALIGNED(far, 1UL << ESR_ABT_SAS(esr));
}

/* Walks stage 1. False: it is a fault of stage 1, or there is none any longer, so the guest
 * retries. */
static __attribute__((noinline)) bool confirm_ipa(struct vcpu *v, u64 esr)
{
	u64 ipa;

	if (!find_ipa(v, esr, &ipa))
		return false;
	v->hpfar = FIELD_PREP(HPFAR_EL2_FIPA, ipa >> PAGE_SHIFT);
	return true;
}

/* Cache maintenance by address of what has nothing to maintain, or may not be written, for
 * which DC IVAC asks: it has no effect. The walk of stage 1 for it is another matter. */
static bool is_maintenance(u64 esr)
{
	return ESR_EC(esr) == EC_DABT_LOWER && (esr & (ESR_ABT_CM | ESR_ABT_S1PTW)) == ESR_ABT_CM;
}

/* A fault on an absent page, or on one that is used again after a while. */
static inline bool is_for_page(const struct vcpu *v, u64 esr, u64 ipa)
{
	u32 type = FSC_TYPE(ESR_ABT_FSC(esr));

	return (type == FSC_TRANSLATION || type == FSC_ACCESS_FLAG) &&
	       paging_covers(v->partition->paging, ipa);
}

/* In paged memory: a page that is first fetched from. Elsewhere what may only be read, or not
 * be fetched from. */
static struct verdict permission_fault(struct vcpu *v, u64 esr, u64 ipa)
{
	if (is_maintenance(esr))
		return VERDICT(SKIP);
	if (!v->partition->paging)
		return VERDICT(ABORT);
	if (!(esr & ESR_ABT_S1PTW) && !find_ipa(v, esr, &ipa))
		return VERDICT(RESUME);
	return paging_covers(v->partition->paging, ipa) ? paging_fault(v, esr, ipa)
							: VERDICT(ABORT);
}

/* For what is no plain access to the region known already: the emulated device that it
 * is an access to, or NULL, and then verdict says what it comes to. */
static __attribute__((noinline)) const struct mmio_region *find(struct vcpu *v, u64 esr, u64 ipa,
								struct verdict *verdict)
{
	struct partition *p = v->partition;
	struct stage2_entry e;

	*verdict = VERDICT(ABORT);
	/* Others: an abort that the bus reported. */
	if (FSC_TYPE(ESR_ABT_FSC(esr)) != FSC_TRANSLATION) {
		if (FSC_TYPE(ESR_ABT_FSC(esr)) == FSC_PERMISSION)
			*verdict = permission_fault(v, esr, ipa);
		return NULL;
	}
	e = stage2_lookup(&p->stage2, ipa);
	if (e.kind == STAGE2_MEMORY || e.kind == STAGE2_DEVICE)
		*verdict = VERDICT(RESUME); /* it was between break and make */
	if (e.kind != STAGE2_MMIO)
		return NULL;
	/* Without a valid syndrome (writeback, pairs, exclusives, SIMD) an access cannot
	 * be carried out, as on a bus that does not support it. */
	if ((esr & ACCESS_MASK) != ACCESS) {
		if (is_maintenance(esr))
			*verdict = VERDICT(SKIP);
		return NULL;
	}
	return v->mmio_last = &p->mmio[index_nospec(e.value, p->nr_mmio)];
}

struct verdict trap_abort(struct vcpu *v, u64 esr)
{
	u64 far = read_sysreg(FAR_EL2), hpfar = read_sysreg(HPFAR_EL2);
	const struct mmio_region *region = v->mmio_last;
	struct verdict verdict;
	u64 ipa, offset;

	v->far = far;
	v->hpfar = hpfar;
	if (__builtin_expect(v->cpu->errata & ERRATA_STAGE2_FAULT, 0) && is_doubtful(far, esr) &&
	    !confirm_ipa(v, esr))
		return VERDICT(RESUME);
	ipa = abort_ipa(v);
	offset = ipa - region->range.base;
	if ((esr & ACCESS_MASK) != ACCESS || offset >= region->range.size) {
		if (is_for_page(v, esr, ipa))
			return paging_fault(v, esr, ipa);
		region = find(v, esr, ipa, &verdict);
		if (!region)
			return verdict;
		offset = ipa - region->range.base;
	}
	return emulate(v, esr, region, offset);
}
