/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/fmt.c against the host's snprintf: every conversion with random flags,
 * widths, values and buffer sizes.
 * sources: lib/fmt.c
 */
#include <lib/fmt.h>
#include <limits.h>
#include <string.h>
#include <test.h>

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-overflow"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

#define COMPARE(directives, ...)                                                                   \
	do {                                                                                       \
		const char *format_ = (directives);                                                \
		char ours_[200], theirs_[200];                                                     \
		size_t size_ = test_random() % 4 ? sizeof(ours_) : test_random() % 20;             \
		memset(ours_, '@', sizeof(ours_));                                                 \
		memset(theirs_, '@', sizeof(theirs_));                                             \
		int n_ = fmt_snprintf(ours_, size_, format_, ##__VA_ARGS__);                       \
		int m_ = snprintf(theirs_, size_, format_, ##__VA_ARGS__);                         \
		EXPECT_EQ(n_, m_);                                                                 \
		if (memcmp(ours_, theirs_, sizeof(ours_)))                                         \
			printf("  \"%.99s\", expected \"%.99s\"\n", ours_, theirs_);               \
		EXPECT(!memcmp(ours_, theirs_, sizeof(ours_)));                                    \
	} while (0)

/* A random directive with that length and letter; flags from the given ones. */
static const char *directive(const char *flags, const char *length, char letter)
{
	static char text[40];
	char *p = text;

	p += sprintf(p, "<%%");
	for (; *flags; flags++)
		if (test_random() % 2)
			*p++ = *flags;
	if (test_random() % 2)
		p += sprintf(p, "%lu", 1 + test_random() % 25);
	sprintf(p, "%s%c>", length, letter);
	return text;
}

static unsigned long value(void)
{
	static const unsigned long special[] = {0,        1,         9,        10,       0x7f,
						0x80,     0xff,      INT_MAX,  UINT_MAX, 1UL << 31,
						LONG_MAX, ULONG_MAX, 1UL << 63};

	if (test_random() % 2)
		return special[test_random() % (sizeof(special) / sizeof(special[0]))];
	return test_random() >> (test_random() % 64);
}

TEST(numbers_like_the_host)
{
	for (int i = 0; i < 20000; i++) {
		char letter = "diuxX"[i % 5];
		const char *flags = letter == 'x' || letter == 'X' ? "0-#" : "0-";
		unsigned long v = value();

		COMPARE(directive(flags, "", letter), (int)v);
		COMPARE(directive(flags, "hh", letter), (int)v);
		COMPARE(directive(flags, "h", letter), (int)v);
		COMPARE(directive(flags, "l", letter), v);
		COMPARE(directive(flags, "ll", letter), v);
		COMPARE(directive(flags, "z", letter), v);
	}
}

TEST(text_like_the_host)
{
	for (int i = 0; i < 5000; i++) {
		char text[30], format[30];
		int width = (int)(test_random() % 40) - 20,
		    precision = (int)(test_random() % 30) - 5;
		size_t n = test_random() % (sizeof(text) - 1);

		memset(text, 'a' + i % 26, n);
		text[n] = 0;
		COMPARE(directive("-", "", 's'), text);
		COMPARE(directive("-", "", 'c'), 'x');
		COMPARE("<%*s>", width, text);
		COMPARE("<%.*s>", precision, text);
		COMPARE("<%-*.*s|%*d>", width, precision, text, width, i);
		sprintf(format, "%%.%ds", (int)(test_random() % 30));
		COMPARE(format, text);
	}
}

TEST(mixed_lines_like_the_host)
{
	COMPARE("no directive");
	COMPARE("");
	COMPARE("100%%");
	COMPARE("cpu%u: %s at 0x%016lx, %d of %zu, %c", 3u, "abort", 0xfffful, -5, (size_t)9, '!');
	COMPARE("%p", (void *)0x40080000);
	COMPARE("%20p|%-20p|", (void *)0x40080000, (void *)1);
}

TEST(reads_no_more_of_a_string_than_the_precision)
{
	char *text = malloc(3); /* no NUL: the sanitizer watches */
	char out[10];

	memcpy(text, "abc", 3);
	EXPECT_EQ(fmt_snprintf(out, sizeof(out), "%.3s", text), 3);
	EXPECT(!strcmp(out, "abc"));
	free(text);
}

TEST(oddities_are_visible_and_harmless)
{
	char out[40];

	fmt_snprintf(out, sizeof(out), "%s", (char *)NULL);
	EXPECT(!strcmp(out, "(null)"));
	fmt_snprintf(out, sizeof(out), "a%qb");
	EXPECT(!strcmp(out, "a%qb"));
	fmt_snprintf(out, sizeof(out), "a%");
	EXPECT(!strcmp(out, "a%"));
	fmt_snprintf(out, sizeof(out), "%p", NULL);
	EXPECT(!strcmp(out, "0x0"));
	EXPECT_EQ(fmt_snprintf(NULL, 0, "%d", 12345), 5);
	EXPECT_EQ(fmt_snprintf(out, sizeof(out), "%99999999999d", 1) > 9999, 1);
	EXPECT_EQ(out[sizeof(out) - 1], 0);
}
