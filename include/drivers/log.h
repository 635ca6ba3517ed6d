/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: levelled lines that go into a ring in memory (symbol log_ring, so
 * that a debugger or a memory dump finds it) and to the console.
 *
 * A level says what is to blame: ERROR, Tocsin or the machine failed; WARN, the
 * configuration or a partition did something it should not; INFO, milestones;
 * DEBUG, the rest. Nothing that a guest can repeat at will is logged above
 * DEBUG without a limit.
 */
#pragma once

#include <lib/types.h>
#include <stdarg.h>

/* What a debugger or a memory dump looks for. The newest byte is the one before
 * text[position % LOG_RING_SIZE]; position counts all bytes ever written. */
#define LOG_RING_SIZE 16384
#define LOG_RING_MAGIC 0x474f4c4e4953434fUL /* "OCSINLOG" in memory */

struct log_ring {
	u64 magic;
	u64 position;
	char text[LOG_RING_SIZE];
};
extern struct log_ring log_ring;

/* Longest line, all included. */
#define LOG_LINE_MAX 416

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Writes one line: "tocsin: ", "error: " or "warning: " if it is one, the text and
 * a newline, cut at LOG_LINE_MAX. Any context; takes the console lock. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with a list of arguments. */
void log_vline(enum log_level level, const char *format, va_list args);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* Lines above this level are dropped. Default LOG_INFO. Boot, before SMP. */
void log_set_level(enum log_level level);

/* Puts text into the ring as it is, and nowhere else, without atomic operations:
 * for the boot CPU with its MMU off. */
void log_ring_append(const char *text);

/* Gives the console what the ring holds. For console_init. */
void log_replay(void);

/* For the panic path: breaks the console lock if it is held and from now on
 * writes every line with polling, on the calling CPU. */
void log_enter_panic(void);
