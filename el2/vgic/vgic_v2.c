/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers that only a GICv2 distributor has (IHI0048 4.3): targets by CPU
 * mask, and SGIs, which are pending once per sending CPU.
 */
#include "vgic_state.h"
#include <arch/nospec.h>

#define SGIR_FILTER GENMASK(25, 24)
#define SGIR_TARGETS GENMASK(23, 16)
enum { FILTER_LIST, FILTER_OTHERS, FILTER_SELF };

static u32 all_cpus(const struct partition *p)
{
	return (1U << p->nr_vcpus) - 1;
}

/* A byte per interrupt. Those of private interrupts name the reader; on a
 * uniprocessor there are none (RAZ/WI). */
static void access_targets(struct vcpu *v, struct mmio_access *a)
{
	struct partition *p = v->partition;
	u32 first = (u32)(a->offset - GICD_ITARGETSR);

	if (p->nr_vcpus == 1 || a->size > 4)
		return;
	for (u32 i = 0; i < a->size; i++) {
		u32 intid = first + i;
		u32 mask = 1U << v->index;

		if (intid >= p->vgic.nr_intids)
			return;
		intid = (u32)index_nospec(intid, p->vgic.nr_intids);
		if (a->write && intid >= GIC_SPI_BASE)
			vgic_set_route(v, p, intid, (a->value >> i * 8) & all_cpus(p));
		if (intid >= GIC_SPI_BASE)
			mask = (u32)p->vgic.route[intid];
		if (!a->write)
			a->value |= (u64)mask << i * 8;
	}
}

static void send(struct vcpu *to, u32 sgi, u32 sources)
{
	to->vgic.sgi_sources[sgi] |= (u8)sources;
	to->vgic.bank.pending |= 1U << sgi;
	vgic_ask(to);
}

static void write_sgir(struct vcpu *v, struct mmio_access *a)
{
	struct partition *p = v->partition;
	u32 targets = (u32)FIELD_GET(SGIR_TARGETS, a->value);

	if (a->size != 4 || !a->write)
		return;
	switch (FIELD_GET(SGIR_FILTER, a->value)) {
	case FILTER_LIST:
		break;
	case FILTER_OTHERS:
		targets = ~(1U << v->index);
		break;
	case FILTER_SELF:
		targets = 1U << v->index;
		break;
	default:
		return;
	}
	FOR_EACH_BIT (i, targets & all_cpus(p))
		send(&p->vcpus[i], a->value & 0xf, 1U << v->index);
}

/* CPENDSGIR and SPENDSGIR: a byte per SGI, a bit per source; both read as what is
 * pending. */
static void access_pending_sgis(struct vcpu *v, struct mmio_access *a)
{
	struct vgic_cpu *vc = &v->vgic;
	bool set = a->offset >= GICD_SPENDSGIR;
	u32 first = a->offset % 16;

	if (a->size > 4)
		return;
	if (vc->loaded)
		vgic_fold(v);
	for (u32 i = 0; i < a->size; i++) {
		u32 sgi = first + i;
		u32 bits = (u32)(a->value >> i * 8) & all_cpus(v->partition);

		if (!a->write) {
			a->value |= (u64)vc->sgi_sources[sgi] << i * 8;
		} else if (set && bits) {
			send(v, sgi, bits);
		} else {
			vc->sgi_sources[sgi] &= (u8)~bits;
			if (!vc->sgi_sources[sgi])
				vc->bank.pending &= ~(1U << sgi);
		}
	}
}

enum mmio_result vgic_v2_access(struct vcpu *v, struct mmio_access *a)
{
	struct lock *lock = &v->partition->vgic.lock;

	lock_acquire(lock);
	if (a->offset >= GICD_ITARGETSR && a->offset < GICD_ICFGR)
		access_targets(v, a);
	else if (a->offset == GICD_SGIR)
		write_sgir(v, a);
	else if (a->offset >= GICD_CPENDSGIR && a->offset < GICD_SPENDSGIR + 16)
		access_pending_sgis(v, a);
	lock_release(lock);
	return MMIO_DONE;
}
