/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the PEs of a partition share: which interrupts are bound to events, and the
 * shared events (DEN0054C 5.1.12 to 5.1.15, 6.3). sdei/shared.c owns it; PEs are
 * indexes here, and what follows for interrupts and for PEs is the caller's to do. A
 * partition that binds nothing never gets here.
 *
 * A private binding is one atomic word, so that REGISTER and RELEASE on different
 * PEs need no lock: its INTID and how many PEs have the event registered or running.
 * Everything else is under lock.
 */
#pragma once

#include <lib/lock.h>
#include <sdei/event.h>
#include <sdei/pe.h>

#define SDEI_NOBODY 0xffffffffu

/*
 * A shared event's state; every field under the domain's lock. As with a private one,
 * running without registered is unregister-pending, and enabled or pending is never
 * without registered. The vCPU that runs it knows that itself: sdei_pe.shared.
 */
struct sdei_shared {
	struct sdei_handler handler;
	u32 intid; /* 0: the slot is not bound */
	bool registered, enabled, running, pending;
	u8 mode;     /* enum sdei_routing_mode */
	u32 target;  /* RM_PE: the PE */
	u32 offered; /* pending, RM_ANY: the PE that was asked first, or SDEI_NOBODY */
};

struct sdei_domain {
	bool on;        /* the partition has SDEI */
	u32 nr_private; /* slots for bindings: 0 to SDEI_NR_BOUND */
	u32 nr_shared;
	u64 binding[SDEI_NR_BOUND]; /* atomic: INTID in the high half, count in the low; 0: free */
	struct lock lock;
	struct sdei_shared *shared; /* nr_shared of them */
	u32 turn;                   /* the PE that is asked first next time */
	u32 reset_next;             /* SHARED_RESET: where its next part begins */
	long reset_result;          /* and its result, up to there */
};

/* The state of a shared event; slot is a valid one, from SDEI_SHARED. */
static inline struct sdei_shared *sdei_shared(const struct sdei_domain *d, u32 slot)
{
	return &d->shared[slot - SDEI_SHARED];
}

/* As at the start: a shared event, of a slot that is not bound; the domain but for those. Nothing
 * else uses it. */
void sdei_shared_reset(struct sdei_shared *s);
void sdei_domain_reset(struct sdei_domain *d);

/* ---- private bindings: any PE, no lock but for sdei_bind_private() ---- */

/* The slot that an interrupt is bound to, or SDEI_NO_SLOT. */
u32 sdei_private_of(const struct sdei_domain *d, u32 intid);
/* The interrupt that a slot is bound to, or 0. */
u32 sdei_private_intid(const struct sdei_domain *d, u32 slot);
/* Binds, the same interrupt always to the same slot: the event's number or
 * OUT_OF_RESOURCE. Under lock. */
long sdei_bind_private(struct sdei_domain *d, u32 intid);
/* Counts a PE in that is about to register the event; false: it is not bound. Bound it
 * stays until the last one has been counted out. */
bool sdei_get(struct sdei_domain *d, u32 slot);
void sdei_put(struct sdei_domain *d, u32 slot);
/* INTERRUPT_RELEASE: DENIED while a PE is counted in. */
long sdei_release_private(struct sdei_domain *d, u32 slot);

/* ---- shared events: under lock ---- */

u32 sdei_shared_of(const struct sdei_domain *d, u32 intid);
long sdei_bind_shared(struct sdei_domain *d, u32 intid);
long sdei_release_shared(struct sdei_shared *s);

/* The calls of DEN0054C 5.1; the handler, mode and target are valid. They return what
 * the guest gets. */
long sdei_shared_register(struct sdei_shared *s, const struct sdei_handler *handler,
			  enum sdei_routing_mode mode, u32 target);
long sdei_shared_enable(struct sdei_shared *s);
long sdei_shared_disable(struct sdei_shared *s);
long sdei_shared_unregister(struct sdei_shared *s);
long sdei_shared_status(const struct sdei_shared *s);
long sdei_shared_route(struct sdei_shared *s, enum sdei_routing_mode mode, u32 target);

/* It waits for a PE to take it. */
static inline bool sdei_shared_waits(const struct sdei_shared *s)
{
	return s->pending && s->enabled && !s->running;
}

/* Is it routed to that PE, alone or among others? */
static inline bool sdei_shared_is_for(const struct sdei_shared *s, u32 pe)
{
	return s->mode == SDEI_RM_ANY || s->target == pe;
}

/* Makes pe run the first event that waits for it, of which it returns the slot, or
 * SDEI_NO_SLOT. more: another one waits for it. */
u32 sdei_shared_begin(struct sdei_domain *d, u32 pe, bool *more);

/* Its handler is over. False: the event is not registered any more. */
bool sdei_shared_end(struct sdei_shared *s);
