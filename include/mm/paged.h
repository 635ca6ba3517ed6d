/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paged memory: only a part of it is resident. A page is in a frame, or its stage-2 entry has a
 * note that says where its contents are: as at the start, zero, in the backing store, being
 * loaded, or lost. Frames are taken from pages that were not used lately.
 *
 * This code knows no vCPU: a fault gets an answer, and paged_done() tells its caller which loads
 * have ended. Lock: its own, above the page pool's; the store works under it.
 */
#pragma once

#include <arch/nospec.h>
#include <lib/lock.h>
#include <lib/numbers.h>
#include <mm/stage2.h>
#include <mm/store.h>

/* Frames that one instruction can need at a time: two pages of code (T32) and two of data,
 * each behind four tables of stage 1. */
#define PAGED_HELD 20
/* Frames of its control block, which a vCPU may hold for any time. */
#define PAGED_PINNED 2

/* Further frames: pages that are loaded and not held yet. */
#define PAGED_SPARE 4

/* Frames that are evicted together, because each eviction needs a TLB invalidation on all CPUs. For
 * each frame the whole page is read, and perhaps copied: about 2 000 instructions. */
#define PAGED_EVICTED_AT_ONCE 3

/* What the partition's memory is filled with at the start; the rest is zero. */
struct paged_image {
	const u8 *from; /* mapped in EL2 */
	u64 at;         /* bytes from the start of RAM */
	u64 size;
};

struct paged_config {
	ipa_t ipa;      /* start of RAM, a multiple of 2 MiB; RAM is one range of whole pages */
	u32 nr_pages;   /* of RAM */
	void *frames;   /* resident ones, mapped in EL2 */
	u32 nr_frames;  /* at least paged_least_frames() */
	u32 nr_loads;   /* at a time, at least 1 */
	u32 read_ahead; /* pages that are loaded ahead after a sequential fault */
	const struct paged_image *images;
	u32 nr_images;
};

struct paged_frame {
	u32 page;  /* that it contains, or that is being loaded into it; PAGED_NO_PAGE: none yet */
	u16 holds; /* by control blocks and by instructions; a held frame is not evicted */
	u8 age;    /* clock revolutions without access that the page still survives */
	bool busy; /* the store is writing it */
};

struct paged_load {
	u32 frame;
	bool ahead;      /* no vCPU has faulted on the page */
	bool fetch, el1; /* of any access that faulted on it */
};

struct paged_counts {
	u64 filled; /* pages made without the store */
	u64 loaded, ahead, lost;
	u64 evicted, evicted_zero; /* all; pages of zeros, which need no room in the store */
	u64 aged;                  /* faults that only set the access flag */
	u64 no_room;               /* faults that found no free frame or load */
};

struct paged {
	struct lock lock;
	struct paged_config config;
	struct stage2 *stage2;
	u64 **tables; /* of stage 2, for 2 MiB each */
	struct store *store;
	struct paged_frame *frames; /* valid for frames in use */
	struct numbers free;        /* frames */
	u32 hand;                   /* of the clock */
	u32 in_vain;                /* frames that it has passed since the last eviction */
	bool refused;               /* the store has refused some of them */
	struct paged_load *loads;
	struct numbers free_loads;
	u32 next_ahead, nr_ahead; /* next page to load ahead; pages left to load; latter atomic */
	struct paged_counts counts;
};

#define PAGED_NO_PAGE UINT32_MAX

/* An access that has faulted. */
struct paged_access {
	bool fetch; /* of an instruction */
	bool el1;   /* not EL0's */
};

enum paged_answer {
	PAGED_THERE, /* the page is resident: retry the access */
	PAGED_WAIT,  /* being loaded; paged_done() will report the page */
	PAGED_ROOM,  /* no free frame or load: retry after paged_done() has reported anything */
	PAGED_AGAIN, /* no free frame, but not all were tried: retry at once */
	PAGED_LOST   /* the contents are lost for good */
};

/* A load that has ended. */
struct paged_done {
	u32 page; /* PAGED_NO_PAGE: none, but vCPUs that wait for room can retry */
	bool lost;
};

/* The fewest frames with which each of nr_vcpus vCPUs can make progress and hold its control
 * block. */
static inline u32 paged_least_frames(u32 nr_vcpus)
{
	return nr_vcpus * (PAGED_HELD + PAGED_PINNED) + PAGED_SPARE;
}

/* Allocates what c needs, and stage-2 tables down to the last level. No page is resident.
 * ERR_NO_MEMORY; ERR_RANGE for RAM that stage 2 cannot hold, or that begins elsewhere. Boot CPU. */
enum err paged_create(struct paged *p, const struct paged_config *c, struct stage2 *stage2,
		      struct store *store) MUST_CHECK;

/*
 * Gives pages [first, first + n) their contents of the start. The caller does so for all pages
 * before the partition runs, in steps of at most PAGED_RESET_STEP. The first step (first = 0) also
 * frees all frames and resets the store. No vCPU of the partition runs, and no frame is held.
 */
#define PAGED_RESET_STEP 96
void paged_reset(struct paged *p, u32 first, u32 n);

/* The pager's partition restarts (renew in mm/store.h). Any CPU. */
void paged_renew(struct paged *p);

static inline u32 paged_nr_resident(const struct paged *p)
{
	return p->config.nr_frames - numbers_left(&p->free);
}

static inline u32 paged_nr_loading(const struct paged *p)
{
	return p->config.nr_loads - numbers_left(&p->free_loads);
}

/* The number of the page at ipa, or PAGED_NO_PAGE. */
static inline u32 paged_page(const struct paged *p, ipa_t ipa)
{
	u64 page = (ipa - p->config.ipa) >> PAGE_SHIFT;

	return index_check(&page, p->config.nr_pages) ? (u32)page : PAGED_NO_PAGE;
}

/*
 * An access to page has faulted: makes it resident, begins to load it, or says why it cannot. With
 * PAGED_THERE, *frame is the frame of the page, and held: it is not evicted until paged_release().
 * The vCPU that has faulted is loaded. About 500 instructions, and copies of several pages if
 * frames have to be evicted.
 */
enum paged_answer paged_fault(struct paged *p, u32 page, const struct paged_access *a, u64 now,
			      u32 *frame);

/* Ends a hold. */
void paged_release(struct paged *p, u32 frame);

/* Where EL2 finds the contents of a held frame. */
static inline void *paged_frame_address(const struct paged *p, u32 frame)
{
	return (u8 *)p->config.frames + (u64)frame * PAGE_SIZE;
}

/* Reports in *d a load that has ended by now (its page is resident or lost), or that there is room.
 * False: nothing to report; then the load of one page ahead may have begun. */
bool paged_done(struct paged *p, u64 now, struct paged_done *d);

/* For a vCPU that got PAGED_ROOM: is a load or a free frame still to come? The CPU to which
 * paged_done() reports it sees what the vCPU has written before this call. */
bool paged_is_loading(struct paged *p);

/* The counter value at which paged_done() must be called next; UINT64_MAX: the store will ring, or
 * nothing is in flight. Needs no lock: a stale value does no harm if the caller asks again after
 * the change. */
u64 paged_next(const struct paged *p);
