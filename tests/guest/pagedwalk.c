/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goes through more memory than is resident, again and again, and checks each page for what the
 * last round has left there: for ever, and says so once a round; while its pager is slow, killed
 * and started again (tests/qemu/linux_cases.py).
 */
#include "guest.h"

#define PAGES 2048
#define WORDS (PAGE_SIZE / 8)

static u64 *pages;

static u64 pattern(u32 page, u32 round, u32 word)
{
	return ((u64)round << 32 | page) * 0x9e3779b97f4a7c15UL + word;
}

/* An order that no read-ahead knows, the same in each round. */
static u32 place(u32 i)
{
	return (i * 1237 + 13) % PAGES;
}

static void visit(u32 page, u32 round)
{
	u64 *at = pages + (u64)page * WORDS;

	for (u32 word = 0; word < WORDS; word += 63) {
		u64 wanted = pattern(page, round - 1, word);

		EXPECT(round == 0 || at[word] == wanted,
		       "round %u, page %u, word %u: 0x%lx, not 0x%lx", round, page, word, at[word],
		       wanted);
		at[word] = pattern(page, round, word);
	}
}

static void test_walk(void)
{
	for (u32 round = 0; !test_failed(); round++) {
		for (u32 i = 0; i < PAGES && !test_failed(); i++)
			visit(place(i), round);
		print("round %u\n", round);
	}
}

void guest_setup(void)
{
	pages = (u64 *)ALIGN_UP((u64)memory_end, PAGE_SIZE);
}

const struct test guest_tests[] = {{"paged-walk", test_walk, UNDER_TOCSIN}, {0}};
