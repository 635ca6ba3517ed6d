/* SPDX-License-Identifier: Apache-2.0 */
/* What mm/pager.c and mm/pager_ring.c share: the memory that the pager sees. */
#pragma once

#include <mm/pager.h>

/* Writes the offer; session is written last. */
void pager_ring_offer(const struct pager *p);

/* For a restart of the pager's partition: clears the old hello, and writes the offer. */
void pager_ring_renew(const struct pager *p);

/* A slot's data. */
void *pager_ring_data(const struct pager *p, u32 slot);

/* The slot that the id of a completion names. NULL if the id is not that of the slot's last
 * request, or that request is not in flight. */
struct pager_slot *pager_ring_find(const struct pager *p, u32 id);

/* Publishes a request for a slot, under a new id. */
void pager_ring_ask(struct pager *p, struct pager_slot *s, enum tocsin_pager_op op);

/* State of the hello. */
enum pager_hello {
	HELLO_HEARD, /* accepted before: the rings are in use */
	HELLO_NONE,  /* there is no pager, or its version is not supported */
	HELLO_AGAIN, /* the pager begins a session: *h */
};
enum pager_hello pager_ring_hello(const struct pager *p, struct tocsin_pager_hello *h);

/* Is a completion of s still to come? */
static inline bool pager_ring_owes(const struct pager *p, const struct pager_slot *s)
{
	return s->owed && s->hello == p->hello;
}

/* Begins a session: the rings are empty, and older requests are no longer in flight. */
void pager_ring_begin(struct pager *p, u32 session);

/* Tells the pager that its session has begun: the repeated requests are in the ring. */
void pager_ring_begun(struct pager *p);

/* Number of completions not taken yet. The pager may write any number: more than there are slots is
 * invalid. */
u32 pager_ring_answers(const struct pager *p);

/* Takes a completion. */
struct tocsin_pager_completion pager_ring_take(struct pager *p);
