/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a vCPU's own CPU does on the way in and out: the fast path into a list register, without
 * lock and memory, and the calls to vgic_lr.c for everything else when the fast path is not enough
 * or the vCPU changes.
 */
#include "vgic_state.h"

/* ---- without lock ---- */

/* Allocates from the highest list register, because LR0 is kept for the timer, see
 * vgic_inject_physical(). Reclaims completed ones only when none is free. */
int vgic_free_lr(struct vgic_cpu *vc)
{
	u32 all = (u32)BIT(gic.nr_lrs) - 1;

	if (!(all & ~vc->lr_used))
		vc->lr_used &= vc->lr_eoi | ~gic_empty_lrs();
	return all & ~vc->lr_used ? 31 - __builtin_clz(all & ~vc->lr_used) : -1;
}

/* The list register of a private interrupt that is pending. */
static inline u64 private_lr(const struct vgic_cpu *vc, u32 intid, u64 flags)
{
	return intid | (u64)vc->priority[intid] << 48 | flags | LR_PENDING |
	       (u64)(vc->bank.group >> intid & 1) << 60;
}

/* Assigns the empty list register n to this private interrupt. */
static void take_lr(struct vgic_cpu *vc, u32 n, u32 intid)
{
	vc->lr_of[intid] = (u8)n;
	vc->lr_intid[n] = (u16)intid;
	vc->lr_used |= 1U << n;
}

/* Uses the same list register as last time, in whatever state, so that the interrupt cannot be in
 * two. */
static __attribute__((noinline)) bool pend_again(struct vgic_cpu *vc, u32 sgi, u32 n)
{
	u64 lr = private_lr(vc, sgi, 0) | (gic_lr_read(n) & LR_STATE);

	if (vc->lr_eoi >> n & 1)
		lr |= LR_EOI;
	vc->lr_latched &= ~(1U << n);
	vc->lr_state[n] = (u8)(lr >> 62);
	gic_lr_write(n, lr);
	return true;
}

static __attribute__((noinline)) bool direct_or_not(struct vcpu *v, u32 sgi)
{
	return vgic_free_lr(&v->vgic) >= 0 && vgic_direct(v, sgi);
}

bool vgic_direct(struct vcpu *v, u32 sgi)
{
	struct vgic_cpu *vc = &v->vgic;
	u32 n = vc->lr_of[sgi], free = ((u32)BIT(gic.nr_lrs) - 1) & ~vc->lr_used;

	if (vc->lr_used >> n & 1 && vc->lr_intid[n] == sgi)
		return pend_again(vc, sgi, n);
	if (!free)
		return direct_or_not(v, sgi);
	n = 31 - (u32)__builtin_clz(free);
	take_lr(vc, n, sgi);
	vc->lr_latched &= ~(1U << n);
	vc->lr_state[n] = LR_PENDING >> 62;
	gic_lr_write(n, private_lr(vc, sgi, 0));
	return true;
}

/* False: it is taken for SDEI, and the caller reports it there. */
static __attribute__((noinline)) bool inject_private(struct vcpu *v, u32 intid)
{
	struct lock *lock = &v->partition->vgic.lock;
	bool is_guests;

	lock_acquire(lock);
	is_guests = v->vgic.bank.visible >> intid & 1;
	v->vgic.bank.pending |= 1U << intid;
	if (is_guests)
		vgic_ask(v);
	lock_release(lock);
	return is_guests;
}

/* A physical interrupt that can come is in no list register any more, so the one that it had is
 * free. LR0 is the best, because it can be written without a check. */
static __attribute__((noinline)) bool direct_physical(struct vcpu *v, u32 intid, u64 lr)
{
	struct vgic_cpu *vc = &v->vgic;
	u32 n = vc->lr_of[intid];
	int free = 0;

	if (vc->lr_used >> n & 1 && vc->lr_intid[n] == intid)
		vc->lr_used &= ~(1U << n);
	if (vc->lr_used & 1)
		free = vgic_free_lr(vc);
	if (free < 0)
		return inject_private(v, intid);
	n = (u32)free;
	take_lr(vc, n, intid);
	vc->lr_latched &= ~(1U << n);
	vc->lr_state[n] = LR_PENDING >> 62;
	gic_lr_write(n, lr);
	return true;
}

/*
 * A handler that ends a level-sensitive interrupt before it has served the device lets it come
 * again at once, into a list register that does not follow the line. Without a hypervisor
 * the interrupt goes with the line when the device is served. So accesses to the CPU interface trap
 * until the guest takes its next interrupt: then the hardware is asked whether the line is still
 * high. (GICv3 alone: a GICv2's interface is memory of the guest's.)
 */
void vgic_doubt(struct vcpu *v)
{
	if (gic.version != 3)
		return;
	v->vgic.doubtful = true;
	gic_hcr_write(ICH_HCR_EL2_EN | ICH_HCR_EL2_TALL1);
}

static bool is_low(const struct vcpu *v, u32 intid)
{
	return !(gic_pending_word(v->cpu->index, intid / 32) >> intid % 32 & 1);
}

bool vgic_settle(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;

	if (!vc->doubtful)
		return false;
	FOR_EACH_BIT (n, vc->lr_used) {
		u32 intid = vc->lr_intid[n];
		u64 lr = gic_lr_read(n);

		if (intid < GIC_SPI_BASE || !(lr & LR_HW) || (lr & LR_STATE) != LR_PENDING ||
		    vgic_bank(v, intid)->edge >> intid % 32 & 1 || !is_low(v, intid))
			continue;
		gic_lr_write(n, 0);
		gic_clear_active(v->cpu->index, intid);
	}
	vc->doubtful = false;
	gic_hcr_write(gic_hcr_read() & ~(u32)ICH_HCR_EL2_TALL1);
	return true;
}

bool vgic_inject_physical(struct vcpu *v, u32 intid)
{
	struct vgic_cpu *vc = &v->vgic;
	u64 lr;

	if (intid >= GIC_SPI_BASE)
		return vgic_inject_spi(v, intid);
	if (!v || !(vc->bank.hw >> intid & 1))
		return false;
	if (!(vc->direct >> intid & 1))
		return inject_private(v, intid);
	lr = private_lr(vc, intid, LR_HW | (u64)intid << 32);
	/* The timer, again and again: it was in LR0 and is not any more. */
	if (gic.version == 3 && vc->lr_used & 1 && vc->lr_intid[0] == intid) {
		vc->lr_state[0] = LR_PENDING >> 62;
		vc->lr_latched &= ~1U;
		write_sysreg(ICH_LR0_EL2, lr);
		return true;
	}
	return direct_physical(v, intid, lr);
}

/* SGIs alone, none of which needs more than an empty list register. */
static bool flush_direct(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	u32 incoming = atomic_load(&vc->incoming);

	if (!incoming || incoming & ~atomic_load(&vc->direct))
		return false;
	incoming = atomic_swap(&vc->incoming, 0);
	while (incoming) {
		u32 intid = lowest_bit(incoming);

		if (!(vc->direct >> intid & 1) || !vgic_direct(v, intid)) {
			atomic_or(&vc->incoming, incoming);
			return false;
		}
		incoming &= incoming - 1;
	}
	return true;
}

void vgic_flush(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	struct lock *lock = &v->partition->vgic.lock;

	if (!vc->loaded || flush_direct(v))
		return;
	if (!atomic_load(&vc->incoming) && !atomic_load_acquire(&vc->refill))
		return;
	lock_acquire(lock);
	vgic_refill(v);
	lock_release(lock);
}

void vgic_maintenance(struct vcpu *v)
{
	struct lock *lock = &v->partition->vgic.lock;

	if (!v->vgic.loaded)
		return; /* it has gone by: the list registers are empty */
	lock_acquire(lock);
	vgic_refill(v);
	lock_release(lock);
}

/* Physical PPIs that memory says are pending or active. */
static u32 held(const struct vgic_cpu *vc)
{
	return (vc->bank.pending | vc->bank.active) & vc->bank.hw;
}

void vgic_put(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	struct lock *lock = &v->partition->vgic.lock;

	lock_acquire(lock);
	vgic_fold_all(v);
	vc->loaded = false;
	/* The hardware's active state of a PPI belongs to the vCPU whose timer fired, and would
	 * block the next vCPU's timer. vgic_load() sets it again. */
	FOR_EACH_BIT (intid, held(vc))
		gic_clear_active(v->cpu->index, intid);
	lock_release(lock);
	gic_virt_save(&vc->virt);
}

void vgic_load(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	struct lock *lock = &v->partition->vgic.lock;

	gic_virt_restore(&vc->virt);
	lock_acquire(lock);
	vc->loaded = true;
	FOR_EACH_BIT (intid, held(vc))
		gic_set_active(v->cpu->index, intid);
	if (atomic_load(&vc->refill))
		vgic_refill(v);
	lock_release(lock);
}
