/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SYSTEM_RESET while pages are on their way, to a guest that was told of them and to a vCPU
 * that waits: afterwards all memory is as at the start, also that in which one would count
 * restarts; that pages have ever been stored is what is left.
 */
#include "apf.h"

#define MARK 0x11223344

static bool second;
static volatile u32 mark = MARK; /* in the image */
static volatile u32 waits;

static void touch_at_el1(u64 arg)
{
	(void)arg;
	waits = 1;
	for (u32 i = 100; i < 200; i++)
		EXPECT(page_good(i), "page %u is not what it was", i);
}

static void reset_with_pages(void)
{
	begin();
	mark = 0;
	if (nr_cpus > 1) {
		EXPECT_EQ(cpu_start(1, touch_at_el1, 0), PSCI_SUCCESS);
		EXPECT(wait_for(&waits, 1), "CPU 1 does not start");
		delay_us(3500);
	}
	for (u32 i = 0; i < 8; i++)
		load_at_el0(i);
	EXPECT_EQ(mine()->seen.runs, 8);
	if (test_failed())
		return;
	hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	test_fail("it goes on");
}

static void as_at_the_start(void)
{
	EXPECT_EQ(mark, MARK);
	EXPECT_EQ(disable(), TOCSIN_APF_ALREADY);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_NOTIFIED), 0);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_ACCEPTED), 0);
	delay_us(5000);
	for (u32 i = 0; i < BLOCK_SIZE; i++)
		EXPECT_EQ(blocks[i], 0);
	for (u64 *at = (u64 *)pages; at < (u64 *)page_at(PAGES); at++)
		EXPECT_EQ(*at, 0);
	begin();
	load_at_el0(0);
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT_EQ(next_token(), mine()->seen.token);
	end();
}

static void restart(void)
{
	if (second)
		as_at_the_start();
	else
		reset_with_pages();
}

void guest_setup(void)
{
	apf_setup();
	second = count(TOCSIN_APF_COUNT_STORED);
}

const struct test guest_tests[] = {
    {"50 restart", restart, UNDER_TOCSIN},
    {0},
};
