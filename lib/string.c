/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and strings. Copying and filling work in 64-byte steps of aligned
 * doublewords when both sides allow it: guest images of many megabytes go
 * through here. There is never an unaligned access, so everything also works
 * on Device memory and with the MMU off.
 */
#include <lib/bits.h>
#include <lib/string.h>

/* The compiler must not recognise the loops below and call them by name. */
#ifndef __clang__ /* -ffreestanding is enough for it */
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* A doubleword that may overlay objects of any type. */
typedef u64 __attribute__((may_alias)) word;

#define WORDS_PER_STEP 8
#define STEP (WORDS_PER_STEP * sizeof(word))

static bool both_aligned(const void *a, const void *b)
{
	return IS_ALIGNED((uintptr_t)a | (uintptr_t)b, sizeof(word));
}

/* Copies from the first byte to the last. Every step is read before it is
 * written, so the two may overlap if d is below s. */
static inline void copy_up(u8 *d, const u8 *s, size_t n)
{
	if (IS_ALIGNED((uintptr_t)d ^ (uintptr_t)s, sizeof(word))) {
		for (; n && !both_aligned(d, s); n--)
			*d++ = *s++;
		for (; n >= STEP; n -= STEP, d += STEP, s += STEP) {
			word *dw = (word *)d;
			const word *sw = (const word *)s;
			word a = sw[0], b = sw[1], c = sw[2], e = sw[3];
			word f = sw[4], g = sw[5], h = sw[6], i = sw[7];

			/* Read before written, and both in pairs. */
			__asm__("" : "+r"(a), "+r"(b), "+r"(c), "+r"(e));
			__asm__("" : "+r"(f), "+r"(g), "+r"(h), "+r"(i));
			dw[0] = a, dw[1] = b, dw[2] = c, dw[3] = e;
			dw[4] = f, dw[5] = g, dw[6] = h, dw[7] = i;
		}
		for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word), s += sizeof(word))
			*(word *)d = *(const word *)s;
	}
	for (; n >= 4; n -= 4, d += 4, s += 4) {
		u8 a = s[0], b = s[1], c = s[2], e = s[3];

		d[0] = a, d[1] = b, d[2] = c, d[3] = e;
	}
	while (n--)
		*d++ = *s++;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	copy_up(to, from, n);
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	u8 *d = to;
	const u8 *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= n) { /* below s, or apart */
		copy_up(d, s, n);
		return to;
	}
	d += n;
	s += n;
	for (; n && !both_aligned(d, s); n--)
		*--d = *--s;
	for (; n >= sizeof(word); n -= sizeof(word)) {
		d -= sizeof(word);
		s -= sizeof(word);
		*(word *)d = *(const word *)s;
	}
	while (n--)
		*--d = *--s;
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	u8 *d = to;
	word w = (u8)byte * 0x0101010101010101UL;

	for (; n && !both_aligned(d, d); n--)
		*d++ = (u8)byte;
	for (; n >= STEP; n -= STEP, d += STEP) {
		word *dw = (word *)d;

		dw[0] = w, dw[1] = w, dw[2] = w, dw[3] = w;
		dw[4] = w, dw[5] = w, dw[6] = w, dw[7] = w;
	}
	for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word))
		*(word *)d = w;
	while (n--)
		*d++ = (u8)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *s, int byte, size_t n)
{
	for (const u8 *p = s; n; n--, p++)
		if (*p == (u8)byte)
			return (void *)(uintptr_t)p;
	return NULL;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	return memchr(s, c, strlen(s) + 1);
}

char *strrchr(const char *s, int c)
{
	for (size_t n = strlen(s) + 1; n; n--)
		if (s[n - 1] == (char)c)
			return (char *)(uintptr_t)&s[n - 1];
	return NULL;
}
