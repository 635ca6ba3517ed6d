/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: mm/pager.c mm/pager_ring.c mm/pager_slots.c mm/pages.c guest/pager/pager.c
 *
 * A pager that is slow, ends and begins anew, and a partition that does.
 */
#include <pager_world.h>

/* ---- time ---- */

TEST(pager_late_load_is_lost_and_its_slot_not_used)
{
	struct tocsin_pager_request r, next;

	begin();
	keep(1, 1);
	keep(2, 2);
	EXPECT_EQ(load(6, 1), STORE_BEGUN);
	r = asked(TOCSIN_PAGER_LOAD, 1);
	now += TIMEOUT / 2;
	keep(3, 3); /* so it is there */
	now += TIMEOUT / 2;
	hear_load(6, ERR_NOT_FOUND);
	EXPECT(!store->dead && pager.counts.late == 1);
	for (u32 i = 10; i < 10 + SLOTS - 1; i++) {
		EXPECT(save(i, i));
		next = asked(TOCSIN_PAGER_EVICT, i);
		EXPECT(TOCSIN_PAGER_SLOT(next.id) != TOCSIN_PAGER_SLOT(r.id));
	}
	EXPECT(!save(1, 1) && !save(40, 40));
	EXPECT(store->ops->busy(store));
	answer(r.id, 0);
	hear_load(STORE_ROOM, OK);
	EXPECT(save(40, 40) && !pager.counts.strange);
}

TEST(pager_late_answer_counts_if_nobody_has_heard_of_it)
{
	struct tocsin_pager_request r, q;

	begin();
	keep(1, 1);
	keep(2, 2);
	EXPECT(load(1, 1) == STORE_BEGUN && load(2, 2) == STORE_BEGUN);
	r = asked(TOCSIN_PAGER_LOAD, 1);
	q = asked(TOCSIN_PAGER_LOAD, 2);
	now += TIMEOUT;
	for (u32 i = 0; i < 2; i++) {
		struct store_done d;

		EXPECT(store->ops->next(store) <= now && store->ops->done(store, now, &d));
		EXPECT(d.load == (i ? q.page : r.page) && d.err == (i ? OK : ERR_NOT_FOUND));
		if (!i)
			answer(q.id, 0);
		if (!i)
			EXPECT_EQ(load(3, 3), STORE_LOST); /* which listens, as it is dead */
	}
}

static void die(void)
{
	begin();
	keep(1, 1);
	keep(2, 2);
	EXPECT(save(3, 3));
	EXPECT_EQ(load(7, 1), STORE_BEGUN);
	now += TIMEOUT - 1;
	EXPECT(store->ops->next(store) == now + 1 && !store->dead);
	now++;
	hear_load(7, ERR_NOT_FOUND);
	EXPECT(store->dead && pager.counts.late == 2);
	EXPECT_EQ(load(7, 2), STORE_LOST);
	EXPECT_EQ(load(7, 3), STORE_THERE);
	EXPECT(is(frame, 3));
	EXPECT_EQ(store->ops->next(store), UINT64_MAX);
	EXPECT(!store->ops->busy(store));
}

TEST(pager_that_does_not_answer_is_not_waited_for)
{
	die();
	store->ops->drop(store, 2, now);
	EXPECT_EQ(pager.counts.drops, 0);
	EXPECT(save(4, 4)); /* while there are slots */
	EXPECT(!store->ops->busy(store));
}

TEST(pager_who_waits_for_room_hears_that_there_is_none)
{
	begin();
	for (u32 i = 0; i < SLOTS; i++)
		EXPECT(save(i, i));
	EXPECT(!save(20, 20) && store->ops->busy(store));
	hear_nothing();
	now += TIMEOUT;
	hear_load(STORE_ROOM, OK);
	EXPECT(!save(20, 20) && !store->ops->busy(store));
	EXPECT(store->dead && pager.counts.late == SLOTS);
}

/* It rings, but says nothing. */
TEST(pager_who_waits_for_what_was_rung_hears_of_it)
{
	die();
	pager_rung(&pager);
	EXPECT(store->ops->busy(store));
	hear_load(STORE_ROOM, OK);
	EXPECT(!store->ops->busy(store));
}

TEST(pager_that_answers_is_alive)
{
	struct tocsin_pager_request r;

	die();
	asked(TOCSIN_PAGER_EVICT, 3);
	r = asked(TOCSIN_PAGER_LOAD, 1);
	answer(r.id + (1 << 8), 0);
	hear_nothing();
	EXPECT(store->dead && pager.counts.strange == 1);
	EXPECT_EQ(load(1, 2), STORE_LOST);
	answer(r.id, 0);
	EXPECT_EQ(load(1, 2), STORE_BEGUN); /* although nobody has called done() */
	EXPECT(!store->dead);
	hear_nothing();
}

TEST(pager_that_says_hello_is_alive)
{
	die();
	say_hello(pager.epoch);
	EXPECT_EQ(load(1, 2), STORE_BEGUN);
	EXPECT(!store->dead && served_heard(&served));
	asked(TOCSIN_PAGER_LOAD, 2);
	asked_nothing();
	hear_nothing();
}

TEST(pager_without_a_time_out_may_take_any_time)
{
	begin_silent(0);
	say_hello(0);
	hear_nothing();
	keep(1, 1);
	EXPECT_EQ(load(7, 1), STORE_BEGUN);
	EXPECT_EQ(store->ops->next(store), UINT64_MAX);
	now += UINT64_MAX / 2;
	hear_nothing();
	EXPECT(store->ops->busy(store) && !store->dead);
	answer(asked(TOCSIN_PAGER_LOAD, 1).id, 0);
	hear_load(7, OK);
}

/* ---- sessions ---- */

/* Each of them is open: a load, an eviction, a drop, one that nobody waits for. */
static void four(u32 keeps)
{
	begin();
	for (u32 i = 1; i < 7; i++)
		keep(i, i);
	EXPECT_EQ(load(9, 6), STORE_BEGUN);
	asked(TOCSIN_PAGER_LOAD, 6);
	now += TIMEOUT;
	hear_load(9, ERR_NOT_FOUND);
	EXPECT_EQ(load(9, 6), STORE_LOST);
	store->dead = false;
	EXPECT_EQ(load(7, 1), STORE_BEGUN);
	EXPECT(save(2, 0x22));
	store->ops->drop(store, 3, now);
	EXPECT_EQ(numbers_left(&pager.free), SLOTS - 4);
	say_hello(keeps);
}

TEST(pager_that_keeps_is_asked_again)
{
	struct tocsin_pager_request r;

	four(1);
	EXPECT_EQ(pager.epoch, 1);
	hear_nothing();
	EXPECT(served_heard(&served) && numbers_left(&pager.free) == SLOTS - 2);
	for (u32 i = 0; i < 2; i++) {
		EXPECT(served_next(&served, &r));
		EXPECT_EQ(r.op, r.page == 1 ? TOCSIN_PAGER_LOAD : TOCSIN_PAGER_EVICT);
		if (r.page == 2)
			EXPECT(is(served_slot(&served, r.id), 0x22));
		else
			memset(served_slot(&served, r.id), 0x11, PAGE_SIZE);
		answer(r.id, 0);
	}
	asked_nothing();
	hear_load(7, OK);
	EXPECT(is(frame, 0x11) && numbers_left(&pager.free) == SLOTS);
	EXPECT_EQ(load(7, 2), STORE_BEGUN);
	EXPECT_EQ(load(8, 4), STORE_BEGUN);
}

TEST(pager_that_keeps_nothing_loses_what_it_had)
{
	four(0);
	hear_load(7, ERR_NOT_FOUND);
	EXPECT_EQ(numbers_left(&pager.free), SLOTS - 1);
	EXPECT_EQ(load(7, 4), STORE_LOST);
	answer(asked(TOCSIN_PAGER_EVICT, 2).id, 0); /* but not what was on its way there */
	asked_nothing();
	hear_nothing();
	EXPECT_EQ(load(7, 2), STORE_BEGUN);
}

/* Of another life of the partition. */
TEST(pager_keeps_nothing_of_another_epoch)
{
	four(2);
	hear_load(7, ERR_NOT_FOUND);
	EXPECT_EQ(load(7, 4), STORE_LOST);
}

TEST(pager_answers_of_a_session_that_is_over_are_strange)
{
	struct tocsin_pager_request r;

	begin();
	keep(1, 1);
	EXPECT(save(2, 2));
	r = asked(TOCSIN_PAGER_EVICT, 2);
	say_hello(1);
	hear_nothing();
	answer(r.id, 0);
	hear_nothing();
	EXPECT(pager.counts.strange == 1 && load(1, 2) == STORE_THERE);
	EXPECT(asked(TOCSIN_PAGER_EVICT, 2).id != r.id);
}

/* What was asked under the last hello is not answered under the next before that is heard. */
TEST(pager_answers_are_not_read_before_the_hello)
{
	struct tocsin_pager_request r;

	begin();
	EXPECT(save(2, 2));
	r = asked(TOCSIN_PAGER_EVICT, 2);
	hello->version = 9;
	hello->session++;
	answer(r.id, 0);
	hear_nothing();
	EXPECT(pager.counts.strange == 1 && numbers_left(&pager.free) == SLOTS - 1);
}

/* In its last life it has written everywhere. */
TEST(pager_finds_the_offer_when_it_starts)
{
	struct tocsin_pager_offer before;

	begin();
	EXPECT(save(2, 2));
	before = *offer;
	memset(shared, 0xa5, TOCSIN_PAGER_SLOTS);
	EXPECT(!served_open(&served, shared, sizeof(shared)));
	store->ops->renew(store);
	EXPECT(!memcmp(offer, &before, sizeof(before)));
	EXPECT(served_open(&served, shared, sizeof(shared)));
	say_hello(0);
	hear_nothing();
	memset(shared, 0xa5, TOCSIN_PAGER_HELLO);
	hello->session++;
	pager_rung(&pager);
	hear_nothing(); /* any hello mends it, too */
	EXPECT(offer->slots == SLOTS && offer->session == hello->session && offer->produced == 1);
	EXPECT_EQ(load(1, 2), STORE_THERE);
}

/* ---- epochs ---- */

TEST(pager_reset_makes_all_void)
{
	struct tocsin_pager_request load1, evict2, r;

	begin();
	keep(1, 1);
	keep(3, 3);
	EXPECT_EQ(load(7, 1), STORE_BEGUN);
	load1 = asked(TOCSIN_PAGER_LOAD, 1);
	EXPECT(save(2, 2));
	evict2 = asked(TOCSIN_PAGER_EVICT, 2);
	store->ops->reset(store);
	EXPECT(pager.epoch == 2 && load(7, 3) == STORE_LOST && load(7, 2) == STORE_LOST);
	asked_nothing();
	EXPECT(!save(2, 0x22)); /* one request for a page */
	EXPECT(save(3, 0x33));
	r = asked(TOCSIN_PAGER_EVICT, 3);
	EXPECT_EQ(r.epoch, 2);
	answer(load1.id, 0);
	answer(evict2.id, 0);
	hear_nothing();
	EXPECT(!pager.counts.strange && numbers_left(&pager.free) == SLOTS - 1);
	EXPECT_EQ(load(7, 2), STORE_LOST);
	EXPECT(save(2, 0x22));
}

TEST(pager_reset_forgets_loads_that_have_ended)
{
	begin();
	for (u32 i = 0; i < 4; i++)
		keep(i, i);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(load(i, i), STORE_BEGUN);
	for (u32 i = 0; i < 2; i++)
		answer(asked(TOCSIN_PAGER_LOAD, i).id, 1);
	EXPECT(store->ops->done(store, now, &(struct store_done){0}));
	store->dead = true; /* so that the next one ends */
	EXPECT_EQ(load(9, 9), STORE_LOST);
	EXPECT(pager_slot_first(&pager, PAGER_OVER));
	store->ops->reset(store);
	hear_nothing();
	EXPECT_EQ(numbers_left(&pager.free), SLOTS - 1);
	now += TIMEOUT; /* it still owes an answer */
	hear_nothing();
	EXPECT(pager.counts.late == 1 && store->dead);
	pager.epoch = UINT32_MAX;
	store->ops->reset(store);
	EXPECT_EQ(pager.epoch, 1); /* 0 is none */
}
