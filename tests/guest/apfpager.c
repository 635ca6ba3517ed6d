/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition whose pages a pager keeps that does its duty, or fails at it: errors, and no
 * answers. In exact time.
 */
#include "apfpager.h"

#define TIMEOUT_US 50000 /* as in the partition's node */

static void kept(void)
{
	u32 loads;

	good(0);
	push_out();
	loads = board->loads;
	all_good();
	EXPECT(board->loads - loads >= PAGES / 2, "%u loads only", board->loads - loads);
	EXPECT(board->evicts >= PAGES / 2, "%u evictions only", board->evicts);
}

static void shuffled(void)
{
	good(LATENCY_US);
	shuffle();
	push_out();
	all_good();
}

/* What the pager has of pages that are zero now is not needed any more. */
static void dropped(void)
{
	u32 drops;

	good(0);
	push_out();
	be_resident();
	drops = board->drops;
	for (u32 i = 0; i < PAGES / 8; i++)
		memset(page_at(i), 0, PAGE_SIZE);
	push_out_low();
	EXPECT(board->drops > drops, "nothing is dropped");
	for (u32 i = 0; i < PAGES / 8; i++)
		EXPECT_EQ(*(u64 *)page_at(i), 0);
	push_out();
	all_good();
}

/* ---- told of a page, asleep, ready ---- */

static void told(void)
{
	struct program p;

	good(LATENCY_US);
	begin();
	p = at_el0(el0_load, 0, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_RESUMED);
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT_EQ(next_token(), mine()->seen.token);
	p = at_el0(el0_load, 0, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(0, 0));
	EXPECT_EQ(mine()->seen.runs, 1);
	end();
	nothing_wrong();
}

/* The pager says that it is not worth it. */
static void not_told(void)
{
	good(10);
	begin();
	load_at_el0(0);
	EXPECT_EQ(mine()->seen.runs, 0);
	end();
	nothing_wrong();
}

/* ---- a full ring ---- */

static volatile u32 progress[2], others[2];

/* Half of the pages; and how far the other one is then. */
static void walk(u64 half)
{
	for (u32 n = 0; n < PAGES / 2 && !test_failed(); n++) {
		u32 page = (u32)half * PAGES / 2 + n;

		EXPECT(page_good(page), "page %u is not what it was", page);
		write_page(page);
		progress[half]++;
	}
	others[half] = progress[!half];
}

static void ring_full(void)
{
	good(100);
	shuffle();
	push_out();
	for (u32 i = 0; i < PAGES / 4; i++) /* so that of neither half anything is resident */
		write_page(FIRST_LOSSY + PAGES + i);
	progress[0] = progress[1] = 0;
	EXPECT_EQ(cpu_start(1, walk, 1), PSCI_SUCCESS);
	walk(0);
	cpu_wait_off(1);
	EXPECT(MAX(others[0], others[1]) == PAGES / 2, "one has not come to its end");
	/* Which of the two finds room is a matter of how latencies and turns meet. */
	EXPECT(MIN(others[0], others[1]) >= PAGES / 6, "not fair: %u and %u", others[0], others[1]);
	EXPECT_EQ(board->most_open, board->slots);
	good(0);
	all_good();
}

/* ---- errors ---- */

static void load_error(void)
{
	u32 page, loads;

	good(0);
	page = lossy_page();
	fail(page, 5, 0);
	loads = board->loads;
	expect_abort(page);
	EXPECT_EQ(board->loads, loads + 1);
	good(0);
	expect_abort(page);
	expect_abort(page);
	EXPECT_EQ(board->loads, loads + 1);
	all_good();
}

/* We are told of it all the same: the token is ready, and the access an abort. */
static void load_error_told(void)
{
	struct program p;
	u32 page;

	good(LATENCY_US);
	begin();
	page = lossy_page();
	fail(page, 5, 0);
	EXPECT_EQ(begin_load(page), next_token());
	p = at_el0(el0_load, page, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(ESR_EC(p.esr), EC_DABT_LOWER);
	EXPECT_EQ(p.esr & DFSC, DFSC_EXTERNAL);
	EXPECT_EQ(mine()->seen.runs, 1);
	end();
	nothing_wrong();
}

static void save_error(void)
{
	u32 page = lossy++, loads;

	good(0);
	fail(page, 0, 5);
	write_page(page);
	push_out_low();
	be_resident();
	loads = board->loads;
	expect_abort(page);
	expect_abort(page);
	EXPECT_EQ(board->loads, loads);
	good(0);
	all_good();
}

/* ---- no answer ---- */

/* Pages on their way out are had back from their slots, as far as there are frames. */
static void rescued(void)
{
	u32 loads, n = 0;

	good(0);
	push_out();
	be_resident();
	hold(HOLD(TOCSIN_PAGER_EVICT));
	while (!board->open && !test_failed())
		write_page(lossy++);
	loads = board->loads;
	for (u32 i = 0; i < PAGES && n < 2; i++) {
		if (!is_open(i))
			continue;
		EXPECT(page_good(i), "page %u is not what it was", i);
		n++;
	}
	EXPECT(n, "no page was on its way out");
	EXPECT_EQ(board->loads, loads);
	hold(0);
	all_good();
}

static u32 us_since(u64 start)
{
	return (u32)((counter() - start) * 1000000 / read_sysreg(CNTFRQ_EL0));
}

/* The first one waits until it is too late; the next one does not. */
static void never(void)
{
	u32 late, other, loads;
	u64 start;

	good(0);
	late = lossy_page();
	other = lossy_page();
	hold(HOLD_ALL);
	start = counter();
	expect_abort(late);
	EXPECT(us_since(start) >= TIMEOUT_US && us_since(start) < 2 * TIMEOUT_US, "%u us",
	       us_since(start));
	start = counter();
	expect_abort(other);
	EXPECT(us_since(start) < 1000, "waited for the dead: %u us", us_since(start));
	hold(0);
	EXPECT(page_good(other), "not what it was");
	loads = board->loads;
	expect_abort(late);
	EXPECT_EQ(board->loads, loads);
	all_good();
}

void guest_setup(void)
{
	pager_setup();
}

const struct test guest_tests[] = {
    {"kept", kept, UNDER_TOCSIN},
    {"shuffled", shuffled, UNDER_TOCSIN},
    {"dropped", dropped, UNDER_TOCSIN},
    {"14 told", told, UNDER_TOCSIN},
    {"65 not-told", not_told, UNDER_TOCSIN},
    {"40 ring-full", ring_full, UNDER_TOCSIN | NEEDS_SMP},
    {"41 load-error", load_error, UNDER_TOCSIN},
    {"41 load-error-told", load_error_told, UNDER_TOCSIN},
    {"41 save-error", save_error, UNDER_TOCSIN},
    {"34 rescued", rescued, UNDER_TOCSIN},
    {"42 never", never, UNDER_TOCSIN},
    {0},
};
