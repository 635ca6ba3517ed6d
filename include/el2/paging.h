/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults on paged memory (mm/paged.h). A page that is not there keeps the vCPU that
 * touches it from running, and nobody else; loads that have ended are looked at in the
 * time of the vCPUs that wait for them.
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
	bool loss_stops;  /* whoever touches what is lost stops the partition */
	u32 async_min_us; /* a store faster than this is waited for, and the guest not told */
};

/* A partition's. */
struct paging {
	struct paged paged;
	union {
		struct far far;
		struct pager pager; /* if paging_config.pager is not NULL */
	};
	u32 async_min_us;
	u32 rung_at; /* the vCPU behind the last that was told of a bell; atomic */
};

/* A vCPU's: absent says what it waits for; its CPU sets it, and whoever ends a load
 * changes it to ABSENT_CAME. */
enum { ABSENT_NOTHING, ABSENT_CAME, ABSENT_ROOM, ABSENT_PAGE /* and up: a page's number more */ };

struct vcpu_paging {
	u32 absent; /* atomic */
	bool news;  /* its CPU has something to do for it; atomic */
	u32 came,
	    untold; /* the page that it has ended a load of; vCPUs that are still to be told */
	u32 nr_held, oldest;
	u32 held[PAGED_HELD]; /* frames that the instruction at pc needs, the last ones */
	u64 pc;
	u64 since; /* when it began to wait: counter */
	struct paging_counts {
		u64 el0, el1; /* faults that it waited for */
		u64 there;    /* those that it did not */
		u64 longest;  /* counter ticks */
	} counts;
};

/* What p's config asks for, after its stage 2 was made. ERR_NO_MEMORY. Boot CPU. */
enum err paging_create(struct partition *p) MUST_CHECK;

/* A step of making all memory as at the start: from page *next on, which it advances. No
 * vCPU of p runs. */
void paging_reset_step(struct partition *p, u64 *next);

/* Was that the last step? */
bool paging_is_reset(const struct partition *p, u64 next);

/* An access to p's paged memory at ipa, for which stage 2 has no translation, no access
 * flag or no permission to fetch. v runs. RESUME: again, perhaps after v has waited;
 * ABORT, STOP: its contents are lost. */
struct verdict paging_fault(struct vcpu *v, u64 esr, u64 ipa);

/* Is ipa within that paged memory? NULL: there is none. */
static inline bool paging_covers(const struct paging *g, u64 ipa)
{
	return g && paged_page(&g->paged, ipa) != PAGED_NO_PAGE;
}

/* Brings a page for v's own sake, in a call that can be made again. THERE: it is held. LATER:
 * v waits, and the call is to be made again; LOST: never. */
enum bring { BRING_THERE, BRING_LATER, BRING_LOST };
enum bring paging_bring(struct vcpu *v, u32 page, u32 *frame);

/* When is there something for paging_step() to do? A counter value; 0: now; UINT64_MAX: v
 * waits for nothing, or somebody will tell it. */
u64 paging_ready(const struct vcpu *v);

/* Ends a load that is due, if there is one, tells those that wait for it, and does for v what has
 * been reported to it: it goes on if its page has come, and hears what else has. What takes longer
 * is done in several steps, until which v is ready. v's CPU, in its time. About 2 000
 * instructions. */
void paging_step(struct vcpu *v, u64 now);

/* p's pager has something to say: some of those that wait look at it, and tell the others of what
 * has come. Any CPU, no lock. */
void paging_rung(struct partition *p);

/* The pager's partition starts: it finds an offer, and nothing of its last life. Any CPU, no lock.
 */
void paging_renew(struct partition *p);

/* v stops: it waits for nothing and holds nothing. On its CPU. */
void paging_forget(struct vcpu *v);
