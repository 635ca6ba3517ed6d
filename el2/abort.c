/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage-2 aborts. The stage-2 table says what the address is: memory that is
 * there by now, an emulated device, or nothing. The region of a vCPU's last
 * emulated access is remembered beside it, so that a guest busy with one device
 * does not walk the table each time.
 */
#include <arch/esr.h>
#include <arch/sysreg.h>
#include <el2/abort.h>
#include <el2/partition.h>

u64 abort_ipa(const struct vcpu *v)
{
	return FIELD_GET(HPFAR_EL2_FIPA, v->hpfar) << PAGE_SHIFT | (v->far & (PAGE_SIZE - 1));
}

static u64 sign_extend(u64 value, u32 bytes)
{
	u32 shift = 64 - 8 * bytes;

	return (u64)((s64)(value << shift) >> shift);
}

static u64 truncate(u64 value, u32 bytes)
{
	return value & (~0UL >> (64 - 8 * bytes));
}

/* Carries out one access; the syndrome is valid. */
static struct verdict emulate(struct vcpu *v, const struct mmio_region *region, u64 ipa, u64 esr)
{
	u32 rt = ESR_ABT_SRT(esr);
	struct mmio_access a = {.offset = ipa - region->range.base,
				.size = 1u << ESR_ABT_SAS(esr),
				.write = esr & ESR_ABT_WNR};

	if (!IS_ALIGNED(ipa, a.size))
		return VERDICT(ABORT);
	if (a.write && rt != 31)
		a.value = truncate(v->x[rt], a.size);
	switch (region->access(v, region->device, &a)) {
	case MMIO_RETRY:
		return VERDICT(RESUME);
	case MMIO_FAULT:
		return VERDICT(ABORT);
	case MMIO_DONE:
		break;
	}
	if (!a.write && rt != 31) {
		if (esr & ESR_ABT_SSE)
			a.value = sign_extend(a.value, a.size);
		v->x[rt] = esr & ESR_ABT_SF ? a.value : (u32)a.value;
	}
	return VERDICT(SKIP);
}

/* What an access to an emulated device comes to: without a valid syndrome
 * (writeback, pairs, exclusives, SIMD) it cannot be carried out, as on a bus
 * that does not support it; cache maintenance by address has nothing to do. */
static struct verdict access_device(struct vcpu *v, const struct mmio_region *region, u64 ipa,
				    u64 esr)
{
	if (esr & ESR_ABT_CM)
		return VERDICT(SKIP);
	if (!(esr & ESR_ABT_ISV) || esr & ESR_ABT_S1PTW)
		return VERDICT(ABORT);
	v->mmio_last = region;
	return emulate(v, region, ipa, esr);
}

static struct verdict resolve(struct vcpu *v, u64 ipa, u64 esr)
{
	struct partition *p = v->partition;
	struct stage2_entry e = stage2_lookup(&p->stage2, ipa);

	switch (e.kind) {
	case STAGE2_MEMORY:
	case STAGE2_DEVICE:
		return VERDICT(RESUME); /* it was between break and make */
	case STAGE2_MMIO:
		if (ESR_EC(esr) == EC_DABT_LOWER)
			return access_device(v, &p->mmio[e.value], ipa, esr);
		break;
	case STAGE2_NOTHING:
		break;
	}
	return VERDICT(ABORT);
}

struct verdict trap_abort(struct vcpu *v, u64 esr)
{
	const struct mmio_region *last = v->mmio_last;
	u64 ipa;

	v->far = read_sysreg(FAR_EL2);
	v->hpfar = read_sysreg(HPFAR_EL2);
	/* HPFAR_EL2 holds an address for translation and access-flag faults only.
	 * Others: a fetch from a device, or an abort that the bus reported. */
	if (FSC_TYPE(ESR_ABT_FSC(esr)) != FSC_TRANSLATION)
		return VERDICT(ABORT);
	ipa = abort_ipa(v);
	if (ipa - last->range.base < last->range.size && ESR_EC(esr) == EC_DABT_LOWER)
		return access_device(v, last, ipa, esr);
	return resolve(v, ipa, esr);
}
