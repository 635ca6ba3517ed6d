/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pager does not answer, and our partition's policy is to be stopped then, and started
 * again: with memory as at the start, although the pager has older pages.
 */
#include "apfpager.h"

static void stopped(void)
{
	u32 page;

	good(0);
	page = lossy_page();
	hold(HOLD_ALL);
	try_read((u64)page_at(page), 8, NULL);
	test_fail("it goes on");
}

static void again(void)
{
	good(0);
	for (u32 i = 0; i < PAGES; i++)
		EXPECT_EQ(*(u64 *)page_at(i), 0);
	push_out();
	all_good();
}

static void stop(void)
{
	if (board->asked)
		again();
	else
		stopped();
}

void guest_setup(void)
{
	pager_setup();
}

const struct test guest_tests[] = {
    {"42 stop", stop, UNDER_TOCSIN},
    {0},
};
