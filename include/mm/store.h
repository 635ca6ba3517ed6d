/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backing store must be able to do for paged memory (mm/paged.h). Pages are named by
 * their number in the partition's RAM, loads by a small number of the caller's. All
 * functions are called with the lock of the paged memory held; none may wait.
 */
#pragma once

#include <lib/err.h>
#include <lib/types.h>

struct store;

/* A load that has ended. */
struct store_done {
	u32 load;
	enum err err; /* OK: the frame holds the page. Else its contents are lost. */
};

struct store_ops {
	/* Begins to read page into frame; done() will say when. False: not now, no room for
	 * a request; what has been begun will make some. */
	bool (*load)(struct store *s, u32 load, u32 page, void *frame, u64 now);
	/* Takes the contents of page out of frame, which is free at once. False: not now. */
	bool (*save)(struct store *s, u32 page, const void *frame, u64 now);
	/* The next load that has ended by now. False: none. */
	bool (*done)(struct store *s, u64 now, struct store_done *d);
	/* When there will be one: a counter value; UINT64_MAX: the store will tell by itself,
	 * or never. */
	u64 (*next)(const struct store *s);
	/* Forgets all loads and all contents: the partition starts anew. */
	void (*reset)(struct store *s);
};

struct store {
	const struct store_ops *ops;
	u32 latency_us; /* to be expected of a load */
};
