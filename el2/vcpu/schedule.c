/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of the vCPU that runs. Priorities and windows become one number per vCPU, its rank,
 * which changes only when a window begins or ends. Turns and slices order vCPUs of equal rank.
 */
#include <arch/barrier.h>
#include <el2/schedule.h>
#include <lib/atomic.h>
#include <lib/bits.h>
#include <lib/layout.h>

/*
 * An entry's order: its rank in the upper bits, lower is better; below it the number of its last
 * turn, 0 while its turn is not over. At two million turns a second the numbers last for seventy
 * years.
 */
#define RANK_SHIFT 52
#define RANK(order) ((order) >> RANK_SHIFT)
#define TURNS GENMASK(RANK_SHIFT - 1, 0)
#define RANK_OWNER 0x100UL /* a window's owner is before those to which it donates */
#define RANK_OTHER 0x200UL
#define RANK_NEVER 0xfffUL /* not in this window */

/* The kick threshold: another CPU kicks this one only for a vCPU whose rank is below the upper
 * bits, or for the entry in the lower bits. */
#define THRESHOLD_SHIFT 20
#define THRESHOLD_ENTRY GENMASK(THRESHOLD_SHIFT - 1, 0)

REQUIRE(RANK_OTHER + 255 < RANK_NEVER); /* all priorities */
REQUIRE(RANK_OWNER > 255);
REQUIRE(RANK_NEVER < 1UL << (32 - THRESHOLD_SHIFT)); /* in the threshold's word */

void schedule_init(struct schedule *s, struct schedule_entry *entries,
		   struct schedule_window *windows, u64 slice, u64 frame)
{
	*s = (struct schedule){.entries = entries,
			       .end = entries,
			       .slice = slice,
			       .window_end = UINT64_MAX,
			       .windows = windows,
			       .frame = frame};
}

void schedule_move(struct schedule *s, struct schedule_entry *entries,
		   struct schedule_window *windows)
{
	u32 nr = (u32)(s->end - s->entries);

	for (u32 i = 0; i < nr; i++)
		entries[i] = s->entries[i];
	for (u32 i = 0; i < s->nr_windows; i++)
		windows[i] = s->windows[i];
	s->entries = entries;
	s->end = entries + nr;
	s->windows = windows;
}

enum err schedule_add_window(struct schedule *s, const struct schedule_window *w)
{
	u32 i = s->nr_windows;

	if (w->start == w->end)
		return OK;
	if (w->start > w->end || w->end > s->frame)
		return ERR_RANGE;
	for (u32 k = 0; k < s->nr_windows; k++)
		if (w->start < s->windows[k].end && s->windows[k].start < w->end)
			return ERR_OVERLAP;
	for (; i && s->windows[i - 1].start > w->start; i--)
		s->windows[i] = s->windows[i - 1];
	s->windows[i] = *w;
	s->nr_windows++;
	s->window_end = 0; /* the next schedule_enter() sets the ranks */
	s->ranked = true;
	return OK;
}

u32 schedule_add(struct schedule *s, struct vcpu *v, u16 owner, u8 priority)
{
	struct schedule_entry *e = s->end++;

	*e = (struct schedule_entry){.ready = UINT64_MAX,
				     .order = (RANK_OTHER - priority) << RANK_SHIFT | ++s->turns,
				     .vcpu = v,
				     .owner = owner,
				     .priority = priority};
	for (u32 i = 0; i < s->nr_windows; i++)
		e->windowed |= s->windows[i].owner == owner;
	s->ranked |= priority != s->entries->priority;
	return (u32)(e - s->entries);
}

/* ---- windows ---- */

static u64 rank_in(const struct schedule_window *open, const struct schedule_entry *e)
{
	if (open && e->owner == open->owner)
		return RANK_OWNER - e->priority;
	return (open ? open->donates : !e->windowed) ? RANK_OTHER - e->priority : RANK_NEVER;
}

/* Enters the window, or the gap between two, that contains now. */
void schedule_enter_window(struct schedule *s, u64 now)
{
	u64 at = now % s->frame, end = s->frame;
	const struct schedule_window *open = NULL;

	for (u32 i = 0; i < s->nr_windows; i++) {
		const struct schedule_window *w = &s->windows[i];

		if (w->end <= at)
			continue;
		if (w->start <= at)
			open = w;
		end = open ? w->end : w->start;
		break;
	}
	s->window_end = now - at + end;
	s->ranks_changed = true;
	for (struct schedule_entry *e = s->entries; e != s->end; e++)
		atomic_store(&e->order, rank_in(open, e) << RANK_SHIFT | (e->order & TURNS));
}

bool schedule_allows(const struct schedule_entry *e)
{
	return RANK(e->order) != RANK_NEVER;
}

/* ---- turns ---- */

/* Ends the turn of the vCPU that ran if it is no longer ready or its slice is over. Otherwise
 * keeps the rest of its slice, in case it is preempted. */
static inline void end_turn(struct schedule *s, struct schedule_entry *e, u64 now)
{
	if (e->ready <= now && now < s->slice_end) {
		e->left = s->slice_end - now;
	} else {
		atomic_store(&e->order, (e->order & ~TURNS) | ++s->turns);
		e->left = 0;
	}
}

static inline void hand_over(struct schedule *s, struct schedule_entry *next, u64 now)
{
	if (s->running)
		atomic_store(&s->running->ran, s->running->ran + now - s->began);
	atomic_store(&s->began, now);
	atomic_store(&s->running, next);
	s->equal_pending = false;
}

struct schedule_entry *schedule_choose(struct schedule *s, u64 now)
{
	u64 order = RANK_NEVER << RANK_SHIFT;
	struct schedule_entry *next = NULL;

	if (s->running)
		end_turn(s, s->running, now);
	for (struct schedule_entry *e = s->entries; e != s->end; e++) {
		if (e->ready <= now && e->order < order) {
			order = e->order;
			next = e;
		}
	}
	if (next != s->running)
		hand_over(s, next, now);
	else if (!next || !next->left)
		s->equal_pending = false;
	s->slice_end = 0;
	if (next) {
		atomic_store(&next->order, order & ~TURNS);
		s->slice_end = now + (next->left ?: s->slice);
	}
	return next;
}

/* ---- time ---- */

/* If none runs: worse than the rank of any vCPU that may run. */
static u64 running_rank(const struct schedule *s)
{
	return s->running ? RANK(s->running->order) : RANK_NEVER - 1;
}

/* A vCPU of equal rank that caused a kick, but was not found ready, has its turn then. */
static u64 latest(const struct schedule *s)
{
	return s->equal_pending ? s->slice_end : UINT64_MAX;
}

static u64 until_ranked(const struct schedule *s)
{
	u64 until = MIN(s->window_end, latest(s)), rank = running_rank(s);

	for (const struct schedule_entry *e = s->entries; e != s->end; e++) {
		if (e == s->running || RANK(e->order) > rank)
			continue;
		until = MIN(until, RANK(e->order) < rank ? e->ready : MAX(e->ready, s->slice_end));
	}
	return until;
}

u64 schedule_until(const struct schedule *s)
{
	u64 until = UINT64_MAX;

	if (s->ranked)
		return until_ranked(s);
	for (const struct schedule_entry *e = s->entries; e != s->end; e++)
		if (e != s->running)
			until = MIN(until, e->ready);
	return MIN(MAX(until, s->slice_end), latest(s));
}

u64 schedule_waited(struct schedule *s, u64 now)
{
	u64 waited = 0;

	for (struct schedule_entry *e = s->entries; e != s->end; e++)
		e->since = e->ready > now ? 0 : e->since ?: now;
	if (s->running) {
		waited = now - s->running->since;
		s->running->since = 0;
	}
	return waited;
}

u64 schedule_ran(const struct schedule *s, const struct schedule_entry *e, u64 now)
{
	u64 began, ran;

	do {
		began = atomic_load(&s->began);
		ran = atomic_load(&e->ran);
		if (atomic_load(&s->running) == e && now > began)
			ran += now - began;
	} while (began != atomic_load(&s->began));
	return ran;
}

bool schedule_cares(const struct schedule *s, const struct schedule_entry *e, u64 alarm)
{
	u64 rank = RANK(e->order), running = running_rank(s);

	return rank < running || (rank == running && alarm > s->slice_end);
}

/* ---- other CPUs ---- */

bool schedule_publish(struct schedule *s, u32 loaded)
{
	u64 rank = s->running ? RANK(s->running->order) + !s->equal_pending : RANK_NEVER;
	u32 threshold = (u32)(rank << THRESHOLD_SHIFT) | (loaded & THRESHOLD_ENTRY),
	    old = s->kick_threshold;
	bool more = s->ranks_changed || rank > old >> THRESHOLD_SHIFT;

	if (threshold == old && !more)
		return false;
	s->ranks_changed = false;
	atomic_store(&s->kick_threshold, threshold);
	dmb(ish); /* writes ranks and threshold before the caller reads requests again */
	return more;
}

bool schedule_admits(const struct schedule *s, u32 entry)
{
	u32 threshold = atomic_load(&s->kick_threshold);

	return (threshold & THRESHOLD_ENTRY) == entry ||
	       RANK(atomic_load(&s->entries[entry].order)) < threshold >> THRESHOLD_SHIFT;
}
