/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a vCPU's own CPU does on the way in and out: the short way into a list
 * register, without lock and memory, and the calls that see to everything else
 * (vgic_lr.c) when the short way is not enough or the vCPU changes.
 */
#include <el2/vgic_state.h>

/* ---- without lock ---- */

int vgic_free_lr(struct vgic_cpu *vc)
{
	u32 all = (u32)BIT(gic.nr_lrs) - 1;

	if ((vc->lr_used & all) == all)
		FOR_EACH_BIT (n, all & ~vc->lr_eoi)
			if (!(gic_lr_read(n) & LR_STATE))
				vc->lr_used &= ~(1U << n);
	return (vc->lr_used & all) == all ? -1 : (int)vgic_lowest(all & ~vc->lr_used);
}

/* Any list register, any state that it is in. */
static __attribute__((noinline)) bool straight_anywhere(struct vcpu *v, u32 intid, u64 lr)
{
	struct vgic_cpu *vc = &v->vgic;
	u32 n = vc->lr_of[intid];

	/* Back to where it was last time, most often: then nothing needs searching,
	 * and it cannot be in two places. */
	if (!(vc->lr_used >> n & 1) || vc->lr_intid[n] != intid) {
		int free = vgic_free_lr(vc);

		if (free < 0)
			return false;
		n = (u32)free;
		vc->lr_of[intid] = (u8)n;
		vc->lr_intid[n] = (u16)intid;
		vc->lr_used |= 1U << n;
	} else if (!(lr & LR_HW)) { /* the hardware keeps those that are active away */
		lr |= gic_lr_read(n) & LR_STATE;
		if (vc->lr_eoi >> n & 1)
			lr |= LR_EOI;
	}
	vc->lr_latched &= ~(1U << n);
	vc->lr_state[n] = (u8)(lr >> 62);
	gic_lr_write(n, lr);
	return true;
}

bool vgic_straight(struct vcpu *v, u32 intid, u64 flags)
{
	struct vgic_cpu *vc = &v->vgic;
	u64 lr = intid | (u64)vc->priority[intid] << 48 | flags | LR_PENDING |
		 (u64)(vc->word.group >> intid & 1) << 60;

	/* The timer, again and again: it was in the first and is not any more. */
	if (flags & LR_HW && gic.version == 3 && vc->lr_intid[0] == intid && !vc->lr_of[intid] &&
	    vc->lr_used & 1 && !vc->lr_latched) {
		vc->lr_state[0] = LR_PENDING >> 62;
		write_sysreg(ICH_LR0_EL2, lr);
		return true;
	}
	return straight_anywhere(v, intid, lr);
}

/* SGIs alone, none of which needs more than an empty list register. */
static bool flush_straight(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	u32 incoming = atomic_load(&vc->incoming);

	if (!incoming || incoming & ~atomic_load(&vc->straight))
		return false;
	incoming = atomic_swap(&vc->incoming, 0);
	FOR_EACH_BIT (intid, incoming)
		if (!(vc->straight >> intid & 1) || !vgic_straight(v, intid, 0)) {
			atomic_or(&vc->incoming, left_);
			return false;
		}
	return true;
}

void vgic_flush(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	struct lock *lock = &v->partition->vgic.lock;

	if (!vc->loaded || flush_straight(v))
		return;
	if (!atomic_load(&vc->incoming) && !atomic_load_acquire(&vc->resample))
		return;
	lock_take(lock);
	vgic_resample(v);
	lock_drop(lock);
}

void vgic_maintenance(struct vcpu *v)
{
	struct lock *lock = &v->partition->vgic.lock;

	if (!v->vgic.loaded) {
		gic_hcr_write(0);
		return;
	}
	lock_take(lock);
	vgic_resample(v);
	lock_drop(lock);
}

void vgic_put(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	struct lock *lock = &v->partition->vgic.lock;
	u32 held;

	lock_take(lock);
	vgic_fold_all(v);
	vc->loaded = false;
	held = (vc->word.pending | vc->word.active) & vc->word.hw;
	/* The hardware's active state of a PPI belongs to the vCPU whose timer fired:
	 * the next one must hear its own. place() sets it again. */
	FOR_EACH_BIT (intid, held)
		gic_clear_active(v->cpu->index, intid);
	atomic_store(&vc->resample, 1);
	lock_drop(lock);
	gic_virt_save(&vc->virt);
	gic_hcr_write(0);
}

void vgic_load(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->vgic;
	struct lock *lock = &v->partition->vgic.lock;

	gic_virt_restore(&vc->virt);
	gic_hcr_write(ICH_HCR_EL2_EN);
	lock_take(lock);
	vc->loaded = true;
	/* Held PPIs that stay in memory (disabled) are held in hardware too. */
	FOR_EACH_BIT (intid, (vc->word.pending | vc->word.active) & vc->word.hw)
		gic_set_active(v->cpu->index, intid);
	lock_drop(lock);
	vgic_flush(v);
}
