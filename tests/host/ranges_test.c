/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of addresses against a model of one bit per unit.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c
 */
#include <boot/arena.h>
#include <boot/ranges.h>
#include <fake_log.h>
#include <test.h>

#define UNITS 200

static bool model[UNITS];

static struct range random_range(void)
{
	u64 base = test_random() % UNITS;

	return (struct range){base, test_random() % MIN(20, UNITS - base + 1)};
}

static bool model_has(struct range r)
{
	for (u64 i = 0; i < r.size; i++)
		if (!model[r.base + i])
			return false;
	return true;
}

static bool model_touches(struct range r)
{
	for (u64 i = 0; i < r.size; i++)
		if (model[r.base + i])
			return true;
	return false;
}

/* The set is sorted, has gaps between its ranges, and is the model. */
static bool same_as_model(const struct ranges *set)
{
	u64 unit = 0;

	for (u32 i = 0; i < set->nr; i++) {
		struct range r = set->at[i];

		if (!r.size || (i && r.base <= set->at[i - 1].base + set->at[i - 1].size))
			return false;
		for (; unit < r.base; unit++)
			if (model[unit])
				return false;
		if (!model_has(r))
			return false;
		unit = r.base + r.size;
	}
	return unit == UNITS || !model_touches((struct range){unit, UNITS - unit});
}

TEST(random_sets_are_like_the_model)
{
	for (int round = 0; round < 300; round++) {
		struct ranges set = {0};

		arena_release(0);
		memset(model, 0, sizeof(model));
		for (int step = 0; step < 60; step++) {
			struct range r = random_range(), q = random_range();
			bool add = test_random() % 3 != 0;

			EXPECT_EQ(add ? ranges_add(&set, r) : ranges_remove(&set, r), OK);
			for (u64 i = 0; i < r.size; i++)
				model[r.base + i] = add;
			EXPECT(same_as_model(&set));
			EXPECT_EQ(ranges_touching(&set, q) != NULL, model_touches(q));
			EXPECT_EQ(ranges_contain(&set, q), model_has(q));
		}
	}
}

static bool fits(struct range window, u64 base, u64 size)
{
	return range_contains(window, (struct range){base, size}) && base + size <= UNITS &&
	       model_has((struct range){base, size});
}

TEST(searches_find_the_lowest_and_highest_place)
{
	for (int round = 0; round < 2000; round++) {
		struct ranges set = {0};
		struct range window = random_range();
		u64 size = 1 + test_random() % 9, align = 1UL << test_random() % 4;
		u64 offset = test_random() % align, low = ~0UL, high = ~0UL, at = 0;

		window.size *= 8;
		arena_release(0);
		memset(model, 0, sizeof(model));
		for (int i = 0; i < 6; i++) {
			struct range r = random_range();

			EXPECT_EQ(ranges_add(&set, r), OK);
			memset(model + r.base, 1, r.size);
		}
		for (u64 base = 0; base < UNITS; base++) {
			if (fits(window, base, size) && base % align == 0)
				high = base;
			if (fits(window, base, size) && base % align == offset && low == ~0UL)
				low = base;
		}
		EXPECT_EQ(ranges_highest(&set, window, size, align, &at), high != ~0UL);
		EXPECT(high == ~0UL || at == high);
		EXPECT_EQ(ranges_lowest(&set, window, size, align, offset, &at), low != ~0UL);
		EXPECT(low == ~0UL || at == low);
	}
}

TEST(copies_are_independent)
{
	struct ranges a = {0}, b;

	arena_release(0);
	EXPECT_EQ(ranges_add(&a, (struct range){0x1000, 0x3000}), OK);
	EXPECT_EQ(ranges_copy(&b, &a), OK);
	EXPECT_EQ(ranges_remove(&b, (struct range){0x2000, 0x1000}), OK);
	EXPECT_EQ(a.nr, 1);
	EXPECT_EQ(b.nr, 2);
	EXPECT_EQ(ranges_size(&b), 0x2000);
	EXPECT_EQ(ranges_subtract(&a, &b), OK);
	EXPECT_EQ(ranges_size(&a), 0x1000);
	EXPECT_EQ(a.at[0].base, 0x2000);
}

TEST(pages_inside_and_around)
{
	struct range in = range_pages_inside((struct range){0x1001, 0x2fff});
	struct range out = range_pages_around((struct range){0x1fff, 2});

	EXPECT_EQ(in.base, 0x2000);
	EXPECT_EQ(in.size, 0x2000);
	EXPECT_EQ(out.base, 0x1000);
	EXPECT_EQ(out.size, 0x2000);
	EXPECT_EQ(range_pages_inside((struct range){0x1001, 0xffe}).size, 0);
}

TEST(a_full_arena_is_a_sentence_and_changes_nothing)
{
	struct ranges set = {0};
	u64 size = 0;
	u32 nr = 0;

	arena_release(0);
	log_forget();
	while (ranges_add(&set, (struct range){nr * 0x2000, 0x1000}) == OK)
		size = ranges_size(&set), nr++;
	EXPECT(nr > 1000);
	EXPECT_EQ(set.nr, nr);
	EXPECT_EQ(ranges_size(&set), size);
	EXPECT(log_says("64 KiB"));
	EXPECT(arena_alloc(~(size_t)0) == NULL);
	arena_release(0);
	EXPECT(arena_alloc(16) != NULL);
}
