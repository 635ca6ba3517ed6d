/* SPDX-License-Identifier: Apache-2.0 */
/* log_line for tests: keeps the first and the last line and counts lines per level. */
#pragma once

#include <drivers/log.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char log_last[1024], log_first[1024];
static unsigned log_count[4];

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(log_last, sizeof(log_last), format, args);
	va_end(args);
	if (!log_first[0])
		memcpy(log_first, log_last, sizeof(log_first));
	log_count[level]++;
}

static inline void log_forget(void)
{
	log_last[0] = log_first[0] = 0;
	memset(log_count, 0, sizeof(log_count));
}

/* True if the last line has text in it. */
static inline bool log_says(const char *text)
{
	return strstr(log_last, text) != NULL;
}
