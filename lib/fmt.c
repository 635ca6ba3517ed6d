/* SPDX-License-Identifier: Apache-2.0 */
/*
 * printf-style formatting. Text goes into a bounded sink that counts what it
 * could not hold; every conversion is first made into a piece (sign or prefix,
 * body) and then padded in one place.
 */
#include <lib/bits.h>
#include <lib/fmt.h>
#include <lib/string.h>

static const char digits[] = "0123456789abcdef";
static const char upper_digits[] = "0123456789ABCDEF";

struct sink {
	char *buf;
	size_t size;
	size_t length; /* of the whole text, held or not */
};

/* One conversion: flags, width, precision (-1: none) and length in bytes. */
struct spec {
	bool zero, left, alternate;
	int width;
	int precision;
	u32 bytes;
};

/* How many of n bytes are held. */
static size_t held(const struct sink *s, size_t n)
{
	return s->length < s->size ? MIN(n, s->size - s->length) : 0;
}

static void put_text(struct sink *s, const char *text, size_t n)
{
	if (held(s, n))
		memcpy(s->buf + s->length, text, held(s, n));
	s->length += n;
}

static void put_padding(struct sink *s, char c, int n)
{
	if (n <= 0)
		return;
	if (held(s, (size_t)n))
		memset(s->buf + s->length, c, held(s, (size_t)n));
	s->length += (size_t)n;
}

/* prefix and body, padded to the width: zeros go between the two. */
static void put_padded(struct sink *s, const struct spec *spec, const char *prefix,
		       const char *body, size_t n)
{
	size_t prefix_length = strlen(prefix);
	int padding = spec->width - (int)MIN(prefix_length + n, (size_t)INT32_MAX);

	if (!spec->left && !spec->zero)
		put_padding(s, ' ', padding);
	put_text(s, prefix, prefix_length);
	if (!spec->left && spec->zero)
		put_padding(s, '0', padding);
	put_text(s, body, n);
	if (spec->left)
		put_padding(s, ' ', padding);
}

static void put_number(struct sink *s, const struct spec *spec, const char *prefix, u64 value,
		       u32 base, const char *alphabet)
{
	char text[20]; /* 2^64 - 1 in decimal */
	char *p = text + sizeof(text);

	do {
		*--p = alphabet[value % base];
		value /= base;
	} while (value);
	put_padded(s, spec, prefix, p, (size_t)(text + sizeof(text) - p));
}

static u64 take_unsigned(va_list *args, u32 bytes)
{
	if (bytes == 8)
		return va_arg(*args, u64);
	u32 value = va_arg(*args, u32);
	return bytes == 1 ? (u8)value : bytes == 2 ? (u16)value : value;
}

static s64 take_signed(va_list *args, u32 bytes)
{
	u64 value = take_unsigned(args, bytes);
	u32 unused = 64 - 8 * bytes;

	return (s64)(value << unused) >> unused;
}

static void put_string(struct sink *s, struct spec *spec, const char *text, size_t n)
{
	spec->zero = false;
	put_padded(s, spec, "", text, n);
}

static void put_text_argument(struct sink *s, struct spec *spec, const char *text)
{
	size_t max = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;

	if (!text)
		text = "(null)";
	put_string(s, spec, text, strnlen(text, max));
}

/* A decimal number or '*'; saturates instead of overflowing. */
static int take_count(const char **format, va_list *args)
{
	int n = 0;

	if (**format == '*') {
		(*format)++;
		return va_arg(*args, int);
	}
	for (; **format >= '0' && **format <= '9'; (*format)++)
		n = n < 10000 ? n * 10 + (**format - '0') : n;
	return n;
}

/* Flags, width, precision and length, up to the conversion's letter. */
static struct spec take_spec(const char **format, va_list *args)
{
	struct spec spec = {.precision = -1, .bytes = 4};

	for (;; (*format)++) {
		if (**format == '0')
			spec.zero = true;
		else if (**format == '-')
			spec.left = true;
		else if (**format == '#')
			spec.alternate = true;
		else
			break;
	}
	spec.width = take_count(format, args);
	if (spec.width < 0) {
		spec.left = true;
		spec.width = -spec.width;
	}
	if (**format == '.') {
		(*format)++;
		spec.precision = take_count(format, args);
	}
	for (; **format == 'h'; (*format)++)
		spec.bytes /= 2;
	for (; **format == 'l' || **format == 'z'; (*format)++)
		spec.bytes = 8;
	return spec;
}

/* %d %i %u %x %X */
static void put_integer(struct sink *s, const struct spec *spec, char letter, va_list *args)
{
	bool upper = letter == 'X';
	s64 v;

	switch (letter) {
	case 'd':
	case 'i':
		v = take_signed(args, spec->bytes);
		put_number(s, spec, v < 0 ? "-" : "", v < 0 ? -(u64)v : (u64)v, 10, digits);
		break;
	case 'u':
		put_number(s, spec, "", take_unsigned(args, spec->bytes), 10, digits);
		break;
	default:
		v = (s64)take_unsigned(args, spec->bytes);
		put_number(s, spec, spec->alternate && v ? (upper ? "0X" : "0x") : "", (u64)v, 16,
			   upper ? upper_digits : digits);
	}
}

/* Carries out one conversion; *format is behind the '%'. */
static void convert(struct sink *s, const char **format, va_list *args)
{
	struct spec spec = take_spec(format, args);
	char letter = **format, c;

	if (letter)
		(*format)++;
	switch (letter) {
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
		put_integer(s, &spec, letter, args);
		break;
	case 'p':
		put_number(s, &spec, "0x", (u64)va_arg(*args, void *), 16, digits);
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		put_string(s, &spec, &c, 1);
		break;
	case 's':
		put_text_argument(s, &spec, va_arg(*args, const char *));
		break;
	case '%':
		put_text(s, "%", 1);
		break;
	default: /* not one of ours: the reader shall see it */
		put_text(s, "%", 1);
		put_text(s, &letter, letter != 0);
	}
}

int fmt_vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
	struct sink s = {buf, size, 0};
	va_list rest;

	va_copy(rest, args);
	for (;;) {
		const char *from = format;

		while (*format && *format != '%')
			format++;
		put_text(&s, from, (size_t)(format - from));
		if (!*format++)
			break;
		convert(&s, &format, &rest);
	}
	va_end(rest);
	if (size)
		buf[MIN(s.length, size - 1)] = '\0';
	return (int)s.length;
}

int fmt_snprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = fmt_vsnprintf(buf, size, format, args);
	va_end(args);
	return length;
}
