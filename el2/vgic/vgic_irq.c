/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What register accesses do to interrupts, 32 at a time. They change memory; vgic_flush() applies
 * that to list registers on the CPUs of the vCPUs concerned. The accessing vCPU's own list
 * registers are folded first where their content matters; a note (drop_*) goes to other vCPUs.
 *
 * Owned SPIs: enable, configuration and a pending state that no CPU has acknowledged live in the
 * physical distributor. One that has been acknowledged is physically active until the guest
 * deactivates it or it is given back. Private physical interrupts (the timers') stay enabled
 * physically: one that the guest has disabled is held active, in memory, until it is enabled and
 * given back. The CPU of the access makes all changes of an SPI in hardware (vgic_come_here).
 */
#include "vgic_state.h"

/* The vCPU that has, or may have, this interrupt in a list register, if that is
 * not v; NULL otherwise. */
static struct vcpu *other_holder(const struct vgic_ref *ref, u32 bit)
{
	struct vcpu *h = ref->owner;

	if (!h) {
		u16 holder = ref->p->vgic.holder[ref->first + bit];

		if (holder == VGIC_NOBODY)
			return NULL;
		h = &ref->p->vcpus[holder];
	}
	if (h == ref->v || !h->vgic.loaded || !vgic_lr_snapshot(&h->vgic, ref->first + bit))
		return NULL;
	return h;
}

/* Can the physical side of these interrupts be accessed? For private ones, only while the owner is
 * loaded, on on_cpu_of(). */
static bool is_physical(const struct vgic_ref *ref)
{
	return !ref->owner || ref->owner->vgic.loaded;
}

static u32 on_cpu_of(const struct vgic_ref *ref)
{
	return (ref->owner ? ref->owner : ref->v)->cpu->index;
}

void vgic_changed(const struct vgic_ref *ref, u32 bits)
{
	struct vgic *g = &ref->p->vgic;

	if (ref->owner) {
		if (bits)
			vgic_ask(ref->owner);
		return;
	}
	FOR_EACH_BIT (bit, bits) {
		u16 target = g->target[ref->first + bit];
		struct vcpu *h = other_holder(ref, bit);

		if (h)
			vgic_ask(h);
		if (target != VGIC_NOBODY && (!h || h->index != target))
			vgic_ask(&ref->p->vcpus[target]);
	}
}

void vgic_fold_own(const struct vgic_ref *ref)
{
	if (ref->v->vgic.loaded && (!ref->owner || ref->owner == ref->v))
		vgic_fold(ref->v);
}

bool vgic_settled(const struct vgic_ref *ref, u64 offset)
{
	struct vgic *g = &ref->p->vgic;
	struct vgic_cpu *vc = &ref->v->vgic;
	bool settled = true;

	if (!vc->ticket_epoch || vc->ticket_offset != offset) {
		g->epoch += g->epoch == UINT32_MAX ? 2 : 1;
		vc->ticket_epoch = g->epoch;
		vc->ticket_offset = offset;
	}
	FOR_EACH_BIT (bit, ref->w->visible) {
		struct vcpu *h = other_holder(ref, bit);

		if (h && (s32)(h->vgic.synced - vc->ticket_epoch) < 0) {
			vgic_ask(h);
			settled = false;
		}
	}
	if (settled)
		vc->ticket_epoch = 0;
	return settled;
}

/* The interrupts in list registers of other vCPUs, in one of these states when written. */
static u32 in_lrs(const struct vgic_ref *ref, u64 states)
{
	u32 bits = 0;

	FOR_EACH_BIT (bit, ref->w->visible) {
		struct vcpu *h = other_holder(ref, bit);

		if (h && vgic_lr_snapshot(&h->vgic, ref->first + bit) & states >> 62)
			bits |= 1U << bit;
	}
	return bits;
}

u32 vgic_read_pending(const struct vgic_ref *ref)
{
	const struct vgic_bank *w = ref->w;
	u32 pending = vgic_raised(w) | in_lrs(ref, LR_PENDING);

	if (ref->owner)
		pending |= atomic_load(&ref->owner->vgic.incoming);
	if (w->hw && is_physical(ref))
		pending |= gic_pending_word(on_cpu_of(ref), ref->first / 32) & w->hw;
	return pending & w->visible;
}

u32 vgic_read_active(const struct vgic_ref *ref)
{
	return (ref->w->active | in_lrs(ref, LR_ACTIVE)) & ref->w->visible;
}

void vgic_give_back(u32 cpu, struct vgic_bank *w, u32 intid)
{
	u32 bit = 1U << intid % 32;

	w->pending &= ~bit;
	if ((w->edge | w->kept) & bit)
		gic_set_pending(cpu, intid);
	gic_clear_active(cpu, intid);
}

/* Acknowledged physical interrupts in memory that only waited until they are enabled. Their reason
 * may be gone; the hardware knows. */
static void give_back_held(const struct vgic_ref *ref, u32 bits)
{
	const struct vgic_bank *w = ref->w;

	if (!is_physical(ref))
		return;
	if (!(bits & w->pending & w->hw))
		return;
	vgic_fold_own(ref);
	bits &= w->pending & w->hw & ~(w->active | in_lrs(ref, LR_STATE));
	if (ref->owner)
		bits &= ~w->kept; /* no latch in hardware: it may not be loaded next time */
	vgic_come_here(ref, bits);
	FOR_EACH_BIT (bit, bits)
		vgic_give_back(on_cpu_of(ref), ref->w, ref->first + bit);
}

void vgic_set_enabled(const struct vgic_ref *ref, u32 bits)
{
	struct vgic_bank *w = ref->w;
	u32 new = bits & ~w->enabled;

	if (!new)
		return;
	w->enabled |= new;
	if (new &vgic_raised(w))
		give_back_held(ref, new);
	if (!ref->owner) {
		vgic_come_here(ref, new);
		FOR_EACH_BIT (bit, new & w->hw)
			gic_enable(ref->v->cpu->index, ref->first + bit);
	} else if (!(new &vgic_raised(w))) { /* nothing has waited for it */
		vgic_update_direct(ref->owner);
		return;
	}
	vgic_changed(ref, new &vgic_raised(w));
}

void vgic_clear_enabled(const struct vgic_ref *ref, u32 bits)
{
	struct vgic_bank *w = ref->w;
	u32 off = bits & w->enabled;

	if (!off)
		return;
	vgic_fold_own(ref);
	w->enabled &= ~off;
	if (!ref->owner) {
		FOR_EACH_BIT (bit, off & w->hw)
			gic_disable(ref->v->cpu->index, ref->first + bit);
		give_back_held(ref, off);
	} else {
		vgic_update_direct(ref->owner);
	}
	/* They are pending in memory now, or in list registers of others. */
	if (ref->owner == ref->v)
		return;
	FOR_EACH_BIT (bit, off) {
		struct vcpu *h = other_holder(ref, bit);

		if (!h && !ref->owner && ref->p->vgic.target[ref->first + bit] != VGIC_NOBODY)
			h = &ref->p->vcpus[ref->p->vgic.target[ref->first + bit]];
		if (h && h != ref->v)
			vgic_ask(h);
	}
}

void vgic_set_pending(const struct vgic_ref *ref, u32 bits)
{
	struct vgic_bank *w = ref->w;
	u32 physical, offered;

	/* The hardware no longer has the one that is pending in a list register: do not make it
	 * two. */
	offered = w->hw & in_lrs(ref, LR_PENDING);
	FOR_EACH_BIT (bit, bits & offered)
		other_holder(ref, bit)->vgic.noted = true;
	w->keep_pending |= bits & offered;
	bits &= ~offered;
	w->kept |= bits & w->hw;
	bits &= ~(w->hw & w->pending);
	physical = ref->owner ? 0 : bits & w->hw;
	vgic_come_here(ref, physical);
	FOR_EACH_BIT (bit, physical)
		gic_set_pending(ref->v->cpu->index, ref->first + bit);
	/* A guest's PPI cannot be left to the hardware, because its vCPU may not be loaded. */
	FOR_EACH_BIT (bit, ref->owner && is_physical(ref) ? bits & w->hw : 0)
		gic_set_active(on_cpu_of(ref), bit);
	w->pending |= bits & ~physical;
	vgic_changed(ref, bits & ~physical);
}

/* Leaves a note to those vCPUs that have one of bits in a list register. */
static void note(const struct vgic_ref *ref, u32 bits, u32 *notes)
{
	FOR_EACH_BIT (bit, bits) {
		struct vcpu *h = other_holder(ref, bit);

		if (!h)
			continue;
		*notes |= 1U << bit;
		h->vgic.noted = true;
		vgic_ask(h);
	}
}

void vgic_clear_pending(const struct vgic_ref *ref, u32 bits)
{
	struct vgic_bank *w = ref->w;
	u32 held = w->pending & ~vgic_read_active(ref);

	vgic_come_here(ref, bits);
	FOR_EACH_BIT (bit, is_physical(ref) ? bits & w->hw : 0) {
		gic_clear_pending(on_cpu_of(ref), ref->first + bit);
		if (held >> bit & 1)
			gic_clear_active(on_cpu_of(ref), ref->first + bit);
	}
	w->pending &= ~bits;
	w->kept &= ~bits;
	w->keep_pending &= ~bits;
	if (ref->owner) {
		atomic_andnot(&ref->owner->vgic.incoming, bits);
		vgic_update_direct(ref->owner);
	}
	note(ref, bits, &w->drop_pending);
}

void vgic_set_active(const struct vgic_ref *ref, u32 bits)
{
	struct vgic_bank *w = ref->w;
	u32 new = bits & ~vgic_read_active(ref);

	w->drop_active &= ~bits;
	w->active |= new;
	FOR_EACH_BIT (bit, new) {
		u32 intid = ref->first + bit;

		if (is_physical(ref) && w->hw >> bit & 1)
			gic_set_active(on_cpu_of(ref), intid);
		if (!ref->owner && !other_holder(ref, bit))
			ref->p->vgic.holder[intid] = ref->p->vgic.target[intid];
	}
	vgic_changed(ref, new);
}

void vgic_clear_active(const struct vgic_ref *ref, u32 bits)
{
	struct vgic_bank *w = ref->w;
	u32 here = bits & w->active;

	vgic_come_here(ref, bits);
	w->active &= ~here;
	FOR_EACH_BIT (bit, is_physical(ref) ? here & w->hw : 0)
		if (!(w->pending >> bit & 1)) /* which holds it back as well */
			gic_clear_active(on_cpu_of(ref), ref->first + bit);
	note(ref, bits & ~here, &w->drop_active);
	if (ref->owner)
		vgic_update_direct(ref->owner);
	vgic_changed(ref, here & vgic_raised(w));
}

void vgic_set_group(const struct vgic_ref *ref, u32 group)
{
	u32 changed = (ref->w->group ^ group) & ref->w->visible;

	if (!changed)
		return;
	vgic_fold_own(ref);
	ref->w->group ^= changed;
	if (ref->owner)
		vgic_ask(ref->owner);
	else
		vgic_changed(ref, changed & (vgic_raised(ref->w) | in_lrs(ref, LR_PENDING)));
}

void vgic_set_edge(const struct vgic_ref *ref, u32 bits, u32 edge)
{
	struct vgic_bank *w = ref->w;
	u32 changed = (w->edge ^ edge) & bits & w->visible;

	/* The configuration of guests' PPIs is the machine's. */
	if (ref->owner)
		changed &= ~w->hw;
	if (!changed)
		return;
	vgic_fold_own(ref);
	vgic_come_here(ref, changed);
	w->edge ^= changed;
	FOR_EACH_BIT (bit, changed & w->hw)
		gic_set_edge(on_cpu_of(ref), ref->first + bit, w->edge >> bit & 1);
	vgic_changed(ref, changed & (w->line | w->pending | in_lrs(ref, LR_PENDING)));
}

void vgic_set_priority(const struct vgic_ref *ref, u32 bit, u8 priority)
{
	u8 *p =
	    ref->owner ? &ref->owner->vgic.priority[bit] : &ref->p->vgic.priority[ref->first + bit];
	u32 mask = 1U << bit;

	priority &= (u8)(0xff << (8 - gic.pri_bits));
	if (*p == priority || !(ref->w->visible & mask))
		return;
	vgic_fold_own(ref);
	*p = priority;
	vgic_changed(ref, mask & (vgic_raised(ref->w) | in_lrs(ref, LR_PENDING)));
}

void vgic_set_ctlr(struct vcpu *v, u32 ctlr)
{
	struct partition *p = v->partition;
	struct vgic *g = &p->vgic;
	u32 old = g->ctlr;

	g->ctlr = ctlr & (GICD_CTLR_GROUP0 | GICD_CTLR_GROUP1);
	if (g->ctlr == old)
		return;
	for (u32 n = 1; n < g->nr_intids / 32; n++) {
		struct vgic_ref ref = {v, p, NULL, &g->banks[n], n * 32};

		if (g->ctlr & ~old)
			give_back_held(&ref, ~0U);
	}
	for (u32 i = 0; i < p->nr_vcpus; i++)
		vgic_ask(&p->vcpus[i]);
}
