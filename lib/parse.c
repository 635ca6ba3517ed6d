/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text. */
#include <lib/string.h>

/* The value of a digit in bases up to 36, or 36 for anything else. */
static u32 digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (u32)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (u32)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (u32)(c - 'A') + 10;
	return 36;
}

static bool has_hex_prefix(const char *s)
{
	return s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_value(s[2]) < 16;
}

unsigned long strtoul(const char *s, char **end, int base)
{
	const char *start = s;
	unsigned long value = 0;
	bool negative, any = false, overflow = false;

	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	negative = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	if ((base == 0 || base == 16) && has_hex_prefix(s)) {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = *s == '0' ? 8 : 10;
	}
	for (; digit_value(*s) < (u32)base; s++) {
		overflow |= __builtin_mul_overflow(value, (unsigned long)base, &value);
		overflow |= __builtin_add_overflow(value, digit_value(*s), &value);
		any = true;
	}
	if (end)
		*end = (char *)(uintptr_t)(any ? s : start);
	if (overflow)
		return ~0UL;
	return negative ? -value : value;
}

/* How far a binary suffix shifts, or 0 if c is none. */
static u32 suffix_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	default:
		return 0;
	}
}

bool parse_u64(const char *s, size_t len, u64 *value)
{
	u32 base = 10, shift = 0;
	u64 v = 0;

	if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
		len -= 2;
	}
	if (len > 1)
		shift = suffix_shift(s[len - 1]);
	if (shift)
		len--;
	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		u32 digit = digit_value(s[i]);

		if (digit >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	if (__builtin_mul_overflow(v, 1UL << shift, &v))
		return false;
	*value = v;
	return true;
}
