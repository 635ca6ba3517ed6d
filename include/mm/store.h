/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of a backing store for paged memory (mm/paged.h). Pages are named by their number
 * in the partition's RAM, loads by a small number that the caller chooses. All functions but next
 * are called with the lock of the paged memory held. None may wait.
 */
#pragma once

#include <lib/err.h>
#include <lib/types.h>

struct store;

/* Result of load(). */
enum store_load {
	STORE_BEGUN, /* done() will report the end of the load */
	STORE_THERE, /* the frame contains the page already */
	STORE_FULL,  /* no room now; done() will report when there is */
	STORE_LOST   /* the store does not have the page, or has stopped answering */
};

/* A load that has ended, or room after a refusal. */
struct store_done {
	u32 load;     /* STORE_ROOM: none, but there is room */
	enum err err; /* OK: the frame contains the page. Else its contents are lost. */
};
#define STORE_ROOM UINT32_MAX

struct store_ops {
	/* Begins to read page into frame. */
	enum store_load (*load)(struct store *s, u32 load, u32 page, void *frame, u64 now);
	/* Saves the contents of page from frame, which the caller may reuse at once. False: not
	 * now. */
	bool (*save)(struct store *s, u32 page, const void *frame, u64 now);
	/* Would save() refuse page whatever room there is? Then the caller evicts another. */
	bool (*pins)(const struct store *s, u32 page);
	/* The store's copy of page is not needed: the stage-2 note says what the page contains. */
	void (*drop)(struct store *s, u32 page, u64 now);
	/* Reports the next event that has happened by now. False: none. Each call is short; longer
	 * work is spread over several calls, and next() is 0 meanwhile. */
	bool (*done)(struct store *s, u64 now, struct store_done *d);
	/* The counter value at which done() has work; 0: now; UINT64_MAX: never, or not before the
	 * pager rings. Without the lock. */
	u64 (*next)(const struct store *s);
	/* A vCPU waits for room: is there any to come? If so, done() will report a load that ends
	 * after this call, or STORE_ROOM. */
	bool (*busy)(struct store *s);
	/* The partition restarts: discards all loads and all contents. Short, however many there
	 * are. */
	void (*reset)(struct store *s);
	/* The pager's partition restarts; the pager has yet to say what it still has. */
	void (*renew)(struct store *s);
};

struct store {
	const struct store_ops *ops;
	u32 latency_us; /* expected for a load; atomic */
	bool dead;      /* it has stopped answering: pages that are not resident cannot be loaded */
};
