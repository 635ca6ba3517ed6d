/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backing store that a pager keeps. The pager reads requests from a ring, writes completions to
 * another, and moves data through slots. All of them are in memory that it shares with Tocsin
 * (abi/pager.h, docs/pager.md). The pager never sees a frame and never chooses a page. Tocsin
 * trusts nothing that the pager writes, because the state that counts is kept here. A wrong or late
 * completion is counted and changes nothing.
 *
 * Lock: that of the paged memory it serves, except for pager_rung(), pager_must_ring() and next().
 */
#pragma once

#include <abi/pager.h>
#include <lib/numbers.h>
#include <mm/page_set.h>
#include <mm/store.h>

struct pager_config {
	void *shared; /* mapped in EL2: PAGER_SHARED_SIZE(slots) bytes, zero at the start */
	u32 slots;    /* a power of two, TOCSIN_PAGER_MIN_SLOTS to TOCSIN_PAGER_MAX_SLOTS */
	u32 nr_pages; /* of the partition */
	u64 timeout;  /* counter ticks from a request to its completion; 0: no limit */
};
#define PAGER_SHARED_SIZE(slots) (TOCSIN_PAGER_SLOTS + (u64)(slots)*TOCSIN_PAGER_PAGE_SIZE)

enum pager_use {
	PAGER_FREE,
	PAGER_LOAD,
	PAGER_EVICT, /* the slot has the page's contents until the pager has completed the request
		      */
	PAGER_DROP,
	PAGER_ENDED /* a load that has ended and that done() has not reported yet */
};

/* Each slot in use is in one of these lists, except right after pager_slot_take(). */
enum pager_list {
	PAGER_OPEN, /* in flight; the oldest request first */
	PAGER_LATE, /* timed out, or a load that has been reported; a completion may still come */
	PAGER_OLD,  /* asked in an earlier session: to be asked again, or to be freed */
	PAGER_OVER, /* PAGER_ENDED */
	PAGER_LISTS
};

struct pager_link {
	u16 next, prev;
};

struct pager_slot {
	u8 use;         /* enum pager_use */
	bool owed;      /* not completed: the pager may still write to the slot */
	bool late;      /* timed out */
	bool lost;      /* ENDED: the load has failed */
	u32 generation; /* of its id */
	u32 hello;      /* in which it was asked; completions of an earlier hello never come */
	u32 epoch; /* in which it was asked; if not the current one, or 0, no vCPU waits for it */
	u32 page, load;
	void *frame;
	u64 since; /* counter: when it was asked */
};

struct pager {
	struct store store;
	struct pager_config config;
	struct pager_slot *slots;
	struct pager_link *links; /* of the slots, followed by those of the lists */
	struct numbers free;      /* slots */
	u32 nr_open, nr_saving;   /* slots in PAGER_OPEN; those of them with a page's only copy */
	struct page_set kept;     /* pages whose contents the pager has */
	u16 *slot_of; /* by page: 1 + the last slot that was taken for it; 0: that slot is free */
	u32 epoch, session;
	u32 hello; /* number of hellos accepted */
	u32 produced, consumed;
	u64 heard;   /* counter: when the pager last wrote something valid */
	u64 look_at; /* counter: when to search for late requests; atomic */
	u32 put_off; /* how often that was put off, because there were more completions */
	bool room;   /* a slot has become free since a request was refused, or none may come */
	bool wanted; /* a vCPU waits for room */
	bool rung;   /* done() has work: the pager has rung, or reports are left; atomic */
	bool ring;   /* the pager's doorbell is to be rung; atomic */
	struct pager_counts {
		u64 loads, evicts, drops;
		u64 rescued; /* pages that were loaded again while their eviction was in flight */
		u64 failed;  /* requests completed with a status other than 0 */
		u64 late;    /* requests not completed in time */
		u64 strange; /* completions without a request, and impossible values */
		u64 hellos;
	} counts;
};

/* Makes a store as c says, and writes the offer. ERR_NO_MEMORY. Boot CPU. */
enum err pager_init(struct pager *p, const struct pager_config *c) MUST_CHECK;

/* The pager has rung: next() is 0 until done() has run. Any CPU, no lock. After this call the
 * caller scans the waiting vCPUs; each sets its flag before it calls next(). */
void pager_rung(struct pager *p);

/* True if there are new requests since the last call: the caller then rings the pager's doorbell.
 * Any CPU, no lock; after faults and after done(). */
bool pager_must_ring(struct pager *p);
