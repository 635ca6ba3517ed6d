/* SPDX-License-Identifier: Apache-2.0 */
/* What mm/paged.c and mm/paged_evict.c share: the notes of absent pages. */
#pragma once

#include <mm/paged.h>

/* The value of a note: a state and its payload. */
enum paged_state {
	PAGED_FRESH,   /* contents of the images; zero elsewhere */
	PAGED_ZERO,    /* all zero */
	PAGED_STORED,  /* the store has it */
	PAGED_LOADING, /* payload: number of the load */
	PAGED_GONE     /* lost: the store has failed */
};
#define PAGED_VALUE(state, payload) ((u64)(payload) << 3 | (state))
#define PAGED_STATE(value) ((enum paged_state)((value)&7))
#define PAGED_PAYLOAD(value) ((value) >> 3)

/* RAM begins at the start of a table, so that the table of a page follows from its number. */
#define PAGED_ENTRIES (PAGE_SIZE / sizeof(u64))

/* The stage-2 entry of a page. */
static inline u64 *paged_entry(const struct paged *p, u32 page)
{
	return &p->tables[page / PAGED_ENTRIES][page % PAGED_ENTRIES];
}

/* Evicts frames, if any can be evicted. PAGED_THERE: some are free; ROOM: no frame can be evicted;
 * AGAIN: none of those that were tried, but not all were tried. Under p's lock. */
enum paged_answer paged_evict(struct paged *p, u64 now);

/* Takes a free frame. Answers as paged_evict(). Under p's lock. */
static inline enum paged_answer paged_take_frame(struct paged *p, u64 now, u32 *frame)
{
	enum paged_answer answer = numbers_left(&p->free) ? PAGED_THERE : paged_evict(p, now);

	if (answer == PAGED_THERE) {
		*frame = numbers_take(&p->free);
		p->frames[*frame] = (struct paged_frame){.page = PAGED_NO_PAGE};
	}
	return answer;
}
