/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: el2/paging/apf.c el2/paging/apf_call.c el2/paging/paging.c el2/sdei/vsdei.c
 * sources: el2/sdei/alarm.c el2/entry/inject.c sdei/pe.c sdei/event.c
 *
 * Tokens, ring and calls of async page-not-present, a million steps of a guest that keeps to
 * the rules or not, beside a list of what is outstanding. Pages come on another CPU:
 * before v is told, before its handler, in it, and after.
 */
#include <apf_world.h>

static void fault(struct vcpu *v, u32 page, bool before)
{
	static const u64 states[] = {PSTATE_EL1H, PSTATE_I, PSTATE_SS, PSTATE_EL1H | PSTATE_I};
	u64 pstate = one_in(8) ? states[test_random() % 4] : 0;
	u64 cancelled = v->apf->counts.cancelled, limit = v->apf->counts.limit;
	u32 other = 8 + test_random() % (NR_PAGES - 8);
	bool ours;

	v->regs = guest();
	v->regs.pstate = pstate;
	v->regs.pc = PC + 4 * (test_random() % 8);
	host_SP_EL1 = test_random() % 256;
	choose_by = 0;
	EXPECT_EQ(paging_fault(v, ESR_DABT, RAM + page * PAGE_SIZE).action, ACT_RESUME);
	ours = v->apf->noticed != APF_LIMIT;
	EXPECT_EQ(choose_by, ours ? LATER : 0);
	EXPECT(!ours || !pstate);
	if (before && state[page] == LOADING)
		arrive(page);
	else if (one_in(4) && other != page && state[other] == LOADING)
		arrive(other); /* which is no reason to cancel */
	serve(v);
	if (in_handler(v, EVENT) || v->regs.pc == ENTRY)
		hear();
	EXPECT_EQ(handles, ours && !before);
	/* Only when all are outstanding, as far as the guest says. */
	EXPECT(v->apf->counts.limit == limit || nr_list == APF_LIMIT ||
	       consumer()->index != position);
	EXPECT(!(ours && before) || v->apf->counts.cancelled == cancelled + 1);
}

static void end_handler(struct vcpu *v)
{
	u32 how = test_random() % 8;
	bool accept = how < 5;

	if (one_in(8) && state[told_page] == LOADING)
		arrive(told_page);
	serve(v);
	EXPECT_EQ(ring()->produced - position, v->apf->produced - position);
	notice()->reply = accept ? TOCSIN_APF_ACCEPT : one_in(2) ? 0 : test_random() | 2;
	if (accept) {
		list[nr_list].token = told;
		list[nr_list].page = told_page;
		list[nr_list++].came = state[told_page] != LOADING;
	}
	if (how == 4) {
		vsdei_vcpu_suspend(v);
		EXPECT_EQ(CALL(v, SDEI_PE_UNMASK), 0);
		nr_list--; /* its reply does not count */
	} else
		CALL(v, one_in(2) ? SDEI_EVENT_COMPLETE : SDEI_EVENT_COMPLETE_AND_RESUME, RESUME);
	handles = false;
	serve(v);
}

static void read_ring(void)
{
	u32 produced = ring()->produced;

	EXPECT(produced - position <= APF_LIMIT);
	for (; position != produced; position++) {
		u32 i = 0, entry = ring()->token[position % APF_RING];

		while (i < nr_list && list[i].token != entry)
			i++;
		EXPECT(i < nr_list && list[i].came);
		if (i < nr_list)
			list[i] = list[--nr_list];
	}
	consumer()->index = position;
}

/* What cannot be is as if nothing had been said. */
static void lie(struct vcpu *v)
{
	u32 room = v->apf->produced - v->apf->consumed;

	consumer()->index = one_in(2) ? v->apf->consumed - 1 - test_random() % 1000
				      : v->apf->produced + 1 + test_random() % 1000;
	EXPECT(consumer()->index - v->apf->consumed > room);
}

static void stop(struct vcpu *v, bool off)
{
	if (off) {
		vsdei_vcpu_reset(v);
		paging_forget(v);
		v->waiting = false;
	} else {
		u32 posted = ring()->produced - position;

		EXPECT_EQ(apf_call(v, TOCSIN_APF_DISABLE, 0, 0), TOCSIN_APF_SUCCESS);
		EXPECT_EQ(v->regs.x[1], nr_list - posted);
	}
	EXPECT(!v->apf->used && !v->apf->waiting && !v->apf->came && !v->apf->accepted);
	EXPECT(!holds[4] || !off);
	EXPECT(!(v->sdei.pending >> SDEI_APF & 1) && v->apf->noticed == APF_LIMIT && !v->apf->on);
	nr_list = 0;
	memset(frames[4], 0xee, PAGE_SIZE);
	for (u32 i = 8; i < NR_PAGES; i++)
		if (state[i] == LOADING)
			arrive(i);
	serve(v);
	for (u32 i = 0; i < PAGE_SIZE; i++)
		EXPECT_EQ(frames[4][i], 0xee);
	if (handles && !off)
		CALL(v, SDEI_EVENT_COMPLETE);
	voided += handles && !off;
	handles = false;
	if (off) {
		for (u32 i = 0; i < NR_PAGES; i++)
			EXPECT(!holds[i]);
		EXPECT(!v->apf->counts.notified);
		voided = heard_of = 0;
		start(v);
	} else
		enable(v);
}

static void check(const struct vcpu *v)
{
	const struct apf *a = v->apf;
	const struct apf_counts *c = &a->counts;
	u32 left = 0, posted = a->produced - position;

	EXPECT(!((a->waiting | a->came | a->accepted) & ~a->used) && !(a->waiting & a->came));
	EXPECT_EQ(a->noticed != APF_LIMIT, handles);
	EXPECT_EQ(c->notified, c->accepted + c->declined + handles + voided);
	EXPECT(c->early <= c->ready && c->ready <= c->accepted);
	EXPECT_EQ(posted + (u32)__builtin_popcountl(a->accepted), nr_list);
	EXPECT_EQ(ring()->produced, a->produced);
	EXPECT(c->ready == heard_of || pulses);
	heard_of = c->ready;
	pulses = 0;
	for (u32 i = 0; i < APF_LIMIT; i++)
		if (a->accepted >> i & 1)
			EXPECT(a->waiting >> i & 1 && state[a->page[i]] == LOADING);
	for (u32 i = 0; i < NR_PAGES; i++)
		left += holds[i];
	EXPECT_EQ(left, v->paging.nr_held + a->nr_frames);
	EXPECT_EQ(holds[4], a->on); /* no eviction takes the block's page */
	if (v->paging.absent >= ABSENT_PAGE)
		EXPECT_EQ(state[v->paging.absent - ABSENT_PAGE], LOADING);
	EXPECT(v->paging.absent != ABSENT_CAME && (v->paging.absent != ABSENT_ROOM || nr_loading));
	EXPECT(!lock_held(&a->lock));
}

static void some_page_comes(struct vcpu *v)
{
	u32 page = 8 + test_random() % (NR_PAGES - 8);

	if (state[page] == THERE && !holds[page])
		state[page] = STORED;
	if (state[page] != LOADING)
		return;
	arrive(page);
	serve(v);
}

static void step(struct vcpu *v, u32 rate)
{
	u32 what = test_random() % 64, page = 8 + test_random() % (NR_PAGES - 8);

	if (v->paging.absent >= ABSENT_PAGE && one_in(4)) {
		arrive(v->paging.absent - ABSENT_PAGE);
		serve(v);
	} else if (what < rate)
		some_page_comes(v);
	else if (one_in(8000))
		stop(v, handles || v->waiting || one_in(2));
	else if (handles && one_in(500))
		stop(v, false);
	else if (handles)
		end_handler(v);
	else if (what < 60 && !v->waiting && (state[page] != LOADING || one_in(2)))
		fault(v, page, one_in(8));
	else if (what < 62)
		read_ring();
	else
		lie(v);
	check(v);
}

TEST(apf_million_steps)
{
	struct vcpu *v = begin_world();
	u64 notified = 0, limit = 0, cancelled = 0, early = 0;

	start(v);
	for (u32 i = 0; i < 1000000; i++) {
		struct apf_counts before = v->apf->counts;

		full = i / 1000 % 8 == 7;
		while_asking = i / 4000 % 2 ? 16 : 0;
		step(v, i / 8192 % 2 ? 4 : 50);
		if (v->apf->counts.notified < before.notified) {
			notified += before.notified;
			limit += before.limit;
			cancelled += before.cancelled;
			early += before.early;
		}
	}
	EXPECT(notified > 20000 && limit > 100 && cancelled > 8000 && early > 1000);
	printf("  %lu notices, %lu at the limit, %lu cancelled, %lu early\n", notified, limit,
	       cancelled, early);
}

/* A load by EL0 in that context: is it told? */
static bool is_told(struct vcpu *v, u32 page, u64 context)
{
	state[page] = STORED;
	v->regs = guest();
	v->regs.pstate = 0;
	v->regs.pc = PC;
	host_SP_EL1 = context;
	EXPECT_EQ(paging_fault(v, ESR_DABT, RAM + page * PAGE_SIZE).action, ACT_RESUME);
	serve(v);
	if (v->regs.pc != ENTRY) {
		arrive(page);
		serve(v);
		return false;
	}
	hear();
	return true;
}

static void decline_it(struct vcpu *v)
{
	notice()->reply = 0;
	CALL(v, SDEI_EVENT_COMPLETE);
	handles = false;
	serve(v);
	if (state[told_page] == LOADING)
		arrive(told_page);
	serve(v);
}

/* A vCPU that has declined is not told of that page again; after another notice it is. */
TEST(apf_declined_until_the_next_notice)
{
	struct vcpu *v = begin_world();

	start(v);
	EXPECT(is_told(v, 8, 1));
	decline_it(v);
	EXPECT(!is_told(v, 8, 1));
	EXPECT(is_told(v, 8, 2)); /* another one is */
	decline_it(v);
	EXPECT(is_told(v, 8, 1));
	decline_it(v);
	EXPECT(is_told(v, 9, 1));
	notice()->reply = TOCSIN_APF_ACCEPT;
	CALL(v, SDEI_EVENT_COMPLETE);
	handles = false;
	arrive(9);
	serve(v);
	EXPECT(is_told(v, 8, 1));
}

/* The generations come round: neither all ones, which says that all are ready, nor 0. */
TEST(apf_tokens_that_mean_something_else)
{
	struct vcpu *v = begin_world();

	start(v);
	for (u32 slot = 0; slot < APF_LIMIT; slot += APF_LIMIT - 1) {
		v->apf->used = ~BIT(slot);
		v->apf->generation = slot ? 0x3fffffe : 0x3ffffff;
		EXPECT(is_told(v, 8 + slot % 2, slot));
		EXPECT_EQ(told, slot ? APF_LIMIT - 1 : APF_LIMIT);
		decline_it(v);
	}
}

TEST(apf_enable_any)
{
	struct vcpu *v = begin_world();

	for (u32 i = 0; i < NR_PAGES; i++)
		state[i] = THERE;
	for (u32 i = 0; i < 200000; i++) {
		u64 ipa = RAM + (test_random() % (NR_PAGES + 16) - 8) * PAGE_SIZE;
		u64 flags = one_in(4) ? BIT(test_random() % 64) : 0;
		u32 nr_pages = NR_PAGES - test_random() % 2; /* an odd one: half a block */
		u64 block_pages;
		bool good;

		paging.paged.config.nr_pages = nr_pages;

		if (one_in(3))
			ipa += one_in(2) ? BIT(test_random() % 64) : test_random() % PAGE_SIZE;
		host_CTR_EL0 = (test_random() % 10) << 24;
		block_pages = (host_CTR_EL0 >> 24) % 9 ? 1 : 2;
		good = !flags && IS_ALIGNED(ipa, block_pages * PAGE_SIZE) && ipa >= RAM &&
		       ipa < RAM + ALIGN_DOWN(nr_pages, block_pages) * PAGE_SIZE;
		EXPECT_EQ((long)apf_call(v, TOCSIN_APF_ENABLE, ipa, flags),
			  good ? TOCSIN_APF_SUCCESS : TOCSIN_APF_INVALID);
		EXPECT_EQ(v->apf->on, good);
		for (u32 p = 0; p < NR_PAGES; p++)
			EXPECT_EQ(holds[p], good && p - (ipa - RAM) / PAGE_SIZE < block_pages);
		EXPECT_EQ((long)apf_call(v, TOCSIN_APF_DISABLE, 0, 0),
			  good ? TOCSIN_APF_SUCCESS : TOCSIN_APF_ALREADY);
		for (u32 p = 0; p < NR_PAGES; p++)
			EXPECT(!holds[p]);
	}
}
