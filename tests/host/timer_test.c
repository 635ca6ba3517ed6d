/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters that are wrong at times (errata): which reads are believed.
 * sources: drivers/timer.c
 */
#include <arch/sysreg.h>
#include <drivers/timer.h>
#include <test.h>

TEST(timer_sound_is_believed)
{
	EXPECT(timer_believes(0, 5, 4));
	EXPECT(timer_believes(0, 0xffffffff, 0x100000000));
}

TEST(timer_rollover)
{
	EXPECT(timer_believes(TIMER_ROLLOVER, 0x1fffffffe, 0x1ffffffff));
	EXPECT(!timer_believes(TIMER_ROLLOVER, 0x1ffffffff, 0x200000000));
	EXPECT(!timer_believes(TIMER_ROLLOVER, 0x100000005, 0x200000006));
	EXPECT(timer_believes(TIMER_ROLLOVER, 0x200000000, 0x200000001));
}

TEST(timer_a64)
{
	EXPECT(!timer_believes(TIMER_A64, 0x1ff, 0x201));
	EXPECT(!timer_believes(TIMER_A64, 0x400, 0x401));
	EXPECT(timer_believes(TIMER_A64, 0x401, 0x402));
	EXPECT(timer_believes(TIMER_A64, 0x3fe, 0x3ff));
}

TEST(timer_that_jumps)
{
	EXPECT(timer_believes(TIMER_A008585, 7, 7));
	EXPECT(!timer_believes(TIMER_A008585, 7, 8));
	EXPECT(timer_believes(TIMER_161010101, 7, 38));
	EXPECT(!timer_believes(TIMER_161010101, 7, 39));
	EXPECT(!timer_believes(TIMER_161010101, 7, 6));
	EXPECT(!timer_believes(TIMER_161010101 | TIMER_A64, 0x200, 0x201));
}

/* A counter that never shows what is believed is read all the same, and not for ever. */
TEST(timer_now_ends)
{
	host_CNTPCT_EL0 = 0x200;
	EXPECT_EQ(timer_now(), 0x200);
	timer_distrust(TIMER_A64);
	timer_distrust(TIMER_ROLLOVER);
	EXPECT_EQ(timer_distrusted(), TIMER_A64 | TIMER_ROLLOVER);
	EXPECT_EQ(timer_now(), 0x200);
	host_CNTPCT_EL0 = 0x234;
	EXPECT_EQ(timer_now(), 0x234);
}
