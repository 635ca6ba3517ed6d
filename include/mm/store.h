/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backing store must be able to do for paged memory (mm/paged.h). Pages are named by
 * their number in the partition's RAM, loads by a small number of the caller's. All
 * functions but next are called with the lock of the paged memory held; none may wait.
 */
#pragma once

#include <lib/err.h>
#include <lib/types.h>

struct store;

/* What became of the wish to load a page. */
enum store_load {
	STORE_BEGUN, /* done() will name it */
	STORE_THERE, /* the frame holds it already */
	STORE_FULL,  /* not now; done() will say when there is room */
	STORE_LOST   /* the store does not have it, or does not answer any more */
};

/* A load that has ended; or room for what was refused. */
struct store_done {
	u32 load;     /* STORE_ROOM: none, but there is room */
	enum err err; /* OK: the frame holds the page. Else its contents are lost. */
};
#define STORE_ROOM UINT32_MAX

struct store_ops {
	/* Begins to read page into frame. */
	enum store_load (*load)(struct store *s, u32 load, u32 page, void *frame, u64 now);
	/* Takes the contents of page out of frame, which is free at once. False: not now. */
	bool (*save)(struct store *s, u32 page, const void *frame, u64 now);
	/* Would save() refuse page whatever room there is? Then another one has to go. */
	bool (*pins)(const struct store *s, u32 page);
	/* What the store has of page is void: its contents are in the note. */
	void (*drop)(struct store *s, u32 page, u64 now);
	/* The next thing that has happened by now. False: nothing. Short: what is longer is done
	 * in several calls, next() meanwhile being 0. */
	bool (*done)(struct store *s, u64 now, struct store_done *d);
	/* When something will: a counter value; 0: now; UINT64_MAX: never, or the store
	 * has to be told first. Without the lock. */
	u64 (*next)(const struct store *s);
	/* Somebody waits for room: is anything on its way? Then done() will name a load that
	 * ends after this, or say STORE_ROOM. */
	bool (*busy)(struct store *s);
	/* Forgets all loads and all contents: the partition starts anew. Short, however many there
	 * are. */
	void (*reset)(struct store *s);
	/* What keeps the contents starts anew itself, and has yet to say what it still has. */
	void (*renew)(struct store *s);
};

struct store {
	const struct store_ops *ops;
	u32 latency_us; /* to be expected of a load; atomic */
	bool dead;      /* it answers no more: what is not resident cannot be had */
};
