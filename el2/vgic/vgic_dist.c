/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The distributor's own registers, and the routing of SPIs. GICv3: affinity routing
 * always on, one Security state (GICD_CTLR.ARE and DS read as one), no LPIs, no
 * message-based SPIs, 1-of-N supported. GICv2: without Security Extensions.
 */
#include "vgic_state.h"
#include <arch/nospec.h>

/* JEP106 code 0, of no company; product 'T' */
#define IIDR 0x54000000U

#define TYPER_CPUS(n) ((u32)((n)-1) << 5)
#define TYPER_ID_BITS(n) ((u32)((n)-1) << 19)
#define TYPER_A3V BIT(24)

/* ---- routes ---- */

static bool is_on(struct partition *p, u32 index)
{
	return atomic_load(&p->vcpus[index].power) == POWER_ON;
}

/* 1-of-N goes to the first that is on; vgic_inject_physical() prefers the one on
 * whose CPU the interrupt arrives. */
u16 vgic_target_v3(struct partition *p, u64 route)
{
	for (u32 i = 0; i < p->nr_vcpus; i++) {
		if (route & GICD_IROUTER_IRM ? is_on(p, i) : p->vcpus[i].mpidr == route)
			return (u16)i;
	}
	return route & GICD_IROUTER_IRM ? 0 : VGIC_NOBODY;
}

/* On a uniprocessor ITARGETSR does not exist and everything goes to the one. */
u16 vgic_target_v2(struct partition *p, u64 mask)
{
	if (p->nr_vcpus == 1)
		return 0;
	return mask ? (u16)lowest_bit((u32)mask) : VGIC_NOBODY;
}

void vgic_come_to(struct partition *p, u32 intid, const struct cpu *cpu)
{
	if (p->vgic.comes_to[intid] == cpu->index)
		return;
	p->vgic.comes_to[intid] = (u16)cpu->index;
	gic_route(intid, cpu->index, cpu->mpidr);
}

void vgic_come_here(const struct vgic_ref *ref, u32 bits)
{
	FOR_EACH_BIT (bit, ref->owner ? 0 : bits & ref->w->hw)
		vgic_come_to(ref->p, ref->first + bit, ref->v->cpu);
}

void vgic_set_route(struct vcpu *v, struct partition *p, u32 intid, u64 route)
{
	struct vgic *g = &p->vgic;
	struct vgic_ref ref = {v, p, NULL, &g->banks[intid / 32], intid & ~31U};
	u32 bit = 1U << intid % 32;
	u16 target;

	if (!(ref.w->visible & bit))
		return;
	target = gic.version == 3 ? vgic_target_v3(p, route) : vgic_target_v2(p, route);
	g->route[intid] = route;
	if (target == g->target[intid])
		return;
	vgic_fold_own(&ref);
	g->target[intid] = target;
	vgic_come_here(&ref, bit);
	/* A CPU that has it in a list register gives it up, if it is pending there. */
	vgic_changed(&ref, bit);
}

/* ---- registers ---- */

static u32 ctlr_read(struct vcpu *v)
{
	u32 ctlr = v->partition->vgic.ctlr;

	if (gic.version == 2)
		return ctlr;
	ctlr |= GICD_CTLR_ARE | GICD_CTLR_DS;
	return vgic_writes_pending(v) ? ctlr | (u32)GICD_CTLR_RWP : ctlr;
}

static void ctlr_write(struct vcpu *v, u32 value)
{
	struct vgic *g = &v->partition->vgic;

	lock_acquire(&g->lock);
	vgic_set_ctlr(v, value);
	lock_release(&g->lock);
}

u32 vgic_typer(const struct partition *p)
{
	u32 lines = p->vgic.nr_intids / 32 - 1;

	return gic.version == 2 ? lines | TYPER_CPUS(p->nr_vcpus)
				: lines | TYPER_ID_BITS(10) | (u32)TYPER_A3V;
}

static __attribute__((noinline)) enum mmio_result access_ctlr(struct vcpu *v, struct mmio_access *a)
{
	if (a->size != 4)
		return MMIO_DONE;
	if (a->write)
		ctlr_write(v, (u32)a->value);
	else
		a->value = ctlr_read(v);
	return MMIO_DONE;
}

/* By doubleword, or by half. */
static void access_route(struct vcpu *v, struct mmio_access *a)
{
	struct vgic *g = &v->partition->vgic;
	u32 intid = (u32)(a->offset - GICD_IROUTER) / 8;
	u32 shift = a->offset & 4 ? 32 : 0;
	u64 mask = a->size == 8 ? ~0UL : 0xffffffffUL << shift;
	u64 route;

	if (intid < GIC_SPI_BASE || intid >= g->nr_intids || a->size < 4)
		return;
	intid = (u32)index_nospec(intid, g->nr_intids);
	if (!a->write) {
		a->value = (g->route[intid] & mask) >> shift;
		return;
	}
	lock_acquire(&g->lock);
	route = (g->route[intid] & ~mask) | (a->value << shift & mask);
	vgic_set_route(v, v->partition, intid, route & (0xff00ffffffUL | GICD_IROUTER_IRM));
	lock_release(&g->lock);
}

static __attribute__((noinline)) enum mmio_result access_v3_tail(struct vcpu *v,
								 struct mmio_access *a)
{
	if (a->offset >= GICD_IROUTER && a->offset < GICD_IROUTER + 1020 * 8)
		access_route(v, a);
	else if (a->offset == GIC_V3_PIDR2 && a->size == 4)
		a->value = 0x30; /* GICv3 */
	return MMIO_DONE;
}

static __attribute__((noinline)) enum mmio_result access_v2_tail(struct vcpu *v,
								 struct mmio_access *a)
{
	if (a->offset == GICD_V2_PIDR2 && a->size == 4)
		a->value = 0x20; /* GICv2 */
	else if (a->offset < GICD_V2_PIDR2)
		return vgic_v2_access(v, a);
	return MMIO_DONE;
}

enum mmio_result vgic_dist_access(struct vcpu *v, void *partition, struct mmio_access *a)
{
	const struct partition *p = partition;
	u32 offset = (u32)a->offset;

	/* The rest of the first 128 bytes is reserved or for features that TYPER
	 * denies. */
	if (offset < GICD_IGROUPR) {
		if (offset == GICD_CTLR)
			return access_ctlr(v, a);
		if (offset == GICD_TYPER && a->size == 4)
			a->value = p->vgic.typer;
		if (offset == GICD_IIDR && a->size == 4)
			a->value = IIDR;
		return MMIO_DONE;
	}
	if (offset < GICD_ITARGETSR || (offset >= GICD_ICFGR && offset < GICD_IGRPMODR))
		return vgic_bank_access(v, gic.version == 2 ? v : NULL, offset, a);
	return gic.version == 2 ? access_v2_tail(v, a) : access_v3_tail(v, a);
}
