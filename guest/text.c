/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, formatting, and the console: a PL011 used by polling. */
#include "guest.h"

#define UARTDR 0x00
#define UARTFR 0x18
#define UARTFR_TXFF 0x20

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((u8 *)to)[i] = ((const u8 *)from)[i];
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((u8 *)to)[i] = (u8)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (((const u8 *)a)[i] != ((const u8 *)b)[i])
			return ((const u8 *)a)[i] - ((const u8 *)b)[i];
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (u8)*a - (u8)*b;
}

const char *strstr(const char *text, const char *part)
{
	size_t n = strlen(part);

	for (; *text; text++) {
		size_t i = 0;

		while (i < n && text[i] == part[i])
			i++;
		if (i == n)
			return text;
	}
	return NULL;
}

u64 random_next(u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

struct sink {
	char *buf;
	size_t size, used;
};

static void put(struct sink *s, char c)
{
	if (s->used + 1 < s->size)
		s->buf[s->used] = c;
	s->used++;
}

static void put_number(struct sink *s, u64 v, u32 base, int width, char pad, bool minus)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (minus)
		digits[n++] = '-';
	while (width-- > n)
		put(s, pad);
	while (n)
		put(s, digits[--n]);
}

static const char *conversion(struct sink *s, const char *f, va_list *args)
{
	int width = 0;
	bool wide = false;
	char pad = ' ';

	if (*f == '0')
		pad = '0';
	while (*f >= '0' && *f <= '9')
		width = width * 10 + *f++ - '0';
	while (*f == 'l' || *f == 'z')
		wide = true, f++;
	switch (*f) {
	case 's':
		for (const char *t = va_arg(*args, const char *); *t; t++)
			put(s, *t);
		break;
	case 'c':
		put(s, (char)va_arg(*args, int));
		break;
	case 'd': {
		s64 v = wide ? va_arg(*args, s64) : va_arg(*args, int);

		put_number(s, v < 0 ? -(u64)v : (u64)v, 10, width, pad, v < 0);
		break;
	}
	case 'u':
		put_number(s, wide ? va_arg(*args, u64) : va_arg(*args, u32), 10, width, pad,
			   false);
		break;
	case 'x':
		put_number(s, wide ? va_arg(*args, u64) : va_arg(*args, u32), 16, width, pad,
			   false);
		break;
	default:
		put(s, *f);
	}
	return f + 1;
}

int format_text(char *buf, size_t size, const char *format, va_list args)
{
	struct sink s = {buf, size, 0};
	va_list ap;

	va_copy(ap, args);
	while (*format) {
		if (*format == '%')
			format = conversion(&s, format + 1, &ap);
		else
			put(&s, *format++);
	}
	va_end(ap);
	if (size)
		buf[MIN(s.used, size - 1)] = 0;
	return (int)s.used;
}

void uart_putc(char c)
{
	u64 base = machine.uart.base;

	if (!base)
		return;
	while (io_read32(base + UARTFR) & UARTFR_TXFF)
		;
	io_write32(base + UARTDR, (u8)c);
}

void print(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	format_text(line, sizeof(line), format, args);
	va_end(args);
	for (const char *p = line; *p; p++)
		uart_putc(*p);
}
