/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: mm/pager.c mm/pager_ring.c mm/pager_slots.c mm/pages.c guest/pager/pager.c
 *
 * What a pager says or does not say is worked off piece by piece, however many slots there are; and
 * what it never answers keeps no page for ever.
 */
#include <pager_world.h>

#define AT_ONCE 8

static bool pins(u32 page)
{
	return store->ops->pins(store, page);
}

/* One call, in which no vCPU hears of anything. */
static void one_step(void)
{
	struct store_done d;

	EXPECT_EQ(store->ops->next(store), 0);
	EXPECT(!store->ops->done(store, now, &d));
}

/* ---- pages ---- */

TEST(pager_drop_without_an_answer_keeps_its_page_until_it_is_late)
{
	struct tocsin_pager_request drop;

	begin();
	keep(1, 1);
	store->ops->drop(store, 1, now);
	drop = asked(TOCSIN_PAGER_DROP, 1);
	EXPECT(pins(1) && !pins(2) && !save(1, 0x11) && store->ops->busy(store));
	now += TIMEOUT;
	hear_load(STORE_ROOM, OK);
	EXPECT(!pins(1) && save(1, 0x11) && pins(1));
	asked(TOCSIN_PAGER_EVICT, 1);
	answer(drop.id, 0); /* after all: nothing follows for the page */
	hear_nothing();
	EXPECT(pins(1) && numbers_left(&pager.free) == SLOTS - 1 && !pager.counts.strange);
	EXPECT_EQ(load(0, 1), STORE_THERE);
	EXPECT(is(frame, 0x11));
}

/* The dead say nothing, but this is still to be waited for. */
TEST(pager_who_needs_a_page_that_is_kept_waits_also_for_the_dead)
{
	begin();
	keep(1, 1);
	store->ops->drop(store, 1, now);
	store->dead = true;
	EXPECT(!save(1, 0x11) && store->ops->busy(store));
	now += TIMEOUT;
	hear_load(STORE_ROOM, OK);
	EXPECT(save(1, 0x11));
}

TEST(pager_eviction_that_was_had_back_keeps_its_page_until_it_is_late)
{
	begin();
	EXPECT(save(1, 1));
	EXPECT_EQ(load(0, 1), STORE_THERE);
	EXPECT(!save(1, 0x11));
	now += TIMEOUT;
	hear_nothing();
	EXPECT(!pins(1) && save(1, 0x11));
	EXPECT_EQ(load(0, 1), STORE_THERE);
	EXPECT(is(frame, 0x11));
	EXPECT(save(2, 2));
	now += TIMEOUT;
	hear_nothing();
	EXPECT(pins(2) && !pins(1)); /* its slot has what it contains */
	EXPECT_EQ(load(0, 2), STORE_THERE);
	EXPECT(!pins(2) && is(frame, 2)); /* and has been waited for long enough */
}

TEST(pager_request_of_an_earlier_life_keeps_its_page_until_it_is_late)
{
	begin();
	EXPECT(save(1, 1));
	store->ops->reset(store);
	EXPECT(pins(1) && !save(1, 0x11) && store->ops->busy(store));
	now += TIMEOUT;
	hear_load(STORE_ROOM, OK);
	EXPECT(save(1, 0x11));
	now += TIMEOUT;
	hear_nothing();
	EXPECT(pins(1));
	store->ops->reset(store); /* it was late before */
	EXPECT(!pins(1) && save(1, 0x22));
}

/* ---- steps ---- */

static void fill_slots(void)
{
	for (u32 i = 0; i < SLOTS; i++)
		EXPECT(save(i, i));
}

TEST(pager_hello_is_worked_off_piece_by_piece)
{
	begin();
	fill_slots();
	say_hello(0);
	for (u32 asked_anew = AT_ONCE; asked_anew < SLOTS; asked_anew += AT_ONCE) {
		one_step();
		EXPECT_EQ(pager.produced, asked_anew);
		EXPECT(!served_heard(&served)); /* until all have been */
	}
	one_step();
	EXPECT(served_heard(&served) && pager.produced == SLOTS);
	for (u32 i = 0; i < SLOTS; i++)
		EXPECT(is(served_slot(&served, asked(TOCSIN_PAGER_EVICT, i).id), i));
	hear_nothing();
}

/* Neither its answers nor its next hello are looked at meanwhile, nor are its last answers. */
TEST(pager_is_not_heard_before_its_session_has_begun)
{
	struct tocsin_pager_request r;

	begin();
	fill_slots();
	r = asked(TOCSIN_PAGER_EVICT, 0);
	say_hello(0);
	one_step();
	say_hello(0);
	answer(r.id, 0);
	answer(requests[0].id, 0);
	one_step();
	EXPECT(pager.counts.hellos == 2 && numbers_left(&pager.free) == 0);
	hear_nothing();
	EXPECT(pager.counts.hellos == 3 && served_heard(&served));
	EXPECT_EQ(numbers_left(&pager.free), 0);
}

/* What is asked while old requests are asked anew is asked once. */
TEST(pager_is_asked_once_in_a_session)
{
	begin();
	for (u32 i = 0; i < SLOTS - 2; i++)
		EXPECT(save(i, i));
	say_hello(0);
	one_step();
	EXPECT(save(50, 50) && save(51, 51));
	EXPECT_EQ(load(0, 3), STORE_THERE);
	EXPECT_EQ(load(0, SLOTS - 3), STORE_THERE); /* before it could be asked anew */
	hear_nothing();
	for (u32 i = 0; i < SLOTS - 1; i++) {
		struct tocsin_pager_request r;

		EXPECT(served_next(&served, &r) && r.page != SLOTS - 3);
	}
	asked_nothing();
}

TEST(pager_late_ones_are_found_piece_by_piece)
{
	begin();
	fill_slots();
	now += TIMEOUT;
	for (u32 late = AT_ONCE; late <= SLOTS; late += AT_ONCE) {
		struct store_done d;

		EXPECT(store->ops->next(store) <= now);
		EXPECT(!store->ops->done(store, now, &d));
		EXPECT_EQ(pager.counts.late, late);
	}
	EXPECT_EQ(store->ops->next(store), UINT64_MAX);
}

/* A pager that talks for ever is late all the same. */
TEST(pager_that_always_says_something_is_late)
{
	struct store_done d;
	u32 calls = 0;

	begin();
	EXPECT(save(1, 1));
	now += TIMEOUT;
	while (!pager.counts.late && calls++ < SLOTS) {
		for (u32 i = 0; i < SLOTS; i++)
			served_complete(&served, 0, 0);
		pager_rung(&pager);
		hello->produced = pager.consumed + SLOTS;
		EXPECT(!store->ops->done(store, now, &d));
	}
	EXPECT(pager.counts.late == 1 && calls <= SLOTS / AT_ONCE + 1);
}

/* But what was said in time counts. */
TEST(pager_is_heard_before_it_is_late)
{
	begin();
	fill_slots();
	for (u32 i = 0; i < SLOTS; i++)
		answer(asked(TOCSIN_PAGER_EVICT, i).id, 0);
	now += TIMEOUT;
	hear_nothing();
	EXPECT(!pager.counts.late && numbers_left(&pager.free) == SLOTS);
}

TEST(pager_loads_of_an_earlier_life_are_forgotten_one_by_one)
{
	begin();
	for (u32 i = 0; i < SLOTS; i++)
		keep(i, i);
	for (u32 i = 0; i < SLOTS; i++)
		EXPECT_EQ(load(i, i), STORE_BEGUN);
	say_hello(0); /* which loses them all */
	EXPECT(store->ops->done(store, now, &(struct store_done){0}));
	EXPECT(store->ops->done(store, now, &(struct store_done){0}));
	store->ops->reset(store);
	EXPECT_EQ(numbers_left(&pager.free), 2);
	EXPECT(save(50, 50) && save(51, 51) && !save(52, 52) && store->ops->busy(store));
	hear_load(STORE_ROOM, OK);
	EXPECT_EQ(numbers_left(&pager.free), SLOTS - 2);
}

/* ---- a new life of the pager ---- */

TEST(pager_hello_of_its_last_life_is_not_heard)
{
	begin();
	keep(1, 1);
	served_hello(&served, LATENCY, pager.epoch);
	store->ops->renew(store);
	pager_rung(&pager);
	hear_nothing();
	EXPECT(pager.counts.hellos == 1 && !served_heard(&served) && !hello->session);
	EXPECT(served_open(&served, shared, sizeof(shared)));
	/* Whatever session it chooses, by the document alone. */
	hello->keeps = 0;
	hello->session = 2;
	pager_rung(&pager);
	hear_nothing();
	EXPECT(pager.counts.hellos == 2 && offer->session == 2 && load(0, 1) == STORE_LOST);
}

TEST(pager_keeps_what_it_was_given_since_it_kept_nothing)
{
	begin();
	keep(1, 1);
	for (u32 i = 0; i < 3; i++) {
		say_hello(0);
		hear_nothing();
		EXPECT_EQ(load(0, 1), STORE_LOST);
		keep(2 + i, 2);
	}
	EXPECT_EQ(load(0, 2), STORE_LOST);
	EXPECT_EQ(load(0, 4), STORE_BEGUN);
	EXPECT_EQ(load(1, 99), STORE_LOST);
}
