/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log. Places in the ring are given out by one atomic add, so that it needs
 * no lock: a panic can write to it whatever another CPU was doing. The console
 * has its own lock.
 */
#include <drivers/console.h>
#include <drivers/log.h>
#include <lib/atomic.h>
#include <lib/bits.h>
#include <lib/fmt.h>
#include <lib/layout.h>
#include <lib/string.h>

/* Positions run freely. */
POWER_OF_TWO(LOG_RING_SIZE);

struct log_ring log_ring;

static enum log_level highest = LOG_INFO;

static const char *const prefixes[] = {
    [LOG_ERROR] = "tocsin: error: ",
    [LOG_WARN] = "tocsin: warning: ",
    [LOG_INFO] = "tocsin: ",
    [LOG_DEBUG] = "tocsin: ",
};

/* Fills places [at, at + n) of the ring; n is at most its size. */
static void ring_write(u64 at, const char *text, size_t n)
{
	u64 from = at % LOG_RING_SIZE;
	size_t first = MIN(n, LOG_RING_SIZE - from);

	atomic_store(&log_ring.magic, LOG_RING_MAGIC);
	memcpy(log_ring.text + from, text, first);
	memcpy(log_ring.text, text + first, n - first);
}

void log_ring_append(const char *text)
{
	size_t n = strlen(text);

	log_ring.position += n;
	ring_write(log_ring.position - n, text, n);
}

/* Names come from device trees: none may move a terminal's cursor or forge a line. */
static void make_printable(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
}

void log_vline(enum log_level level, const char *format, va_list args)
{
	char line[LOG_LINE_MAX];
	size_t n;

	if (level > highest)
		return;
	n = (size_t)fmt_snprintf(line, sizeof(line), "%s", prefixes[level]);
	n += (size_t)fmt_vsnprintf(line + n, sizeof(line) - n, format, args);
	n = MIN(n, sizeof(line) - 1);
	make_printable(line, n);
	line[n++] = '\n'; /* over the NUL */
	ring_write(atomic_add(&log_ring.position, n), line, n);
	console_text(line, n);
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vline(level, format, args);
	va_end(args);
}

void log_replay(void)
{
	char line[LOG_LINE_MAX];
	size_t n = 0;
	u64 end = log_ring.position;

	for (u64 at = end - MIN(end, LOG_RING_SIZE); at < end; at++) {
		line[n++] = log_ring.text[at % LOG_RING_SIZE];
		if (line[n - 1] != '\n' && n < sizeof(line))
			continue;
		console_text(line, n);
		n = 0;
	}
}

void log_set_level(enum log_level level)
{
	highest = level;
}

void log_enter_panic(void)
{
	console_enter_panic();
}
