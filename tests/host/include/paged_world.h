/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's memory as the guest knows it, beside mm/paged.c's: what each page must contain,
 * who holds what, a store that sometimes refuses and sometimes fails, and what must be
 * true between any two calls. For one test program.
 */
#pragma once

#include <mm/far.h>
#include <mm/paged_state.h>
#include <mm/pages.h>
#include <paged_cpus.h>

#define POOL_PAGES 256
#define MAX_PAGES 512
#define MAX_FRAMES 288
#define MAX_LOADS 16
#define WORDS (PAGE_SIZE / sizeof(u64))
#define RAM GIB(1)
#define FREQUENCY 62500000UL
#define NOBODY UINT32_MAX

typedef u64 contents_t[WORDS];

static contents_t frames[MAX_FRAMES] __attribute__((aligned(4096)));
static contents_t pool[POOL_PAGES] __attribute__((aligned(4096)));
static contents_t far_memory[MAX_PAGES], expected[MAX_PAGES];
static u8 image_bytes[3 * PAGE_SIZE + 77];

static struct world {
	struct paged paged;
	struct stage2 s2;
	struct store store; /* in front of far */
	struct far far;
	struct far_load heap[MAX_LOADS];
	struct paged_config config;
	u32 refuse_load, refuse_save, fail, there, unwilling; /* one in so many; 0: never */
	u32 pin, pinned; /* one in so many pages, and which: until a vCPU waits for room */
	u64 now;
	u32 asking;         /* the CPU that is in EL2 and does nothing else */
	bool refused, room; /* and it will say when there is */
	bool stored[MAX_PAGES], lost[MAX_PAGES];
	u32 loading[MAX_LOADS]; /* page by load, NOBODY */
	u32 held[MAX_FRAMES], held_page[MAX_FRAMES];
	u64 *entry[MAX_PAGES];
	u64 begun, loaded, lost_loads, dropped, saved, filled, resident_dropped, no_room;
	u64 rooms;
	u64 stale; /* accesses during maintenance */
} w;

static bool one_in(u32 n)
{
	return n && test_random() % n == 0;
}

static ipa_t ipa_of_page(u32 page)
{
	return RAM + page * PAGE_SIZE;
}

/* ---- what other CPUs do meanwhile ---- */

static void touch(u32 cpu, u32 page, bool write)
{
	u64 *at = cpu_access(cpu, ipa_of_page(page), false);
	u32 word = test_random() % WORDS;

	if (!at)
		return;
	EXPECT_EQ(at[word], expected[page][word]);
	if (write)
		at[word] = expected[page][word] = test_random();
	w.stale++;
}

static void cpus_meanwhile(void)
{
	u32 cpu = test_random() % NR_CPUS;
	struct remembered *r = &cpus.combined[cpu][test_random() % COMBINED];

	if (!cpus.s2 || cpu == w.asking || w.asking == NOBODY)
		return;
	if (one_in(4) || !r->entry)
		r = &cpus.by_ipa[cpu][test_random() % BY_IPA];
	if (r->entry)
		touch(cpu, paged_page(&w.paged, r->ipa), test_random() % 4);
	else
		touch(cpu, test_random() % w.config.nr_pages, false);
}

/* ---- the store ---- */

static enum store_load store_load(struct store *s, u32 load, u32 page, void *frame, u64 now)
{
	u32 number = ((u64)frame - (u64)frames) / PAGE_SIZE;

	(void)s;
	EXPECT(load < w.config.nr_loads && w.loading[load] == NOBODY);
	EXPECT(page < w.config.nr_pages && w.stored[page]);
	EXPECT(number < w.config.nr_frames && !w.held[number]);
	if (one_in(w.unwilling))
		return STORE_LOST;
	if (one_in(w.there)) {
		memcpy(frame, far_memory[page], PAGE_SIZE);
		w.begun++;
		w.loaded++;
		return STORE_THERE;
	}
	if (one_in(w.refuse_load) ||
	    w.far.store.ops->load(&w.far.store, load, page, frame, now) != STORE_BEGUN) {
		w.refused = w.room = true;
		return STORE_FULL;
	}
	memset(frame, 0xdd, PAGE_SIZE);
	w.loading[load] = page;
	w.begun++;
	return STORE_BEGUN;
}

static bool store_pins(const struct store *s, u32 page)
{
	(void)s;
	return w.pin && (page + w.pinned) % w.pin == 0;
}

static bool store_save(struct store *s, u32 page, const void *frame, u64 now)
{
	(void)s;
	cpus_meanwhile();
	EXPECT(!cpus_know(ipa_of_page(page)));
	EXPECT(cleaned.shared == frame); /* what was written past the caches counts */
	EXPECT(!memcmp(frame, expected[page], PAGE_SIZE));
	EXPECT(!store_pins(s, page));
	if (one_in(w.refuse_save)) {
		w.refused = w.room = true;
		return false;
	}
	w.stored[page] = true;
	w.saved++;
	return w.far.store.ops->save(&w.far.store, page, frame, now);
}

static void store_drop(struct store *s, u32 page, u64 now)
{
	(void)s, (void)now;
	for (u32 i = 0; i < WORDS; i++)
		EXPECT_EQ(expected[page][i], 0);
	w.stored[page] = false;
	w.filled++;
}

static bool store_done(struct store *s, u64 now, struct store_done *d)
{
	u32 page;

	(void)s;
	if (w.room && (one_in(2) || w.far.store.ops->next(&w.far.store) > now)) {
		w.room = false;
		w.rooms++;
		*d = (struct store_done){.load = STORE_ROOM};
		return true;
	}
	if (!w.far.store.ops->done(&w.far.store, now, d))
		return false;
	page = w.loading[d->load];
	w.loading[d->load] = NOBODY;
	if (one_in(w.fail)) {
		d->err = ERR_NOT_FOUND;
		w.lost[page] = true;
		w.lost_loads++;
	} else
		w.loaded++;
	return true;
}

static u64 store_next(const struct store *s)
{
	(void)s;
	return w.room ? 0 : w.far.store.ops->next(&w.far.store);
}

static bool store_busy(struct store *s)
{
	(void)s;
	w.refused |= w.pin != 0;
	w.room |= w.pin != 0;
	w.pinned += w.pin != 0;
	return w.room || w.far.store.ops->busy(&w.far.store);
}

static void store_reset(struct store *s)
{
	(void)s;
	w.room = false;
	w.far.store.ops->reset(&w.far.store);
	w.dropped = w.begun - w.loaded - w.lost_loads;
	memset(w.loading, 0xff, sizeof(w.loading));
	memset(w.stored, 0, sizeof(w.stored));
	memset(w.lost, 0, sizeof(w.lost));
}

static const struct store_ops store_ops = {.load = store_load,
					   .save = store_save,
					   .pins = store_pins,
					   .drop = store_drop,
					   .done = store_done,
					   .next = store_next,
					   .busy = store_busy,
					   .reset = store_reset};

/* ---- making it ---- */

/* Byte by byte, as simple as can be. */
static void expect_fresh(void)
{
	memset(expected, 0, sizeof(expected));
	for (u32 i = 0; i < w.config.nr_images; i++)
		for (u64 b = 0; b < w.config.images[i].size; b++)
			if (w.config.images[i].at + b < w.config.nr_pages * PAGE_SIZE)
				((u8 *)expected)[w.config.images[i].at + b] =
				    w.config.images[i].from[b];
}

static enum err world_create(const struct paged_config *c, const struct far_config *far)
{
	enum err err;

	pages_init((pa_t)pool, sizeof(pool), 0);
	memset(&w, 0, sizeof(w));
	memset(&cpus, 0, sizeof(cpus));
	w.asking = NOBODY;
	w.config = *c;
	w.config.ipa = RAM;
	w.config.frames = frames;
	w.store = (struct store){.ops = &store_ops, .latency_us = far->latency_us};
	far_init(&w.far, far, far_memory, c->nr_pages, w.heap, MIN(c->nr_loads, 12U), FREQUENCY);
	host_VTTBR_EL2 = FOREIGN_VTTBR;
	EXPECT_EQ(stage2_create(&w.s2, 1, 32), OK);
	err = paged_create(&w.paged, &w.config, &w.s2, &w.store);
	if (err)
		return err;
	for (u32 i = 0; i < c->nr_pages; i++)
		w.entry[i] = paged_entry(&w.paged, i);
	for (u32 i = 0; i < c->nr_pages; i += PAGED_RESET_STEP)
		paged_reset(&w.paged, i, PAGED_RESET_STEP);
	w.dropped = 0;
	expect_fresh();
	cpus.s2 = &w.s2;
	return OK;
}

/* ---- what must be true between calls ---- */

static void check_resident(u32 i, const struct paged_frame *f)
{
	u64 e = *w.entry[f->page];

	EXPECT_EQ(e & ~(PTE_AF | S2_XN), (u64)frames[i] | S2_MEMORY | PTE_TABLE | PTE_VALID);
	EXPECT_EQ(f->holds, w.held[i]);
	if (w.held[i])
		EXPECT_EQ(f->page, w.held_page[i]);
}

/* Numbers that are not taken; no one twice. */
static void find_free(const struct numbers *n, bool *is_free)
{
	EXPECT(n->nr_back <= n->next && n->next <= n->limit);
	for (u32 i = 0; i < n->limit; i++)
		is_free[i] = i >= n->next;
	for (u32 i = 0; i < n->nr_back; i++) {
		EXPECT(n->back[i] < n->next && !is_free[n->back[i]]);
		is_free[n->back[i]] = true;
	}
}

static bool is_free[MAX_FRAMES];

static void check_frames(void)
{
	const struct paged *p = &w.paged;
	u32 nr_busy = 0;

	find_free(&p->free, is_free);
	for (u32 i = 0; i < w.config.nr_frames; i++) {
		const struct paged_frame *f = &p->frames[i];

		if (is_free[i]) {
			EXPECT(!w.held[i]);
		} else if (f->busy) {
			u64 e = *w.entry[f->page], value = stage2_page_value(e);

			EXPECT(!(e & PTE_VALID) && PAGED_STATE(value) == PAGED_LOADING);
			EXPECT(!f->holds && !w.held[i]);
			EXPECT_EQ(p->loads[PAGED_PAYLOAD(value)].frame, i);
			nr_busy++;
		} else
			check_resident(i, f);
	}
	EXPECT_EQ(paged_nr_loading(p), nr_busy);
}

/* With check_frames(): as many entries as frames, so that no two share one. */
static u32 check_pages(void)
{
	u32 resident = 0, loading = 0;

	for (u32 i = 0; i < w.config.nr_pages; i++) {
		u64 e = *w.entry[i], value = stage2_page_value(e);

		if (e & PTE_VALID) {
			u32 frame = ((e & PTE_ADDR) - (u64)frames) / PAGE_SIZE;

			EXPECT(frame < w.config.nr_frames && w.paged.frames[frame].page == i);
			resident++;
			continue;
		}
		EXPECT_EQ(FIELD_GET(NOTE_KIND, e), STAGE2_PAGED);
		EXPECT_EQ(w.lost[i], PAGED_STATE(value) == PAGED_GONE);
		if (PAGED_STATE(value) == PAGED_LOADING) {
			EXPECT_EQ(w.loading[PAGED_PAYLOAD(value)], i);
			loading++;
		} else if (PAGED_STATE(value) == PAGED_STORED)
			EXPECT(w.stored[i]);
	}
	EXPECT_EQ(loading, paged_nr_loading(&w.paged));
	EXPECT_EQ(resident + loading, paged_nr_resident(&w.paged));
	return resident;
}

static void check_counts(u32 resident)
{
	const struct paged_counts *c = &w.paged.counts;
	bool free_loads[MAX_LOADS];
	u32 used = 0;

	find_free(&w.paged.free_loads, free_loads);
	for (u32 i = 0; i < w.config.nr_loads; i++) {
		EXPECT_EQ(free_loads[i], w.loading[i] == NOBODY);
		used += !free_loads[i];
	}
	EXPECT_EQ(c->loaded, w.loaded);
	EXPECT_EQ(c->lost, w.lost_loads);
	EXPECT_EQ(w.begun, w.loaded + w.lost_loads + used + w.dropped);
	EXPECT_EQ(c->evicted - c->evicted_zero, w.saved);
	EXPECT_EQ(c->evicted_zero, w.filled);
	EXPECT_EQ(c->filled + c->loaded, c->evicted + resident + w.resident_dropped);
	EXPECT(c->ahead <= w.begun);
	EXPECT_EQ(c->no_room, w.no_room);
}

static void world_check(void)
{
	check_frames();
	check_counts(check_pages());
	EXPECT(cpus_agree());
	EXPECT(!lock_held(&w.paged.lock) && !lock_held(&w.s2.lock));
}

/* ---- calls ---- */

/* The page is there, as the guest knows it; what came was written back. */
static void check_there(u32 page, u64 before)
{
	u64 e = *w.entry[page];
	u32 frame = ((e & PTE_ADDR) - (u64)frames) / PAGE_SIZE;
	bool came = !(before & PTE_VALID);

	EXPECT(e & PTE_VALID && frame < w.config.nr_frames && w.paged.frames[frame].page == page);
	EXPECT(!memcmp(frames[frame], expected[page], PAGE_SIZE));
	if (came)
		EXPECT(cleaned.shared == frames[frame]);
	if (!(e & S2_XN) && (came || before & S2_XN))
		EXPECT(cleaned.published == frames[frame]);
}

static bool may_go(u32 frame)
{
	const struct paged_frame *f = &w.paged.frames[frame];

	return is_free[frame] || (!f->holds && !f->busy);
}

/* Nothing was to be had: but is there nothing? */
static void check_no_room(void)
{
	w.no_room++;
	if (w.refused || paged_nr_loading(&w.paged) == w.config.nr_loads)
		return;
	find_free(&w.paged.free, is_free);
	for (u32 i = 0; i < w.config.nr_frames; i++)
		EXPECT(!may_go(i));
	EXPECT(paged_nr_loading(&w.paged) > 0);
}

static bool fits(enum paged_answer answer, u64 entry)
{
	u64 state = PAGED_STATE(stage2_page_value(entry));

	if (entry & PTE_VALID)
		return answer == PAGED_THERE;
	if (state == PAGED_LOADING)
		return answer == PAGED_WAIT;
	if (state == PAGED_GONE)
		return answer == PAGED_LOST;
	if (state == PAGED_STORED &&
	    (answer == PAGED_WAIT || (answer == PAGED_LOST && w.unwilling)))
		return true;
	return answer == PAGED_ROOM || answer == PAGED_AGAIN ||
	       (answer == PAGED_THERE && (state != PAGED_STORED || w.there));
}

static enum paged_answer world_fault(u32 cpu, u32 page, const struct paged_access *a, u32 *frame)
{
	u64 before = *w.entry[page];
	enum paged_answer answer;

	w.asking = cpu;
	w.refused = false;
	cleaned = (struct cleaned){0};
	host_VTTBR_EL2 = w.s2.vttbr;
	answer = paged_fault(&w.paged, page, a, w.now, frame);
	host_VTTBR_EL2 = FOREIGN_VTTBR;
	w.asking = NOBODY;
	EXPECT(fits(answer, before));
	if (answer == PAGED_ROOM)
		check_no_room();
	if (answer != PAGED_THERE)
		return answer;
	EXPECT_EQ(*w.entry[page] & (PTE_VALID | PTE_AF), PTE_VALID | PTE_AF);
	EXPECT(!a->fetch || !(*w.entry[page] & S2_XN));
	EXPECT_EQ(w.paged.frames[*frame].page, page);
	EXPECT(paged_frame_address(&w.paged, *frame) == frames[*frame]);
	check_there(page, before);
	w.held_page[*frame] = page;
	w.held[*frame]++;
	return answer;
}

static void world_release(u32 frame)
{
	w.held[frame]--;
	paged_release(&w.paged, frame);
}

static bool world_done(struct paged_done *d)
{
	cleaned = (struct cleaned){0};
	if (!paged_done(&w.paged, w.now, d))
		return false;
	if (d->page == PAGED_NO_PAGE) {
		EXPECT(!d->lost);
		return true;
	}
	EXPECT(d->page < w.config.nr_pages);
	EXPECT_EQ(d->lost, w.lost[d->page]);
	if (!d->lost)
		check_there(d->page, 0);
	return true;
}

/* Nobody runs, nobody holds; the one who restarts makes CPUs forget. */
static void world_restart(void)
{
	find_free(&w.paged.free, is_free);
	for (u32 i = 0; i < w.config.nr_frames; i++) {
		EXPECT(!w.held[i]);
		w.resident_dropped += !is_free[i] && !w.paged.frames[i].busy;
	}
	for (u32 i = 0, n; i < w.config.nr_pages; i += n) {
		n = 1 + test_random() % PAGED_RESET_STEP;
		paged_reset(&w.paged, i, n);
	}
	stage2_flush_tlb(&w.s2);
	EXPECT_EQ(host_VTTBR_EL2, FOREIGN_VTTBR);
	expect_fresh();
}
