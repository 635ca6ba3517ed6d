/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of which only a part is resident. A page is in a frame, or its stage-2 entry has a
 * note that says where its contents are: as at the start, zero, in the
 * backing store, on their way, or lost. Frames are taken from pages that were not used
 * lately.
 *
 * Knows of no vCPU: a fault gets an answer, and who asks paged_done() hears which
 * pages have come. Lock: its own, above the page pool's; the store works under it.
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
/* And those that a vCPU may hold as long as it likes: of its control block. */
#define PAGED_PINNED 2

/* Besides: what has come and is not held yet. */
#define PAGED_SPARE 4

/* Frames that are taken together, as all CPUs must be told each time. Of each the whole page is
 * read, and perhaps copied: about 2 000 instructions. */
#define PAGED_EVICTED_AT_ONCE 3

/* What the partition's memory is filled with at the start; the rest is zero. */
struct paged_image {
	const u8 *from; /* mapped in EL2 */
	u64 at;         /* bytes from the start of RAM */
	u64 size;
};

struct paged_config {
	ipa_t ipa;      /* RAM, one piece of whole pages, from a multiple of 2 MiB on */
	u32 nr_pages;   /* of it */
	void *frames;   /* resident ones, mapped in EL2 */
	u32 nr_frames;  /* at least paged_least_frames() */
	u32 nr_loads;   /* at a time, at least 1 */
	u32 read_ahead; /* pages that are asked for after a sequential fault */
	const struct paged_image *images;
	u32 nr_images;
};

struct paged_frame {
	u32 page;  /* that it holds, or is loaded with; PAGED_NO_PAGE: none yet */
	u16 holds; /* by control blocks and by instructions: not to be taken */
	u8 age;    /* turns of the clock that it has left */
	bool busy; /* the store is writing it */
};

struct paged_load {
	u32 frame;
	bool ahead;      /* nobody has asked for it */
	bool fetch, el1; /* the first that did */
};

struct paged_counts {
	u64 filled; /* pages made without the store */
	u64 loaded, ahead, lost;
	u64 evicted, evicted_zero; /* all; those that needed no room in the store */
	u64 aged;                  /* faults that only said that a page is used */
	u64 no_room;               /* faults that found nothing to take */
};

struct paged {
	struct lock lock;
	struct paged_config config;
	struct stage2 *stage2;
	u64 **tables; /* of stage 2, for 2 MiB each */
	struct store *store;
	struct paged_frame *frames; /* those that were taken */
	struct numbers free;        /* frames */
	u32 hand;                   /* of the clock */
	u32 in_vain;                /* frames that it has passed since one has gone */
	bool refused;               /* and the store has refused some of them */
	struct paged_load *loads;
	struct numbers free_loads;
	u32 next_ahead, nr_ahead; /* pages still to be asked for ahead; the latter atomic */
	struct paged_counts counts;
};

#define PAGED_NO_PAGE UINT32_MAX

/* An access that has faulted. */
struct paged_access {
	bool fetch; /* of an instruction */
	bool el1;   /* not EL0's */
};

enum paged_answer {
	PAGED_THERE, /* the access can be made again */
	PAGED_WAIT,  /* paged_done() will name the page */
	PAGED_ROOM,  /* it needs a frame or a load; try again once paged_done() has named any */
	PAGED_AGAIN, /* it needs a frame, and not all have been looked at: try again at once */
	PAGED_LOST   /* its contents cannot be had, now or ever */
};

/* A load that has ended. */
struct paged_done {
	u32 page; /* PAGED_NO_PAGE: none, but who waits for room can try again */
	bool lost;
};

/* The least that lets each of nr_vcpus vCPUs make progress, its control block held, too. */
static inline u32 paged_least_frames(u32 nr_vcpus)
{
	return nr_vcpus * (PAGED_HELD + PAGED_PINNED) + PAGED_SPARE;
}

/* Allocates what c needs, makes tables down to the page. Nothing is resident.
 * ERR_NO_MEMORY; ERR_RANGE for RAM that stage 2 cannot hold, or that begins elsewhere. Boot CPU. */
enum err paged_create(struct paged *p, const struct paged_config *c, struct stage2 *stage2,
		      struct store *store) MUST_CHECK;

/*
 * Makes pages [first, first + n) as at the start. All pages once before the partition runs,
 * n at most PAGED_RESET_STEP at a time; the first step also forgets what is in frames and what the
 * store has. No vCPU of it runs, nothing is held.
 */
#define PAGED_RESET_STEP 96
void paged_reset(struct paged *p, u32 first, u32 n);

/* What keeps the contents starts anew (mm/store.h). Any CPU. */
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
 * An access to page has faulted: brings it, begins to, or says why not. With PAGED_THERE,
 * *frame is where it is, and held: it is not taken until it has been released. The vCPU
 * that asks is in the hardware. About 500 instructions, and several pages' copying if
 * frames have to be taken.
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

/* A load that has ended by now: its page is there, or lost; or room. False: nothing; then one
 * page may have been asked for ahead. */
bool paged_done(struct paged *p, u64 now, struct paged_done *d);

/* For a vCPU that got PAGED_ROOM: is anything on its way? What it has written before it asks is
 * seen by whoever hears of that from paged_done(). */
bool paged_is_loading(struct paged *p);

/* When paged_done() may have something, or something to do; UINT64_MAX: the store tells, or
 * nothing is on its way. Needs no lock: an answer from before the last change does no harm to
 * who asks again after it. */
u64 paged_next(const struct paged *p);
