/* SPDX-License-Identifier: Apache-2.0 */
/* What mm/pager.c and mm/pager_slots.c share: slots and their lists. Each function but
 * pager_slots_create() takes a few instructions, however many slots there are. */
#pragma once

#include <mm/pager.h>

/* Makes p->config.slots slots. ERR_NO_MEMORY. Boot CPU. */
enum err pager_slots_create(struct pager *p) MUST_CHECK;

static inline u32 pager_slot_number(const struct pager *p, const struct pager_slot *s)
{
	return (u32)(s - p->slots);
}

/* Takes a free slot for page. There must be one. The slot is in no list. */
struct pager_slot *pager_slot_take(struct pager *p, enum pager_use use, u32 page);

/* Frees s, in whatever list it is. */
void pager_slot_free(struct pager *p, struct pager_slot *s);

/* Moves s to the end of a list. */
void pager_slot_move(struct pager *p, struct pager_slot *s, enum pager_list to);

/* Moves all slots of a list to the end of another. */
void pager_slots_move_all(struct pager *p, enum pager_list from, enum pager_list to);

/* The first slot of a list; NULL: it is empty. */
struct pager_slot *pager_slot_first(const struct pager *p, enum pager_list list);

/* The slot that was taken last for page; NULL: it is free again. */
struct pager_slot *pager_slot_of(const struct pager *p, u32 page);
