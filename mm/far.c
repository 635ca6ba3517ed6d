/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Far memory: pages in RAM, and a heap of loads ordered by their end. Lock: that of the paged
 * memory it serves.
 */
#include <lib/atomic.h>
#include <lib/bits.h>
#include <lib/check.h>
#include <lib/layout.h>
#include <lib/string.h>
#include <mm/far.h>

LAYOUT(struct far, store, 0);

static struct far *far_of(const struct store *s)
{
	return (struct far *)(u64)s; /* its first member */
}

static u8 *place_of(const struct far *f, u32 page)
{
	CHECK(page < f->nr_pages);
	return f->memory + (u64)page * PAGE_SIZE;
}

/* ---- the heap ---- */

static void swap(struct far_load *a, struct far_load *b)
{
	struct far_load t = *a;

	*a = *b;
	*b = t;
}

/* Of two loads that are due at the same time, the one that began first comes first. */
static bool before(const struct far_load *a, const struct far_load *b)
{
	return a->due == b->due ? (s32)(a->number - b->number) < 0 : a->due < b->due;
}

static void heap_add(struct far *f, const struct far_load *load)
{
	u32 i = f->nr++;

	f->heap[i] = *load;
	for (u32 up; i && before(&f->heap[i], &f->heap[up = (i - 1) / 2]); i = up)
		swap(&f->heap[i], &f->heap[up]);
}

static struct far_load heap_take(struct far *f)
{
	struct far_load first = f->heap[0];
	u32 i = 0;

	f->heap[0] = f->heap[--f->nr];
	for (;;) {
		u32 least = i, left = 2 * i + 1;

		if (left < f->nr && before(&f->heap[left], &f->heap[least]))
			least = left;
		if (left + 1 < f->nr && before(&f->heap[left + 1], &f->heap[least]))
			least = left + 1;
		if (least == i)
			return first;
		swap(&f->heap[i], &f->heap[least]);
		i = least;
	}
}

/* ---- latency ---- */

/* xorshift32 */
static u32 next_random(struct far *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 17;
	f->random ^= f->random << 5;
	return f->random;
}

static u64 latency(struct far *f)
{
	u64 us = f->config.latency_us;

	if (f->config.jitter_us)
		us += next_random(f) % (2 * f->config.jitter_us + 1) - (u64)f->config.jitter_us;
	return us * f->ticks_per_ms / 1000;
}

/* ---- the store ---- */

/* Publishes the earliest end for readers without the lock. They must not read the heap while it is
 * being changed, because a wrong value could let them sleep too long. */
static void set_next(struct far *f)
{
	atomic_store(&f->next, f->nr ? MAX(f->heap[0].due, f->last + f->spacing) : UINT64_MAX);
}

static enum store_load load(struct store *s, u32 id, u32 page, void *frame, u64 now)
{
	struct far *f = far_of(s);

	if (f->nr == f->room)
		return STORE_FULL;
	heap_add(f, &(struct far_load){now + latency(f), f->asked++, id, page, frame});
	set_next(f);
	return STORE_BEGUN;
}

static bool save(struct store *s, u32 page, const void *frame, u64 now)
{
	memcpy(place_of(far_of(s), page), frame, PAGE_SIZE);
	return true;
}

static bool pins(const struct store *s, u32 page)
{
	return false;
}

static void drop(struct store *s, u32 page, u64 now)
{
	(void)s, (void)page, (void)now; /* each page keeps its place in memory */
}

static u64 next(const struct store *s)
{
	return atomic_load(&far_of(s)->next);
}

static bool done(struct store *s, u64 now, struct store_done *d)
{
	struct far *f = far_of(s);
	struct far_load ended;
	u64 at = next(s);

	if (at > now)
		return false;
	f->last = f->spacing ? at : 0;
	ended = heap_take(f);
	set_next(f);
	memcpy(ended.frame, place_of(f, ended.page), PAGE_SIZE);
	*d = (struct store_done){ended.load, OK};
	return true;
}

static bool busy(struct store *s)
{
	return far_of(s)->nr;
}

/* The pages need not be cleared, because no page is loaded that was not saved since the reset. */
static void reset(struct store *s)
{
	struct far *f = far_of(s);

	f->nr = 0;
	f->last = 0;
	set_next(f);
	f->random = f->config.seed ?: 1;
}

static void renew(struct store *s)
{
	(void)s; /* far memory never restarts */
}

static const struct store_ops ops = {.load = load,
				     .save = save,
				     .pins = pins,
				     .drop = drop,
				     .done = done,
				     .next = next,
				     .busy = busy,
				     .reset = reset,
				     .renew = renew};

void far_init(struct far *f, const struct far_config *c, void *memory, u32 nr_pages,
	      struct far_load *heap, u32 room, u64 frequency)
{
	*f = (struct far){.store = {.ops = &ops, .latency_us = c->latency_us},
			  .memory = memory,
			  .nr_pages = nr_pages,
			  .heap = heap,
			  .room = room,
			  .ticks_per_ms = frequency / 1000,
			  .spacing = c->per_ms ? (frequency / 1000 + c->per_ms - 1) / c->per_ms : 0,
			  .config = *c};
	reset(&f->store);
}
