/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts that are taken from a guest while an SDEI event of theirs is registered.
 * A claimed one is disabled and not "used": so it is RAZ/WI and is never injected directly, and
 * no path has to ask. What is different from one that does not exist:
 *   a PPI keeps hw, and pending means that its physical interrupt is held active for
 *   the event, which is what vgic_put() and vgic_load() have to know;
 *   an SPI loses hw, and its physical state is that of the hardware alone;
 *   an emulated device's keeps line, and pending if it is edge-triggered.
 * Lock: the vgic lock.
 */
#include "vgic_state.h"

static struct vgic_ref ref_of(struct vcpu *v, u32 intid)
{
	struct partition *p = v->partition;

	return (struct vgic_ref){v, p, intid < GIC_SPI_BASE ? v : NULL, vgic_bank(v, intid),
				 intid & ~31U};
}

static inline u32 bit_of(u32 intid)
{
	return 1U << intid % 32;
}

/* Does it belong to the partition, claimed or not? */
static bool is_owned(const struct partition *p, u32 intid)
{
	if (intid < GIC_SPI_BASE)
		return intid >= GIC_PPI_BASE && gic.config->guest_ppis & bit_of(intid);
	if (intid >= p->vgic.nr_intids)
		return false;
	return vgic_spi_owner(intid) == p || vgic_emulates(p, intid);
}

/* The hardware knows whether a physical SPI is active, whichever vCPU has it. A list register that
 * holds an emulated one reports its end. */
static bool is_active(const struct vgic_ref *ref, u32 intid)
{
	u16 holder;

	if (ref->w->active & bit_of(intid))
		return true;
	if (ref->owner)
		return false;
	if (!vgic_emulates(ref->p, intid))
		return gic_active_word(ref->v->cpu->index, intid / 32) & bit_of(intid);
	holder = ref->p->vgic.holder[intid];
	return holder != VGIC_NOBODY && vgic_lr_snapshot(&ref->p->vcpus[holder].vgic, intid);
}

enum vgic_bindable vgic_bindable(struct vcpu *v, u32 intid)
{
	struct lock *lock = &v->partition->vgic.lock;
	struct vgic_ref ref;
	bool active;

	if (!is_owned(v->partition, intid))
		return VGIC_NOT_YOURS;
	ref = ref_of(v, intid);
	lock_acquire(lock);
	vgic_fold_own(&ref);
	active = is_active(&ref, intid);
	lock_release(lock);
	return active ? VGIC_NOT_IDLE : VGIC_IDLE;
}

/* Pending and active nowhere; other vCPUs that have it in a list register get a note. */
static void forget(const struct vgic_ref *ref, u32 intid)
{
	u32 bit = bit_of(intid);

	vgic_fold_own(ref);
	vgic_clear_pending(ref, bit);
	vgic_clear_active(ref, bit);
	if (!ref->owner && ref->w->hw & bit)
		gic_clear_active(ref->v->cpu->index, intid);
}

void vgic_sdei_take(struct vcpu *v, u32 intid)
{
	struct lock *lock = &v->partition->vgic.lock;
	struct vgic_ref ref = ref_of(v, intid);

	lock_acquire(lock);
	vgic_clear_enabled(&ref, bit_of(intid));
	forget(&ref, intid);
	ref.w->visible &= ~bit_of(intid);
	if (!ref.owner)
		ref.w->hw &= ~bit_of(intid);
	lock_release(lock);
}

static void give_back_spi(const struct vgic_ref *ref, u32 intid)
{
	gic_disable(ref->v->cpu->index, intid);
	ref->w->hw |= bit_of(intid);
}

void vgic_sdei_release(struct vcpu *v, u32 intid)
{
	struct lock *lock = &v->partition->vgic.lock;
	struct vgic_ref ref = ref_of(v, intid);

	lock_acquire(lock);
	if (!(ref.w->visible & bit_of(intid))) {
		ref.w->visible |= bit_of(intid);
		if (!ref.owner && vgic_spi_owner(intid) == ref.p)
			give_back_spi(&ref, intid);
		forget(&ref, intid);
	}
	lock_release(lock);
}

void vgic_sdei_again(struct vcpu *v, u32 intid)
{
	struct lock *lock = &v->partition->vgic.lock;

	if (intid >= GIC_SPI_BASE) {
		if (vgic_emulates(v->partition, intid))
			return;
		vgic_come_to(v->partition, intid, v->cpu);
		gic_clear_active(v->cpu->index, intid);
		return;
	}
	lock_acquire(lock);
	v->vgic.bank.pending &= ~bit_of(intid);
	if (v->vgic.loaded)
		gic_clear_active(v->cpu->index, intid);
	lock_release(lock);
}

bool vgic_sdei_raised(struct partition *p, u32 intid)
{
	struct vgic_bank *w = &p->vgic.banks[intid / 32];
	bool raised;

	if (!vgic_emulates(p, intid))
		return false;
	lock_acquire(&p->vgic.lock);
	raised = vgic_raised(w) & ~w->visible & bit_of(intid);
	w->pending &= ~bit_of(intid) | w->visible;
	lock_release(&p->vgic.lock);
	return raised;
}

void vgic_sdei_enable(struct partition *p, u32 intid, bool enable)
{
	if (vgic_emulates(p, intid))
		return;
	if (enable) {
		vgic_come_to(p, intid, this_cpu());
		gic_enable(this_cpu()->index, intid);
	} else {
		gic_disable(this_cpu()->index, intid);
	}
}

void vgic_sdei_here(struct partition *p, u32 intid)
{
	if (!vgic_emulates(p, intid))
		vgic_come_to(p, intid, this_cpu());
}
