/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async page-not-present on one vCPU: the calls, the notice, what is accepted and declined,
 * the ring. Its partition has a megabyte resident and a store that takes a while. The
 * numbers in the names are those of docs/apf-tests.md.
 */
#include "apf.h"

/* ---- control ---- */

static void apf_info(void)
{
	struct regs r = {{TOCSIN_APF_INFO}};

	sdei_regs(&r);
	EXPECT_EQ(r.x[0], 0);
	EXPECT_EQ((u32)r.x[1], TOCSIN_APF_VERSION);
	EXPECT(limit >= 1 && limit <= 64, "limit %u", limit);
	EXPECT(entries > limit && !(entries & (entries - 1)), "%u entries", entries);
	EXPECT(area >= 4UL << FIELD_GET(CTR_EL0_CWG, read_sysreg(CTR_EL0)), "areas of %lu", area);
	EXPECT_EQ(r.x[3] & 0xffffffff, TOCSIN_EVENT_APF);
	EXPECT(intid >= 16 && intid < 32, "INTID %u", intid);
	r = (struct regs){{TOCSIN_FEATURES}};
	sdei_regs(&r);
	EXPECT_EQ(r.x[0] & TOCSIN_FEATURE_APF, TOCSIN_FEATURE_APF);
}

static void apf_enable_twice(void)
{
	enable();
	EXPECT_EQ(apf(TOCSIN_APF_ENABLE, (u64)blocks, 0), TOCSIN_APF_ALREADY);
	EXPECT_EQ(apf(TOCSIN_APF_ENABLE, (u64)blocks + 4 * area, 0), TOCSIN_APF_DENIED);
	EXPECT_EQ(disable(), 0);
	EXPECT_EQ(disable(), TOCSIN_APF_ALREADY);
}

static void apf_enable_bad(void)
{
	static const u64 wrong[] = {1, 4, 8, 32, 64, 512};
	static const u64 nowhere[] = {0,         0x08000000, 0x09000000,        0x3fffe000,
				      1UL << 40, ~0UL << 13, 0x8000000000002000};

	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT_EQ(apf(TOCSIN_APF_ENABLE, (u64)blocks + wrong[i], 0), TOCSIN_APF_INVALID);
	for (u32 i = 0; i < ARRAY_SIZE(nowhere); i++)
		EXPECT_EQ(apf(TOCSIN_APF_ENABLE, nowhere[i], 0), TOCSIN_APF_INVALID);
	for (u32 i = 0; i < 64; i++)
		EXPECT_EQ(apf(TOCSIN_APF_ENABLE, (u64)blocks, 1UL << i), TOCSIN_APF_INVALID);
	EXPECT_EQ(disable(), TOCSIN_APF_ALREADY);
	enable();
	EXPECT_EQ(disable(), 0);
	EXPECT_EQ(apf(TOCSIN_APF_COUNT, TOCSIN_APF_NR_COUNTS, 0), TOCSIN_APF_INVALID);
}

/* The block's pages are stored when it is enabled, and stay after that. */
static void apf_enable_stored(void)
{
	memset(blocks, 0xa5, 4096);
	push_out();
	enable();
	for (u32 i = 0; i < 4 * area; i += 4)
		EXPECT_EQ(*(volatile u32 *)(blocks + i), 0);
	EXPECT_EQ(disable(), 0);
	begin_here();
	push_out();
	be_resident();
	load_at_el0(0);
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT_EQ(mine()->seen.page, (u64)pages);
	EXPECT(mine()->seen.token, "the notice is elsewhere");
	EXPECT_EQ(next_token(), mine()->seen.token);
	for (u32 i = 0; i < PAGES; i++)
		EXPECT(page_good(i), "page %u is not what it was", i);
	end();
}

/* ---- delivery ---- */

static void apf_load(void)
{
	struct program p, before;
	u64 early;

	begin();
	early = count(TOCSIN_APF_COUNT_EARLY);
	before = p = at_el0(el0_load, 0, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_RESUMED);
	EXPECT_EQ(p.pc, before.pc);
	EXPECT_EQ(p.pstate, before.pstate);
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT_EQ(mine()->seen.pc, before.pc);
	EXPECT_EQ(mine()->seen.page, (u64)pages);
	EXPECT_EQ(mine()->seen.status, 7);
	EXPECT(mine()->seen.token && mine()->seen.token != TOCSIN_APF_ALL, "token 0x%x",
	       mine()->seen.token);
	EXPECT_EQ(next_token(), mine()->seen.token);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_EARLY), early);
	p = before;
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(0, 0));
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT(page_good(0), "page 0 is not what it was");
	end();
}

static void apf_store(void)
{
	struct program p;

	begin();
	p = at_el0(el0_store, 1, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_RESUMED);
	EXPECT_EQ(next_token(), mine()->seen.token);
	p = at_el0(el0_store, 1, 0);
	program_run(&p);
	EXPECT_EQ(*(u64 *)(pages + PAGE_SIZE), p.x[21]);
	EXPECT_EQ(mine()->seen.runs, 1);
	end();
}

static void expect_sync(u64 pstate)
{
	struct program p = at_el0(el0_load, 2, pstate);
	u64 waits = count(TOCSIN_APF_COUNT_EL0);

	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(2, 0));
	EXPECT_EQ(mine()->seen.runs, 0);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_EL0), waits + 1);
}

static void apf_el1(void)
{
	u64 waits;

	begin();
	waits = count(TOCSIN_APF_COUNT_EL1);
	EXPECT(page_good(3), "page 3 is not what it was");
	EXPECT_EQ(mine()->seen.runs, 0);
	EXPECT(count(TOCSIN_APF_COUNT_EL1) > waits, "EL1 has not waited");
	end();
}

static void apf_interrupts_masked(void)
{
	begin();
	expect_sync(PSTATE_I);
	end();
}

static void apf_pe_masked(void)
{
	begin();
	sdei_mask();
	expect_sync(0);
	sdei_unmask();
	load_at_el0(4);
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT_EQ(next_token(), mine()->seen.token);
	end();
}

static void apf_event_disabled(void)
{
	begin();
	sdei_disable(TOCSIN_EVENT_APF);
	expect_sync(0);
	sdei_enable(TOCSIN_EVENT_APF);
	load_at_el0(4);
	EXPECT_EQ(mine()->seen.runs, 1);
	end();
}

static void apf_not_enabled(void)
{
	begin();
	EXPECT_EQ(disable(), 0);
	expect_sync(0);
	sdei_fresh();
}

static void apf_complete(void)
{
	struct program p;
	u64 waits;

	begin();
	mine()->way = ACCEPT_AND_COMPLETE;
	waits = count(TOCSIN_APF_COUNT_EL0);
	p = at_el0(el0_load, 5, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(5, 0));
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_EL0), waits + 1);
	EXPECT_EQ(next_token(), mine()->seen.token);
	end();
}

static void apf_decline(void)
{
	struct program p;
	u64 declined;

	begin();
	mine()->way = DECLINE;
	declined = count(TOCSIN_APF_COUNT_DECLINED);
	p = at_el0(el0_load, 6, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(6, 0));
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_DECLINED), declined + 1);
	EXPECT_EQ(next_token(), 0);
	end();
}

/* The page comes while the handler runs: the token only after that. */
static void apf_early(void)
{
	u64 early;

	begin();
	mine()->way = ACCEPT_LATE;
	early = count(TOCSIN_APF_COUNT_EARLY);
	load_at_el0(7);
	EXPECT_EQ(mine()->seen.produced, 1);
	EXPECT_EQ(next_token(), mine()->seen.token);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_EARLY), early + 1);
	end();
}

/* ---- limits ---- */

static volatile u32 interrupts;

static void on_interrupt(u32 id)
{
	interrupts += id == intid;
}

/* The ready interrupt stays masked: all tokens are kept, and no more are given. */
static void apf_limit(void)
{
	u64 limits;

	begin();
	limits = count(TOCSIN_APF_COUNT_LIMIT);
	for (u32 i = 0; i < 3 * limit && !test_failed(); i++)
		load_at_el0(i);
	EXPECT_EQ(mine()->seen.runs, limit);
	EXPECT(count(TOCSIN_APF_COUNT_LIMIT) >= limits + 2 * limit, "the limit was not met");
	delay_us(10000);
	EXPECT_EQ(*(volatile u32 *)&mine()->ring->produced, limit + 1);
	irq_hook = on_interrupt;
	interrupts = 0;
	gic_enable(intid);
	irq_enable();
	delay_us(1000);
	EXPECT_EQ(interrupts, 1);
	irq_disable();
	for (u32 i = 0; i < limit; i++)
		EXPECT(next_token(), "token %u is missing", i);
	load_at_el0(3 * limit);
	EXPECT_EQ(mine()->seen.runs, limit + 1);
	end();
}

/* A consumer that says nonsense only harms itself. */
static void apf_consumer(void)
{
	begin();
	mine()->consumed->index = 0x80000000;
	for (u32 i = 0; i < limit + 4; i++)
		load_at_el0(i);
	/* One token had been consumed before, which may or may not have been noticed. */
	EXPECT(mine()->seen.runs == limit || mine()->seen.runs == limit - 1, "%u tokens",
	       mine()->seen.runs);
	end();
}

static void apf_dropped(void)
{
	begin();
	EXPECT_EQ(disable(), 0); /* its code is resident now, too */
	enable();
	for (u32 i = 0; i < 3; i++)
		load_at_el0(i);
	EXPECT_EQ(mine()->seen.runs, 3);
	EXPECT_EQ(disable(), 3);
	enable();
	EXPECT_EQ(next_token(), 0);
	EXPECT(page_good(0) && page_good(1) && page_good(2), "pages are lost");
	end();
}

static void apf_signal(void)
{
	begin();
	EXPECT_EQ(sdei_call(SDEI_EVENT_SIGNAL, TOCSIN_EVENT_APF, percpu[0].mpidr, 0, 0, 0),
		  SDEI_INVALID_PARAMETERS);
	end();
}

void guest_setup(void)
{
	apf_setup();
}

const struct test guest_tests[] = {
    {"2 info", apf_info, UNDER_TOCSIN},
    {"3 4 11 enable-twice", apf_enable_twice, UNDER_TOCSIN},
    {"5 6 7 8 enable-bad", apf_enable_bad, UNDER_TOCSIN},
    {"3 12 enable-stored", apf_enable_stored, UNDER_TOCSIN},
    {"14 68 load", apf_load, UNDER_TOCSIN},
    {"15 store", apf_store, UNDER_TOCSIN},
    {"16 el1", apf_el1, UNDER_TOCSIN},
    {"17 interrupts-masked", apf_interrupts_masked, UNDER_TOCSIN},
    {"18 pe-masked", apf_pe_masked, UNDER_TOCSIN},
    {"19 event-disabled", apf_event_disabled, UNDER_TOCSIN},
    {"11 not-enabled", apf_not_enabled, UNDER_TOCSIN},
    {"22 complete", apf_complete, UNDER_TOCSIN},
    {"23 decline", apf_decline, UNDER_TOCSIN},
    {"27 early", apf_early, UNDER_TOCSIN},
    {"29 39 47 limit", apf_limit, UNDER_TOCSIN},
    {"47 consumer", apf_consumer, UNDER_TOCSIN},
    {"11 38 dropped", apf_dropped, UNDER_TOCSIN},
    {"69 signal", apf_signal, UNDER_TOCSIN},
    {0},
};
