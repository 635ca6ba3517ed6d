/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pager that answers when it likes, in any order, fails, falls silent, begins anew with or
 * without what it had, or writes what it likes where it can. What it is asked is held against
 * the protocol. For one test program.
 */
#pragma once

#include "../../../guest/pager/pager.h"
#include <mm/pager.h>
#include <string.h>
#include <test.h>

#define MAX_SLOTS 16
#define MAX_PAGES 128

static u8 shared[PAGER_SHARED_SIZE(MAX_SLOTS)] __attribute__((aligned(4096)));
static struct pager pager;

static u8 contents[MAX_PAGES][PAGE_SIZE];
static struct {
	struct served served;
	struct tocsin_pager_request open[MAX_SLOTS]; /* by slot; op 0: none */
	u64 order[MAX_SLOTS];                        /* in which they came */
	bool has[MAX_PAGES], failed[MAX_PAGES];      /* has failed to do something for it */
	u32 epoch, slots;
	bool bell;   /* Tocsin has rung */
	bool speaks; /* has written what it has not rung for */
	bool silent;
	bool forgot;            /* all, which has not been heard yet */
	u32 fail, forget, hush; /* one in so many: of its answers, restarts, steps; 0: never */
	bool hostile;
	u64 taken, answered, restarts;
} sim;

static bool one_in(u32 n)
{
	return n && test_random() % n == 0;
}

static void sim_ring(void)
{
	if (!sim.speaks)
		return;
	sim.speaks = false;
	pager_rung(&pager);
}

/* ---- what it is asked ---- */

static void check_request(const struct tocsin_pager_request *r)
{
	EXPECT_EQ(sim.open[TOCSIN_PAGER_SLOT(r->id)].op, 0);
	for (u32 i = 0; i < sim.slots; i++)
		EXPECT(!sim.open[i].op || sim.open[i].page != r->page || pager.slots[i].late);
	EXPECT(r->epoch);
	if (r->op != TOCSIN_PAGER_EVICT && r->epoch == sim.epoch)
		EXPECT(sim.has[r->page]);
}

static void sim_take(void)
{
	struct tocsin_pager_request r;

	if (!sim.bell)
		return;
	sim.bell = false;
	if (served_heard(&sim.served))
		sim.forgot = false;
	while (served_next(&sim.served, &r)) {
		if (r.epoch != sim.epoch)
			memset(sim.has, 0, sizeof(sim.has));
		if (!sim.hostile)
			check_request(&r);
		sim.epoch = r.epoch;
		sim.open[TOCSIN_PAGER_SLOT(r.id)] = r;
		sim.order[TOCSIN_PAGER_SLOT(r.id)] = sim.taken++;
	}
}

/* ---- what it answers ---- */

static void sim_do(const struct tocsin_pager_request *r)
{
	u8 *data = served_slot(&sim.served, r->id);
	bool fails = one_in(sim.fail), current = r->epoch == sim.epoch;

	sim.failed[r->page] |= fails && current;
	if (r->op == TOCSIN_PAGER_LOAD)
		memcpy(data, fails ? shared : contents[r->page], PAGE_SIZE);
	else if (current)
		sim.has[r->page] = r->op == TOCSIN_PAGER_EVICT && !fails;
	if (r->op == TOCSIN_PAGER_EVICT && current)
		memcpy(contents[r->page], data, PAGE_SIZE);
	served_complete(&sim.served, r->id, fails ? 1 + test_random() % 100 : 0);
	sim.answered++;
	sim.speaks = true;
}

/* One for the same page was asked before, and has not been answered in time. */
static bool is_behind(u32 slot)
{
	for (u32 i = 0; i < sim.slots; i++)
		if (sim.open[i].op && sim.open[i].page == sim.open[slot].page &&
		    sim.order[i] < sim.order[slot])
			return true;
	return false;
}

static bool sim_answer(void)
{
	u32 first = test_random() % sim.slots;

	for (u32 i = 0; i < sim.slots; i++) {
		u32 slot = (first + i) % sim.slots;
		struct tocsin_pager_request *r = &sim.open[slot];

		if (!r->op || is_behind(slot))
			continue;
		sim_do(r);
		r->op = 0;
		return true;
	}
	return false;
}

/* ---- its life ---- */

static void sim_hello(bool keeps)
{
	memset(sim.open, 0, sizeof(sim.open));
	if (!keeps)
		memset(sim.has, 0, sizeof(sim.has));
	sim.forgot |= !keeps;
	keeps &= !sim.forgot;
	served_hello(&sim.served, test_random() % 1000, keeps ? sim.epoch : 0);
	sim.bell = false;
	sim.silent = false;
	sim.speaks = true;
	sim.restarts++;
}

/* Its partition is started anew. */
static void sim_restart(bool keeps)
{
	pager.store.ops->renew(&pager.store);
	sim_hello(keeps);
}

static void sim_begin(u32 slots)
{
	memset(&sim, 0, sizeof(sim));
	sim.slots = slots;
	EXPECT(served_open(&sim.served, shared, PAGER_SHARED_SIZE(slots)));
}

/* Anything, anywhere: mostly where it hurts. */
static void sim_attack(void)
{
	u32 *word = (void *)shared;
	static const u32 at[] = {TOCSIN_PAGER_HELLO, TOCSIN_PAGER_HELLO, TOCSIN_PAGER_COMPLETIONS,
				 TOCSIN_PAGER_SLOTS, TOCSIN_PAGER_OFFER, TOCSIN_PAGER_REQUESTS};
	u32 what = test_random() % 8, offset;

	offset = at[test_random() % 6] / 4 + test_random() % (one_in(2) ? 8 : 64);
	if (what < 4)
		word[offset] = one_in(2) ? test_random() : test_random() % 32;
	else if (what < 6)
		word[offset] += test_random() % 5 - 2;
	else
		word[TOCSIN_PAGER_HELLO / 4 + 4] = pager.consumed + test_random() % (sim.slots + 2);
	sim.speaks = true;
}
