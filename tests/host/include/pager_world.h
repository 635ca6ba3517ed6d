/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pager store, and a pager: the library that ours use. Where it must do wrong, its hands are
 * the test's. For one test program.
 */
#pragma once

#include "../../../guest/pager/pager.h"
#include <lib/bits.h>
#include <mm/pager_slots.h>
#include <mm/pages.h>
#include <string.h>
#include <test.h>

#define SLOTS 16
#define NR_PAGES 100
#define TIMEOUT 1000
#define LATENCY 300

static u8 pool[16][PAGE_SIZE] __attribute__((aligned(4096)));
static u8 shared[PAGER_SHARED_SIZE(SLOTS)] __attribute__((aligned(4096)));
static u8 frame[PAGE_SIZE], other[PAGE_SIZE];
static struct pager pager;
static struct store *const store = &pager.store;
static struct served served;
static struct tocsin_pager_offer *const offer = (void *)(shared + TOCSIN_PAGER_OFFER);
static struct tocsin_pager_hello *const hello = (void *)(shared + TOCSIN_PAGER_HELLO);
static struct tocsin_pager_request *const requests = (void *)(shared + TOCSIN_PAGER_REQUESTS);
static u64 now;

/* ---- what each of the two does ---- */

static void begin_silent(u64 timeout)
{
	struct pager_config c = {
	    .shared = shared, .slots = SLOTS, .nr_pages = NR_PAGES, .timeout = timeout};

	pages_init((pa_t)pool, sizeof(pool), 0);
	memset(shared, 0, sizeof(shared));
	EXPECT_EQ(pager_init(&pager, &c), OK);
	EXPECT(served_open(&served, shared, sizeof(shared)));
	now = 10 * TIMEOUT;
}

/* Until it has nothing more to say: how many events there were, and the last one. */
static u32 hear(struct store_done *d)
{
	u32 n = 0;

	for (u32 i = 0; store->ops->next(store) <= now && i < 4 * SLOTS; i++)
		n += store->ops->done(store, now, d);
	EXPECT(store->ops->next(store) > now);
	return n;
}

/* Nothing has happened that anybody must hear of. */
static void hear_nothing(void)
{
	struct store_done d;

	EXPECT_EQ(hear(&d), 0);
}

static void hear_load(u32 load, enum err err)
{
	struct store_done d = {0};

	EXPECT_EQ(hear(&d), 1);
	EXPECT_EQ(d.load, load);
	EXPECT_EQ(d.err, err);
}

static void say_hello(u32 keeps)
{
	served_hello(&served, LATENCY, keeps);
	pager_rung(&pager);
	EXPECT_EQ(store->ops->next(store), 0);
}

static void begin(void)
{
	begin_silent(TIMEOUT);
	say_hello(0);
	hear_nothing();
	EXPECT(served_heard(&served));
	EXPECT(pager_must_ring(&pager) && !pager_must_ring(&pager));
}

static struct tocsin_pager_request asked(u32 op, u32 page)
{
	struct tocsin_pager_request r = {0};

	EXPECT(pager_must_ring(&pager) || served.taken);
	EXPECT(served_next(&served, &r));
	EXPECT_EQ(r.op, op);
	EXPECT_EQ(r.page, page);
	EXPECT_EQ(r.epoch, pager.epoch);
	return r;
}

static void asked_nothing(void)
{
	struct tocsin_pager_request r;

	EXPECT(!served_next(&served, &r));
}

static void answer(u32 id, u32 status)
{
	served_complete(&served, id, status);
	pager_rung(&pager);
}

static enum store_load load(u32 id, u32 page)
{
	return store->ops->load(store, id, page, frame, now);
}

static bool save(u32 page, u8 what)
{
	memset(other, what, sizeof(other));
	return store->ops->save(store, page, other, now);
}

static bool is(const void *at, u8 what)
{
	memset(other, what, sizeof(other));
	return !memcmp(at, other, PAGE_SIZE);
}

/* The pager has what is all of one byte as the contents of page. */
static void keep(u32 page, u8 what)
{
	struct tocsin_pager_request r;

	EXPECT(save(page, what));
	r = asked(TOCSIN_PAGER_EVICT, page);
	EXPECT(is(served_slot(&served, r.id), what));
	answer(r.id, 0);
	hear_nothing();
}
