/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: mm/paged.c mm/paged_evict.c mm/far.c mm/stage2_page.c mm/stage2.c mm/pgtable.c
 * sources: mm/pages.c
 *
 * Paged memory under a guest of which everything is known (paged_world.h): a million
 * steps of vCPUs that read, write and fetch, and what single cases must do.
 */
#include <lib/bits.h>
#include <paged_vcpus.h>

bool tlb_repeat;

/* ---- the rest of the world ---- */

static struct {
	u32 frame, page;
} pins[4];
static u32 nr_pins, max_pins;

static void arrivals(void)
{
	struct paged_done d;
	u64 next = paged_next(&w.paged);
	bool came;

	EXPECT_EQ(next == UINT64_MAX, !paged_nr_loading(&w.paged) && !w.room && !w.paged.nr_ahead);
	if (next != UINT64_MAX && one_in(4))
		w.now = MAX(w.now, next);
	while ((came = world_done(&d)) || paged_next(&w.paged) <= w.now) {
		for (u32 i = 0; came && i < nr_vcpus; i++) {
			struct vcpu *v = &vcpus[i];

			v->no_room = false;
			if (d.page == PAGED_NO_PAGE || v->waits != d.page)
				continue;
			v->waits = NOBODY;
			if (one_in(2))
				vcpu_fault(v, d.page, v->fetch && d.page == v->pages[0]);
		}
	}
	EXPECT(paged_next(&w.paged) > w.now);
}

/* A control block: held for long. */
static void pin(void)
{
	u32 page = test_random() % w.config.nr_pages, frame = NOBODY;
	struct paged_access a = {.el1 = true};

	if (nr_pins == max_pins || one_in(2)) {
		if (nr_pins)
			world_release(pins[--nr_pins].frame);
		return;
	}
	if (world_fault(0, page, &a, &frame) != PAGED_THERE)
		return;
	pins[nr_pins].frame = frame;
	pins[nr_pins++].page = page;
}

static void restart(void)
{
	for (u32 i = 0; i < nr_vcpus; i++) {
		vcpus[i].nr = 0;
		new_instruction(&vcpus[i]);
	}
	while (nr_pins)
		world_release(pins[--nr_pins].frame);
	world_restart();
}

/* Whoever maps a frame has written all of it. */
static void scribble(void)
{
	u32 i = test_random() % w.config.nr_frames;
	const struct paged_frame *f = &w.paged.frames[i];

	find_free(&w.paged.free, is_free);
	if (is_free[i] || f->busy)
		frames[i][test_random() % WORDS] = test_random();
}

static void step(void)
{
	u32 what = test_random() % 64;

	w.now += test_random() % (w.far.config.latency_us * 16 + 1);
	scribble();
	if (what < 54)
		vcpu_step(&vcpus[test_random() % nr_vcpus]);
	else if (what < 63)
		arrivals();
	else
		pin();
	if (one_in(8192))
		restart();
	if (nr_pins)
		EXPECT_EQ(w.paged.frames[pins[0].frame].page, pins[0].page);
	world_check();
}

/* ---- a million steps ---- */

static struct paged_image images[4];

static void some_images(struct paged_config *c)
{
	c->images = images;
	c->nr_images = test_random() % 5;
	for (u32 i = 0; i < c->nr_images; i++) {
		u64 from = test_random() % sizeof(image_bytes);

		images[i] = (struct paged_image){
		    .from = image_bytes + from,
		    .at = test_random() % ((c->nr_pages + 1) * PAGE_SIZE),
		    .size = one_in(8) ? 0 : test_random() % (sizeof(image_bytes) - from)};
	}
}

/* Quotas from the least upwards; some rounds with a store that refuses, or loses pages. */
static void begin_round(u32 round)
{
	struct paged_config c = {0};
	struct far_config far = {.seed = round};

	nr_vcpus = 1 + round % NR_CPUS;
	max_pins = test_random() % 4;
	c.nr_frames = paged_least_frames(nr_vcpus) + max_pins + (round < 16 ? round / 4 : 0);
	if (round >= 16)
		c.nr_frames += test_random() % (round % 8 ? 16 : 160);
	c.nr_pages = c.nr_frames / 2 + 24 + test_random() % (c.nr_frames * 3 / 2);
	c.nr_loads = 1 + test_random() % MAX_LOADS;
	c.read_ahead = one_in(2) ? test_random() % 8 : 0;
	some_images(&c);
	far.latency_us = one_in(4) ? 0 : test_random() % 1000;
	far.jitter_us = test_random() % (far.latency_us + 1);
	far.per_ms = one_in(4) ? 5 + test_random() % 100 : 0;
	host_ID_AA64MMFR1_EL1 = round % 3; /* HAFDBS */
	EXPECT_EQ(world_create(&c, &far), OK);
	w.refuse_load = one_in(3) ? 8 : 0;
	w.refuse_save = one_in(3) ? 6 : 0;
	w.fail = one_in(3) ? 200 : 0;
	w.there = one_in(3) ? 3 : 0;
	w.unwilling = one_in(3) ? 50 : 0;
	w.pin = one_in(3) ? 2 + test_random() % 8 : 0;
	nr_pins = 0;
	memset(vcpus, 0, sizeof(vcpus));
	for (u32 i = 0; i < nr_vcpus; i++)
		new_instruction(&vcpus[i]);
}

TEST(paged_guest_finds_what_it_wrote)
{
	struct paged_counts sum = {0};
	u64 stale = 0, rooms = 0;

	for (u32 i = 0; i < sizeof(image_bytes); i++)
		image_bytes[i] = test_random();
	for (u32 round = 0; round < 100; round++) {
		begin_round(round);
		for (u32 i = 0; i < 10000; i++)
			step();
		for (u32 i = 0; i < sizeof(sum) / sizeof(u64); i++)
			((u64 *)&sum)[i] += ((u64 *)&w.paged.counts)[i];
		stale += w.stale;
		rooms += w.rooms;
	}
	EXPECT(sum.filled > 10000 && sum.loaded > 10000 && sum.ahead > 1000 && sum.lost > 50);
	EXPECT(sum.evicted_zero > 1000 && sum.evicted > 2 * sum.evicted_zero);
	EXPECT(sum.aged > 10000 && sum.no_room > 100);
	EXPECT(stale > 100000 && rooms > 1000);
	EXPECT(most_faults < 1000 && agains > 10);
}

/* ---- single cases ---- */

#define CASE_PAGES MAX_PAGES /* all of a table: behind it there is none */

static void begin_case(u32 nr_pages, u32 extra_frames)
{
	struct paged_config c = {.nr_pages = nr_pages,
				 .nr_frames = paged_least_frames(1) + extra_frames,
				 .nr_loads = 12};
	struct far_config far = {100, 0, 1, 0};

	host_ID_AA64MMFR1_EL1 = 0;
	EXPECT_EQ(world_create(&c, &far), OK);
}

static void all_arrive(void)
{
	struct paged_done d;

	w.now += FREQUENCY;
	while (world_done(&d) || paged_next(&w.paged) <= w.now)
		;
}

/* Nothing else has happened. */
static void go_ahead(void)
{
	struct paged_done d;

	for (u32 most = w.paged.nr_ahead; w.paged.nr_ahead; most--)
		EXPECT(most && !world_done(&d));
}

/* Makes page present, and used; where it is. */
static u64 *bring(u32 page, bool fetch, bool el1)
{
	struct paged_access a = {fetch, el1};
	enum paged_answer answer;
	u32 frame;

	while ((answer = world_fault(0, page, &a, &frame)) == PAGED_WAIT)
		all_arrive();
	EXPECT_EQ(answer, PAGED_THERE);
	world_release(frame);
	world_check();
	return frames[frame];
}

static bool is_there(u32 page)
{
	return *w.entry[page] & PTE_VALID;
}

static u64 state_of(u32 page)
{
	return is_there(page) ? 99 : PAGED_STATE(stage2_page_value(*w.entry[page]));
}

/* Others come, which need no store, until this one has gone. */
static void push_out(u32 page)
{
	for (u32 i = CASE_PAGES / 2; is_there(page) && i < CASE_PAGES - 8; i++)
		bring(i, false, false);
	EXPECT(!is_there(page));
}

TEST(paged_page_is_zero_if_no_half_word_differs)
{
	for (u32 half = 0; half <= 2 * WORDS; half++) {
		u64 *at;

		begin_case(CASE_PAGES, 0);
		at = bring(5, false, false);
		memset(at, 0, PAGE_SIZE);
		if (half < 2 * WORDS)
			((u32 *)at)[half] ^= 1U << half % 32;
		memcpy(expected[5], at, PAGE_SIZE);
		push_out(5);
		EXPECT_EQ(state_of(5), half < 2 * WORDS ? PAGED_STORED : PAGED_ZERO);
		bring(5, false, false);
	}
}

/* All pages are in use all the time: what has just come must not be what goes. */
TEST(paged_does_not_take_what_has_just_come)
{
	for (u32 extra = 0; extra < 160; extra += 53) {
		u32 nr = paged_least_frames(1) + extra;

		begin_case(MAX_PAGES, extra);
		for (u32 k = 0; k < nr; k++)
			bring(k, false, false);
		for (u32 k = nr; k < MAX_PAGES; k++) {
			bring(k, false, false);
			EXPECT(k == nr || is_there(k - 1));
			for (u32 i = 0; i < k; i++)
				if (is_there(i))
					bring(i, false, false);
		}
	}
}

TEST(paged_spares_el1_and_takes_what_nobody_asked_for)
{
	u32 nr = paged_least_frames(1), el1 = 0;

	begin_case(CASE_PAGES, 0);
	for (u32 i = 0; i < nr; i++)
		bring(i, false, i % 2);
	for (u32 i = nr; i < nr + nr / 2; i++)
		bring(i, false, false);
	for (u32 i = 0; i < nr; i++)
		el1 += i % 2 && is_there(i);
	EXPECT(el1 >= nr / 2 - 1);
}

TEST(paged_second_fault_joins_the_first)
{
	struct paged_access data = {0}, code = {.fetch = true};
	struct paged_done d;
	u32 frame;

	begin_case(CASE_PAGES, 0);
	expected[7][3] = bring(7, false, false)[3] = 1;
	push_out(7);
	EXPECT_EQ(world_fault(0, 7, &data, &frame), PAGED_WAIT);
	EXPECT_EQ(world_fault(1, 7, &code, &frame), PAGED_WAIT);
	EXPECT_EQ(paged_nr_loading(&w.paged), 1);
	EXPECT_EQ(paged_next(&w.paged), w.now + 100 * FREQUENCY / 1000000);
	EXPECT(!world_done(&d));
	w.now = paged_next(&w.paged);
	EXPECT(world_done(&d) && d.page == 7 && !d.lost && !world_done(&d));
	EXPECT(cpu_access(1, ipa_of_page(7), true) != NULL);
	EXPECT_EQ(cpus.nr_published, 1);
}

/* Pages [from, to) go to the store. */
static void store_pages(u32 from, u32 to)
{
	for (u32 i = from; i < to; i++)
		expected[i][9] = bring(i, false, false)[9] = i + 1;
	for (u32 i = from; i < to; i++)
		push_out(i);
	for (u32 i = from; i < to; i++)
		EXPECT_EQ(state_of(i), PAGED_STORED);
}

TEST(paged_reads_ahead_of_a_sequential_walk)
{
	struct paged_access a = {0};
	u32 frame;

	begin_case(CASE_PAGES, 0);
	store_pages(10, 20);
	w.paged.config.read_ahead = 4;
	EXPECT_EQ(world_fault(0, 10, &a, &frame), PAGED_WAIT); /* the first one: not yet */
	EXPECT_EQ(w.paged.counts.ahead, 0);
	all_arrive();
	EXPECT_EQ(world_fault(0, 11, &a, &frame), PAGED_WAIT);
	EXPECT_EQ(paged_next(&w.paged), 0);
	go_ahead();
	EXPECT_EQ(w.paged.counts.ahead, 4);
	EXPECT(state_of(15) == PAGED_LOADING && state_of(16) == PAGED_STORED);
	EXPECT_EQ(world_fault(0, 13, &a, &frame), PAGED_WAIT); /* asked for after all */
	all_arrive();
	EXPECT(is_there(15) && !(*w.entry[15] & PTE_AF));
	EXPECT(is_there(13) && *w.entry[13] & PTE_AF);
	EXPECT_EQ(world_fault(0, 16, &a, &frame), PAGED_WAIT); /* not beyond what is stored */
	go_ahead();
	EXPECT_EQ(w.paged.counts.ahead, 4 + 3);
	all_arrive();
	store_pages(CASE_PAGES - 2, CASE_PAGES);
	bring(CASE_PAGES - 3, false, false);
	EXPECT_EQ(world_fault(0, CASE_PAGES - 2, &a, &frame), PAGED_WAIT); /* nor of RAM */
	go_ahead();
	EXPECT_EQ(w.paged.counts.ahead, 4 + 3 + 1);
}

TEST(paged_first_fetch_tells_all_cpus)
{
	for (int repeat = 0; repeat < 2; repeat++) {
		begin_case(CASE_PAGES, 0);
		tlb_repeat = repeat;
		stage2_page_make(w.entry[0], 0x1000, false, true);
		stage2_page_allow_exec(w.entry[0], w.config.ipa);
		EXPECT(stage2_page_exec(*w.entry[0]));
		EXPECT_EQ(cpus.nr_ipa, 1 << repeat);
		EXPECT_EQ(cpus.nr_stage1, 1 << repeat);
	}
	tlb_repeat = false;
}

TEST(paged_eviction_tells_all_cpus_once)
{
	for (int repeat = 0; repeat < 2; repeat++) {
		begin_case(CASE_PAGES, 0);
		tlb_repeat = repeat;
		for (u32 i = 0; i < paged_least_frames(1); i++)
			bring(i, false, false);
		for (u32 i = 0; i < w.config.nr_frames; i++)
			*w.entry[i] &= ~PTE_AF;
		for (u32 i = 0; i < w.config.nr_frames; i++)
			w.paged.frames[i].age = 0;
		EXPECT_EQ(cpus.nr_ipa + cpus.nr_stage1, 0);
		bring(40, false, false);
		EXPECT_EQ(cpus.nr_ipa, PAGED_EVICTED_AT_ONCE << repeat);
		EXPECT_EQ(cpus.nr_stage1, 1 << repeat);
		EXPECT_EQ(numbers_left(&w.paged.free), PAGED_EVICTED_AT_ONCE - 1);
	}
	tlb_repeat = false;
}

TEST(paged_create_refuses)
{
	struct stage2 s2;
	struct paged p;
	struct paged_config c = {
	    .ipa = BIT(32) - PAGE_SIZE, .nr_pages = 2, .nr_frames = 24, .nr_loads = 1};

	begin_case(CASE_PAGES, 0);
	EXPECT_EQ(stage2_create(&s2, 2, 32), OK);
	EXPECT_EQ(paged_create(&p, &c, &s2, &w.store), ERR_RANGE);
	c.ipa = -PAGE_SIZE;
	EXPECT_EQ(paged_create(&p, &c, &s2, &w.store), ERR_RANGE);
	c.ipa = 0x800;
	EXPECT_EQ(paged_create(&p, &c, &s2, &w.store), ERR_RANGE);
	c.ipa = 0;
	c.nr_frames = 1 << 20;
	EXPECT_EQ(paged_create(&p, &c, &s2, &w.store), ERR_NO_MEMORY);
	c.nr_frames = 24;
	while (pages_left())
		EXPECT(pages_alloc(1));
	c.ipa = GIB(3);
	EXPECT_EQ(paged_create(&p, &c, &s2, &w.store), ERR_NO_MEMORY);
}

TEST(paged_hardware_sets_the_flag_where_it_can)
{
	for (u32 hafdbs = 0; hafdbs < 3; hafdbs++) {
		begin_case(CASE_PAGES, 0);
		EXPECT_EQ(w.s2.vtcr & BIT(21), 0);
		host_ID_AA64MMFR1_EL1 = hafdbs;
		EXPECT_EQ(stage2_make_paged(&w.s2, GIB(2), PAGE_SIZE), OK);
		EXPECT_EQ(w.s2.vtcr & BIT(21), hafdbs ? BIT(21) : 0);
	}
	EXPECT_EQ(paged_least_frames(4), 92);
	EXPECT_EQ(paged_page(&w.paged, RAM - 1), PAGED_NO_PAGE);
	EXPECT_EQ(paged_page(&w.paged, RAM + CASE_PAGES * PAGE_SIZE), PAGED_NO_PAGE);
	EXPECT_EQ(paged_page(&w.paged, RAM + CASE_PAGES * PAGE_SIZE - 1), CASE_PAGES - 1);
}

/* What partitions share is no code, whether it may be written or not. */
TEST(stage2_shared_memory_is_never_executable)
{
	for (u32 write = 0; write < 2; write++) {
		struct stage2_entry e;

		begin_case(CASE_PAGES, 0);
		EXPECT_EQ(stage2_map_shared(&w.s2, GIB(2), GIB(3), PAGE_SIZE, write), OK);
		e = stage2_lookup(&w.s2, GIB(2));
		EXPECT(e.kind == STAGE2_MEMORY && e.value == GIB(3) && (e.raw & S2_XN) == S2_XN);
		EXPECT_EQ(e.raw & S2_READ_WRITE, write ? S2_READ_WRITE : S2_READ);
		EXPECT_EQ(stage2_map_memory(&w.s2, GIB(2) + PAGE_SIZE, GIB(3), PAGE_SIZE), OK);
		EXPECT(!(stage2_lookup(&w.s2, GIB(2) + PAGE_SIZE).raw & S2_XN));
	}
}
