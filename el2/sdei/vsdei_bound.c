/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDEI for guests: events of bound interrupts, private and shared, and which vCPU gets a shared
 * one. Lock: the domain's (el2/partition.h: sdei), held across a change of a shared event and of
 * its interrupt; the vGIC's is taken under it.
 *
 * Each vCPU that may take a waiting shared event has a bit for it, SDEI_PENDING_SHARED, so that it
 * need not read the events here to know that none waits. The bit is a hint: a vCPU clears it
 * before it looks for an event. The bit is in the word that says whether a PE is masked. So either
 * the CPU that sets the bit sees the PE masked, or the PE sees the bit when it unmasks. A PE that
 * is not masked is asked to look at once. If it cannot take the event then, the others are asked.
 * If none can, the event waits for the first vCPU that looks because it completes a handler or
 * unmasks.
 */
#include "vsdei_bound.h"
#include <arch/nospec.h>
#include <el2/partition.h>
#include <mm/pages.h>
#include <sdei/handler.h>

/* Shared events that one step, or call, resets. */
#define STEP_SLOTS 8

static struct sdei_domain *enter(struct partition *p)
{
	lock_acquire(&p->sdei.lock);
	return &p->sdei;
}

/* Ends what enter() began, with the result of a call. */
static long leave(struct sdei_domain *d, long result)
{
	lock_release(&d->lock);
	return result;
}

/* ---- private events ---- */

bool vsdei_bound_get(struct vcpu *v, u32 slot)
{
	return sdei_get(&v->partition->sdei, slot);
}

void vsdei_bound_take(struct vcpu *v, u32 slot)
{
	vgic_sdei_take(v, sdei_private_intid(&v->partition->sdei, slot));
}

void vsdei_bound_gone(struct vcpu *v, u32 slot)
{
	struct sdei_domain *d = &v->partition->sdei;

	vgic_sdei_release(v, sdei_private_intid(d, slot));
	sdei_put(d, slot);
}

void vsdei_bound_again(struct vcpu *v, u32 slot)
{
	vgic_sdei_again(v, sdei_private_intid(&v->partition->sdei, slot));
}

/* ---- which vCPU takes a shared event; lock held ---- */

/* Makes v look for the event; false: v is masked, and looks when it unmasks. */
static bool tell(struct vcpu *v)
{
	return !(atomic_or(&v->sdei.pending, SDEI_PENDING_SHARED) & SDEI_MASKED);
}

/* All are told, one of those that are not masked is asked: each in its turn. */
static void offer_to_any(struct partition *p, struct sdei_shared *s)
{
	struct sdei_domain *d = &p->sdei;
	u32 first = d->turn;

	s->offered = SDEI_NOBODY;
	for (u32 i = 0; i < p->nr_vcpus; i++) {
		u32 n = (first + i) % p->nr_vcpus;

		if (!tell(&p->vcpus[n]) || s->offered != SDEI_NOBODY)
			continue;
		s->offered = n;
		d->turn = n + 1;
		vcpu_request(&p->vcpus[n], REQ_SDEI);
	}
}

static void offer(struct partition *p, struct sdei_shared *s)
{
	if (!sdei_shared_waits(s))
		return;
	if (s->mode == SDEI_RM_ANY)
		offer_to_any(p, s);
	else if (tell(&p->vcpus[s->target]))
		vcpu_request(&p->vcpus[s->target], REQ_SDEI);
}

/* There may be something that the event waits for, or that waits for the event. */
static void look(struct partition *p, struct sdei_shared *s)
{
	if (s->enabled && !s->pending && !s->running)
		s->pending = vgic_sdei_raised(p, s->intid);
	offer(p, s);
}

static void ask_others(struct vcpu *v)
{
	struct partition *p = v->partition;

	for (u32 i = 0; i < p->nr_vcpus; i++)
		if (&p->vcpus[i] != v && tell(&p->vcpus[i]))
			vcpu_request(&p->vcpus[i], REQ_SDEI);
}

/* ---- delivery ---- */

bool vsdei_shared_enter(struct vcpu *v, u64 pstate)
{
	struct sdei_domain *d;
	bool more;
	u32 slot;

	atomic_andnot(&v->sdei.pending, SDEI_PENDING_SHARED);
	d = enter(v->partition);
	slot = sdei_shared_begin(d, v->index, &more);
	if (more)
		tell(v);
	lock_release(&d->lock);
	if (slot == SDEI_NO_SLOT)
		return false;
	/* No vCPU changes its handler while it runs. */
	sdei_enter_shared(&v->sdei, slot, &sdei_shared(d, slot)->handler, &v->regs, pstate);
	return true;
}

void vsdei_shared_pass(struct vcpu *v)
{
	struct sdei_domain *d = enter(v->partition);

	for (u32 i = 0; i < d->nr_shared; i++) {
		struct sdei_shared *s = &d->shared[i];

		if (!sdei_shared_waits(s) || s->mode != SDEI_RM_ANY || s->offered != v->index)
			continue;
		s->offered = SDEI_NOBODY;
		ask_others(v);
	}
	lock_release(&d->lock);
}

void vsdei_shared_over(struct vcpu *v, u32 slot)
{
	struct sdei_domain *d = enter(v->partition);
	struct sdei_shared *s = sdei_shared(d, slot);

	if (sdei_shared_end(s)) {
		vgic_sdei_again(v, s->intid);
		look(v->partition, s);
	} else {
		vgic_sdei_release(v, s->intid);
	}
	lock_release(&d->lock);
}

/* ---- interrupts ---- */

static bool private_interrupt(struct vcpu *v, u32 intid)
{
	u32 slot = v ? sdei_private_of(&v->partition->sdei, intid) : SDEI_NO_SLOT;

	if (slot == SDEI_NO_SLOT)
		return false;
	sdei_raise(&v->sdei, slot);
	vcpu_request(v, REQ_SDEI);
	return true;
}

static bool shared_interrupt(struct partition *p, u32 intid)
{
	struct sdei_domain *d = enter(p);
	u32 slot = sdei_shared_of(d, intid);
	bool registered = slot != SDEI_NO_SLOT && sdei_shared(d, slot)->registered;

	if (registered) {
		sdei_shared(d, slot)->pending = true;
		offer(p, sdei_shared(d, slot));
	}
	lock_release(&d->lock);
	return registered;
}

bool vsdei_interrupt(struct vcpu *current, u32 intid)
{
	struct partition *p;

	if (intid < GIC_SPI_BASE)
		return private_interrupt(current, intid);
	p = vgic_spi_owner(intid);
	return p && shared_interrupt(p, intid);
}

/* ---- calls: binding ---- */

/* DEN0054C 5.1.13. A bound interrupt is bound again, in whatever state it is. */
long vsdei_bind(struct vcpu *v, u32 intid)
{
	enum vgic_bindable found;
	struct sdei_domain *d;
	bool private, bound;

	/* What is too large becomes SGI 0, which cannot be bound. */
	intid = (u32)index_nospec(intid, v->partition->vgic.nr_intids);
	found = vgic_bindable(v, intid);
	private = intid < GIC_SPI_BASE;
	if (found == VGIC_NOT_YOURS)
		return SDEI_INVALID_PARAMETERS;
	d = enter(v->partition);
	bound = (private ? sdei_private_of(d, intid) : sdei_shared_of(d, intid)) != SDEI_NO_SLOT;
	if (!bound && found == VGIC_NOT_IDLE)
		return leave(d, SDEI_DENIED);
	return leave(d, private ? sdei_bind_private(d, intid) : sdei_bind_shared(d, intid));
}

/* The guest has it back disabled and inactive, whatever it did with it before it could
 * register. */
long vsdei_release(struct vcpu *v, u32 slot)
{
	struct sdei_domain *d = enter(v->partition);
	bool private = slot < SDEI_SHARED;
	u32 intid = private ? sdei_private_intid(d, slot) : sdei_shared(d, slot)->intid;
	long result =
	    private ? sdei_release_private(d, slot) : sdei_release_shared(sdei_shared(d, slot));

	if (result == SDEI_SUCCESS) {
		vgic_sdei_take(v, intid);
		vgic_sdei_release(v, intid);
	}
	return leave(d, result);
}

/* ---- calls: shared events ---- */

/* A routing mode and an affinity as arguments: what vCPU RM_PE means. */
static bool find_target(struct vcpu *v, u64 mode, u64 affinity, u32 *target)
{
	const struct vcpu *to;

	*target = SDEI_NOBODY;
	if (mode == SDEI_RM_ANY)
		return true;
	to = mode == SDEI_RM_PE ? partition_vcpu(v->partition, affinity) : NULL;
	if (to)
		*target = to->index;
	return to != NULL;
}

long vsdei_shared_register(struct vcpu *v, u32 slot, const struct sdei_handler *handler, u64 flags,
			   u64 affinity)
{
	u64 mode = flags & SDEI_REGISTER_RM_PE ? SDEI_RM_PE : SDEI_RM_ANY;
	struct sdei_domain *d;
	struct sdei_shared *s;
	u32 target;
	long result;

	if (!find_target(v, mode, affinity, &target))
		return SDEI_INVALID_PARAMETERS;
	d = enter(v->partition);
	s = sdei_shared(d, slot);
	result = sdei_shared_register(s, handler, (enum sdei_routing_mode)mode, target);
	if (result == SDEI_SUCCESS) {
		vgic_sdei_take(v, s->intid);
		vgic_sdei_here(v->partition, s->intid);
	}
	return leave(d, result);
}

long vsdei_shared_enable(struct vcpu *v, u32 slot)
{
	struct sdei_domain *d = enter(v->partition);
	struct sdei_shared *s = sdei_shared(d, slot);
	long result = sdei_shared_enable(s);

	if (result == SDEI_SUCCESS) {
		vgic_sdei_enable(v->partition, s->intid, true);
		look(v->partition, s);
	}
	return leave(d, result);
}

long vsdei_shared_disable(struct vcpu *v, u32 slot)
{
	struct sdei_domain *d = enter(v->partition);
	struct sdei_shared *s = sdei_shared(d, slot);
	long result = sdei_shared_disable(s);

	if (result == SDEI_SUCCESS)
		vgic_sdei_enable(v->partition, s->intid, false);
	return leave(d, result);
}

static long unregister(struct vcpu *v, struct sdei_shared *s)
{
	long result = sdei_shared_unregister(s);

	if (result == SDEI_SUCCESS)
		vgic_sdei_release(v, s->intid);
	return result;
}

long vsdei_shared_unregister(struct vcpu *v, u32 slot)
{
	struct sdei_domain *d = enter(v->partition);

	return leave(d, unregister(v, sdei_shared(d, slot)));
}

long vsdei_shared_status(struct vcpu *v, u32 slot)
{
	struct sdei_domain *d = enter(v->partition);

	return leave(d, sdei_shared_status(sdei_shared(d, slot)));
}

static long info_of(const struct partition *p, const struct sdei_shared *s, enum sdei_info info)
{
	if (!s->registered)
		return SDEI_DENIED;
	if (info == SDEI_INFO_ROUTING_MODE)
		return s->mode;
	return s->mode == SDEI_RM_PE ? (long)p->vcpus[s->target].mpidr : SDEI_INVALID_PARAMETERS;
}

long vsdei_shared_info(struct vcpu *v, u32 slot, enum sdei_info info)
{
	struct sdei_domain *d = enter(v->partition);

	return leave(d, info_of(v->partition, sdei_shared(d, slot), info));
}

long vsdei_routing_set(struct vcpu *v, u32 slot, u64 mode, u64 affinity)
{
	struct sdei_domain *d;
	struct sdei_shared *s;
	u32 target;
	long result;

	if (!find_target(v, mode, affinity, &target))
		return SDEI_INVALID_PARAMETERS;
	d = enter(v->partition);
	s = sdei_shared(d, slot);
	result = sdei_shared_route(s, (enum sdei_routing_mode)mode, target);
	if (result == SDEI_SUCCESS)
		vgic_sdei_here(v->partition, s->intid);
	return leave(d, result);
}

static void release_private(struct sdei_domain *d)
{
	for (u32 i = 0; i < d->nr_private; i++)
		if (sdei_release_private(d, SDEI_BOUND + i) == SDEI_DENIED)
			d->reset_result = SDEI_DENIED;
}

/* 5.1.15, some events a time: all are unregistered, then all released; bindings are kept if a
 * handler runs. */
static bool reset_some(struct vcpu *v, struct sdei_domain *d)
{
	u32 part = d->reset_next < d->nr_shared ? d->nr_shared : 2 * d->nr_shared;
	u32 end = MIN(d->reset_next + STEP_SLOTS, part);

	if (!d->reset_next)
		d->reset_result = SDEI_SUCCESS;
	for (; d->reset_next < end; d->reset_next++) {
		if (d->reset_next >= d->nr_shared)
			(void)sdei_release_shared(&d->shared[d->reset_next - d->nr_shared]);
		else if (unregister(v, &d->shared[d->reset_next]) == SDEI_PENDING)
			d->reset_result = SDEI_DENIED;
	}
	if (d->reset_next == d->nr_shared && d->reset_result != SDEI_SUCCESS)
		return true;
	if (d->reset_next < 2 * d->nr_shared)
		return false;
	release_private(d);
	return true;
}

bool vsdei_shared_reset(struct vcpu *v, long *result)
{
	struct sdei_domain *d = enter(v->partition);
	bool complete = reset_some(v, d);

	*result = d->reset_result;
	if (complete)
		d->reset_next = 0;
	lock_release(&d->lock);
	return complete;
}

/* ---- life ---- */

/* vgic.sdei_line_rises */
static void sdei_line_rises(struct partition *p, u32 intid)
{
	struct sdei_domain *d = enter(p);
	u32 slot = sdei_shared_of(d, intid);

	if (slot != SDEI_NO_SLOT)
		look(p, sdei_shared(d, slot));
	lock_release(&d->lock);
}

enum err vsdei_bound_create(struct partition *p)
{
	const struct partition_config *c = p->config;
	struct sdei_domain *d = &p->sdei;

	d->nr_private = c->sdei ? MIN((u32)c->sdei_private_slots, (u32)SDEI_NR_BOUND) : 0;
	d->nr_shared = c->sdei ? c->sdei_shared_slots : 0;
	if (d->nr_shared) {
		d->shared = boot_alloc(d->nr_shared * sizeof(*d->shared), 8);
		if (!d->shared)
			return ERR_NO_MEMORY;
	}
	for (u32 i = 0; i < d->nr_shared; i++)
		sdei_shared_reset(&d->shared[i]);
	sdei_domain_reset(d);
	p->vgic.sdei_line_rises = sdei_line_rises;
	return OK;
}

/* Each vCPU has given back its private interrupts when it was reset. */
bool vsdei_bound_reset(struct partition *p, u32 *next)
{
	struct sdei_domain *d = enter(p);
	u32 end = MIN(*next + STEP_SLOTS, d->nr_shared);

	for (; *next < end; (*next)++) {
		struct sdei_shared *s = &d->shared[*next];

		if (s->registered || s->running)
			vgic_sdei_release(&p->vcpus[0], s->intid);
		sdei_shared_reset(s);
	}
	if (end == d->nr_shared)
		sdei_domain_reset(d);
	lock_release(&d->lock);
	return end == d->nr_shared;
}
