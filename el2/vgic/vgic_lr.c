/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List registers: what is in them, reading them back, filling them.
 *
 * A refill chooses anew every time: it folds all list registers into memory, then places the
 * interrupts of highest priority. If there are more than fit, two maintenance interrupts, which
 * cannot storm, ask for the next refill:
 *   NPIE   something pending is left over. One list register at least is pending
 *          then, so it comes when the guest has acknowledged all of them;
 *   LRENPIE  something active is left over. It comes when the guest deactivates an
 *          interrupt that is in no list register: the most important one left over,
 *          because deactivation runs from the inside out.
 * The best pending interrupt always has a place, even if active ones fill the rest, because
 * it may preempt them. The number of instructions is bounded: one pass over the partition's
 * banks (at most 32) and the interrupts pending for this vCPU.
 */
#include "vgic_state.h"
#include <lib/layout.h>

REQUIRE(GIC_MAX_LRS <= 32); /* bits of lr_used */

#define HCR_EOICOUNT(hcr) FIELD_GET(ICH_HCR_EL2_EOICOUNT, hcr)
/* Bits 12:10 of a GICv2 SGI's list register: its sender */
#define LR_SOURCE_SHIFT 10

void vgic_ask(struct vcpu *v)
{
	v->vgic.direct = 0;
	atomic_store_release(&v->vgic.refill, 1);
	vcpu_request(v, REQ_VGIC);
}

void vgic_update_direct(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	const struct vgic_bank *w = &vc->bank;
	u32 direct = 0;

	if (!vc->overflow && !atomic_load(&vc->refill))
		direct = w->enabled & vgic_groups_on(&v->partition->vgic, w) & ~vgic_raised(w) &
			 ~w->active;
	if (gic.version == 2)
		direct &= ~0xffffU; /* SGIs have sources */
	if (!gic.lr_deactivates)
		direct &= ~w->hw;
	direct &= w->edge | w->hw; /* of a pulse on a line memory has to know */
	atomic_store(&vc->direct, direct);
}

void vgic_released(struct vcpu *v, u32 intid)
{
	struct vgic *g = &v->partition->vgic;
	u16 target;

	if (intid < GIC_SPI_BASE)
		return;
	target = g->target[intid];
	if (target != VGIC_NOBODY && target != v->index &&
	    vgic_deliverable(g, vgic_bank(v, intid)) >> intid % 32 & 1)
		vgic_ask(&v->partition->vcpus[target]);
}

/* ---- reading back ---- */

/* A list register's pending state becomes memory's. */
static void fold_pending(struct vcpu *v, u32 n, u32 intid, u64 lr)
{
	struct vgic_bank *w = vgic_bank(v, intid);
	u32 bit = 1U << intid % 32;

	if (gic.version == 2 && intid < GIC_PPI_BASE)
		v->vgic.sgi_sources[intid] |= (u8)(1U << (lr >> LR_SOURCE_SHIFT & 7));
	/* The pending state of a line is the line itself. */
	if (w->hw & bit || w->edge & bit || v->vgic.lr_latched >> n & 1)
		w->pending |= bit;
	if (w->hw & bit && v->vgic.lr_latched >> n & 1)
		w->kept |= bit;
	if (w->hw & bit && !(w->enabled & bit) && intid >= GIC_SPI_BASE)
		vgic_give_back(v->cpu->index, w, intid);
}

static void fold_active(struct vcpu *v, u32 intid, u64 lr)
{
	vgic_bank(v, intid)->active |= 1U << intid % 32;
	if (gic.version == 2 && intid < GIC_PPI_BASE)
		v->vgic.sgi_active_from[intid] = lr >> LR_SOURCE_SHIFT & 7;
}

/* There is something in memory that wants a list register. */
static void note_left(struct vgic_cpu *vc)
{
	vc->direct = 0;
	atomic_store(&vc->refill, 1);
}

static void fold_one(struct vcpu *v, u32 n)
{
	struct vgic *g = &v->partition->vgic;
	u32 intid = v->vgic.lr_intid[n], bit = 1U << intid % 32;
	struct vgic_bank *w = vgic_bank(v, intid);
	u64 lr = gic_lr_read(n);
	bool pending = lr & LR_PENDING, active = lr & LR_ACTIVE;

	if (lr & (LR_STATE | LR_EOI)) /* an empty one with EOI asks for maintenance */
		gic_lr_write(n, 0);
	/* Over; the same interrupt may be in another list register by now. */
	if (!(lr & LR_STATE)) {
		if (w->hw & ~w->pending & bit && !(lr & LR_HW))
			gic_clear_active(v->cpu->index, intid);
		w->keep_pending &= ~bit;
		vgic_released(v, intid);
		return;
	}
	if (intid >= GIC_SPI_BASE) {
		if (g->holder[intid] != v->index)
			return; /* of a life before vgic_reset() */
		g->holder[intid] = VGIC_NOBODY;
	}
	if (pending && w->drop_pending & bit)
		pending = false;
	if (active && w->drop_active & bit)
		active = false;
	if (pending && w->keep_pending & bit)
		w->kept |= bit;
	w->keep_pending &= ~bit;
	w->drop_pending &= ~bit;
	w->drop_active &= ~bit;
	if (w->hw & ~w->pending & bit && !pending && !active)
		gic_clear_active(v->cpu->index, intid);
	if (pending || active)
		note_left(&v->vgic);
	if (pending)
		fold_pending(v, n, intid, lr);
	if (active) {
		fold_active(v, intid, lr);
		if (intid >= GIC_SPI_BASE)
			g->holder[intid] = (u16)v->index;
	}
	vgic_released(v, intid);
}

/* The interrupts that this vCPU has active in memory, of word n. */
static u32 active_here(struct vcpu *v, u32 n)
{
	struct vgic *g = &v->partition->vgic;
	u32 active = n ? g->banks[n].active : v->vgic.bank.active;
	u32 here = 0;

	if (!n)
		return active;
	FOR_EACH_BIT (bit, active)
		if (g->holder[n * 32 + bit] == v->index)
			here |= 1U << bit;
	return here;
}

/* The guest has deactivated an interrupt that is in no list register: the one of
 * highest priority. */
static void deactivate_best(struct vcpu *v)
{
	struct vgic *g = &v->partition->vgic;
	u32 best = g->nr_intids, best_priority = 0x100;
	struct vgic_bank *w;

	for (u32 n = 0; n < g->nr_intids / 32; n++)
		FOR_EACH_BIT (bit, active_here(v, n))
			if (vgic_priority(v, n * 32 + bit) < best_priority) {
				best = n * 32 + bit;
				best_priority = vgic_priority(v, best);
			}
	if (best == g->nr_intids)
		return;
	w = vgic_bank(v, best);
	w->active &= ~(1U << best % 32);
	if (best >= GIC_SPI_BASE)
		g->holder[best] = VGIC_NOBODY;
	if (w->hw & ~w->pending & 1U << best % 32)
		gic_clear_active(v->cpu->index, best);
	vgic_released(v, best);
}

/* Forgets notes about interrupts that had left the list registers before. */
static void forget_notes(struct vcpu *v)
{
	struct vgic *g = &v->partition->vgic;

	v->vgic.bank.drop_pending = v->vgic.bank.drop_active = 0;
	for (u32 n = 1; n < g->nr_intids / 32; n++) {
		struct vgic_bank *w = &g->banks[n];
		u32 mine = 0;

		FOR_EACH_BIT (bit, w->drop_pending | w->drop_active)
			if (g->holder[n * 32 + bit] == v->index)
				mine |= 1U << bit;
		w->drop_pending &= ~mine;
		w->drop_active &= ~mine;
	}
}

/* Has the guest done with all of them, and is there nothing to be noticed about that? */
static bool are_over(const struct vgic_cpu *vc)
{
	return !(vc->lr_eoi | vc->overflow | vc->noted | atomic_load(&vc->refill)) &&
	       !(vc->lr_used & ~gic_empty_lrs());
}

static __attribute__((noinline)) void fold_lrs(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;

	if (vc->overflow) {
		u32 hcr = gic_hcr_read();

		for (u32 n = hcr & ICH_HCR_EL2_LRENPIE ? HCR_EOICOUNT(hcr) : 0; n; n--)
			deactivate_best(v);
		gic_hcr_write(ICH_HCR_EL2_EN);
	}
	FOR_EACH_BIT (n, vc->lr_used)
		fold_one(v, n);
	if (vc->noted)
		forget_notes(v);
	if (vc->overflow)
		note_left(vc);
	vc->noted = vc->overflow = false;
}

void vgic_fold_all(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;

	if (vc->doubtful)
		(void)vgic_settle(v);
	if (!are_over(vc))
		fold_lrs(v);
	vc->lr_used = vc->lr_eoi = vc->lr_latched = 0;
	vc->synced = v->partition->vgic.epoch;
}

void vgic_fold(struct vcpu *v)
{
	if (!v->vgic.lr_used && !v->vgic.overflow)
		return;
	vgic_fold_all(v);
	vgic_ask(v);
}

/* ---- filling ---- */

/* The best few of a kind, best first. */
struct choice {
	u32 room, count; /* how many are kept; how many there are */
	u16 intid[GIC_MAX_LRS];
	u8 priority[GIC_MAX_LRS];
};

static void choose(struct choice *c, u32 intid, u8 priority)
{
	u32 i = MIN(c->count, c->room);

	c->count++;
	if (i == c->room) { /* full: better than the last? */
		if (priority >= c->priority[i - 1])
			return;
		i--;
	}
	for (; i && c->priority[i - 1] > priority; i--) {
		c->priority[i] = c->priority[i - 1];
		c->intid[i] = c->intid[i - 1];
	}
	c->intid[i] = (u16)intid;
	c->priority[i] = priority;
}

/* Is this SPI still in a list register of another vCPU? */
static bool held_elsewhere(struct vcpu *v, u32 intid)
{
	u16 holder = v->partition->vgic.holder[intid];

	return holder != v->index && holder != VGIC_NOBODY &&
	       vgic_lr_snapshot(&v->partition->vcpus[holder].vgic, intid);
}

static void survey(struct vcpu *v, struct choice *pending, struct choice *active)
{
	struct vgic *g = &v->partition->vgic;

	for (u32 n = 0; n < g->nr_intids / 32; n++) {
		struct vgic_bank *w = n ? &g->banks[n] : &v->vgic.bank;

		if (!(vgic_raised(w) | w->active))
			continue;
		FOR_EACH_BIT (bit, vgic_deliverable(g, w)) {
			u32 intid = n * 32 + bit;

			if (n && (g->target[intid] != v->index || held_elsewhere(v, intid)))
				continue;
			choose(pending, intid, vgic_priority(v, intid));
		}
		FOR_EACH_BIT (bit, active_here(v, n))
			choose(active, n * 32 + bit, vgic_priority(v, n * 32 + bit));
	}
}

/* What a GICv2 SGI's list register says: one source at a time. Others stay in
 * memory until this one is deactivated. */
static u64 place_sgi_source(struct vgic_cpu *vc, u32 intid, bool active)
{
	u32 source;

	if (active) {
		source = vc->sgi_active_from[intid];
	} else {
		source = vc->sgi_sources[intid] ? lowest_bit(vc->sgi_sources[intid]) : 0;
		vc->sgi_sources[intid] &= (u8) ~(1U << source);
		if (!vc->sgi_sources[intid])
			vc->bank.pending &= ~(1U << intid);
	}
	return (u64)source << LR_SOURCE_SHIFT;
}

/* Moves an interrupt from memory into list register n. */
static void place(struct vcpu *v, u32 n, u32 intid, bool active)
{
	struct vgic_cpu *vc = &v->vgic;
	struct vgic_bank *w = vgic_bank(v, intid);
	u32 bit = 1U << intid % 32;
	u64 lr = intid | FIELD_PREP(LR_PRIORITY, vgic_priority(v, intid));
	bool physical;

	if (w->group & bit)
		lr |= LR_GROUP1;
	lr |= active ? LR_ACTIVE : LR_PENDING;
	if (gic.version == 2 && intid < GIC_PPI_BASE) {
		lr |= place_sgi_source(vc, intid, active);
	} else if (!active) {
		if ((w->hw & bit ? w->kept : w->pending) & bit)
			vc->lr_latched |= 1U << n;
		w->pending &= ~bit;
		w->kept &= ~bit;
	}
	w->active &= ~bit;

	physical = w->hw & bit && !(w->pending & bit);
	/* A PPI that was pended by a register write, or while the vCPU was not loaded:
	 * from now on the hardware must hold it back. */
	if (physical && intid < GIC_SPI_BASE)
		gic_set_active(v->cpu->index, intid);
	if (physical && gic.lr_deactivates) {
		lr |= LR_HW | FIELD_PREP(LR_PINTID, intid);
	} else if (physical || !(w->edge & bit) || w->pending & bit) {
		lr |= LR_EOI; /* it may have to come again: EL2 deactivates a physical one */
		vc->lr_eoi |= 1U << n;
	}
	gic_lr_write(n, lr);

	vc->lr_used |= 1U << n;
	vc->lr_intid[n] = (u16)intid;
	vc->lr_state[n] = (u8)(lr >> 62);
	if (intid < GIC_SPI_BASE)
		vc->lr_of[intid] = (u8)n;
	else
		v->partition->vgic.holder[intid] = (u16)v->index;
}

/* The list registers are empty. */
static void fill(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	u32 nr_lrs = gic.nr_lrs, nr_active, nr_pending, n = nr_lrs;
	struct choice pending = {.room = nr_lrs}, active = {.room = nr_lrs};
	u32 hcr = ICH_HCR_EL2_EN;

	survey(v, &pending, &active);
	nr_active = MIN(active.count, pending.count ? nr_lrs - 1 : nr_lrs);
	nr_pending = MIN(pending.count, nr_lrs - nr_active);
	for (u32 i = 0; i < nr_pending; i++)
		place(v, --n, pending.intid[i], false);
	for (u32 i = 0; i < nr_active; i++)
		place(v, --n, active.intid[i], true);
	if (nr_pending < pending.count)
		hcr |= ICH_HCR_EL2_NPIE;
	if (nr_active < active.count)
		hcr |= ICH_HCR_EL2_LRENPIE;
	vc->overflow = hcr != ICH_HCR_EL2_EN;
	if (vc->overflow)
		gic_hcr_write(hcr);
}

void vgic_refill(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;

	vgic_fold_all(v);
	atomic_store(&vc->refill, 0);
	vc->bank.pending |= atomic_swap(&vc->incoming, 0);
	fill(v);
	vgic_update_direct(v);
}
