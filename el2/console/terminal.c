/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console shared by all partitions and the monitor: which of them has the input, and the
 * occasions at which deferred work continues. receive() sorts what was typed. Nothing here waits;
 * pieces take less than 5000 instructions. Lock: the terminals'.
 */
#include "monitor.h"
#include "terminal_state.h"
#include <drivers/console.h>
#include <drivers/timer.h>
#include <el2/cpu_timer.h>
#include <el2/partition.h>
#include <lib/fmt.h>
#include <lib/string.h>

#define CTRL_C 3
#define KEYS 32 /* in one go */

/* A console without an interrupt is polled every 1/1024 s (12 bytes at 115200 baud) while data
 * comes or goes, and otherwise every 1/64 s. */
#define BUSY 10
#define IDLE 6

struct terminals terminals;

static struct {
	u32 escape;
	bool escaped;                /* the escape key was the last one */
	bool interrupted;            /* the monitor was, by Ctrl-C */
	struct terminal_input input; /* the monitor's */
} keys = {.escape = TERMINAL_ESCAPE};

void terminal_setup(u32 escape, enum terminal_mode mode)
{
	keys.escape = escape;
	terminals.mode = mode;
}

/* ---- input ---- */

static u32 waiting(const struct terminal_input *in)
{
	return in->head - in->tail;
}

static int input_get(struct terminal_input *in)
{
	return waiting(in) ? in->entry[in->tail++ % TERMINAL_INPUT] : -1;
}

static struct terminal_input *input_target(void)
{
	struct partition *p = terminal_focus();

	return terminals.monitor ? &keys.input : p ? &p->uart.terminal.input : NULL;
}

static void give_focus(struct partition *p)
{
	char line[80];

	terminals.monitor = 0;
	terminals.focus = p;
	fmt_snprintf(line, sizeof(line), "tocsin: console: %.50s\n", p->config->name);
	console_text(line, strlen(line));
	terminal_pump();
}

/* The partition of that number, or the next whose name begins with c. */
static struct partition *find_by_key(char c)
{
	u32 from = (u32)(terminal_focus() - partitions);

	for (u32 i = 1; i <= nr_partitions; i++) {
		u32 n = (from + i) % nr_partitions;
		struct partition *p = &partitions[n];

		if (p->uart.partition && (p->config->name[0] == c || c == (char)('0' + n)))
			return p;
	}
	return NULL;
}

static void open_monitor(void)
{
	static u32 times;

	if (!terminals.monitor)
		terminals.monitor = ++times;
}

/* The key after the escape key. */
static void escaped_key(char c)
{
	static const char help[] =
	    "tocsin: console: escape key, then m: monitor; a partition's number "
	    "or first letter: its console; escape key: itself\n";
	struct partition *p = terminal_focus() ? find_by_key(c) : NULL;

	if (c == 'm' || c == '\r' || c == '\n')
		open_monitor();
	else if (p)
		give_focus(p);
	else
		console_text(help, sizeof(help) - 1);
}

/* Sorts what was typed, as far as its receiver has room; some of it at a time. */
static void receive(void)
{
	struct terminal_input *to;
	u32 n = 0;
	int c;

	while ((to = input_target()) && waiting(to) < TERMINAL_INPUT && (c = console_read()) >= 0) {
		if (keys.escaped && (u32)c != keys.escape) {
			keys.escaped = false;
			escaped_key((char)c);
			n = KEYS - 1; /* that is enough for now */
		} else if ((u32)c == keys.escape && !keys.escaped) {
			keys.escaped = true;
		} else if (c == CTRL_C && to == &keys.input) {
			keys.interrupted = true;
			to->tail = to->head;
		} else {
			keys.escaped = false;
			to->entry[to->head++ % TERMINAL_INPUT] = (u16)c;
		}
		if (++n == KEYS) {
			terminal_again();
			return;
		}
	}
}

int terminal_read(struct partition *p)
{
	struct terminal_input *in = &p->uart.terminal.input;
	int c;

	lock_acquire(&terminals.lock);
	if (!waiting(in))
		receive();
	if (input_target() != in && input_target() && waiting(input_target()))
		terminal_again(); /* it has come for another */
	c = input_get(in);
	lock_release(&terminals.lock);
	return c;
}

int terminal_monitor_key(void)
{
	int c;

	lock_acquire(&terminals.lock);
	receive();
	c = input_get(&keys.input);
	lock_release(&terminals.lock);
	return c;
}

bool terminal_monitor_break(void)
{
	bool interrupted;

	lock_acquire(&terminals.lock);
	interrupted = keys.interrupted;
	keys.interrupted = false;
	lock_release(&terminals.lock);
	return interrupted;
}

/* ---- occasions ---- */

/* Delivers to each partition what was typed for it, also before the focus went elsewhere. */
static void deliver(void)
{
	for (u32 i = 0; i < nr_partitions; i++) {
		struct terminal_input *in = &partitions[i].uart.terminal.input;

		if (atomic_load(&in->head) != atomic_load(&in->tail))
			vpl011_receive(&partitions[i].uart);
	}
}

/* Of the longer tasks, one is done at a time. */
static void serve(void)
{
	lock_acquire(&terminals.lock);
	receive();
	lock_release(&terminals.lock);
	deliver();
	if (terminal_retry()) {
		terminal_again();
		return;
	}
	lock_acquire(&terminals.lock);
	terminal_pump();
	lock_release(&terminals.lock);
	monitor_run();
}

void terminal_interrupt(void)
{
	(void)console_irq();
	serve();
}

void terminal_timer(void)
{
	serve();
}

/* Each poll sets the timer for the next on the same CPU. */
void terminal_poll(void)
{
	u64 now = timer_now();

	if (!console_polled())
		return;
	terminal_interrupt();
	cpu_timer_at(CPU_TIMER_CONSOLE, now + (timer_frequency() >> (console_busy() ? BUSY : IDLE)),
		     now);
}

/* ---- the monitor's view ---- */

u32 terminal_in_monitor(void)
{
	return atomic_load(&terminals.monitor);
}

void terminal_set_focus(struct partition *p)
{
	lock_acquire(&terminals.lock);
	give_focus(p);
	lock_release(&terminals.lock);
}

void terminal_set_mode(enum terminal_mode mode)
{
	lock_acquire(&terminals.lock);
	terminals.mode = mode;
	lock_release(&terminals.lock);
}
