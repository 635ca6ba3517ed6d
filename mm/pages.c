/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tocsin's page pool: one bitmap, first fit. It serves page tables, stacks and objects sized at
 * boot. There are few requests, most of them before a guest runs, so a faster allocator would gain
 * nothing. Lock: pool.lock, a leaf.
 */
#include <arch/zva.h>
#include <lib/check.h>
#include <lib/lock.h>
#include <lib/string.h>
#include <mm/pages.h>

#include <lib/bits.h>

static struct {
	struct lock lock;
	pa_t base;
	size_t nr_pages;
	size_t nr_free;
	size_t refused; /* pages that the last failed request asked for */
	u64 *used;      /* one bit a page */
	struct objects {
		u8 *next, *end; /* unused rest of the pages that boot_alloc() has allocated */
	} objects;
	struct {
		u64 *used; /* copy of the bitmap */
		size_t nr_free;
		struct objects objects;
	} mark;
} pool;

static bool page_used(size_t i)
{
	return pool.used[i / 64] & BIT(i % 64);
}

static void mark(size_t first, size_t n, bool used)
{
	for (size_t i = first; i < first + n; i++) {
		if (used)
			pool.used[i / 64] |= BIT(i % 64);
		else
			pool.used[i / 64] &= ~BIT(i % 64);
	}
}

static void clear(u64 base, u64 size)
{
	u64 block = zva_block();

	if (!block)
		memset((void *)base, 0, size);
	else
		for (u64 at = base; at < base + size; at += block)
			zva(at);
}

static size_t map_words(void)
{
	return ALIGN_UP(pool.nr_pages, 64) / 64;
}

void pages_init(pa_t base, u64 size, u64 taken)
{
	size_t map_pages, first = taken / PAGE_SIZE;

	pool.base = base;
	pool.nr_pages = size / PAGE_SIZE;
	pool.used = (u64 *)(base + taken);
	pool.mark.used = pool.used + map_words();
	pool.objects = (struct objects){0};
	map_pages = ALIGN_UP(2 * map_words() * sizeof(u64), PAGE_SIZE) / PAGE_SIZE;
	CHECK(first + map_pages < pool.nr_pages);
	memset(pool.used, 0, map_pages * PAGE_SIZE);
	mark(0, first + map_pages, true);
	pool.nr_free = pool.nr_pages - first - map_pages;
}

/* The first page of n free ones in a row, naturally aligned if n is a power of
 * two (concatenated tables need that); nr_pages if there are none. */
static size_t find_free(size_t n)
{
	size_t step = (n & (n - 1)) == 0 ? n : 1;
	size_t first = (ALIGN_UP(pool.base / PAGE_SIZE, step)) - pool.base / PAGE_SIZE;

	for (; first + n <= pool.nr_pages; first += step) {
		size_t i = 0;

		if (n == 1 && pool.used[first / 64] == UINT64_MAX) {
			first |= 63;
			continue;
		}
		while (i < n && !page_used(first + i))
			i++;
		if (i == n)
			return first;
	}
	return pool.nr_pages;
}

void *pages_alloc(size_t n)
{
	size_t first;
	void *pages = NULL;

	lock_acquire(&pool.lock);
	first = n && n <= pool.nr_free ? find_free(n) : pool.nr_pages;
	if (first < pool.nr_pages) {
		mark(first, n, true);
		pool.nr_free -= n;
		pages = (void *)(pool.base + first * PAGE_SIZE);
	} else {
		pool.refused = n;
	}
	lock_release(&pool.lock);
	if (pages)
		clear((u64)pages, n * PAGE_SIZE);
	return pages;
}

void pages_free(void *pages, size_t n)
{
	size_t first = ((u64)pages - pool.base) / PAGE_SIZE;

	CHECK(IS_ALIGNED((u64)pages, PAGE_SIZE) && first + n <= pool.nr_pages);
	lock_acquire(&pool.lock);
	for (size_t i = 0; i < n; i++)
		CHECK(page_used(first + i));
	mark(first, n, false);
	pool.nr_free += n;
	lock_release(&pool.lock);
}

void pages_give(struct range r)
{
	clear(r.base, r.size);
	pages_free((void *)r.base, r.size / PAGE_SIZE);
}

struct range pages_range(void)
{
	return (struct range){pool.base, pool.nr_pages * PAGE_SIZE};
}

size_t pages_left(void)
{
	return pool.nr_free;
}

size_t pages_refused(void)
{
	return pool.refused;
}

void pages_mark(void)
{
	lock_acquire(&pool.lock);
	memcpy(pool.mark.used, pool.used, map_words() * sizeof(u64));
	pool.mark.nr_free = pool.nr_free;
	pool.mark.objects = pool.objects;
	lock_release(&pool.lock);
}

void pages_release(void)
{
	struct objects *o = &pool.objects;

	lock_acquire(&pool.lock);
	memcpy(pool.used, pool.mark.used, map_words() * sizeof(u64));
	pool.nr_free = pool.mark.nr_free;
	*o = pool.mark.objects;
	if (o->next)
		memset(o->next, 0, (size_t)(o->end - o->next));
	lock_release(&pool.lock);
}

void *boot_alloc(size_t size, size_t align)
{
	struct objects *o = &pool.objects;
	u8 *object = (u8 *)ALIGN_UP((u64)o->next, align);

	if (!o->next || size > (size_t)(o->end - o->next) || object + size > o->end) {
		size_t n = ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE;

		object = pages_alloc(n);
		if (!object)
			return NULL;
		/* Keep whichever rest is larger for the small objects to come. */
		if (n * PAGE_SIZE - size < (size_t)(o->end - o->next))
			return object;
		o->end = object + n * PAGE_SIZE;
	}
	o->next = object + size;
	return object;
}
