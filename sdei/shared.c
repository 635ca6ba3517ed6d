/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bindings, and the state machine of shared events: that of DEN0054C 6.1 once for a
 * whole partition. Lock: the domain's, which the caller holds; a private binding is an
 * atomic word of its own.
 */
#include <lib/atomic.h>
#include <lib/bits.h>
#include <sdei/domain.h>

#define BINDING_COUNT GENMASK(31, 0)

void sdei_shared_reset(struct sdei_shared *s)
{
	*s = (struct sdei_shared){.offered = SDEI_NOBODY};
}

void sdei_domain_reset(struct sdei_domain *d)
{
	for (u32 i = 0; i < d->nr_private; i++)
		atomic_store(&d->binding[i], 0);
	d->turn = d->reset_next = 0;
}

/* ---- private bindings ---- */

static inline u32 intid_of(u64 binding)
{
	return (u32)(binding >> 32);
}

u32 sdei_private_intid(const struct sdei_domain *d, u32 slot)
{
	return intid_of(atomic_load(&d->binding[slot - SDEI_BOUND]));
}

u32 sdei_private_of(const struct sdei_domain *d, u32 intid)
{
	for (u32 i = 0; i < d->nr_private; i++)
		if (intid_of(atomic_load(&d->binding[i])) == intid)
			return SDEI_BOUND + i;
	return SDEI_NO_SLOT;
}

/* Only this makes a free word a bound one, and so needs no exchange. */
long sdei_bind_private(struct sdei_domain *d, u32 intid)
{
	u32 slot = sdei_private_of(d, intid);

	for (u32 i = 0; slot == SDEI_NO_SLOT && i < d->nr_private; i++) {
		if (atomic_load(&d->binding[i]))
			continue;
		slot = SDEI_BOUND + i;
		atomic_store_release(&d->binding[i], (u64)intid << 32);
	}
	return slot == SDEI_NO_SLOT ? SDEI_OUT_OF_RESOURCE : (long)sdei_number(slot);
}

bool sdei_get(struct sdei_domain *d, u32 slot)
{
	u64 *binding = &d->binding[slot - SDEI_BOUND];
	u64 old;

	do {
		old = atomic_load(binding);
		if (!old)
			return false;
	} while (!atomic_cas(binding, old, old + 1));
	return true;
}

void sdei_put(struct sdei_domain *d, u32 slot)
{
	atomic_sub(&d->binding[slot - SDEI_BOUND], 1);
}

/* Against a REGISTER at the same time exactly one of the two exchanges succeeds. */
long sdei_release_private(struct sdei_domain *d, u32 slot)
{
	u64 *binding = &d->binding[slot - SDEI_BOUND];
	u64 old;

	do {
		old = atomic_load(binding);
		if (!old)
			return SDEI_INVALID_PARAMETERS;
		if (old & BINDING_COUNT)
			return SDEI_DENIED;
	} while (!atomic_cas(binding, old, 0));
	return SDEI_SUCCESS;
}

/* ---- shared bindings ---- */

u32 sdei_shared_of(const struct sdei_domain *d, u32 intid)
{
	for (u32 i = 0; i < d->nr_shared; i++)
		if (d->shared[i].intid == intid)
			return SDEI_SHARED + i;
	return SDEI_NO_SLOT;
}

long sdei_bind_shared(struct sdei_domain *d, u32 intid)
{
	u32 slot = sdei_shared_of(d, intid);

	if (slot == SDEI_NO_SLOT)
		slot = sdei_shared_of(d, 0);
	if (slot == SDEI_NO_SLOT)
		return SDEI_OUT_OF_RESOURCE;
	sdei_shared(d, slot)->intid = intid;
	return sdei_number(slot);
}

long sdei_release_shared(struct sdei_shared *s)
{
	if (!s->intid)
		return SDEI_INVALID_PARAMETERS;
	if (s->registered || s->running)
		return SDEI_DENIED;
	s->intid = 0;
	return SDEI_SUCCESS;
}

/* ---- calls on shared events ---- */

static void set_route(struct sdei_shared *s, enum sdei_routing_mode mode, u32 target)
{
	s->mode = (u8)mode;
	s->target = mode == SDEI_RM_PE ? target : SDEI_NOBODY;
}

long sdei_shared_register(struct sdei_shared *s, const struct sdei_handler *handler,
			  enum sdei_routing_mode mode, u32 target)
{
	if (!s->intid || s->registered || s->running)
		return SDEI_DENIED;
	s->handler = *handler;
	s->registered = true;
	set_route(s, mode, target);
	return SDEI_SUCCESS;
}

long sdei_shared_enable(struct sdei_shared *s)
{
	if (!s->registered)
		return SDEI_DENIED;
	s->enabled = true;
	return SDEI_SUCCESS;
}

long sdei_shared_disable(struct sdei_shared *s)
{
	if (!s->registered)
		return SDEI_DENIED;
	s->enabled = false;
	return SDEI_SUCCESS;
}

long sdei_shared_unregister(struct sdei_shared *s)
{
	if (!s->registered && !s->running)
		return SDEI_DENIED;
	s->registered = s->enabled = s->pending = false;
	return s->running ? SDEI_PENDING : SDEI_SUCCESS;
}

long sdei_shared_status(const struct sdei_shared *s)
{
	return (long)((s->registered ? SDEI_STATUS_REGISTERED : 0) |
		      (s->enabled ? SDEI_STATUS_ENABLED : 0) |
		      (s->running ? SDEI_STATUS_RUNNING : 0));
}

long sdei_shared_route(struct sdei_shared *s, enum sdei_routing_mode mode, u32 target)
{
	if (!s->registered || s->enabled || s->running)
		return SDEI_DENIED;
	set_route(s, mode, target);
	return SDEI_SUCCESS;
}

/* ---- handlers ---- */

u32 sdei_shared_begin(struct sdei_domain *d, u32 pe, bool *more)
{
	u32 slot = SDEI_NO_SLOT;

	*more = false;
	for (u32 i = 0; i < d->nr_shared; i++) {
		struct sdei_shared *s = &d->shared[i];

		if (!sdei_shared_waits(s) || !sdei_shared_is_for(s, pe))
			continue;
		if (slot != SDEI_NO_SLOT) {
			*more = true;
			break;
		}
		slot = SDEI_SHARED + i;
		s->pending = false;
		s->running = true;
	}
	return slot;
}

bool sdei_shared_end(struct sdei_shared *s)
{
	s->running = false;
	return s->registered;
}
