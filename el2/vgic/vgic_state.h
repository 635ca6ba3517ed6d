/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the virtual interrupt controller share: el2/vgic/vgic.c (life and
 * injection), vgic_lr.c (list registers), vgic_cpu.c (its own CPU's calls), vgic_irq.c (what a
 * register write does to an interrupt), vgic_sdei.c (interrupts that are SDEI's for a while),
 * vgic_reg.c (register tables), vgic_dist.c, vgic_redist.c, vgic_v2.c, vgic_sgi.c. Everything here
 * but vgic_direct() is called with the partition's vgic lock held.
 */
#pragma once

#include <drivers/gic_regs.h>
#include <el2/partition.h>
#include <el2/vcpu.h>

/* 32 interrupts and the vCPU that accesses them: the argument of every function of a register
 * access. */
struct vgic_ref {
	struct vcpu *v; /* the vCPU that accesses, on its CPU */
	struct partition *p;
	struct vcpu *owner; /* whose private interrupts these are; NULL: SPIs */
	struct vgic_bank *w;
	u32 first; /* INTID of bit 0 */
};

static inline struct vgic_bank *vgic_bank(struct vcpu *v, u32 intid)
{
	return intid < GIC_SPI_BASE ? &v->vgic.bank : &v->partition->vgic.banks[intid / 32];
}

static inline u8 vgic_priority(const struct vcpu *v, u32 intid)
{
	return intid < GIC_SPI_BASE ? v->vgic.priority[intid] : v->partition->vgic.priority[intid];
}

/* Those of w whose group GICD_CTLR enables. */
static inline u32 vgic_groups_on(const struct vgic *g, const struct vgic_bank *w)
{
	return (g->ctlr & GICD_CTLR_GROUP1 ? w->group : 0) |
	       (g->ctlr & GICD_CTLR_GROUP0 ? ~w->group : 0);
}

/* Those that are pending in memory, whether or not they may be delivered. */
static inline u32 vgic_raised(const struct vgic_bank *w)
{
	return w->pending | (w->line & ~w->edge);
}

/* Those that want a list register. An active one waits until it is not. */
static inline u32 vgic_deliverable(const struct vgic *g, const struct vgic_bank *w)
{
	return vgic_raised(w) & ~w->active & w->enabled & vgic_groups_on(g, w);
}

/* Is the interrupt in a list register of this loaded vCPU? As ICH_LR bits 63:62 when
 * that was written; 0: no. */
static inline u32 vgic_lr_snapshot(const struct vgic_cpu *vc, u32 intid)
{
	FOR_EACH_BIT (n, vc->lr_used)
		if (vc->lr_intid[n] == intid)
			return vc->lr_state[n];
	return 0;
}

/* Is this SPI, below nr_intids, that of an emulated device of p? */
static inline bool vgic_emulates(const struct partition *p, u32 intid)
{
	const struct partition_config *c = p->config;

	return (c->uart.size && c->uart_intid == intid) || c->watchdog.intid == intid ||
	       (c->spi_emulated && c->spi_emulated[intid / 32] >> intid % 32 & 1);
}

/* ---- vgic_lr.c ---- */

/* Memory that concerns v has changed: makes v's CPU read it before it enters the guest again. */
void vgic_ask(struct vcpu *v);
/* To be called when something that vgic_cpu.direct is made of has changed. */
void vgic_update_direct(struct vcpu *v);
/* v is loaded here: its list registers are read back into memory and emptied; asks
 * for them to be filled again. */
void vgic_fold(struct vcpu *v);
/* The same, without asking. */
void vgic_fold_all(struct vcpu *v);
/* v is loaded here: folds, takes notes into account, and fills the list registers. */
void vgic_refill(struct vcpu *v);
/* vgic_cpu.c: the highest list register that is empty, or -1. Without lock; v is loaded here. */
int vgic_free_lr(struct vgic_cpu *vc);
/* vgic_cpu.c: the level SPI in a list register of v, which is loaded here, came while its handler
 * was not over. */
void vgic_doubt(struct vcpu *v);
/* vgic.c: vgic_inject_physical() for SPIs. No lock held. */
bool vgic_inject_spi(struct vcpu *v, u32 intid);
/* vgic_cpu.c: v is loaded here: puts an SGI, one of vgic_cpu.direct, into a list register without
 * reading memory. False: no room. No lock. */
bool vgic_direct(struct vcpu *v, u32 sgi);
/* An interrupt may have become free to go to its target, which is not v. */
void vgic_released(struct vcpu *v, u32 intid);

/* ---- vgic_irq.c: bits are within ref->w->visible ---- */

/* The interrupts have changed in a way that may concern list registers. */
void vgic_changed(const struct vgic_ref *ref, u32 bits);
/* May v's list registers hold one of these that they must give up first? */
void vgic_fold_own(const struct vgic_ref *ref);
/* For accesses to pending and active state: is what memory says about ref recent? If not, the
 * vCPUs concerned have been asked, and the access must be retried. */
bool vgic_settled(const struct vgic_ref *ref, u64 offset);
u32 vgic_read_pending(const struct vgic_ref *ref);
u32 vgic_read_active(const struct vgic_ref *ref);
void vgic_set_enabled(const struct vgic_ref *ref, u32 bits);
void vgic_clear_enabled(const struct vgic_ref *ref, u32 bits);
void vgic_set_pending(const struct vgic_ref *ref, u32 bits);
void vgic_clear_pending(const struct vgic_ref *ref, u32 bits);
void vgic_set_active(const struct vgic_ref *ref, u32 bits);
void vgic_clear_active(const struct vgic_ref *ref, u32 bits);
void vgic_set_group(const struct vgic_ref *ref, u32 group);
void vgic_set_edge(const struct vgic_ref *ref, u32 bits, u32 edge);
void vgic_set_priority(const struct vgic_ref *ref, u32 bit, u8 priority);
void vgic_set_ctlr(struct vcpu *v, u32 ctlr);
/* A pending, not yet delivered physical interrupt goes back to the hardware, which
 * raises it again once it is enabled and if its reason persists. */
void vgic_give_back(u32 cpu, struct vgic_bank *w, u32 intid);

/* ---- vgic_reg.c ---- */

/* The registers from IGROUPR to ICFGR, for SPIs (owner NULL) and for an owner's
 * private interrupts. offset is from the start of a distributor or SGI_base; a read's
 * value is 0 before. */
enum mmio_result vgic_bank_access(struct vcpu *v, struct vcpu *owner, u32 offset,
				  struct mmio_access *a);
/* Must any vCPU but v still apply what was written? GICD_CTLR.RWP. */
bool vgic_writes_pending(struct vcpu *v);

/* ---- vgic_dist.c ---- */

/* GICD_TYPER of a partition whose INTIDs and vCPUs have been counted. */
u32 vgic_typer(const struct partition *p);

/* ---- routing: vgic_dist.c, vgic_v2.c ---- */

/* The vCPU that route[intid] means, or VGIC_NOBODY. */
u16 vgic_target_v3(struct partition *p, u64 route);
u16 vgic_target_v2(struct partition *p, u64 mask);
/*
 * p's physical SPI comes to that CPU from now on. An interrupt that a register write makes
 * pending, enables or moves comes to the CPU of that write, in the writer's own turn. Only after
 * it has come does it follow its target for the next time. So no vCPU interrupts the CPU of
 * another by register writes.
 */
void vgic_come_to(struct partition *p, u32 intid, const struct cpu *cpu);
/* The same for those of bits that are physical. */
void vgic_come_here(const struct vgic_ref *ref, u32 bits);
/* Takes a new route into use. */
void vgic_set_route(struct vcpu *v, struct partition *p, u32 intid, u64 route);
/* GICv2's registers that GICv3 has not: ITARGETSR, SGIR, [CS]PENDSGIR. */
enum mmio_result vgic_v2_access(struct vcpu *v, struct mmio_access *a);
