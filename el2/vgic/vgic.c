/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual interrupt controller's life, and interrupts that come in: from the hardware and from
 * emulated devices. include/el2/vgic.h describes ownership.
 *
 * A physical interrupt is acknowledged by EL2 and stays active in hardware until the guest
 * deactivates it through a list register that names it (or EL2 does in its stead): therefore it
 * comes only once at a time.
 */
#include "vgic_state.h"
#include <arch/esr.h>
#include <mm/pages.h>

/* The partition that owns each physical SPI, by INTID. */
static struct partition **spi_owner;

/* ---- life ---- */

static bool owns_spi(const struct partition_config *c, u32 intid)
{
	return intid < c->nr_intids && c->spi_owned[intid / 32] >> intid % 32 & 1;
}

/* 32 SPIs after reset: off, level, on GICv2 without a target, on GICv3 for affinity 0.0.0.0. Group
 * 1 on GICv3, whose software may leave the group registers to firmware; Group 0 on GICv2, where
 * that is what an undivided controller has. */
static void reset_spis(struct partition *p, u32 n)
{
	struct vgic *g = &p->vgic;
	struct vgic_bank *w = &g->banks[n];
	u16 target = gic.version == 3 ? vgic_target_v3(p, 0) : vgic_target_v2(p, 0);

	*w = (struct vgic_bank){
	    .visible = w->visible, .hw = w->hw, .group = gic.version == 3 ? ~0U : 0};
	for (u32 intid = n * 32; intid < n * 32 + 32; intid++) {
		g->priority[intid] = 0;
		g->route[intid] = 0;
		g->target[intid] = target;
		g->holder[intid] = VGIC_NOBODY;
	}
	FOR_EACH_BIT (bit, target == VGIC_NOBODY ? 0 : w->hw)
		vgic_come_to(p, n * 32 + bit, p->vcpus[target].cpu);
}

static void reset_private(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	u32 guest_ppis = gic.config->guest_ppis & 0xffff0000;

	vc->bank = (struct vgic_bank){
	    .enabled = gic.version == 2 ? 0xffff : 0,
	    .group = gic.version == 3 ? ~0U : 0,
	    .edge = 0xffff,
	    .hw = guest_ppis,
	    .visible = ~0U,
	};
	for (u32 i = 0; i < 32; i++)
		vc->priority[i] = 0;
	for (u32 i = 0; i < 16; i++)
		vc->sgi_sources[i] = vc->sgi_active_from[i] = 0;
	vc->asleep = true;
	vc->ticket_epoch = 0;
	vc->virt = (struct gic_virt){0};
	atomic_store(&vc->incoming, 0);
	/* SPIs may be waiting for this vCPU. */
	atomic_store(&vc->refill, 1);
	vc->direct = 0;
}

static enum err allocate(struct vgic *g, u32 nr_frames)
{
	u32 n = g->nr_intids;

	g->banks = boot_alloc(n / 32 * sizeof(*g->banks), 8);
	g->priority = boot_alloc(n * sizeof(*g->priority), 8);
	g->route = boot_alloc(n * sizeof(*g->route), 8);
	g->target = boot_alloc(n * sizeof(*g->target), 8);
	g->holder = boot_alloc(n * sizeof(*g->holder), 8);
	g->comes_to = boot_alloc(n * sizeof(*g->comes_to), 8);
	g->frames = boot_alloc(MAX(nr_frames, 1) * sizeof(*g->frames), 8);
	if (!g->banks || !g->priority || !g->route || !g->target || !g->holder || !g->comes_to ||
	    !g->frames)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < n; i++)
		g->comes_to[i] = VGIC_NOBODY;
	return OK;
}

/* Which SPIs the partition has: owned ones, backed by hardware, and emulated ones. */
static enum err assign_spis(struct partition *p)
{
	struct vgic *g = &p->vgic;

	for (u32 intid = GIC_SPI_BASE; intid < g->nr_intids; intid++) {
		struct vgic_bank *w = &g->banks[intid / 32];
		u32 bit = 1U << intid % 32;

		if (vgic_emulates(p, intid)) {
			w->visible |= bit;
		} else if (owns_spi(p->config, intid)) {
			if (spi_owner[intid] && spi_owner[intid] != p)
				return ERR_OVERLAP;
			spi_owner[intid] = p;
			w->visible |= bit;
			w->hw |= bit;
		}
	}
	return OK;
}

/* The value of ICC_SGI1R_EL1 that addresses this affinity alone. */
static u64 sgi_name(u64 mpidr)
{
	return (mpidr >> 32 & 0xff) << 48 | (mpidr >> 4 & 0xf) << 44 | (mpidr >> 16 & 0xff) << 32 |
	       (mpidr >> 8 & 0xff) << 16 | BIT(mpidr & 15);
}

enum err vgic_init(void)
{
	spi_owner = boot_alloc(ALIGN_UP(gic_nr_intids(), 32) * sizeof(*spi_owner), 8);
	return spi_owner ? OK : ERR_NO_MEMORY;
}

enum err vgic_create(struct partition *p)
{
	struct vgic *g = &p->vgic;
	enum err err;

	if (gic.version == 2 && p->nr_vcpus > 8)
		return ERR_UNSUPPORTED;
	g->nr_intids = ALIGN_UP(MIN(p->config->nr_intids, gic_nr_intids()), 32);
	g->typer = vgic_typer(p);
	err = allocate(g, p->config->nr_gicr);
	if (err)
		return err;
	err = assign_spis(p);
	if (err)
		return err;
	for (u32 n = 1; n < g->nr_intids / 32; n++)
		reset_spis(p, n);
	for (u32 i = 0; i < p->nr_vcpus; i++) {
		reset_private(&p->vcpus[i]);
		p->vcpus[i].vgic.sgi_name = sgi_name(p->vcpus[i].mpidr);
	}
	return OK;
}

void vgic_destroy(const struct partition *p)
{
	for (u32 intid = 0; intid < gic_nr_intids(); intid++)
		if (spi_owner[intid] == p)
			spi_owner[intid] = NULL;
}

u32 vgic_nr_regions(const struct partition_config *c)
{
	return 1 + (gic.version == 3 ? c->nr_gicr : 0);
}

u32 vgic_regions(struct partition *p, struct mmio_region *out)
{
	const struct partition_config *c = p->config;
	struct vgic *g = &p->vgic;
	u64 stride = c->gicr_stride ? c->gicr_stride : GICR_FRAME;
	u32 placed = 0;

	out[0] = (struct mmio_region){
	    .range = {c->gicd.base, gic.version == 3 ? 0x10000 : PAGE_SIZE},
	    .access = vgic_dist_access,
	    .device = p,
	    .name = "GICD",
	};
	for (u32 i = 0; gic.version == 3 && i < c->nr_gicr && placed < p->nr_vcpus; i++) {
		struct vgic_frames *f = &g->frames[g->nr_frames];

		f->vcpus = &p->vcpus[placed];
		f->count = (u32)MIN(c->gicr[i].size / stride, p->nr_vcpus - placed);
		f->stride = stride;
		if (!f->count)
			continue;
		placed += f->count;
		out[++g->nr_frames] = (struct mmio_region){
		    .range = {c->gicr[i].base, f->count * stride},
		    .access = vgic_redist_access,
		    .device = f,
		    .name = "GICR",
		};
	}
	return 1 + g->nr_frames;
}

bool vgic_reset(struct partition *p, u32 *next)
{
	struct vgic *g = &p->vgic;
	u32 n = 1 + (*next)++;

	if (n >= g->nr_intids / 32)
		return true;
	lock_acquire(&g->lock);
	g->ctlr = 0;
	if (g->banks[n].hw)
		gic_reset_spis(n, g->banks[n].hw);
	reset_spis(p, n);
	lock_release(&g->lock);
	return false;
}

void vgic_forget_spis(struct partition *p)
{
	for (u32 n = 1; n < p->vgic.nr_intids / 32; n++)
		if (p->vgic.banks[n].hw)
			gic_reset_spis(n, p->vgic.banks[n].hw);
}

void vgic_vcpu_reset(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	struct lock *lock = &v->partition->vgic.lock;

	if (vc->loaded) {
		vgic_put(v);
		lock_acquire(lock);
		reset_private(v);
		lock_release(lock);
		vgic_load(v);
		return;
	}
	lock_acquire(lock);
	reset_private(v);
	lock_release(lock);
}

static __attribute__((noinline)) bool is_offered_any(const struct vgic_cpu *vc)
{
	FOR_EACH_BIT (n, vc->lr_used & ~gic_empty_lrs())
		if (gic_lr_read(n) & LR_PENDING)
			return true;
	return false;
}

static __attribute__((noinline)) bool is_in_memory(struct vcpu *v)
{
	struct vgic *g = &v->partition->vgic;

	if (vgic_deliverable(g, &v->vgic.bank))
		return true;
	for (u32 n = 1; n < g->nr_intids / 32; n++)
		FOR_EACH_BIT (bit, vgic_deliverable(g, &g->banks[n]))
			if (g->target[n * 32 + bit] == v->index)
				return true;
	return false;
}

bool vgic_pending(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	u32 incoming = atomic_load(&vc->incoming);

	if (incoming &&
	    incoming & vc->bank.enabled & vgic_groups_on(&v->partition->vgic, &vc->bank))
		return true;
	if (vc->loaded && vc->lr_used && is_offered_any(vc))
		return true;
	/* A CPU that puts a deliverable interrupt into memory sets refill. */
	return (atomic_load(&vc->refill) || vc->overflow) && is_in_memory(v);
}

u32 vgic_listens(const struct vcpu *v)
{
	const struct vgic_bank *w = &v->vgic.bank;
	u32 heard = ~w->visible | (w->enabled & vgic_groups_on(&v->partition->vgic, w));

	return w->hw & ~(w->pending | w->active) & heard;
}

/* ---- interrupts come in ---- */

/* False: it is taken for SDEI. */
static __attribute__((noinline)) bool inject_spi(struct vcpu *current, struct partition *p,
						 u32 intid)
{
	struct vgic *g = &p->vgic;
	struct vgic_ref ref = {current, p, NULL, &g->banks[intid / 32], intid & ~31U};
	u32 bit = 1U << intid % 32;

	lock_acquire(&g->lock);
	if (!(ref.w->visible & bit)) {
		lock_release(&g->lock);
		return false;
	}
	/* It has ended in a list register here, and another vCPU waits for that. */
	if (current && current->partition == p && g->holder[intid] == current->index)
		vgic_fold_own(&ref);
	ref.w->pending |= bit;
	if (g->route[intid] & GICD_IROUTER_IRM)
		g->target[intid] = current && current->partition == p
				       ? (u16)current->index
				       : vgic_target_v3(p, g->route[intid]);
	if (g->target[intid] != VGIC_NOBODY)
		vgic_come_to(p, intid, p->vcpus[g->target[intid]].cpu);
	if (!(ref.w->enabled & bit)) /* disabled on another CPU just now */
		vgic_give_back(this_cpu()->index, ref.w, intid);
	else
		vgic_changed(&ref, bit);
	lock_release(&g->lock);
	return true;
}

/* The list register that it was in last time, over by now, or an empty one; or -1. */
static int spi_lr(struct vcpu *v, u32 intid)
{
	struct vgic_cpu *vc = &v->vgic;

	if (v->partition->vgic.holder[intid] == v->index)
		FOR_EACH_BIT (n, vc->lr_used)
			if (vc->lr_intid[n] == intid)
				return (int)n;
	return vgic_free_lr(vc);
}

/* Puts an SPI directly into an empty list register, if it is for this vCPU and nothing prevents
 * that. Memory is only read. It is up to date unless refill is set, and a CPU that changes it now
 * sets refill. */
static bool spi_direct(struct vcpu *v, u32 intid)
{
	struct vgic *g = &v->partition->vgic;
	struct vgic_cpu *vc = &v->vgic;
	const struct vgic_bank *w = &g->banks[intid / 32];
	u32 bit = 1U << intid % 32;
	bool again;
	u64 lr;
	int n;

	if (!gic.lr_deactivates || g->target[intid] != v->index || vc->overflow ||
	    atomic_load(&vc->refill) ||
	    !(w->enabled & vgic_groups_on(g, w) & ~(w->pending | w->active | w->kept) & bit))
		return false;
	n = spi_lr(v, intid);
	if (n < 0)
		return false;
	again = vc->lr_used >> n & 1 && ~w->edge & bit && v->regs.pstate & PSTATE_I;
	lr = intid | (u64)intid << 32 | LR_HW | LR_PENDING | (u64)g->priority[intid] << 48;
	gic_lr_write((u32)n, w->group & bit ? lr | LR_GROUP1 : lr);
	vc->lr_used |= 1U << n;
	vc->lr_intid[n] = (u16)intid;
	vc->lr_state[n] = LR_PENDING >> 62;
	vc->lr_latched &= ~(1U << n);
	g->holder[intid] = (u16)v->index;
	if (again)
		vgic_doubt(v);
	return true;
}

struct partition *vgic_spi_owner(u32 intid)
{
	return spi_owner && intid < gic_nr_intids() ? spi_owner[intid] : NULL;
}

bool vgic_inject_spi(struct vcpu *v, u32 intid)
{
	struct partition *p;

	if (!spi_owner || intid >= gic_nr_intids() || !spi_owner[intid])
		return false;
	p = spi_owner[intid];
	if (v && v->partition == p && spi_direct(v, intid))
		return true;
	return inject_spi(v, p, intid);
}

/* Is it in a list register that was pending when written? */
static bool is_offered(const struct partition *p, u32 intid)
{
	u16 holder = p->vgic.holder[intid];

	return holder != VGIC_NOBODY &&
	       vgic_lr_snapshot(&p->vcpus[holder].vgic, intid) & LR_PENDING >> 62;
}

void vgic_set_level(struct partition *p, u32 intid, bool level)
{
	struct vgic_ref ref;
	u32 bit = 1U << intid % 32;
	bool changes, claimed;

	if (intid < GIC_SPI_BASE || intid >= p->vgic.nr_intids || !vgic_emulates(p, intid))
		return;
	ref = (struct vgic_ref){NULL, p, NULL, &p->vgic.banks[intid / 32], intid & ~31U};
	lock_acquire(&p->vgic.lock);
	claimed = !(ref.w->visible & bit);
	changes = !!(ref.w->line & bit) != level;
	if (changes) {
		ref.w->line ^= bit;
		if (level && ref.w->edge & bit)
			ref.w->pending |= bit;
		/* A falling line concerns only a list register that still offers it. */
		if (level || is_offered(p, intid))
			vgic_changed(&ref, bit);
	}
	lock_release(&p->vgic.lock);
	if (claimed && changes && level)
		p->vgic.sdei_line_rises(p, intid);
}

void vgic_pulse_private(struct vcpu *v, u32 intid)
{
	atomic_or(&v->vgic.incoming, 1U << intid);
	vcpu_request(v, REQ_VGIC);
}

void vgic_pulse(struct partition *p, u32 intid)
{
	u32 bit = 1U << intid % 32;
	struct vgic_ref ref;
	bool claimed;

	if (intid < GIC_SPI_BASE || intid >= p->vgic.nr_intids || !vgic_emulates(p, intid))
		return;
	ref = (struct vgic_ref){NULL, p, NULL, &p->vgic.banks[intid / 32], intid & ~31U};
	lock_acquire(&p->vgic.lock);
	claimed = !(ref.w->visible & bit);
	if (!(ref.w->pending & bit)) {
		ref.w->pending |= bit;
		if (!claimed && ref.w->enabled & bit)
			vgic_changed(&ref, bit);
	}
	lock_release(&p->vgic.lock);
	if (claimed)
		p->vgic.sdei_line_rises(p, intid);
}
