/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv3 redistributors, one frame per vCPU in the order of their numbers: RD_base,
 * and SGI_base, which is a distributor's bank of private interrupts. No LPIs: the
 * registers for their tables read as zero and ignore writes.
 */
#include <el2/vgic_state.h>

/* Nobody's JEP106 code; product 'T' */
#define IIDR 0x54000000U

static u64 typer(const struct vgic_frames *f, const struct vcpu *owner)
{
	u64 typer = (u64)gic_affinity(owner->mpidr) << 32 | (u64)owner->index << 8;

	return owner->index == f->first + f->count - 1 ? typer | GICR_TYPER_LAST : typer;
}

static u32 ctlr(struct vcpu *v, struct vcpu *owner)
{
	bool pending = owner != v && owner->vgic.loaded && atomic_load(&owner->vgic.resample);

	return pending ? GICR_CTLR_RWP : 0;
}

/* ProcessorSleep is kept, and ChildrenAsleep follows at once. */
static void access_waker(struct vcpu *owner, struct mmio_access *a)
{
	if (a->write)
		owner->vgic.asleep = a->value & GICR_WAKER_PROCESSOR_SLEEP;
	else if (owner->vgic.asleep)
		a->value = GICR_WAKER_PROCESSOR_SLEEP | GICR_WAKER_CHILDREN_ASLEEP;
}

static void access_rd_base(struct vcpu *v, const struct vgic_frames *f, struct vcpu *owner,
			   struct mmio_access *a)
{
	if (a->size == 8 && a->offset == GICR_TYPER && !a->write)
		a->value = typer(f, owner);
	if (a->size != 4)
		return;
	if (a->offset == GICR_WAKER) {
		access_waker(owner, a);
		return;
	}
	if (a->write)
		return;
	switch (a->offset) {
	case GICR_CTLR:
		a->value = ctlr(v, owner);
		break;
	case GICR_IIDR:
		a->value = IIDR;
		break;
	case GICR_TYPER:
		a->value = (u32)typer(f, owner);
		break;
	case GICR_TYPER + 4:
		a->value = typer(f, owner) >> 32;
		break;
	case GIC_V3_PIDR2:
		a->value = 0x30; /* GICv3 */
		break;
	default:
		break;
	}
}

enum mmio_result vgic_redist_access(struct vcpu *v, void *frames, struct mmio_access *a)
{
	const struct vgic_frames *f = frames;
	u64 frame = a->offset / f->stride, offset = a->offset % f->stride;
	struct vcpu *owner;
	struct mmio_access in_bank = *a;
	enum mmio_result result;

	if (!a->write)
		a->value = 0;
	if (frame >= f->count)
		return MMIO_DONE;
	owner = &f->partition->vcpus[f->first + frame];
	in_bank.offset = offset % GICR_SGI_BASE;
	in_bank.value = a->value;
	if (offset < GICR_SGI_BASE)
		access_rd_base(v, f, owner, &in_bank);
	else if (offset < GICR_FRAME && in_bank.offset >= GICD_IGROUPR) {
		result = vgic_bank_access(v, owner, &in_bank);
		if (result != MMIO_DONE)
			return result;
	}
	a->value = in_bank.value;
	return MMIO_DONE;
}
