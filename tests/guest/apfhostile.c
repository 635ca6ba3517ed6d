/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition whose pages a pager keeps that talks nonsense, or begins anew. In exact time.
 */
#include "apfpager.h"

/* ---- nonsense ---- */

/* While a load is on its way: it stays so. */
static void nonsense_on_the_way(void)
{
	static const enum order what[] = {ORDER_STRANGE, ORDER_AHEAD, ORDER_STORM,
					  ORDER_BACK,    ORDER_HELLO, ORDER_STRANGE};
	u32 token;

	good(LATENCY_US);
	begin();
	hold(HOLD(TOCSIN_PAGER_LOAD));
	token = begin_load(0);
	for (u32 i = 0; i < ARRAY_SIZE(what); i++) {
		order(what[i]);
		EXPECT(no_token(), "order %u: a token", what[i]);
	}
	hold(0);
	EXPECT_EQ(next_token(), token);
	EXPECT(page_good(0), "page 0 is not what it was");
	end();
	nothing_wrong();
}

static void nonsense_between(void)
{
	good(0);
	push_out();
	for (u32 i = 0; i < PAGES; i++) {
		if (!(i & 7))
			order(ORDER_STRANGE);
		EXPECT(page_good(i), "page %u is not what it was", i);
	}
	nothing_wrong();
}

/* Over offer, rings and all slots, none of which is ours; until it says hello. */
static void scribbled(void)
{
	good(0);
	push_out();
	be_resident();
	for (u32 i = 0; i < 10; i++) {
		order(ORDER_SCRIBBLE);
		delay_us(100);
		order(ORDER_VERSION);
		delay_us(100);
		order(ORDER_HELLO);
		for (u32 page = 0; page < 20; page++)
			EXPECT(page_good(page), "page %u is not what it was", page);
		push_out_low();
		be_resident();
	}
	all_good();
}

static void hello_again(void)
{
	struct four loads;

	good(LATENCY_US);
	begin();
	loads = begin_four();
	for (u32 i = 0; i < 100; i++)
		order(ORDER_HELLO);
	EXPECT(no_token(), "a token");
	hold(0);
	expect_four(loads);
	end();
	good(0);
	all_good();
}

/* ---- restarts ---- */

static void restart_keeping(void)
{
	struct four loads;

	good(LATENCY_US);
	begin();
	loads = begin_four();
	board->hold = 0;
	restart_pager(KEEP_ALL);
	expect_four(loads);
	end();
	good(0);
	all_good();
}

/* Pages that are not lost; what they hold is right. */
static u32 count_good(u32 from, u32 to)
{
	u32 n = 0;

	for (u32 i = from; i < to; i++) {
		if (try_read((u64)page_at(i), 8, NULL).taken)
			continue;
		EXPECT(page_good(i), "page %u is not what it was", i);
		n++;
	}
	return n;
}

/* The last test: what the pager had is lost, and so is what was on its way from it. Not so what
 * was on its way to it. */
static void restart_forgetting(void)
{
	u32 token, n, opened = 0;
	bool was_open[PAGES];

	good(LATENCY_US);
	begin();
	hold(HOLD_ALL);
	while (!board->open && !test_failed())
		write_page(lossy++);
	for (u32 i = 0; i < PAGES; i++)
		opened += was_open[i] = is_open(i);
	EXPECT(opened, "no page was on its way out");
	token = begin_load(0);
	board->hold = 0;
	restart_pager(0);
	EXPECT_EQ(next_token(), token);
	expect_abort(0);
	for (u32 i = 0; i < PAGES; i++)
		EXPECT(!was_open[i] || page_good(i), "page %u is not what it was", i);
	n = count_good(0, PAGES);
	EXPECT(n > 0 && n < PAGES / 3, "%u pages are left", n);
	end();
	for (u32 i = lossy; i < lossy + PAGES; i++)
		write_page(i);
	EXPECT_EQ(count_good(lossy, lossy + PAGES), PAGES);
	nothing_wrong();
}

void guest_setup(void)
{
	pager_setup();
}

const struct test guest_tests[] = {
    {"43 on-the-way", nonsense_on_the_way, UNDER_TOCSIN},
    {"43 between", nonsense_between, UNDER_TOCSIN},
    {"43 scribbled", scribbled, UNDER_TOCSIN},
    {"43 hello-again", hello_again, UNDER_TOCSIN},
    {"44 keeping", restart_keeping, UNDER_TOCSIN},
    {"44 forgetting", restart_forgetting, UNDER_TOCSIN},
    {0},
};
