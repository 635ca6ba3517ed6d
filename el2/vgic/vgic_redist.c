/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv3 redistributors, one frame per vCPU in the order of their numbers: RD_base,
 * and SGI_base, which is a distributor's bank of private interrupts. No LPIs: the
 * registers for their tables read as zero and ignore writes.
 */
#include "vgic_state.h"
#include <arch/nospec.h>

/* JEP106 code 0, of no company; product 'T' */
#define IIDR 0x54000000U

static u64 typer(const struct vgic_frames *f, const struct vcpu *owner)
{
	u64 typer = (u64)gic_affinity(owner->mpidr) << 32 | (u64)owner->index << 8;

	return owner == &f->vcpus[f->count - 1] ? typer | GICR_TYPER_LAST : typer;
}

static u32 ctlr(struct vcpu *v, struct vcpu *owner)
{
	bool pending = owner != v && owner->vgic.loaded && atomic_load(&owner->vgic.refill);

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

static u64 read_word(struct vcpu *v, const struct vgic_frames *f, struct vcpu *owner, u32 offset)
{
	switch (offset) {
	case GICR_CTLR:
		return ctlr(v, owner);
	case GICR_IIDR:
		return IIDR;
	case GICR_TYPER:
		return (u32)typer(f, owner);
	case GICR_TYPER + 4:
		return typer(f, owner) >> 32;
	case GIC_V3_PIDR2:
		return 0x30; /* GICv3 */
	default:
		return 0;
	}
}

static void access_rd_base(struct vcpu *v, const struct vgic_frames *f, struct vcpu *owner,
			   u32 offset, struct mmio_access *a)
{
	if (a->size == 4 && offset == GICR_WAKER)
		access_waker(owner, a);
	else if (a->size == 4 && !a->write)
		a->value = read_word(v, f, owner, offset);
	else if (a->size == 8 && !a->write && offset == GICR_TYPER)
		a->value = typer(f, owner);
}

enum mmio_result vgic_redist_access(struct vcpu *v, void *frames, struct mmio_access *a)
{
	const struct vgic_frames *f = frames;
	u64 frame = a->offset / f->stride;
	u32 offset = (u32)(a->offset % f->stride);
	struct vcpu *owner;

	if (!index_check(&frame, f->count))
		return MMIO_DONE;
	owner = &f->vcpus[frame];
	if (offset < GICR_SGI_BASE)
		access_rd_base(v, f, owner, offset, a);
	else if (offset >= GICR_SGI_BASE + GICD_IGROUPR && offset < GICR_FRAME)
		return vgic_bank_access(v, owner, offset - GICR_SGI_BASE, a);
	return MMIO_DONE;
}
