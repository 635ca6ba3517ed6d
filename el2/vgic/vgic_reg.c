/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers that a GICv2 distributor, a GICv3 distributor and a redistributor's
 * SGI_base frame have in common, at the same offsets: one table, indexed by offset
 * in blocks of 128 bytes. Word 0 of the registers is the private interrupts', which
 * a GICv3 distributor does not have.
 *
 * Widths (IHI0069 12.1.3): IPRIORITYR by byte and word (halfwords are let through),
 * everything else by word. Anything else, and anything reserved, reads as zero and
 * ignores writes.
 */
#include "vgic_state.h"
#include <arch/nospec.h>

#define BLOCK_SHIFT 7
#define NR_BLOCKS (GICD_IPRIORITYR >> BLOCK_SHIFT)

/* A register with one bit per interrupt. */
struct bit_reg {
	u32 (*read)(const struct vgic_ref *ref);
	void (*write)(const struct vgic_ref *ref, u32 bits);
	enum { STATE_NOT, STATE_FOLDS } state; /* pending and active: list registers matter */
};

static u32 read_group(const struct vgic_ref *ref)
{
	return ref->w->group & ref->w->visible;
}

static u32 read_enabled(const struct vgic_ref *ref)
{
	return ref->w->enabled;
}

/* GICv2's SGIs are pended and unpended by SGIR and [CS]PENDSGIR only. */
static u32 pendable(const struct vgic_ref *ref, u32 bits)
{
	return gic.version == 2 && !ref->first ? bits & ~0xffffU : bits;
}

static void write_set_pending(const struct vgic_ref *ref, u32 bits)
{
	vgic_set_pending(ref, pendable(ref, bits));
}

static void write_clear_pending(const struct vgic_ref *ref, u32 bits)
{
	vgic_clear_pending(ref, pendable(ref, bits));
}

static const struct bit_reg bit_regs[NR_BLOCKS] = {
    [GICD_IGROUPR >> BLOCK_SHIFT] = {read_group, vgic_set_group, STATE_NOT},
    [GICD_ISENABLER >> BLOCK_SHIFT] = {read_enabled, vgic_set_enabled, STATE_NOT},
    [GICD_ICENABLER >> BLOCK_SHIFT] = {read_enabled, vgic_clear_enabled, STATE_NOT},
    [GICD_ISPENDR >> BLOCK_SHIFT] = {vgic_read_pending, write_set_pending, STATE_FOLDS},
    [GICD_ICPENDR >> BLOCK_SHIFT] = {vgic_read_pending, write_clear_pending, STATE_FOLDS},
    [GICD_ISACTIVER >> BLOCK_SHIFT] = {vgic_read_active, vgic_set_active, STATE_FOLDS},
    [GICD_ICACTIVER >> BLOCK_SHIFT] = {vgic_read_active, vgic_clear_active, STATE_FOLDS},
};

/* The interrupts that word n shows; false if there are none. */
static inline bool make_ref(struct vgic_ref *ref, struct vcpu *v, struct vcpu *owner, u64 n)
{
	struct partition *p = v->partition;

	if (n ? owner && gic.version == 3 : !owner)
		return false;
	if (!index_check(&n, p->vgic.nr_intids / 32))
		return false;
	*ref = (struct vgic_ref){v, p, n ? NULL : owner, n ? &p->vgic.banks[n] : &owner->vgic.bank,
				 (u32)n * 32};
	return true;
}

static bool settled(const struct bit_reg *reg, const struct vgic_ref *ref, u32 offset)
{
	u64 owner = ref->owner ? ref->owner->index + 1UL : 0;

	if (reg->state == STATE_NOT)
		return true;
	vgic_fold_own(ref);
	return vgic_settled(ref, owner << 32 | offset);
}

static enum mmio_result access_bits(struct vcpu *v, struct vcpu *owner, u32 offset,
				    struct mmio_access *a)
{
	const struct bit_reg *reg = &bit_regs[(offset >> BLOCK_SHIFT) % NR_BLOCKS];
	struct lock *lock = &v->partition->vgic.lock;
	enum mmio_result result = MMIO_DONE;
	struct vgic_ref ref;

	if (!reg->read || a->size != 4 ||
	    !make_ref(&ref, v, owner, offset % (1 << BLOCK_SHIFT) / 4))
		return MMIO_DONE;
	if (!a->write && reg->state == STATE_NOT) { /* one word, which needs no lock */
		a->value = reg->read(&ref);
		return MMIO_DONE;
	}
	lock_acquire(lock);
	if (!settled(reg, &ref, offset))
		result = MMIO_RETRY;
	else if (a->write)
		reg->write(&ref, (u32)a->value & ref.w->visible);
	else
		a->value = reg->read(&ref);
	lock_release(lock);
	return result;
}

/* One byte per interrupt, any number of them at once. */
static void access_priority(const struct vgic_ref *ref, u32 offset, struct mmio_access *a)
{
	u32 bit = offset % 32;

	for (u32 i = 0; i < MIN(a->size, 4); i++) {
		if (a->write)
			vgic_set_priority(ref, bit + i, (u8)(a->value >> i * 8));
		else
			a->value |= (u64)(ref->owner ? ref->owner->vgic.priority[bit + i]
						     : ref->p->vgic.priority[ref->first + bit + i])
				    << i * 8;
	}
}

/* Two bits per interrupt, of which the upper says edge; SGIs' are fixed. */
static void access_config(const struct vgic_ref *ref, u32 offset, struct mmio_access *a)
{
	u32 shift = offset & 4 ? 16 : 0;
	u32 edge = 0;

	if (!a->write) {
		FOR_EACH_BIT (bit, (ref->w->edge & ref->w->visible) >> shift & 0xffff)
			a->value |= 2UL << bit * 2;
		return;
	}
	if (!ref->first && !shift)
		return;
	for (u32 bit = 0; bit < 16; bit++)
		edge |= (u32)(a->value >> (bit * 2 + 1) & 1) << bit;
	vgic_set_edge(ref, 0xffffU << shift, edge << shift);
}

static void access_fields(struct vcpu *v, struct vcpu *owner, u32 offset, struct mmio_access *a)
{
	struct lock *lock = &v->partition->vgic.lock;
	struct vgic_ref ref;

	lock_acquire(lock);
	if (offset < GICD_ITARGETSR) {
		if (a->size <= 4 && make_ref(&ref, v, owner, (offset - GICD_IPRIORITYR) / 32))
			access_priority(&ref, offset, a);
	} else if (offset >= GICD_ICFGR && offset < GICD_IGRPMODR) {
		if (a->size == 4 && make_ref(&ref, v, owner, (offset - GICD_ICFGR) / 8))
			access_config(&ref, offset, a);
	}
	lock_release(lock);
}

enum mmio_result vgic_bank_access(struct vcpu *v, struct vcpu *owner, u32 offset,
				  struct mmio_access *a)
{
	if (offset < GICD_IPRIORITYR)
		return access_bits(v, owner, offset, a);
	access_fields(v, owner, offset, a);
	return MMIO_DONE;
}

bool vgic_writes_pending(struct vcpu *v)
{
	struct partition *p = v->partition;

	for (u32 i = 0; i < p->nr_vcpus; i++) {
		struct vcpu *other = &p->vcpus[i];

		if (other != v && other->vgic.loaded && atomic_load(&other->vgic.refill))
			return true;
	}
	return false;
}
