/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the C library's string.h and stdlib.h that we and libfdt use. */
#pragma once

#include <lib/types.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* libfdt wants it; decimal, 0x and 0 prefixes by base 0; no errno. */
unsigned long strtoul(const char *s, char **end, int base);

/* Parses a whole string as a number: decimal or 0x hexadecimal, with an
 * optional K, M or G suffix (binary). False if anything is left over, nothing
 * is there, or it does not fit into 64 bits; *value is then untouched. */
bool parse_u64(const char *s, size_t len, u64 *value);
