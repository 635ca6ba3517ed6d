/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: mm/pager.c mm/pager_ring.c mm/pager_slots.c mm/pages.c guest/pager/pager.c
 *
 * What a pager store asks of a pager, and what it makes of the answers, rule by rule of
 * docs/pager.md.
 */
#include <pager_world.h>

/* ---- the rules ---- */

TEST(pager_offer_says_what_there_is)
{
	begin_silent(0);
	EXPECT_EQ(offer->magic, TOCSIN_PAGER_MAGIC);
	EXPECT_EQ(offer->version, TOCSIN_PAGER_VERSION);
	EXPECT_EQ(offer->slots, SLOTS);
	EXPECT_EQ(offer->page_size, PAGE_SIZE);
	EXPECT_EQ(offer->pages, NR_PAGES);
	EXPECT_EQ(offer->session, 0);
	EXPECT_EQ(offer->produced, 0);
	EXPECT(store->ops->next(store) == UINT64_MAX && !store->ops->busy(store));
	EXPECT(!pager_must_ring(&pager));
}

TEST(pager_hello_is_heard_if_it_can_be)
{
	begin_silent(0);
	*hello = (struct tocsin_pager_hello){.version = 2, .session = 5, .latency_us = 1};
	pager_rung(&pager);
	hear_nothing();
	hello->version = 0;
	pager_rung(&pager);
	hear_nothing();
	EXPECT_EQ(pager.counts.strange, 2);
	EXPECT(!offer->session && !pager.counts.hellos && !pager_must_ring(&pager));
	*hello = (struct tocsin_pager_hello){.version = 1};
	pager_rung(&pager);
	hear_nothing();
	EXPECT(!offer->session && pager.counts.strange == 2 && !store->latency_us);
	hello->latency_us = LATENCY;
	hello->session = 7;
	pager_rung(&pager);
	hear_nothing();
	EXPECT(offer->session == 7 && store->latency_us == LATENCY && pager.counts.hellos == 1);
	EXPECT(pager_must_ring(&pager));
	hello->latency_us = 1; /* without a new session: nothing */
	pager_rung(&pager);
	hear_nothing();
	EXPECT(store->latency_us == LATENCY && pager.counts.hellos == 1);
	EXPECT(!pager_must_ring(&pager));
}

TEST(pager_has_what_it_was_given)
{
	struct tocsin_pager_request r;

	begin();
	keep(3, 0x33);
	keep(99, 0x99);
	EXPECT_EQ(load(8, 3), STORE_BEGUN);
	r = asked(TOCSIN_PAGER_LOAD, 3);
	EXPECT_EQ(store->ops->next(store), now + TIMEOUT);
	EXPECT(store->ops->busy(store));
	memset(served_slot(&served, r.id), 0x33, PAGE_SIZE);
	memset(frame, 0, sizeof(frame));
	answer(r.id, 0);
	hear_load(8, OK);
	EXPECT(is(frame, 0x33) && !store->ops->busy(store));
	EXPECT_EQ(load(9, 3), STORE_BEGUN); /* the pager's copy stays */
	EXPECT(asked(TOCSIN_PAGER_LOAD, 3).id != r.id);
	EXPECT_EQ(pager.counts.loads, 2);
	EXPECT_EQ(pager.counts.evicts, 2);
}

TEST(pager_is_not_asked_for_what_it_does_not_have)
{
	begin();
	EXPECT_EQ(load(0, 50), STORE_LOST);
	asked_nothing();
	EXPECT(!pager_must_ring(&pager));
}

TEST(pager_requests_are_asked_before_it_is_there)
{
	begin_silent(TIMEOUT);
	EXPECT(save(1, 1) && save(2, 2) && save(3, 3));
	EXPECT_EQ(load(0, 2), STORE_THERE);
	EXPECT(is(frame, 2));
	say_hello(0);
	hear_nothing();
	asked(TOCSIN_PAGER_EVICT, 1);
	EXPECT(is(served_slot(&served, asked(TOCSIN_PAGER_EVICT, 3).id), 3));
	asked_nothing(); /* but not for what has been had back */
}

TEST(pager_page_on_its_way_comes_back_from_the_slot)
{
	struct tocsin_pager_request r;

	begin();
	EXPECT(save(5, 0x55));
	r = asked(TOCSIN_PAGER_EVICT, 5);
	EXPECT_EQ(load(1, 5), STORE_THERE);
	EXPECT(is(frame, 0x55) && pager.counts.rescued == 1);
	EXPECT(!save(5, 0x56)); /* one request for a page */
	EXPECT(store->ops->busy(store));
	answer(r.id, 0);
	hear_load(STORE_ROOM, OK);
	EXPECT(save(5, 0x56));
	r = asked(TOCSIN_PAGER_EVICT, 5);
	EXPECT_EQ(load(1, 5), STORE_THERE);
	EXPECT(is(frame, 0x56));
	answer(r.id, 28); /* it could not */
	hear_nothing();
	EXPECT_EQ(load(1, 5), STORE_LOST);
	EXPECT_EQ(pager.counts.failed, 1);
}

TEST(pager_load_that_fails_is_reported_as_lost)
{
	begin();
	keep(5, 5);
	EXPECT_EQ(load(3, 5), STORE_BEGUN);
	answer(asked(TOCSIN_PAGER_LOAD, 5).id, 5);
	hear_load(3, ERR_NOT_FOUND);
	EXPECT(!store->dead && pager.counts.failed == 1 && !store->ops->busy(store));
}

TEST(pager_says_when_there_is_room)
{
	struct tocsin_pager_request r[SLOTS];

	begin();
	keep(50, 50);
	for (u32 i = 0; i < SLOTS; i++) {
		EXPECT(save(i, i));
		r[i] = asked(TOCSIN_PAGER_EVICT, i);
	}
	EXPECT(!save(20, 20));
	EXPECT_EQ(load(0, 50), STORE_FULL);
	EXPECT_EQ(load(0, 7), STORE_THERE);
	answer(r[4].id, 0);
	hear_nothing(); /* nobody has said that he waits */
	EXPECT(store->ops->busy(store) && store->ops->next(store) == 0);
	hear_load(STORE_ROOM, OK);
	EXPECT(store->ops->busy(store)); /* something is still under way */
	EXPECT_EQ(load(0, 50), STORE_BEGUN);
	EXPECT(TOCSIN_PAGER_SLOT(asked(TOCSIN_PAGER_LOAD, 50).id) == TOCSIN_PAGER_SLOT(r[4].id));
	EXPECT(!save(20, 20) && store->ops->busy(store));
	EXPECT_EQ(store->ops->next(store), now + TIMEOUT);
	answer(r[0].id, 0);
	answer(r[1].id, 0);
	hear_load(STORE_ROOM, OK); /* once */
}

/* Those that have come are heard before anything is refused. */
TEST(pager_listens_before_it_refuses)
{
	struct tocsin_pager_request r = {0};

	begin();
	for (u32 i = 0; i < SLOTS; i++)
		EXPECT(save(i, i));
	r = asked(TOCSIN_PAGER_EVICT, 0);
	answer(r.id, 0);
	EXPECT(save(20, 20) && !save(21, 21));
	EXPECT_EQ(store->ops->next(store), 0); /* to be looked at again */
}

TEST(pager_drops_are_advice)
{
	struct tocsin_pager_request r;

	begin();
	store->ops->drop(store, 1, now); /* it does not have it */
	asked_nothing();
	keep(1, 1);
	keep(2, 2);
	EXPECT(save(3, 3));
	asked(TOCSIN_PAGER_EVICT, 3);
	store->ops->drop(store, 3, now); /* on its way there */
	asked_nothing();
	store->ops->drop(store, 1, now);
	r = asked(TOCSIN_PAGER_DROP, 1);
	EXPECT(!save(1, 0x11)); /* one request for a page */
	answer(r.id, 0);
	hear_nothing();
	EXPECT_EQ(load(0, 1), STORE_LOST);
	for (u32 i = 10; i < 10 + SLOTS / 2; i++) {
		EXPECT(save(i, i));
		asked(TOCSIN_PAGER_EVICT, i);
	}
	store->ops->drop(store, 2, now); /* slots are wanted for other things */
	asked_nothing();
	EXPECT_EQ(load(0, 2), STORE_BEGUN);
	EXPECT_EQ(pager.counts.drops, 1);
}

/* ---- what cannot be ---- */

TEST(pager_strange_answers_change_nothing)
{
	struct tocsin_pager_request r;

	begin();
	keep(1, 1);
	EXPECT_EQ(load(7, 1), STORE_BEGUN);
	r = asked(TOCSIN_PAGER_LOAD, 1);
	answer(r.id ^ 1, 0);
	answer(r.id + SLOTS, 0);
	answer(r.id ^ 0x80, 0);
	answer(r.id - 0x100, 0);
	answer(0, 0);
	answer(UINT32_MAX, 0);
	hear_nothing();
	EXPECT_EQ(pager.counts.strange, 6);
	answer(r.id, 0);
	answer(r.id, 0);
	hear_load(7, OK);
	EXPECT_EQ(pager.counts.strange, 7);
	EXPECT(numbers_left(&pager.free) == SLOTS && !pager.counts.failed);
}

TEST(pager_strange_producers_are_ignored)
{
	static const u32 by[] = {SLOTS + 1, 1 << 31, -1, 1000};

	begin();
	EXPECT(save(1, 1));
	for (u32 i = 0; i < ARRAY_SIZE(by); i++) {
		hello->produced = served.completed + by[i];
		pager_rung(&pager);
		hear_nothing();
		EXPECT_EQ(pager.counts.strange, i + 1);
	}
	answer(asked(TOCSIN_PAGER_EVICT, 1).id, 0);
	hear_nothing();
	EXPECT_EQ(numbers_left(&pager.free), SLOTS);
}

/* However much it says, a call is short. */
TEST(pager_is_listened_to_piece_by_piece)
{
	struct store_done d;

	begin();
	keep(1, 1);
	EXPECT_EQ(load(7, 1), STORE_BEGUN);
	for (u32 i = 1; i < SLOTS; i++)
		served_complete(&served, 0, 0);
	served_complete(&served, asked(TOCSIN_PAGER_LOAD, 1).id, 0);
	pager_rung(&pager);
	EXPECT(!store->ops->done(store, now, &d) && store->ops->next(store) == 0);
	EXPECT_EQ(pager.counts.strange, 8);
	hear_load(7, OK);
}

TEST(pager_counts_wrap)
{
	struct tocsin_pager_request r;

	begin();
	pager.produced = pager.consumed = served.taken = served.completed = UINT32_MAX - 2;
	offer->produced = hello->produced = UINT32_MAX - 2;
	for (u32 i = 0; i < SLOTS; i++)
		pager.slots[i].generation = 0xfffffe;
	for (u32 i = 0; i < 5; i++) {
		keep(i, i);
		EXPECT_EQ(load(i, i), STORE_BEGUN);
		r = asked(TOCSIN_PAGER_LOAD, i);
		memset(served_slot(&served, r.id), i, PAGE_SIZE);
		answer(r.id, 0);
		hear_load(i, OK);
		EXPECT(is(frame, i));
	}
	EXPECT(!pager.counts.strange);
	EXPECT_EQ(requests[4].page, 3);
}

TEST(pager_needs_memory)
{
	struct pager_config c = {.shared = shared, .slots = 256, .nr_pages = 1 << 30};

	begin();
	EXPECT_EQ(pager_init(&pager, &c), ERR_NO_MEMORY);
}
