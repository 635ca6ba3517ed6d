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
#include <lib/numbers.h>
#include <mm/page_set.h>
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
	PAGER_ENDED /* a load that has ended, of which no vCPU has heard yet */
};

/* A slot that is used is in one of these lists, but while it is taken. */
enum pager_list {
	PAGER_OPEN, /* an answer is owed; the longest first */
	PAGER_LATE, /* and should have come */
	PAGER_OLD,  /* asked in a session that is over: to be asked again, or to be freed */
	PAGER_OVER, /* PAGER_ENDED */
	PAGER_LISTS
};

struct pager_link {
	u16 next, prev;
};

struct pager_slot {
	u8 use;         /* enum pager_use */
	bool owed;      /* the pager has not answered: it may still write to the slot */
	bool late;      /* and should have */
	bool lost;      /* ENDED: in vain */
	u32 generation; /* of its id */
	u32 hello;      /* under which it was asked: what an earlier one is owed never comes */
	u32 epoch;      /* in which; of another one, and 0, no vCPU waits for it */
	u32 page, load;
	void *frame;
	u64 since; /* counter: when it was asked */
};

struct pager {
	struct store store;
	struct pager_config config;
	struct pager_slot *slots;
	struct pager_link *links; /* of the slots, and behind them of the lists */
	struct numbers free;      /* slots */
	u32 nr_open, nr_saving;   /* slots in PAGER_OPEN; those of them whose data is the page's */
	struct page_set kept;     /* the pager has their contents */
	u16 *slot_of; /* by page: 1 more than the last that was taken for it; 0: that is free */
	u32 epoch, session;
	u32 hello; /* how many have been heard */
	u32 produced, consumed;
	u64 heard;   /* counter: when the pager last said what could be */
	u64 look_at; /* when to look for what is late; atomic */
	u32 put_off; /* how often that was put off, as there was more to hear */
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

/* The pager has rung: next() is 0 until done() has looked. Any CPU, no lock. After it, who calls
 * looks at who waits; they have said so before they asked next(). */
void pager_rung(struct pager *p);

/* Has anything been asked since the last time? Then the pager's bell is to be rung. Any CPU, no
 * lock; after faults and after done(). */
bool pager_must_ring(struct pager *p);
