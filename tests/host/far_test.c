/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: mm/far.c
 *
 * Far memory against a list that is searched from end to end. The latencies that it draws
 * are known from a twin of the same seed that has one load at a time.
 */
#include <lib/bits.h>
#include <mm/far.h>
#include <string.h>
#include <test.h>

#define FREQUENCY 62500000UL
#define TICKS_PER_MS (FREQUENCY / 1000)
#define NR_PAGES 16
#define ROOM 37 /* no power of two: the heap's last level is not full */

static u8 memory[NR_PAGES * PAGE_SIZE], frame[ROOM][PAGE_SIZE];

/* A store, or its twin, which needs no contents. */
struct bench {
	struct far far;
	struct far_load heap[ROOM];
};

static struct store *begin(struct bench *b, const struct far_config *c, u32 room)
{
	memset(b, 0, sizeof(*b));
	far_init(&b->far, c, memory, NR_PAGES, b->heap, room, FREQUENCY);
	EXPECT_EQ(b->far.store.latency_us, c->latency_us);
	return &b->far.store;
}

/* The latency that the next load would get. */
static u64 draw(struct store *twin)
{
	static u8 nowhere[PAGE_SIZE];
	struct store_done d;
	u64 due;

	EXPECT_EQ(twin->ops->load(twin, 0, 0, nowhere, 0), STORE_BEGUN);
	due = twin->ops->next(twin);
	EXPECT(twin->ops->done(twin, due, &d));
	return due;
}

/* ---- the list ---- */

static struct {
	struct {
		bool used;
		u64 due;
		u32 page;
	} load[ROOM];
	u64 stamp[NR_PAGES];
	u32 nr;
	u64 now, last, spacing;
} list;

static u64 list_least(void)
{
	u64 least = UINT64_MAX;

	for (u32 i = 0; i < ROOM; i++)
		if (list.load[i].used)
			least = MIN(least, list.load[i].due);
	return least;
}

static u64 list_next(void)
{
	return list.nr ? MAX(list_least(), list.last + list.spacing) : UINT64_MAX;
}

static void one_load(struct store *s, struct store *twin)
{
	u32 id = test_random() % ROOM, page = test_random() % NR_PAGES;

	while (list.nr < ROOM && list.load[id].used)
		id = (id + 1) % ROOM;
	memset(frame[id], 0xee, 8);
	EXPECT_EQ(s->ops->load(s, id, page, frame[id], list.now),
		  list.nr < ROOM ? STORE_BEGUN : STORE_FULL);
	if (list.nr == ROOM)
		return;
	list.load[id].used = true;
	list.load[id].due = list.now + draw(twin);
	list.load[id].page = page;
	list.nr++;
}

static void one_save(struct store *s)
{
	static u64 from[PAGE_SIZE / 8];
	u32 page = test_random() % NR_PAGES;

	list.stamp[page] = from[0] = from[PAGE_SIZE / 8 - 1] = test_random();
	EXPECT(s->ops->save(s, page, from, list.now));
	from[0] = 0; /* the frame is the caller's again */
}

/* The contents are those of the moment at which the load ends. */
static void one_done(struct store *s)
{
	u64 at = list_next();
	struct store_done d = {UINT32_MAX, ERR_RANGE};

	EXPECT_EQ(s->ops->next(s), at);
	EXPECT_EQ(s->ops->busy(s), list.nr > 0);
	EXPECT_EQ(s->ops->done(s, list.now, &d), at <= list.now);
	if (at > list.now)
		return;
	EXPECT(d.err == OK && d.load < ROOM);
	d.load %= ROOM;
	EXPECT(list.load[d.load].used);
	EXPECT_EQ(list.load[d.load].due, list_least());
	EXPECT(!memcmp(frame[d.load], &list.stamp[list.load[d.load].page], 8));
	EXPECT(!memcmp(&frame[d.load][PAGE_SIZE - 8], &list.stamp[list.load[d.load].page], 8));
	list.nr -= list.load[d.load].used;
	list.load[d.load].used = false;
	list.last = list.spacing ? at : 0;
}

static void one_reset(struct store *s, struct store *twin)
{
	s->ops->reset(s);
	twin->ops->reset(twin);
	memset(list.load, 0, sizeof(list.load));
	list.nr = 0;
	list.last = 0;
	EXPECT_EQ(s->ops->next(s), UINT64_MAX);
}

static void run(const struct far_config *c, u32 steps)
{
	static struct bench bench, twins;
	struct far_config alone = *c;
	struct store *s = begin(&bench, c, ROOM), *twin;

	alone.per_ms = 0;
	twin = begin(&twins, &alone, 1);
	memset(&list, 0, sizeof(list));
	memset(memory, 0, sizeof(memory));
	list.spacing = c->per_ms ? (TICKS_PER_MS + c->per_ms - 1) / c->per_ms : 0;
	for (u32 i = 0; i < steps; i++) {
		u32 what = test_random() % 16;

		if (what < 6)
			one_load(s, twin);
		else if (what < 8)
			one_save(s);
		else if (what < 15)
			one_done(s);
		else if (test_random() % 256 == 0)
			one_reset(s, twin);
		list.now += test_random() % (c->latency_us * 2 + 2);
	}
}

TEST(far_ends_loads_in_the_order_of_a_list)
{
	static const struct far_config configs[] = {
	    {0, 0, 0, 0},     {50, 0, 1, 0},  {200, 200, 2, 0},      {1000, 10, 3, 0},
	    {500, 400, 4, 7}, {0, 0, 5, 100}, {5000, 5000, 6, 1000}, {300, 100, 7, 65000}};

	for (u32 i = 0; i < ARRAY_SIZE(configs); i++)
		run(&configs[i], 125000);
}

/* ---- latencies ---- */

TEST(far_latency_is_spread_evenly_over_its_range)
{
	static struct bench b;
	struct far_config c = {500, 100, 42, 0};
	struct store *s = begin(&b, &c, 1);
	u32 count[201] = {0};

	for (u32 i = 0; i < 201 * 500; i++) {
		u64 ticks = draw(s), us = (ticks * 1000 + TICKS_PER_MS - 1) / TICKS_PER_MS;

		EXPECT(us >= 400 && us <= 600);
		count[MIN(us - 400, 200UL)]++;
	}
	for (u32 i = 0; i < 201; i++)
		EXPECT(count[i] > 375 && count[i] < 625);
}

TEST(far_latency_without_jitter_is_exact)
{
	static const u32 us[] = {0, 1, 50, 10000000};
	static struct bench b;

	for (u32 i = 0; i < ARRAY_SIZE(us); i++) {
		struct far_config c = {us[i], 0, 9, 0};
		struct store *s = begin(&b, &c, 1);

		EXPECT_EQ(draw(s), us[i] * FREQUENCY / 1000000);
	}
}

TEST(far_latency_reaches_zero_and_the_longest)
{
	static struct bench b;
	struct far_config c = {10000000, 10000000, 0, 0};
	struct store *s = begin(&b, &c, 1);
	u64 least = UINT64_MAX, most = 0;

	for (u32 i = 0; i < 10000; i++) {
		u64 ticks = draw(s);

		least = MIN(least, ticks);
		most = MAX(most, ticks);
	}
	EXPECT(least < FREQUENCY / 10);
	EXPECT(most <= 20 * FREQUENCY && most > 20 * FREQUENCY - FREQUENCY / 10);
}

TEST(far_same_seed_same_latencies)
{
	static struct bench a, b, other;
	struct far_config c = {1000, 1000, 77, 0}, d = {1000, 1000, 78, 0};
	struct store *s = begin(&a, &c, 1), *t = begin(&b, &c, 1), *u = begin(&other, &d, 1);
	u32 equal = 0;
	u64 first[100];

	for (u32 i = 0; i < 100; i++) {
		first[i] = draw(s);
		EXPECT_EQ(draw(t), first[i]);
		equal += draw(u) == first[i];
	}
	EXPECT(equal < 10);
	s->ops->reset(s);
	for (u32 i = 0; i < 100; i++)
		EXPECT_EQ(draw(s), first[i]);
}

/* ---- limits ---- */

/* However late they are asked for, no more than per_ms end in any millisecond. */
TEST(far_ends_no_more_than_so_many_in_a_millisecond)
{
	static const u32 per_ms[] = {1, 3, 7, 16, 1000};
	static struct bench b;
	static u64 ended[20 * ROOM];

	for (u32 k = 0; k < ARRAY_SIZE(per_ms); k++) {
		struct far_config c = {100, 100, 5, per_ms[k]};
		struct store *s = begin(&b, &c, ROOM);
		struct store_done d;
		u64 now = 1000;
		u32 n = 0;

		while (n < ARRAY_SIZE(ended)) {
			for (u32 i = 0; s->ops->load(s, i, 0, frame[0], now) == STORE_BEGUN; i++)
				;
			now = s->ops->next(s);
			ended[n++] = now;
			EXPECT(!s->ops->done(s, now - 1, &d) && s->ops->done(s, now, &d));
		}
		for (u32 i = per_ms[k]; i < n; i++)
			EXPECT(ended[i] - ended[i - per_ms[k]] >= TICKS_PER_MS);
	}
}

TEST(far_refuses_what_it_has_no_room_for)
{
	static struct bench b;
	struct far_config c = {10, 0, 1, 0};
	struct store *s = begin(&b, &c, 3);
	struct store_done d;
	u64 due;

	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(s->ops->load(s, i, i, frame[i], 5 * i), STORE_BEGUN);
	due = s->ops->next(s);
	EXPECT_EQ(s->ops->load(s, 3, 3, frame[3], 0), STORE_FULL);
	EXPECT_EQ(s->ops->next(s), due);
	EXPECT(s->ops->done(s, due, &d) && d.load == 0);
	EXPECT_EQ(s->ops->load(s, 3, 3, frame[3], 1000), STORE_BEGUN);
	EXPECT_EQ(s->ops->load(s, 4, 3, frame[4], 1000), STORE_FULL);
	EXPECT(s->ops->busy(s));
}
