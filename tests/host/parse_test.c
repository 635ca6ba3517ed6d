/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/parse.c: strtoul against the host's, parse_u64 against a list.
 * sources:
 */
#include <lib/bits.h>
#include <string.h>
#include <test.h>

#define strtoul our_strtoul
#include "../../lib/parse.c"
#undef strtoul

static void compare(const char *text, int base)
{
	char *our_end, *their_end;
	unsigned long ours = our_strtoul(text, &our_end, base);
	unsigned long theirs = strtoul(text, &their_end, base);

	if (ours != theirs || our_end != their_end)
		printf("  \"%s\" base %d: %lx (%ld), expected %lx (%ld)\n", text, base, ours,
		       (long)(our_end - text), theirs, (long)(their_end - text));
	EXPECT_EQ(ours, theirs);
	EXPECT(our_end == their_end);
}

TEST(strtoul_known_cases)
{
	static const char *const cases[] = {"",
					    "0",
					    "00",
					    "0x",
					    "0x1F",
					    "0X1g",
					    "08",
					    "077",
					    "  12",
					    "\t\n-1",
					    "+7",
					    "- 1",
					    "+-1",
					    "-0x10",
					    "z",
					    "12z",
					    "0xg",
					    "18446744073709551615",
					    "18446744073709551616",
					    "-18446744073709551616",
					    "99999999999999999999999",
					    "0xffffffffffffffffff"};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int base = 0; base <= 36; base += base ? 1 : 2)
			compare(cases[i], base);
}

TEST(strtoul_random_text)
{
	for (int i = 0; i < 50000; i++) {
		char text[24];
		size_t n = test_random() % (sizeof(text) - 1);

		for (size_t k = 0; k < n; k++)
			text[k] = "0123456789abfxzXF -+"[test_random() % 20];
		text[n] = 0;
		compare(text, (int[]){0, 8, 10, 16, 36}[test_random() % 5]);
	}
}

static bool parses_to(const char *text, u64 expected)
{
	u64 value = ~expected;

	return parse_u64(text, strlen(text), &value) && value == expected;
}

static bool refused(const char *text)
{
	u64 value = 0x1234;

	return !parse_u64(text, strlen(text), &value) && value == 0x1234;
}

TEST(parse_u64_accepts)
{
	EXPECT(parses_to("0", 0));
	EXPECT(parses_to("4", 4));
	EXPECT(parses_to("010", 10));
	EXPECT(parses_to("0x10", 16));
	EXPECT(parses_to("0XfF", 255));
	EXPECT(parses_to("0x40000000", 0x40000000));
	EXPECT(parses_to("1K", 1024));
	EXPECT(parses_to("3m", 3 << 20));
	EXPECT(parses_to("0x2G", 2UL << 30));
	EXPECT(parses_to("18446744073709551615", ~0UL));
	EXPECT(parses_to("17179869183G", 17179869183UL << 30));
}

TEST(parse_u64_refuses)
{
	static const char *const cases[] = {"",
					    "K",
					    "0x",
					    "0xK",
					    "x",
					    "1 ",
					    " 1",
					    "-1",
					    "1KK",
					    "1T",
					    "0x1g1",
					    "12a",
					    "+1",
					    "0x-1",
					    "18446744073709551616",
					    "17179869184G",
					    "0x10000000000000000",
					    "99999999999999999999999999"};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!refused(cases[i]))
			printf("  not refused: \"%s\"\n", cases[i]);
		EXPECT(refused(cases[i]));
	}
}

TEST(parse_u64_reads_no_further_than_told)
{
	char *text = malloc(3); /* exactly: the sanitizer watches */
	u64 value = 0;

	memcpy(text, "123", 3);
	EXPECT(parse_u64(text, 3, &value) && value == 123);
	EXPECT(parse_u64(text, 2, &value) && value == 12);
	memcpy(text, "0x7", 3);
	EXPECT(parse_u64(text, 3, &value) && value == 7);
	EXPECT(!parse_u64(text, 2, &value));
	free(text);
}
