/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests share whose pages are kept by tests/guest/pagertest.c: it is told how to behave
 * (pagertest.h), and runs before us whenever it can. Pages from FIRST_LOSSY on are those
 * that tests lose.
 */
#pragma once

#include "apf.h"
#include "pager/link.h"
#include "pagertest.h"

#define LATENCY_US 1000
#define FIRST_LOSSY 1200
#define RAM 0x40000000UL
#define DFSC 0x3f
#define DFSC_EXTERNAL 0x10

static struct link control;
static struct board *board;
static u32 lossy = FIRST_LOSSY;

/* ---- the pager ---- */

static inline void order(enum order what)
{
	board->order = what;
	__atomic_store_n(&board->asked, board->asked + 1, __ATOMIC_RELEASE);
	link_ring(&control, 1);
	EXPECT(wait_for(&board->obeyed, board->asked), "order %u is not obeyed", what);
}

/* From now on it behaves, answers after that time, and has said hello. */
static inline void good(u32 latency_us)
{
	board->latency_us = latency_us;
	board->shuffle = board->hold = board->fail_loads = board->fail_evicts = 0;
	board->keeps = KEEP_ALL;
	order(ORDER_HELLO);
}

/* Its answers to these are in any order, as it says after good(). */
static inline void shuffle(void)
{
	board->shuffle = 1;
	order(ORDER_LOOK);
}

/* Requests with these operations stay open. */
static inline void hold(u32 ops)
{
	board->hold = ops;
	order(ORDER_LOOK);
}

/* Requests for that page are answered with these statuses. */
static inline void fail(u32 page, u32 loads, u32 evicts)
{
	board->fail_page = (u32)(((u64)page_at(page) - RAM) / PAGE_SIZE);
	board->fail_loads = loads;
	board->fail_evicts = evicts;
	order(ORDER_LOOK);
}

static inline void restart_pager(u32 keeps)
{
	u32 before = board->hellos;

	board->keeps = keeps;
	order(ORDER_RESET);
	EXPECT(wait_for(&board->hellos, before + 1), "the pager does not come back");
}

static inline bool is_open(u32 page)
{
	return board->is_open[((u64)page_at(page) - RAM) / PAGE_SIZE];
}

static inline bool is_kept(u32 page)
{
	return board->has[((u64)page_at(page) - RAM) / PAGE_SIZE];
}

static inline void nothing_wrong(void)
{
	EXPECT(!board->wrong, "pagertest.c:%u: what was asked is wrong", board->wrong);
}

/* ---- pages ---- */

static inline void all_good(void)
{
	for (u32 i = 0; i < PAGES && !test_failed(); i++)
		EXPECT(page_good(i), "page %u is not what it was", i);
	nothing_wrong();
}

/* A page that may be lost, and that the pager has. */
static inline u32 lossy_page(void)
{
	u32 page = lossy++;

	write_page(page);
	push_out_low();
	be_resident();
	EXPECT(is_kept(page), "the pager does not have page %u", page);
	return page;
}

static inline void expect_abort(u32 page)
{
	struct fault f = try_read((u64)page_at(page), 8, NULL);

	EXPECT(f.taken && ESR_EC(f.esr) == EC_DABT_SAME && (f.esr & DFSC) == DFSC_EXTERNAL,
	       "page %u: %s, esr 0x%lx", page, f.taken ? "taken" : "not taken", f.esr);
}

/* A load by EL0 of which we are told: its token. */
static inline u32 begin_load(u32 page)
{
	u32 before = mine()->seen.runs;

	load_at_el0(page);
	EXPECT_EQ(mine()->seen.runs, before + 1);
	return mine()->seen.token;
}

static inline bool no_token(void)
{
	delay_us(500);
	return __atomic_load_n(&mine()->ring->produced, __ATOMIC_ACQUIRE) ==
	       mine()->consumed->index;
}

/* Tokens of four loads that stay open, and that they come, in any order. */
struct four {
	u32 token[4];
};

static inline struct four begin_four(void)
{
	struct four f;

	hold(HOLD_ALL);
	for (u32 i = 0; i < ARRAY_SIZE(f.token); i++)
		f.token[i] = begin_load(i);
	return f;
}

static inline void expect_four(struct four f)
{
	for (u32 n = 0; n < ARRAY_SIZE(f.token); n++) {
		u32 token = next_token(), i = 0;

		while (i < ARRAY_SIZE(f.token) && f.token[i] != token)
			i++;
		EXPECT(token && i < ARRAY_SIZE(f.token), "token 0x%x", token);
		f.token[i % ARRAY_SIZE(f.token)] = 0;
	}
}

/* To be called by guest_setup(). */
static inline void pager_setup(void)
{
	apf_setup();
	if (link_find(-1, "tocsin,channel", &control) < 0) {
		print("FAIL there is no channel to the pager\n");
		guest_done();
	}
	board = (struct board *)control.memory;
	for (u32 i = 0; i < 1000 && !board->hellos; i++)
		delay_us(100);
	if (!board->hellos) {
		print("FAIL the pager is not there\n");
		guest_done();
	}
}
