/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes of the memory shared with a pager. The pager may write to all of it at any time.
 * Therefore each of its words is read only once, and Tocsin's own words are never read. Lock: as in
 * mm/pager.c.
 */
#include "pager_ring.h"
#include <arch/barrier.h>
#include <lib/atomic.h>
#include <lib/bits.h>
#include <lib/layout.h>

/* abi/pager.h, which the pager sees */
LAYOUT(struct tocsin_pager_offer, magic, 0);
LAYOUT(struct tocsin_pager_offer, version, 4);
LAYOUT(struct tocsin_pager_offer, slots, 8);
LAYOUT(struct tocsin_pager_offer, page_size, 12);
LAYOUT(struct tocsin_pager_offer, pages, 16);
LAYOUT(struct tocsin_pager_offer, session, 20);
LAYOUT(struct tocsin_pager_offer, produced, 24);
LAYOUT_SIZE(struct tocsin_pager_offer, 28);
LAYOUT(struct tocsin_pager_hello, version, 0);
LAYOUT(struct tocsin_pager_hello, latency_us, 4);
LAYOUT(struct tocsin_pager_hello, keeps, 8);
LAYOUT(struct tocsin_pager_hello, session, 12);
LAYOUT(struct tocsin_pager_hello, produced, 16);
LAYOUT_SIZE(struct tocsin_pager_hello, 20);
LAYOUT(struct tocsin_pager_request, id, 0);
LAYOUT(struct tocsin_pager_request, op, 4);
LAYOUT(struct tocsin_pager_request, page, 8);
LAYOUT(struct tocsin_pager_request, epoch, 12);
LAYOUT_SIZE(struct tocsin_pager_request, 16);
LAYOUT(struct tocsin_pager_completion, id, 0);
LAYOUT(struct tocsin_pager_completion, status, 4);
LAYOUT_SIZE(struct tocsin_pager_completion, sizeof(u64)); /* it is read at once */
/* The areas of the channel do not overlap. */
REQUIRE(TOCSIN_PAGER_OFFER + sizeof(struct tocsin_pager_offer) <= TOCSIN_PAGER_HELLO);
REQUIRE(TOCSIN_PAGER_HELLO + sizeof(struct tocsin_pager_hello) <= TOCSIN_PAGER_REQUESTS);
REQUIRE(TOCSIN_PAGER_REQUESTS + TOCSIN_PAGER_MAX_SLOTS * sizeof(struct tocsin_pager_request) <=
	TOCSIN_PAGER_COMPLETIONS);
REQUIRE(TOCSIN_PAGER_COMPLETIONS +
	    TOCSIN_PAGER_MAX_SLOTS * sizeof(struct tocsin_pager_completion) <=
	TOCSIN_PAGER_SLOTS);
REQUIRE(TOCSIN_PAGER_SLOT(~0U) == TOCSIN_PAGER_MAX_SLOTS - 1);
POWER_OF_TWO(TOCSIN_PAGER_MAX_SLOTS);

#define GENERATION_SHIFT 8

static void *at(const struct pager *p, u32 offset)
{
	return (u8 *)p->config.shared + offset;
}

static struct tocsin_pager_offer *offer(const struct pager *p)
{
	return at(p, TOCSIN_PAGER_OFFER);
}

static struct tocsin_pager_hello *hello(const struct pager *p)
{
	return at(p, TOCSIN_PAGER_HELLO);
}

void *pager_ring_data(const struct pager *p, u32 slot)
{
	return at(p, TOCSIN_PAGER_SLOTS + slot * TOCSIN_PAGER_PAGE_SIZE);
}

void pager_ring_offer(const struct pager *p)
{
	struct tocsin_pager_offer *o = offer(p);

	atomic_store(&o->magic, TOCSIN_PAGER_MAGIC);
	atomic_store(&o->version, TOCSIN_PAGER_VERSION);
	atomic_store(&o->slots, p->config.slots);
	atomic_store(&o->page_size, TOCSIN_PAGER_PAGE_SIZE);
	atomic_store(&o->pages, p->config.nr_pages);
	atomic_store(&o->produced, p->produced);
	atomic_store_release(&o->session, p->session);
}

void pager_ring_renew(const struct pager *p)
{
	atomic_store(&hello(p)->session, 0);
	pager_ring_offer(p);
}

/* ---- requests ---- */

static u32 id_of(const struct pager *p, const struct pager_slot *s)
{
	return (u32)(s - p->slots) | s->generation << GENERATION_SHIFT;
}

struct pager_slot *pager_ring_find(const struct pager *p, u32 id)
{
	struct pager_slot *s = &p->slots[TOCSIN_PAGER_SLOT(id) & (p->config.slots - 1)];

	return pager_ring_owes(p, s) && id_of(p, s) == id ? s : NULL;
}

void pager_ring_ask(struct pager *p, struct pager_slot *s, enum tocsin_pager_op op)
{
	struct tocsin_pager_request *ring = at(p, TOCSIN_PAGER_REQUESTS);

	s->generation++;
	s->hello = p->hello;
	s->owed = true;
	ring[p->produced & (p->config.slots - 1)] = (struct tocsin_pager_request){
	    .id = id_of(p, s), .op = op, .page = s->page, .epoch = p->epoch};
	atomic_store_release(&offer(p)->produced, ++p->produced);
	atomic_store_release(&p->ring, true);
}

/* ---- sessions ---- */

enum pager_hello pager_ring_hello(const struct pager *p, struct tocsin_pager_hello *h)
{
	h->session = atomic_load_acquire(&hello(p)->session);
	if (h->session == p->session)
		return h->session ? HELLO_HEARD : HELLO_NONE;
	h->version = atomic_load(&hello(p)->version);
	h->latency_us = atomic_load(&hello(p)->latency_us);
	h->keeps = atomic_load(&hello(p)->keeps);
	return h->session && h->version && h->version <= TOCSIN_PAGER_VERSION ? HELLO_AGAIN
									      : HELLO_NONE;
}

void pager_ring_begin(struct pager *p, u32 session)
{
	p->session = session;
	p->hello++;
	p->produced = 0;
	p->consumed = 0;
}

void pager_ring_begun(struct pager *p)
{
	pager_ring_offer(p);
	atomic_store_release(&p->ring, true);
}

/* ---- completions ---- */

u32 pager_ring_answers(const struct pager *p)
{
	return atomic_load_acquire(&hello(p)->produced) - p->consumed;
}

struct tocsin_pager_completion pager_ring_take(struct pager *p)
{
	const u64 *ring = at(p, TOCSIN_PAGER_COMPLETIONS);
	u64 entry = atomic_load(&ring[p->consumed++ & (p->config.slots - 1)]);

	return (struct tocsin_pager_completion){.id = (u32)entry, .status = (u32)(entry >> 32)};
}
