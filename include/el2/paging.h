/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults on paged memory (mm/paged.h). An absent page blocks only the vCPU that touches it. Ended
 * loads are processed in the time of the vCPUs that wait for them.
 */
#pragma once

#include <el2/apf.h>
#include <el2/trap.h>
#include <mm/far.h>
#include <mm/paged.h>
#include <mm/pager.h>

struct channel_end;
struct partition;
struct vcpu;

/* What a partition's configuration says of its paged memory. */
struct paging_config {
	struct paged_config paged;
	void *far; /* mapped in EL2, a page for each of the partition's; NULL: a pager has them */
	struct far_config store;
	struct channel_end *pager; /* our end, whose memory is mapped in EL2; NULL: far memory */
	u32 pager_slots, pager_timeout_ms;
	bool loss_stops;  /* an access to a lost page stops the partition */
	u32 async_min_us; /* for a faster store a vCPU waits and the guest is not told */
};

/* A partition's. */
struct paging {
	struct paged paged;
	union {
		struct far far;
		struct pager pager; /* if paging_config.pager is not NULL */
	};
	u32 async_min_us;
	u32 rung_at; /* index behind the last vCPU that was told of a bell; atomic */
};

/* A vCPU's absent: what it waits for. Its CPU sets it; the CPU that ends the load changes it to
 * ABSENT_CAME. */
enum { ABSENT_NOTHING, ABSENT_CAME, ABSENT_ROOM, ABSENT_PAGE /* plus the page's number */ };

struct vcpu_paging {
	u32 absent;       /* atomic */
	bool news;        /* its CPU has something to do for it; atomic */
	u32 came, untold; /* the page whose load it has ended; vCPUs that are not told yet */
	u32 nr_held, oldest;
	u32 held[PAGED_HELD]; /* frames that the instruction at pc needs, the last ones */
	u64 pc;
	u64 since; /* when it began to wait: counter */
	struct paging_counts {
		u64 el0, el1; /* faults that it waited for */
		u64 there;    /* those for which it did not wait */
		u64 longest;  /* counter ticks */
	} counts;
};

/* Creates what p's config asks for, after p's stage 2 was made. ERR_NO_MEMORY. Boot CPU. */
enum err paging_create(struct partition *p) MUST_CHECK;

/* One step of resetting all paged memory: begins at page *next and advances *next. No vCPU of p
 * runs. */
void paging_reset_step(struct partition *p, u64 *next);

/* Was that the last step? */
bool paging_is_reset(const struct partition *p, u64 next);

/* An access to p's paged memory at ipa, for which stage 2 has no translation, no access flag or no
 * permission to fetch. v runs. RESUME: v repeats the access, perhaps after a wait; ABORT, STOP:
 * the page's contents are lost. */
struct verdict paging_fault(struct vcpu *v, u64 esr, u64 ipa);

/* Is ipa within that paged memory? NULL: there is none. */
static inline bool paging_covers(const struct paging *g, u64 ipa)
{
	return g && paged_page(&g->paged, ipa) != PAGED_NO_PAGE;
}

/* Brings a page that a call of v needs. THERE: it is held. LATER: v waits and must repeat the
 * call. LOST: the page's contents are lost. */
enum bring { BRING_THERE, BRING_LATER, BRING_LOST };
enum bring paging_bring(struct vcpu *v, u32 page, u32 *frame);

/* When paging_step() has something to do: a counter value. 0: now; UINT64_MAX: v waits for
 * nothing, or an event will wake it. */
u64 paging_ready(const struct vcpu *v);

/* Ends a load that is due, if there is one, tells the vCPUs that wait for it, and handles what v
 * has been told: v runs again if its page has come, and its guest gets the tokens of other pages.
 * Longer work takes several steps; v is ready until they are done. v's CPU, in v's time. About 2
 * 000 instructions. */
void paging_step(struct vcpu *v, u64 now);

/* p's pager has rung: some waiting vCPUs poll its completions, and tell the others which pages
 * have come. Any CPU, no lock. */
void paging_rung(struct partition *p);

/* The pager's partition starts: it finds an offer, and no state of its last run. Any CPU, no
 * lock. */
void paging_renew(struct partition *p);

/* v stops: afterwards it waits for nothing and holds nothing. On its CPU. */
void paging_forget(struct vcpu *v);
