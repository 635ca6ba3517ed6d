/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which line an operand of cache maintenance by set and way names.
 * sources:
 */
#include <mm/set_way.h>
#include <test.h>

#define CCSIDR(ways, sets, line) (((u64)(sets)-1) << 13 | ((u64)(ways)-1) << 3 | ((line)-4))
#define WIDE(ways, sets, line) (((u64)(sets)-1) << 32 | ((u64)(ways)-1) << 3 | ((line)-4))

/* Exactly the lines of a loop as boot loaders have it. */
static void every_line(u32 ways, u32 sets, u32 line, u32 way_at, bool wide)
{
	u64 ccsidr = wide ? WIDE(ways, sets, line) : CCSIDR(ways, sets, line);

	for (u32 way = 0; way < ways + 3; way++)
		for (u32 set = 0; set < sets + 3; set++) {
			u64 operand = (u64)way << way_at | (u64)set << line | 2, found = operand;
			bool there = set_way_exists(&found, ccsidr, wide);

			if (way < ways && set < sets)
				EXPECT(there && found == operand);
			else if (there) /* a bit that means nothing, or another field's */
				EXPECT(found != operand);
		}
}

TEST(set_way_of_real_caches)
{
	every_line(4, 128, 6, 30, false);   /* Cortex-A53 L1: 32 KiB */
	every_line(2, 256, 6, 31, false);   /* Cortex-A57 L1 */
	every_line(16, 2048, 6, 28, false); /* 2 MiB L2 */
	every_line(12, 300, 6, 28, false);  /* no powers of two */
	every_line(11, 4096, 6, 28, true);
	every_line(1, 64, 5, 32, false); /* direct-mapped: no bits say which way */
}

TEST(set_way_that_is_not_there)
{
	u64 operand = 11UL << 28;

	EXPECT(set_way_exists(&operand, CCSIDR(12, 64, 6), false));
	operand = 12UL << 28;
	EXPECT(!set_way_exists(&operand, CCSIDR(12, 64, 6), false));
	operand = 48UL << 6;
	EXPECT(!set_way_exists(&operand, CCSIDR(4, 48, 6), false));
}

TEST(set_way_drops_what_means_nothing)
{
	u64 operand = 0xffffffff3ffff031;

	EXPECT(set_way_exists(&operand, CCSIDR(4, 128, 6), false));
	EXPECT_EQ(operand, 0x1000);
	test_seed(3);
	for (u32 i = 0; i < 100000; i++) {
		u64 random = test_random(), found = random, again;
		u32 ways = 1 + test_random() % 16, sets = 1 + test_random() % 4096;
		u64 ccsidr = CCSIDR(ways, sets, 4 + test_random() % 4);
		bool there = set_way_exists(&found, ccsidr, false);

		again = found;
		EXPECT_EQ(set_way_exists(&again, ccsidr, false), there);
		EXPECT(again == found);
		EXPECT(found >> 32 == 0 && (found & 0xe) == (random & 0xe));
	}
}
