/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console shared by all partitions and the monitor. What a partition prints goes
 * into its ring; pump() moves it to the console, a line at a time and in turn, but the
 * partition with the input is shown byte by byte as it prints. A lone partition's
 * bytes go straight through. What was typed is sorted by receive().
 *
 * Nothing here waits: what cannot go on is continued by the console's interrupt or by
 * EL2's timer, in pieces that take less than some 20 000 instructions.
 */
#include <drivers/console.h>
#include <drivers/timer.h>
#include <el2/monitor.h>
#include <el2/partition.h>
#include <el2/terminal.h>
#include <lib/fmt.h>
#include <lib/string.h>

#define CTRL_C 3
#define PIECE 128         /* bytes of a line that nobody can interrupt, of an open one */
#define BACKLOG_PIECE 400 /* untagged bytes in one go */
#define SOON_SHIFT 10     /* 1/1024 s */
#define PATIENCE_SHIFT 5  /* 1/32 s: how long a silent open line is left alone */

static struct {
	struct lock lock;
	u32 escape;
	u32 mode;                    /* enum terminal_mode */
	struct partition *focus;     /* NULL: the first that has a UART */
	bool monitor;                /* it has the input and the console */
	bool escaped;                /* the escape key was the last one */
	bool interrupted;            /* the monitor was, by Ctrl-C */
	bool flushing;               /* no line is waited for any more */
	u32 turn;                    /* partition that is looked at first */
	u64 printed;                 /* when the open line grew last */
	u32 length;                  /* of that line, since others could last interrupt it */
	struct terminal_input input; /* the monitor's */
} shared = {.escape = TERMINAL_ESCAPE};

void terminal_setup(u32 escape, enum terminal_mode mode)
{
	shared.escape = escape;
	shared.mode = mode;
}

/* terminal_tick() on this CPU, no later than then. The scheduler sets EL2's timer again
 * when it runs; if that is for earlier, this is looked at then. */
static void wake_at(u64 then, u64 now)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->tick || then < cpu->tick)
		cpu->tick = then;
	if (cpu->tick >= cpu->alarm && cpu->alarm > now)
		return;
	cpu->alarm = cpu->tick;
	timer_set(cpu->tick);
	if (cpu->current)
		atomic_or(&cpu->current->requests, REQ_RESCHED);
}

void terminal_again(void)
{
	u64 now = timer_now();

	wake_at(now + (timer_frequency() >> SOON_SHIFT), now);
}

/* ---- output ---- */

struct partition *terminal_focus(void)
{
	if (shared.focus)
		return shared.focus;
	for (u32 i = 0; i < nr_partitions; i++)
		if (partitions[i].uart.partition)
			return &partitions[i];
	return NULL;
}

static bool tagged(void)
{
	return nr_partitions > 1 && shared.mode == TERMINAL_LINES;
}

static bool visible(const struct partition *p)
{
	return !shared.monitor && (tagged() || p == terminal_focus());
}

static u32 unseen(const struct terminal *t)
{
	return t->head - t->shown;
}

static void store(struct terminal *t, char c)
{
	t->ring[t->head++ % TERMINAL_RING] = c;
	if (c == '\n')
		t->whole = t->head;
}

/* Untagged, in stretches that lie in one piece. True: more could go now. */
static bool show_backlog(struct terminal *t)
{
	for (u32 left = BACKLOG_PIECE; left && unseen(t);) {
		u32 at = t->shown % TERMINAL_RING;
		u32 n = MIN(MIN(unseen(t), TERMINAL_RING - at), left);
		u32 done = (u32)console_write(t->ring + at, n);

		t->shown += done;
		left -= done;
		if (done < n)
			return false;
	}
	return unseen(t);
}

/* As far as p's output may be shown now: whole lines, but all of the focus's, and
 * pieces of a line that is too long. */
static u32 presentable(const struct partition *p)
{
	const struct terminal *t = &p->uart.terminal;

	if (shared.flushing || p == terminal_focus() || unseen(t) >= PIECE)
		return t->head;
	return (s32)(t->whole - t->shown) > 0 ? t->whole : t->shown;
}

static void make_tag(const struct partition *p, char tag[TERMINAL_TAG])
{
	fmt_snprintf(tag, TERMINAL_TAG, "[%.16s] ", p->config->name);
}

/* Shows a piece of p's output, up to the end of its line. False: no room. */
static bool show_piece(struct partition *p, u32 end)
{
	struct terminal *t = &p->uart.terminal;
	struct terminal_text text = t->text;
	char tag[TERMINAL_TAG], prefix[TERMINAL_TAG], out[PIECE + TERMINAL_EXPANSION];
	u32 at = t->shown, n = 0;
	char c = 0;

	make_tag(p, tag);
	memcpy(prefix, tag, sizeof(prefix));
	if (text.inside) /* it goes on after others have interrupted it */
		prefix[strlen(prefix) - 1] = '+';
	while (at != end && at - t->shown < PIECE && n < PIECE && c != '\n') {
		c = t->ring[at++ % TERMINAL_RING];
		n += terminal_text_put(&text, (u8)c, tag, out + n);
	}
	if (n && !console_line(p, prefix, out, n))
		return false;
	t->shown = at;
	t->text = text;
	if (p == terminal_focus()) {
		shared.printed = timer_now();
		shared.length += n;
		if (c != '\n' && shared.length < PIECE)
			return true;
		shared.length = 0;
	}
	shared.turn = (u32)(p - partitions) + 1;
	return true;
}

/* The focus is within a line and still at it: others wait for its end. */
static bool line_is_busy(u64 now)
{
	const struct partition *p = terminal_focus();

	return !shared.flushing && p && p->uart.terminal.text.inside && shared.length &&
	       now - shared.printed < timer_frequency() >> PATIENCE_SHIFT;
}

/* The next in turn that has something to show, or NULL. */
static struct partition *next_in_turn(u64 now)
{
	bool busy = line_is_busy(now);

	for (u32 i = 0; i < nr_partitions; i++) {
		struct partition *p = &partitions[(shared.turn + i) % nr_partitions];

		if (presentable(p) == p->uart.terminal.shown)
			continue;
		if (!busy || p == terminal_focus())
			return p;
		wake_at(shared.printed + (timer_frequency() >> PATIENCE_SHIFT), now);
	}
	return NULL;
}

/* Moves a piece of output to the console: some 13 000 instructions at most. True: more
 * could go now. */
static bool pump_some(void)
{
	struct partition *p;

	if (shared.monitor || !terminal_focus())
		return false;
	if (!tagged())
		return show_backlog(&terminal_focus()->uart.terminal);
	p = next_in_turn(timer_now());
	return p && show_piece(p, presentable(p)) && next_in_turn(timer_now());
}

static void pump(void)
{
	if (pump_some())
		terminal_again();
}

/* Straight to the console, unless more is before it. */
static bool put_untagged(struct terminal *t, char c)
{
	if (unseen(t))
		pump();
	if (unseen(t) ? unseen(t) == TERMINAL_RING : !console_write(&c, 1))
		return false;
	if (!unseen(t))
		t->shown++;
	store(t, c);
	return true;
}

/* Into the ring, where what nobody sees is overwritten. */
static bool put_ring(const struct partition *p, struct terminal *t, char c)
{
	if (unseen(t) == TERMINAL_RING) {
		if (visible(p))
			return false;
		t->shown++;
	}
	store(t, c);
	pump();
	return true;
}

bool terminal_put(struct partition *p, char c)
{
	struct terminal *t = &p->uart.terminal;
	bool taken;

	lock_take(&shared.lock);
	taken = visible(p) && !tagged() ? put_untagged(t, c) : put_ring(p, t, c);
	if (!taken)
		t->refused = true;
	lock_drop(&shared.lock);
	return taken;
}

/* Lets one partition try again what was refused. One at a time: it is a FIFO full. */
static void retry(void)
{
	for (u32 i = 0; i < nr_partitions; i++) {
		struct partition *p = &partitions[(shared.turn + i) % nr_partitions];
		struct terminal *t = &p->uart.terminal;
		bool room;

		lock_take(&shared.lock);
		room = t->refused && unseen(t) <= TERMINAL_RING - VPL011_FIFO;
		if (room)
			t->refused = false;
		lock_drop(&shared.lock);
		if (room) {
			vpl011_room(&p->uart);
			if (nr_partitions > 1)
				terminal_again(); /* there may be another */
			return;
		}
	}
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

	return shared.monitor ? &shared.input : p ? &p->uart.terminal.input : NULL;
}

static void give_focus(struct partition *p)
{
	char line[80];

	shared.monitor = false;
	shared.focus = p;
	fmt_snprintf(line, sizeof(line), "tocsin: console: %.50s\n", p->config->name);
	console_text(line, strlen(line));
	pump();
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

/* The key after the escape key. */
static void escaped_key(char c)
{
	static const char help[] =
	    "tocsin: console: escape key, then m: monitor; a partition's number "
	    "or first letter: its console; escape key: itself\n";
	struct partition *p = terminal_focus() ? find_by_key(c) : NULL;

	if (c == 'm' || c == '\r' || c == '\n')
		shared.monitor = true;
	else if (p)
		give_focus(p);
	else
		console_text(help, sizeof(help) - 1);
}

/* Sorts what was typed, as far as whoever it is for has room. */
static void receive(void)
{
	struct terminal_input *to;
	int c;

	while ((to = input_target()) && waiting(to) < TERMINAL_INPUT && (c = console_read()) >= 0) {
		if (shared.escaped && (u32)c != shared.escape) {
			shared.escaped = false;
			escaped_key((char)c);
		} else if ((u32)c == shared.escape && !shared.escaped) {
			shared.escaped = true;
		} else if (c == CTRL_C && to == &shared.input) {
			shared.interrupted = true;
			to->tail = to->head;
		} else {
			shared.escaped = false;
			to->entry[to->head++ % TERMINAL_INPUT] = (u16)c;
		}
	}
}

int terminal_read(struct partition *p)
{
	struct terminal_input *in = &p->uart.terminal.input;
	int c;

	lock_take(&shared.lock);
	if (waiting(in) <= TERMINAL_INPUT / 2)
		receive();
	if (input_target() != in && input_target() && waiting(input_target()))
		terminal_again(); /* it has come for another */
	c = input_get(in);
	lock_drop(&shared.lock);
	return c;
}

int terminal_monitor_key(void)
{
	int c;

	lock_take(&shared.lock);
	receive();
	c = input_get(&shared.input);
	lock_drop(&shared.lock);
	return c;
}

bool terminal_monitor_break(void)
{
	bool interrupted;

	lock_take(&shared.lock);
	interrupted = shared.interrupted;
	shared.interrupted = false;
	lock_drop(&shared.lock);
	return interrupted;
}

/* ---- occasions ---- */

/* Whoever something was typed for, also before the focus went elsewhere. */
static void deliver(void)
{
	for (u32 i = 0; i < nr_partitions; i++) {
		struct terminal_input *in = &partitions[i].uart.terminal.input;

		if (atomic_load(&in->head) != atomic_load(&in->tail))
			vpl011_receive(&partitions[i].uart);
	}
}

static void serve(void)
{
	lock_take(&shared.lock);
	receive();
	pump();
	lock_drop(&shared.lock);
	deliver();
	retry();
	monitor_run();
}

void terminal_interrupt(void)
{
	(void)console_irq();
	serve();
}

void terminal_tick(void)
{
	struct cpu *cpu = this_cpu();

	if (cpu->tick && cpu->tick <= timer_now()) {
		cpu->tick = 0;
		serve();
	}
}

void terminal_close(struct partition *p)
{
	struct terminal *t = &p->uart.terminal;

	lock_take(&shared.lock);
	if (tagged() && t->whole != t->head && unseen(t) < TERMINAL_RING)
		store(t, '\n');
	pump();
	lock_drop(&shared.lock);
}

void terminal_flush(void)
{
	bool more;

	lock_take(&shared.lock);
	shared.flushing = true;
	shared.monitor = false;
	do {
		console_flush();
		more = pump_some();
	} while (more);
	shared.flushing = false;
	lock_drop(&shared.lock);
	console_flush();
}

/* ---- the monitor's view ---- */

bool terminal_in_monitor(void)
{
	return atomic_load(&shared.monitor);
}

void terminal_set_focus(struct partition *p)
{
	lock_take(&shared.lock);
	give_focus(p);
	lock_drop(&shared.lock);
}

void terminal_set_mode(enum terminal_mode mode)
{
	lock_take(&shared.lock);
	shared.mode = mode;
	lock_drop(&shared.lock);
}

u32 terminal_history(struct partition *p, u32 *at, char *to, u32 n)
{
	struct terminal *t = &p->uart.terminal;

	lock_take(&shared.lock);
	if (t->head - *at > TERMINAL_RING)
		*at = t->head - MIN(t->head, TERMINAL_RING);
	n = MIN(n, t->head - *at);
	for (u32 i = 0; i < n; i++)
		to[i] = t->ring[(*at)++ % TERMINAL_RING];
	lock_drop(&shared.lock);
	return n;
}
