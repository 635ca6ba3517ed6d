/* SPDX-License-Identifier: Apache-2.0 */
/* printf-style formatting without floating point. */
#pragma once

#include <lib/types.h>
#include <stdarg.h>

/*
 * Formats into buf[size], always NUL-terminated if size is not 0; returns the
 * length that the whole text would have had, like the C library's function.
 * Conversions: %d %i %u %x %X %c %s %p %%, flags 0 - #, width, precision
 * (.N and .*) for %s, lengths hh h l ll z. Any context.
 */
int fmt_vsnprintf(char *buf, size_t size, const char *format, va_list args);
int fmt_snprintf(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
