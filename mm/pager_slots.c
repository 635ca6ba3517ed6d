/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pager's slots. The lists are circular, and link slots by number. Behind the links of the slots
 * there is one for each list, its head. Lock: as in mm/pager.c.
 */
#include "pager_slots.h"
#include <lib/bits.h>
#include <mm/pages.h>

/* ---- lists ---- */

static u32 head(const struct pager *p, enum pager_list list)
{
	return p->config.slots + list;
}

static void alone(struct pager_link *links, u32 at)
{
	links[at] = (struct pager_link){(u16)at, (u16)at};
}

static void leave(struct pager_link *links, u32 at)
{
	struct pager_link l = links[at];

	links[l.prev].next = l.next;
	links[l.next].prev = l.prev;
	alone(links, at);
}

void pager_slot_move(struct pager *p, struct pager_slot *s, enum pager_list to)
{
	struct pager_link *links = p->links;
	u32 at = pager_slot_number(p, s), end = head(p, to), last;

	leave(links, at);
	last = links[end].prev;
	links[at] = (struct pager_link){.next = (u16)end, .prev = (u16)last};
	links[last].next = (u16)at;
	links[end].prev = (u16)at;
}

void pager_slots_move_all(struct pager *p, enum pager_list from, enum pager_list to)
{
	struct pager_link *links = p->links;
	u32 source = head(p, from), end = head(p, to), last = links[end].prev;
	struct pager_link moved = links[source];

	if (moved.next == source)
		return;
	links[last].next = moved.next;
	links[moved.next].prev = (u16)last;
	links[moved.prev].next = (u16)end;
	links[end].prev = moved.prev;
	alone(links, source);
}

struct pager_slot *pager_slot_first(const struct pager *p, enum pager_list list)
{
	u32 at = p->links[head(p, list)].next;

	return at < p->config.slots ? &p->slots[at] : NULL;
}

/* ---- slots ---- */

struct pager_slot *pager_slot_of(const struct pager *p, u32 page)
{
	return p->slot_of[page] ? &p->slots[p->slot_of[page] - 1] : NULL;
}

struct pager_slot *pager_slot_take(struct pager *p, enum pager_use use, u32 page)
{
	u32 number = numbers_take(&p->free);
	struct pager_slot *s = &p->slots[number];

	s->use = (u8)use;
	s->page = page;
	s->epoch = p->epoch;
	p->slot_of[page] = (u16)(number + 1);
	return s;
}

void pager_slot_free(struct pager *p, struct pager_slot *s)
{
	leave(p->links, pager_slot_number(p, s));
	if (pager_slot_of(p, s->page) == s)
		p->slot_of[s->page] = 0;
	s->use = PAGER_FREE;
	s->owed = false;
	numbers_give(&p->free, pager_slot_number(p, s));
	p->room = true;
}

enum err pager_slots_create(struct pager *p)
{
	u32 slots = p->config.slots;

	p->slots = boot_alloc(slots * sizeof(*p->slots), 8);
	p->links = boot_alloc((slots + PAGER_LISTS) * sizeof(*p->links), 8);
	p->free = (struct numbers){.back = boot_alloc(slots * sizeof(u32), 8), .limit = slots};
	p->slot_of = boot_alloc(p->config.nr_pages * sizeof(*p->slot_of), 8);
	if (!p->slots || !p->links || !p->free.back || !p->slot_of)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < slots + PAGER_LISTS; i++)
		alone(p->links, i);
	return OK;
}
