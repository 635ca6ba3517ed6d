/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eviction by a clock. The hand skips frames that are held or being loaded. It also passes a frame
 * whose page was accessed since its last visit. If the page was not accessed, its age is lowered;
 * at age 0 the page is evicted. Order: unmap, invalidate the TLBs of all CPUs, then read the
 * contents. Under the paged memory's lock.
 */
#include "paged_state.h"
#include <lib/bits.h>
#include <mm/cache.h>

/* Frames that the hand passes in one search. */
#define STEPS 64
/* Revolutions after which each page that was not accessed meanwhile was tried, whatever its age. */
#define ROUNDS 5

static bool can_go(const struct paged_frame *f)
{
	return !f->holds && !f->busy;
}

/* The store would refuse the page of f. */
static bool is_pinned(const struct paged *p, const struct paged_frame *f)
{
	return p->store->ops->pins(p->store, f->page);
}

/* The hand passes a frame: true if its page was not accessed and its age is used up. */
static bool passed(struct paged *p, struct paged_frame *f)
{
	if (stage2_page_was_young(paged_entry(p, f->page)))
		return false;
	if (f->age) {
		f->age--;
		return false;
	}
	return true;
}

static u32 next_to(const struct paged *p, u32 frame)
{
	return frame + 1 == p->config.nr_frames ? 0 : frame + 1;
}

/* Chooses up to PAGED_EVICTED_AT_ONCE frames to evict. If none is found in STEPS, takes the one
 * with the lowest age and moves the hand past it, so that the page loaded there is not evicted
 * next. */
static u32 choose(struct paged *p, u32 *chosen)
{
	u32 n = 0, resort = PAGED_NO_PAGE, at = p->hand, steps = 0, until_resort = 0;

	while (steps < MIN(STEPS, p->config.nr_frames) && n < PAGED_EVICTED_AT_ONCE) {
		struct paged_frame *f = &p->frames[at];

		steps++;
		if (can_go(f)) {
			if (passed(p, f)) {
				if (!is_pinned(p, f))
					chosen[n++] = at;
			} else if ((resort == PAGED_NO_PAGE || f->age < p->frames[resort].age) &&
				   !is_pinned(p, f)) {
				resort = at;
				until_resort = steps;
			}
		}
		at = next_to(p, at);
	}
	if (!n && resort != PAGED_NO_PAGE) {
		chosen[n++] = resort;
		at = next_to(p, resort);
		steps = until_resort;
	}
	p->hand = at;
	p->in_vain += steps;
	return n;
}

static bool is_zero(const u64 *at)
{
	for (const u64 *end = at + PAGE_SIZE / sizeof(*at); at < end; at += 8)
		if (at[0] | at[1] | at[2] | at[3] | at[4] | at[5] | at[6] | at[7])
			return false;
	return true;
}

static void start_search(struct paged *p)
{
	p->in_vain = 0;
	p->refused = false;
}

/* Frees a frame whose page is unmapped and in no TLB. False: the store refuses it, and the page is
 * mapped again. */
static bool put_away(struct paged *p, u32 frame, bool exec, u64 now)
{
	struct paged_frame *f = &p->frames[frame];
	const void *contents = paged_frame_address(p, frame);
	u64 *entry = paged_entry(p, f->page);

	/* A guest without caches writes to memory directly. */
	cache_hand_to_guest(contents, PAGE_SIZE);
	if (is_zero(contents)) {
		stage2_page_break(entry, PAGED_VALUE(PAGED_ZERO, 0));
		p->store->ops->drop(p->store, f->page, now);
		p->counts.evicted_zero++;
	} else if (!p->store->ops->save(p->store, f->page, contents, now)) {
		stage2_page_make(entry, (u64)contents, exec, true);
		return false;
	}
	p->counts.evicted++;
	numbers_give(&p->free, frame);
	start_search(p);
	return true;
}

/* The answer after a search that tried n frames. Held frames become free soon, because there are
 * more frames than can be held. What the store has refused may be refused for ever. */
static enum paged_answer result(struct paged *p, u32 n)
{
	bool all = p->in_vain >= ROUNDS * p->config.nr_frames, coming;
	enum paged_answer answer;

	if (numbers_left(&p->free))
		return PAGED_THERE;
	p->refused |= n != 0;
	coming = (all || n) && p->store->ops->busy(p->store);
	if (!all && !coming)
		return PAGED_AGAIN;
	answer = coming || p->refused ? PAGED_ROOM : PAGED_AGAIN;
	start_search(p);
	return answer;
}

enum paged_answer paged_evict(struct paged *p, u64 now)
{
	u32 chosen[PAGED_EVICTED_AT_ONCE], n = choose(p, chosen);
	ipa_t ipas[PAGED_EVICTED_AT_ONCE];
	bool exec[PAGED_EVICTED_AT_ONCE];

	for (u32 i = 0; i < n; i++) {
		u32 page = p->frames[chosen[i]].page;
		u64 *entry = paged_entry(p, page);

		exec[i] = stage2_page_exec(*entry);
		ipas[i] = p->config.ipa + (u64)page * PAGE_SIZE;
		stage2_page_break(entry, PAGED_VALUE(PAGED_STORED, 0));
	}
	stage2_pages_flush_tlb(p->stage2, ipas, n);
	for (u32 i = 0; i < n; i++)
		put_away(p, chosen[i], exec[i], now);
	return result(p, n);
}
