/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Far memory: a backing store in RAM with a configured latency. Each load has its own latency, so
 * that a fast one can overtake a slow one. Optionally the number of loads that end in a millisecond
 * is limited. The same seed gives the same latencies. For tests and for studies of paging.
 */
#pragma once

#include <mm/store.h>

struct far_config {
	u32 latency_us; /* of each load; 0: it ends at once */
	u32 jitter_us;  /* largest deviation from it, evenly spread; at most latency_us */
	u32 seed;
	u32 per_ms; /* loads that end in a millisecond at most; 0: any number */
};

struct far_load {
	u64 due;    /* counter value */
	u32 number; /* of the load, counted from the first one */
	u32 load, page;
	void *frame;
};

struct far {
	struct store store;
	u8 *memory; /* a page each, mapped in EL2 */
	u32 nr_pages;
	struct far_load *heap; /* the earliest first */
	u32 nr, room;
	u32 asked;
	u64 ticks_per_ms;
	u64 last, spacing; /* when the last load ended; fewest ticks between two ends */
	u64 next;          /* when the next load ends; atomic */
	struct far_config config;
	u32 random;
};

/* Bytes of the heap that far_init needs for that many loads at a time. */
#define FAR_HEAP_SIZE(loads) ((loads) * sizeof(struct far_load))

/*
 * Makes a store of memory, which has room for nr_pages pages and is mapped in EL2; heap has
 * FAR_HEAP_SIZE(room) bytes. c is checked: latency and jitter at most 10 s, jitter no
 * more than latency. frequency: of the counter, in Hz.
 */
void far_init(struct far *f, const struct far_config *c, void *memory, u32 nr_pages,
	      struct far_load *heap, u32 room, u64 frequency);
