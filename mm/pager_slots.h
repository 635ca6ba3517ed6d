/* SPDX-License-Identifier: Apache-2.0 */
/* What mm/pager.c and mm/pager_slots.c share: slots, what is in them, and in which lists they are.
 * Each function takes a few instructions, however many slots there are. */
#pragma once

#include <mm/pager.h>

/* Of c->slots slots. ERR_NO_MEMORY. Boot CPU. */
enum err pager_slots_create(struct pager *p) MUST_CHECK;

static inline u32 pager_slot_number(const struct pager *p, const struct pager_slot *s)
{
	return (u32)(s - p->slots);
}

/* A free slot for page, in no list; there must be one. */
struct pager_slot *pager_slot_take(struct pager *p, enum pager_use use, u32 page);

/* Wherever it is. */
void pager_slot_free(struct pager *p, struct pager_slot *s);

/* To the end of a list, from where it is. */
void pager_slot_move(struct pager *p, struct pager_slot *s, enum pager_list to);

/* All of a list to the end of another one. */
void pager_slots_move_all(struct pager *p, enum pager_list from, enum pager_list to);

/* The first in a list; NULL: it is empty. */
struct pager_slot *pager_slot_first(const struct pager *p, enum pager_list list);

/* That was taken for page last; NULL: it is free again. */
struct pager_slot *pager_slot_of(const struct pager *p, u32 page);
