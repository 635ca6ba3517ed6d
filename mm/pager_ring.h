/* SPDX-License-Identifier: Apache-2.0 */
/* What mm/pager.c and mm/pager_ring.c share: the memory that the pager sees. */
#pragma once

#include <mm/pager.h>

/* Writes the offer; session is its last word. */
void pager_ring_offer(const struct pager *p);

/* And what the pager's partition finds when it starts: no hello of its last life either. */
void pager_ring_renew(const struct pager *p);

/* A slot's data. */
void *pager_ring_data(const struct pager *p, u32 slot);

/* The slot that an answer's id names, if that is what was asked last of it and is still owed;
 * NULL: the id is strange. */
struct pager_slot *pager_ring_find(const struct pager *p, u32 id);

/* Publishes a request for a slot, under a new id. */
void pager_ring_ask(struct pager *p, struct pager_slot *s, enum tocsin_pager_op op);

/* What the hello says. */
enum pager_hello {
	HELLO_HEARD, /* nothing new: the rings are in use */
	HELLO_NONE,  /* that there is no pager, or none that we understand */
	HELLO_AGAIN, /* that it begins: *h */
};
enum pager_hello pager_ring_hello(const struct pager *p, struct tocsin_pager_hello *h);

/* Is an answer to s still to come? */
static inline bool pager_ring_owes(const struct pager *p, const struct pager_slot *s)
{
	return s->owed && s->hello == p->hello;
}

/* A session begins: the rings are empty, and what was owed is not any more. */
void pager_ring_begin(struct pager *p, u32 session);

/* It has begun: what is asked anew is in the ring. */
void pager_ring_begun(struct pager *p);

/* Answers that have not been taken; more than there are slots: that cannot be. */
u32 pager_ring_answers(const struct pager *p);

/* Takes one. */
struct tocsin_pager_completion pager_ring_take(struct pager *p);
