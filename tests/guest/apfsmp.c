/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async page-not-present on two vCPUs: both want one page, and one goes off while pages are on
 * their way to it. With a CPU for both or for each.
 */
#include "apf.h"

#define LOAD_US 200
#define ROUNDS 100

static volatile u32 stage, gone;
static volatile u32 other_token, other_runs, other_ready;

static struct program load_told(u32 page)
{
	struct program p = at_el0(el0_load, page, 0);

	while (program_run(&p), p.kind == PROGRAM_RESUMED)
		if (!next_token())
			test_fail("CPU %u: no token for page %u", me()->index, page);
	return p;
}

/* ---- the same page ---- */

static void want_page_0(u64 arg)
{
	(void)arg;
	begin_here();
	stage = 1;
	wait_for(&stage, 2);
	load_at_el0(0);
	other_runs = mine()->seen.runs;
	other_token = mine()->seen.token;
	other_ready = next_token();
	disable();
	sdei_fresh();
}

/* Both are told, each by a token of its own, of the one load. */
static void same_page(void)
{
	struct program p;

	begin();
	stage = 0;
	EXPECT_EQ(cpu_start(1, want_page_0, 0), PSCI_SUCCESS);
	EXPECT(wait_for(&stage, 1), "CPU 1 does not start");
	push_out();
	be_resident();
	mine()->seen.runs = 0;
	load_at_el0(0);
	stage = 2;
	EXPECT_EQ(next_token(), mine()->seen.token);
	cpu_wait_off(1);
	EXPECT(other_runs <= 1, "CPU 1 was told %u times", other_runs);
	EXPECT_EQ(other_ready, other_runs ? other_token : 0);
	p = load_told(0);
	EXPECT_EQ(p.x[1], word_of(0, 0));
	EXPECT(page_good(0), "page 0 is not what it was");
	end();
}

/* ---- off ---- */

static void go_off_with_pages(u64 arg)
{
	(void)arg;
	gic_cpu_init();
	begin_here();
	for (u32 i = 0; i < 4; i++)
		load_at_el0(i);
	other_runs = mine()->seen.runs;
	gic_enable(intid); /* what comes from now on could wake it */
}

static void after_off(u64 arg)
{
	struct program p;

	(void)arg;
	EXPECT_EQ(disable(), TOCSIN_APF_ALREADY);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_NOTIFIED), 0);
	sdei_ready(TOCSIN_EVENT_APF);
	mine()->seen.runs = 0;
	p = at_el0(el0_load, 8, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(8, 0));
	EXPECT_EQ(mine()->seen.runs, 0);
	begin_here();
	load_at_el0(9);
	EXPECT_EQ(next_token(), mine()->seen.token);
	disable();
	sdei_fresh();
}

/* What comes for it then wakes it not, and is written nowhere. */
static void off_with_pages(void)
{
	u8 *block = blocks + BLOCK_SIZE;

	push_out();
	sdei_fresh();
	sdei_hook = handler;
	EXPECT_EQ(cpu_start(1, go_off_with_pages, 0), PSCI_SUCCESS);
	cpu_wait_off(1);
	EXPECT_EQ(other_runs, 4);
	memset(block, 0xa5, BLOCK_SIZE);
	delay_us(5 * LOAD_US);
	EXPECT_EQ(hvc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[1].mpidr, 0, 0), 1);
	for (u32 i = 0; i < BLOCK_SIZE; i++)
		EXPECT_EQ(block[i], 0xa5);
	for (u32 i = 0; i < 4; i++)
		EXPECT(page_good(i), "page %u is not what it was", i);
	push_out();
	sdei_hook = handler;
	EXPECT_EQ(cpu_start(1, after_off, 0), PSCI_SUCCESS);
	cpu_wait_off(1);
	sdei_fresh();
}

/* ---- both at work ---- */

static void walk_around(u64 seed)
{
	begin_here();
	for (u32 i = 0; i < ROUNDS && !test_failed(); i++) {
		u32 page = (u32)(random_next(&seed) % PAGES);
		struct program p = load_told(page);

		EXPECT_EQ(p.x[1], word_of(page, 0));
	}
	delay_us(5 * LOAD_US);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_NOTIFIED),
		  count(TOCSIN_APF_COUNT_ACCEPTED) + count(TOCSIN_APF_COUNT_DECLINED));
	EXPECT_EQ(count(TOCSIN_APF_COUNT_READY), count(TOCSIN_APF_COUNT_ACCEPTED));
	EXPECT_EQ(disable(), 0);
	gone++;
	sdei_fresh();
}

/* The sums are right, and each word is. */
static void both_walk(void)
{
	push_out();
	gone = 0;
	sdei_hook = handler;
	EXPECT_EQ(cpu_start(1, walk_around, 0x5eed), PSCI_SUCCESS);
	walk_around(0x600d5eed);
	sdei_hook = handler;
	cpu_wait_off(1);
	EXPECT_EQ(gone, 2);
	sdei_fresh();
}

void guest_setup(void)
{
	apf_setup();
}

const struct test guest_tests[] = {
    {"32 same-page", same_page, UNDER_TOCSIN | NEEDS_SMP},
    {"48 49 off-with-pages", off_with_pages, UNDER_TOCSIN | NEEDS_SMP},
    {"26 32 both-walk", both_walk, UNDER_TOCSIN | NEEDS_SMP},
    {0},
};
