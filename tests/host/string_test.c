/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/string.c against the host's C library: its functions are compiled here
 * under other names, so that both are at hand.
 * sources:
 */
#include <string.h>
#include <test.h>

#define memcpy our_memcpy
#define memmove our_memmove
#define memset our_memset
#define memcmp our_memcmp
#define memchr our_memchr
#define strlen our_strlen
#define strnlen our_strnlen
#define strcmp our_strcmp
#define strncmp our_strncmp
#define strchr our_strchr
#define strrchr our_strrchr
#define strtoul our_strtoul
#include "../../lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strtoul

#define SIZE 400

static unsigned char ours[SIZE], theirs[SIZE];

static void randomise(void)
{
	for (int i = 0; i < SIZE; i++)
		ours[i] = theirs[i] = (unsigned char)test_random();
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

TEST(memcpy_at_every_alignment_and_length)
{
	static unsigned char from[SIZE];

	for (int i = 0; i < SIZE; i++)
		from[i] = (unsigned char)test_random();
	for (size_t n = 0; n < 200; n++)
		for (size_t d = 0; d < 9; d++)
			for (size_t s = 0; s < 9; s++) {
				randomise();
				EXPECT(our_memcpy(ours + d, from + s, n) == ours + d);
				memcpy(theirs + d, from + s, n);
				EXPECT(!memcmp(ours, theirs, SIZE));
			}
}

TEST(memmove_with_every_overlap)
{
	for (size_t n = 0; n < 150; n += 1 + n / 40)
		for (size_t d = 0; d < 100; d += 1 + d / 20)
			for (size_t s = 0; s < 100; s += 1 + s / 20) {
				randomise();
				EXPECT(our_memmove(ours + d, ours + s, n) == ours + d);
				memmove(theirs + d, theirs + s, n);
				EXPECT(!memcmp(ours, theirs, SIZE));
			}
}

TEST(memset_at_every_alignment_and_length)
{
	for (size_t n = 0; n < 200; n++)
		for (size_t d = 0; d < 9; d++) {
			int byte = (int)test_random();

			randomise();
			EXPECT(our_memset(ours + d, byte, n) == ours + d);
			memset(theirs + d, byte, n);
			EXPECT(!memcmp(ours, theirs, SIZE));
		}
}

TEST(memcmp_and_memchr)
{
	for (int i = 0; i < 5000; i++) {
		size_t n = test_random() % 40;
		int c = (int)(test_random() % 4);

		for (int k = 0; k < 40; k++) {
			ours[k] =
			    (unsigned char)(test_random() % 3 + (test_random() % 9 ? 0 : 250));
			theirs[k] = test_random() % 8 ? ours[k] : (unsigned char)test_random();
		}
		EXPECT_EQ(sign(our_memcmp(ours, theirs, n)), sign(memcmp(ours, theirs, n)));
		EXPECT(our_memchr(ours, c, n) == memchr(ours, c, n));
	}
}

TEST(strings)
{
	for (int i = 0; i < 20000; i++) {
		char a[12], b[12];
		size_t n = test_random() % 14;
		int c = "xyz\xff"[test_random() % 5];

		for (int k = 0; k < 11; k++) {
			a[k] = "xxy\xff"[test_random() % 5];
			b[k] = test_random() % 6 ? a[k] : "xxy\xff"[test_random() % 5];
		}
		a[11] = b[11] = 0;
		EXPECT_EQ(our_strlen(a), strlen(a));
		EXPECT_EQ(our_strnlen(a, n), strnlen(a, n));
		EXPECT_EQ(sign(our_strcmp(a, b)), sign(strcmp(a, b)));
		EXPECT_EQ(sign(our_strncmp(a, b, n)), sign(strncmp(a, b, n)));
		EXPECT(our_strchr(a, c) == strchr(a, c));
		EXPECT(our_strrchr(a, c) == strrchr(a, c));
	}
}
