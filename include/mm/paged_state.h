/* SPDX-License-Identifier: Apache-2.0 */
/* What mm/paged.c and mm/paged_evict.c share: the notes of absent pages. */
#pragma once

#include <mm/paged.h>

/* The value of a note: a state, and what it needs. */
enum paged_state {
	PAGED_FRESH,   /* as the images have it; zero elsewhere */
	PAGED_FILLED,  /* payload: a word of 32 bits, over and over */
	PAGED_STORED,  /* the store has it */
	PAGED_LOADING, /* payload: number of the load */
	PAGED_GONE     /* the store has failed */
};
#define PAGED_VALUE(state, payload) ((u64)(payload) << 3 | (state))
#define PAGED_STATE(value) ((enum paged_state)((value)&7))
#define PAGED_PAYLOAD(value) ((value) >> 3)

/* The stage-2 entry of a page. */
u64 *paged_entry(const struct paged *p, u32 page);

/* A free frame, which may have to be made. False: none can be. Under p's lock. */
bool paged_take_frame(struct paged *p, u64 now, u32 *frame);
