/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One console for all partitions: which of them has the input, whose output is shown and how, and
 * the escape key. docs/console.md is the user's view of it.
 *
 * One lock for all of this, below the emulated UARTs' and above the console's.
 */
#pragma once

#include <lib/bits.h>
#include <lib/types.h>

struct partition;

#define TERMINAL_RING 8192 /* what a partition printed last; a power of two, as the next */
#define TERMINAL_INPUT 128
#define TERMINAL_TAG 20 /* "[name] " with its NUL; longer names are cut */

#define TERMINAL_ESCAPE 0x1d /* Ctrl-] */
#define TERMINAL_NO_ESCAPE 256

enum terminal_mode {
	TERMINAL_LINES, /* everybody's lines, each with its partition's tag */
	TERMINAL_FOCUS  /* only the partition that has the input, as it is */
};

/* A line on its way to the screen: what of it could move the cursor out of it. */
struct terminal_text {
	bool inside;  /* part of the line is out */
	bool cr;      /* a CR is held back: it depends on the next byte */
	u8 utf8;      /* continuation bytes to come */
	u8 last;      /* byte */
	u16 column;   /* so far backspaces may go */
	u8 nr_escape; /* bytes of an escape sequence held back */
	char escape[15];
};

/* Most that terminal_text_put() makes of one byte. */
#define TERMINAL_EXPANSION (TERMINAL_TAG + 24)

/* Writes to out what is shown for byte c of a line that begins with tag, and
 * returns its length: text and colours as they are; a CR goes back to behind the
 * tag; other ways to move the cursor are made visible. */
u32 terminal_text_put(struct terminal_text *t, u8 c, const char *tag, char *out);

/* The same for the first of n bytes, as many as are printable ASCII that needs no
 * thought: writes them to out and returns how many. */
u32 terminal_text_run(struct terminal_text *t, const char *bytes, u32 n, char *out);

struct terminal_input {
	u32 head, tail; /* free-running */
	u16 entry[TERMINAL_INPUT];
};

/* A partition's, in its struct vpl011. All under the terminals' lock. */
struct terminal {
	u32 head;     /* bytes ever printed; the last TERMINAL_RING of them are in ring */
	u32 shown;    /* as far the console has them, or they are given up */
	u32 whole;    /* as far lines are complete, or too long to wait for their end */
	bool refused; /* terminal_put took a byte less than it was given */
	struct terminal_text text;
	struct terminal_input input;
	char tag[TERMINAL_TAG];    /* before a line; empty until it is needed */
	char tag_on[TERMINAL_TAG]; /* before the rest of one that was interrupted */
	char ring[TERMINAL_RING];
};

/* How it begins: escape is a byte, or TERMINAL_NO_ESCAPE. Boot CPU. */
void terminal_setup(u32 escape, enum terminal_mode mode);

/* ---- for the emulated UART, under its lock ---- */

/* A byte that p prints. False: no room; vpl011_room() will be called. Afterwards
 * terminal_show() is to be called, without that lock. */
bool terminal_put(struct partition *p, char c);

/* The next byte for p, with UART_RX_ flags, or -1. */
int terminal_read(struct partition *p);

/* ---- for callers that find something to do: no locks held ---- */

/* Partitions may have printed. A piece of it. */
void terminal_show(void);

/* The console's interrupt. */
void terminal_interrupt(void);

/* The console's interrupt where it has none: a look at the UART, again and again on the
 * CPU that calls this first. Does nothing where there is an interrupt. */
void terminal_poll(void);

/* The time has come that terminal.c or the monitor had asked for (el2/cpu_timer.h). */
void terminal_timer(void);

/* p has stopped: its last line, complete or not, may go out. */
void terminal_close(struct partition *p);

/* Waits until everything that was to be shown is: before the machine's end. */
void terminal_flush(void);

/* ---- for the monitor ---- */

/* Not 0: the monitor has the input and the console to itself, since it was opened for the
 * time of that number. */
u32 terminal_in_monitor(void);

/* The next byte typed for it, or -1. */
int terminal_monitor_key(void);

/* Ctrl-C was typed for it, which also forgets what was typed before. Once. */
bool terminal_monitor_break(void);

/* Calls monitor_run() again, in a millisecond. */
void terminal_again(void);

/* The partition that has, or had before the monitor, the input; NULL: there is none. */
struct partition *terminal_focus(void);

/* Gives p the input; ends the monitor. */
void terminal_set_focus(struct partition *p);

void terminal_set_mode(enum terminal_mode mode);

/* Copies up to n bytes of p's output from byte *at on, which becomes at least the oldest
 * one kept. Returns how many; *at is advanced by that. */
u32 terminal_history(struct partition *p, u32 *at, char *to, u32 n);
