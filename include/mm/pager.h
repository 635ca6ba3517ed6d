/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backing store that somebody else keeps: a pager, who sees requests in a ring, answers in
 * another, and moves data through slots, all in memory that it shares with us (abi/pager.h,
 * docs/pager.md). It never sees a frame or chooses a page, and nothing that it writes is
 * believed: what counts is kept here. A wrong or late answer is counted and changes nothing.
 *
 * Lock: that of the paged memory it serves, but for pager_rung(), pager_must_ring() and next().
 */
#pragma once

#include <abi/pager.h>
#include <mm/store.h>

struct pager_config {
	void *shared; /* mapped in EL2: PAGER_SHARED_SIZE(slots) bytes, zero at the start */
	u32 slots;    /* a power of two, TOCSIN_PAGER_MIN_SLOTS to TOCSIN_PAGER_MAX_SLOTS */
	u32 nr_pages; /* of the partition */
	u64 timeout;  /* counter ticks from a request to its answer; 0: any time */
};
#define PAGER_SHARED_SIZE(slots) (TOCSIN_PAGER_SLOTS + (u64)(slots)*TOCSIN_PAGER_PAGE_SIZE)

enum pager_use {
	PAGER_FREE,
	PAGER_LOAD,
	PAGER_EVICT, /* its data stays the page's until the pager says that it has it */
	PAGER_DROP,
	PAGER_ENDED,  /* a load of which nobody has heard yet that it has ended */
	PAGER_RETIRED /* nobody waits for it */
};

struct pager_slot {
	u8 use;         /* enum pager_use */
	bool owed;      /* the pager has not answered: it may still write to the slot */
	bool late;      /* and should have */
	bool lost;      /* ENDED: in vain */
	u32 generation; /* of its id */
	u32 page, load;
	void *frame;
	u64 since; /* counter: when it was asked */
};

struct pager {
	struct store store;
	struct pager_config config;
	struct pager_slot *slots;
	u8 *free; /* stack of slots */
	u32 nr_free, nr_ended;
	u64 *kept;  /* a bit for each page: the pager has its contents */
	u64 *going; /* and: a request for it is open */
	u32 epoch, session;
	u32 produced, consumed;
	u64 heard;   /* counter: when the pager last said what could be */
	u64 look_at; /* when to look for what is late; atomic */
	bool room;   /* something has become free since something was refused */
	bool wanted; /* somebody waits for that */
	bool rung;   /* the pager has something to say, or we have; atomic */
	bool ring;   /* it is to be told; atomic */
	struct pager_counts {
		u64 loads, evicts, drops;
		u64 rescued; /* pages that were wanted again before the pager had them */
		u64 failed;  /* requests answered with a status */
		u64 late;    /* not answered in time */
		u64 strange; /* answers to nothing, and what cannot be */
		u64 hellos;
	} counts;
};

/* Makes a store of what c says, and writes the offer. ERR_NO_MEMORY. Boot CPU. */
enum err pager_init(struct pager *p, const struct pager_config *c) MUST_CHECK;

/* Writes the offer anew: the pager's partition starts, and may have written anything there in its
 * last life. Any CPU, no lock: before the next hello nobody counts what is asked meanwhile. */
void pager_offer(const struct pager *p);

/* The pager has rung: next() is 0 until done() has looked. Any CPU, no lock. After it, who calls
 * looks at who waits; they have said so before they asked next(). */
void pager_rung(struct pager *p);

/* Has anything been asked since the last time? Then the pager's bell is to be rung. Any CPU, no
 * lock; after faults and after done(). */
bool pager_must_ring(struct pager *p);
