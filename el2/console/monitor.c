/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's command line: keys, echo, words, and the command under way. Only one
 * CPU is in here at a time (monitor.busy); output that finds no room is tried later.
 */
#include "monitor.h"
#include <drivers/console.h>
#include <el2/partition.h>
#include <el2/terminal.h>
#include <lib/fmt.h>
#include <lib/string.h>

#define LINE 64
#define ROOM 512 /* for what one piece of a command prints, or a line and its echo */
#define PROMPT "tocsin> "
#define CTRL_U 0x15
#define ESC 0x1b
#define DEL 0x7f
#define KEYS 4 /* in one go */

static struct {
	u32 busy; /* atomic */
	u32 open; /* the time (terminal_in_monitor) that it has greeted; 0: closed */
	const struct command *command; /* under way, or NULL */
	struct job job;
	int sequence; /* of a key such as an arrow: ESC, '[', 'O', ';' for more; 0: none */
	u32 len;
	char line[LINE + 1];
	char last[LINE + 1]; /* the line before */
} monitor;

void monitor_print(const char *format, ...)
{
	char text[160];
	va_list args;
	u32 n;

	va_start(args, format);
	fmt_vsnprintf(text, sizeof(text) - 2, format, args);
	va_end(args);
	n = (u32)strlen(text);
	for (u32 i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '.';
	memcpy(text + n, "\r\n", 2);
	(void)console_line(&monitor, "", text, n + 2);
}

/* Shows text behind the prompt and the line so far, which are shown again only if a message has
 * interrupted them. */
static void echo(const char *text)
{
	char prefix[sizeof(PROMPT) + LINE];

	fmt_snprintf(prefix, sizeof(prefix), PROMPT "%s", monitor.line);
	(void)console_line(&monitor, prefix, text, strlen(text));
}

static void prompt(void)
{
	monitor.len = 0;
	monitor.line[0] = 0;
	echo("");
}

/* ---- commands ---- */

/* The next word of *text, ended by a NUL. */
static char *word(char **text)
{
	char *begin = *text, *end;

	while (*begin == ' ')
		begin++;
	for (end = begin; *end && *end != ' '; end++)
		;
	*text = *end ? end + 1 : end;
	*end = 0;
	return begin;
}

/* By name or number. */
static struct partition *partition_named(const char *name)
{
	u64 number;

	if (!parse_u64(name, strlen(name), &number))
		number = nr_partitions;
	for (u32 i = 0; i < nr_partitions; i++)
		if (number == i || !strcmp(partitions[i].config->name, name))
			return &partitions[i];
	return NULL;
}

/* Sets the job's arguments; false after a sentence about what is wrong. */
static bool parse_arguments(struct job *j, const struct command *c, char *text)
{
	char *first = word(&text), *second = word(&text);
	u64 number = 0;

	if (c->argument == ARG_MODE) {
		j->at = strcmp(first, "focus") ? TERMINAL_LINES : TERMINAL_FOCUS;
		if (j->at == TERMINAL_FOCUS || !strcmp(first, "lines"))
			return true;
		monitor_print("%s what? lines or focus", c->name);
		return false;
	}
	if (c->argument == ARG_NONE || (c->argument == ARG_ANY && !*first))
		return true;
	j->p = *first ? partition_named(first) : nr_partitions == 1 ? partition_named("0") : NULL;
	if (!j->p) {
		monitor_print("%s: which partition? status lists them", c->name);
		return false;
	}
	if (c->argument == ARG_VCPU && *second && !parse_u64(second, strlen(second), &number))
		number = UINT64_MAX;
	if (number >= j->p->nr_vcpus) {
		monitor_print("%s: %s has vCPUs 0 to %u", c->name, j->p->config->name,
			      j->p->nr_vcpus - 1);
		return false;
	}
	j->v = &j->p->vcpus[number];
	return true;
}

static void start(char *line)
{
	const struct command *c = monitor_commands;
	const char *name = word(&line);

	if (!*name)
		return;
	while (c->name && strcmp(c->name, name))
		c++;
	memset(&monitor.job, 0, sizeof(monitor.job));
	if (!c->name)
		monitor_print("there is no command %s; help lists them", name);
	else if (parse_arguments(&monitor.job, c, line))
		monitor.command = c;
}

/* One piece of the command under way. */
static void go_on(void)
{
	if (terminal_monitor_break()) {
		monitor_print("interrupted");
		monitor.command = NULL;
	} else if (monitor.command->run(&monitor.job)) {
		monitor.command = NULL;
	}
	if (!terminal_in_monitor())
		return;
	if (!monitor.command)
		prompt();
	terminal_again(); /* for the rest, or for keys that have come meanwhile */
}

/* ---- keys ---- */

static void erase(u32 n)
{
	char text[3 * LINE + 1];

	n = MIN(n, monitor.len);
	for (u32 i = 0; i < n; i++)
		memcpy(text + 3 * i, "\b \b", 3);
	text[3 * n] = 0;
	echo(text);
	monitor.len -= n;
	monitor.line[monitor.len] = 0;
}

static void recall(void)
{
	erase(LINE);
	echo(monitor.last);
	monitor.len = (u32)strlen(monitor.last);
	memcpy(monitor.line, monitor.last, sizeof(monitor.line));
}

/* Terminals send arrows and function keys as ESC [ ... and a letter, or ESC O and one: is
 * this byte of such a key? */
static bool in_sequence(int c)
{
	int last = monitor.sequence;

	monitor.sequence = 0;
	if (c == ESC) {
		monitor.sequence = ESC;
		return true;
	}
	if (!last || c < ' ')
		return false;
	if (last == ESC && (c == '[' || c == 'O'))
		monitor.sequence = c;
	else if (c == '[' || (last != ESC && c < '@'))
		monitor.sequence = ';';
	else if ((last == '[' || last == 'O') && c == 'A')
		recall(); /* up */
	return true;
}

static void key(int c)
{
	char text[] = {(char)c, 0};

	if (in_sequence(c))
		return;
	if (c == '\r' || c == '\n') {
		echo("\r\n");
		if (monitor.len)
			memcpy(monitor.last, monitor.line, sizeof(monitor.last));
		start(monitor.line);
		if (!monitor.command)
			prompt();
	} else if (c == '\b' || c == DEL) {
		erase(1);
	} else if (c == CTRL_U) {
		erase(LINE);
	} else if (c >= ' ' && c < DEL && monitor.len < LINE) {
		echo(text);
		monitor.line[monitor.len++] = (char)c;
		monitor.line[monitor.len] = 0;
	}
}

static void read_keys(void)
{
	if (terminal_monitor_break())
		erase(LINE);
	for (u32 i = 0; i < KEYS && !monitor.command; i++) {
		int c = terminal_monitor_key();

		if (c < 0)
			return;
		key(c);
	}
	terminal_again();
}

static void run(void)
{
	u32 time = terminal_in_monitor();

	if (!time) {
		monitor.open = 0;
		monitor.command = NULL;
	} else if (!console_room(ROOM)) {
		terminal_again();
	} else if (monitor.open != time) {
		monitor.open = time;
		monitor.command = NULL;
		monitor.sequence = 0;
		monitor_print("tocsin: monitor; help lists the commands, quit ends it");
		prompt();
		terminal_again();
	} else if (monitor.command) {
		go_on();
	} else {
		read_keys();
	}
}

void monitor_run(void)
{
	if (!terminal_in_monitor() && !atomic_load(&monitor.open))
		return;
	if (atomic_swap(&monitor.busy, true)) {
		terminal_again();
		return;
	}
	run();
	atomic_store_release(&monitor.busy, false);
}
