/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What partitions print. It goes into their rings; terminal_pump() moves it to the console, a line
 * at a time and in turn, but the partition with the input is shown byte by byte as it prints. A
 * lone partition's bytes go straight through.
 *
 * A guest's store only adds to the ring. The rest is done in pieces: after the store, on the
 * console's interrupt, on EL2's timer. A piece takes less than 5000 instructions. Lock: the
 * terminals'.
 */
#include "terminal_state.h"
#include <drivers/console.h>
#include <drivers/timer.h>
#include <el2/cpu_timer.h>
#include <el2/partition.h>
#include <lib/fmt.h>
#include <lib/layout.h>
#include <lib/string.h>

/* Positions run freely. */
POWER_OF_TWO(TERMINAL_RING);

#define PIECE 128         /* bytes in one go, and of a line that no other can interrupt */
#define SLOW_PIECE 32     /* of them, those that must be filtered */
#define BACKLOG_PIECE 400 /* untagged */
#define SOON_SHIFT 10     /* 1/1024 s */
#define PATIENCE_SHIFT 5  /* 1/32 s: how long a silent open line is left alone */

static struct {
	u32 asked;              /* atomic: there is something to move */
	bool flushing;          /* no line is waited for any more */
	u32 turn;               /* partition that is polled first */
	struct partition *line; /* whose line is open and not to be interrupted; or NULL */
	u32 length;             /* of that line, since others could last interrupt it */
	u64 printed;            /* when it grew last */
} output;

/* ---- when ---- */

void terminal_again(void)
{
	u64 now = timer_now();

	cpu_timer_at(CPU_TIMER_TERMINAL, now + (timer_frequency() >> SOON_SHIFT), now);
}

/* ---- what ---- */

struct partition *terminal_focus(void)
{
	if (terminals.focus)
		return terminals.focus;
	for (u32 i = 0; i < nr_partitions; i++)
		if (partitions[i].uart.partition)
			return &partitions[i];
	return NULL;
}

static bool tagged(void)
{
	return nr_partitions > 1 && terminals.mode == TERMINAL_LINES;
}

static bool visible(const struct partition *p)
{
	return !terminals.monitor && (tagged() || p == terminal_focus());
}

static u32 unseen(const struct terminal *t)
{
	return t->head - t->shown;
}

/* As far as p's output may be shown now: all of the focus's, of others what store() says. */
static u32 presentable(const struct partition *p)
{
	const struct terminal *t = &p->uart.terminal;

	if (output.flushing || p == terminal_focus())
		return t->head;
	return (s32)(t->whole - t->shown) > 0 ? t->whole : t->shown;
}

static bool waits(const struct partition *p)
{
	return visible(p) && presentable(p) != p->uart.terminal.shown;
}

/* ---- to the console ---- */

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

static void make_tags(const struct partition *p, struct terminal *t)
{
	fmt_snprintf(t->tag, sizeof(t->tag), "[%.16s] ", p->config->name);
	fmt_snprintf(t->tag_on, sizeof(t->tag_on), "[%.16s]+", p->config->name);
}

/* Converts what p printed, up to the end of its line, to what the screen gets. Returns its length;
 * advances *at by the input; *c is the last byte if that is a newline. */
static u32 compose(const struct terminal *t, struct terminal_text *text, u32 *at, u32 end,
		   char *out)
{
	u32 slow = 0, n = 0;
	char c = 0;

	end = MIN(end - *at, PIECE) + *at;
	while (*at != end && n < PIECE && slow < SLOW_PIECE && c != '\n') {
		u32 from = *at % TERMINAL_RING;
		u32 most = MIN(MIN(end - *at, TERMINAL_RING - from), PIECE - n);
		u32 run = terminal_text_run(text, t->ring + from, most, out + n);

		*at += run;
		n += run;
		if (run)
			continue;
		c = t->ring[from];
		n += terminal_text_put(text, (u8)c, t->tag, out + n);
		++*at;
		slow++;
	}
	return n;
}

/* p's line has grown by n bytes. */
static void note_line(struct partition *p, u32 n, bool open)
{
	output.length = p == output.line ? output.length + n : n;
	output.printed = timer_now();
	output.line = open && output.length < PIECE ? p : NULL;
	if (!output.line)
		output.turn = (u32)(p - partitions) + 1;
}

/* Shows a piece of p's output. False: no room. */
static bool show_piece(struct partition *p)
{
	struct terminal *t = &p->uart.terminal;
	struct terminal_text text = t->text;
	char out[PIECE + TERMINAL_EXPANSION];
	u32 at = t->shown, n;

	if (!console_room(sizeof(out) + TERMINAL_TAG + 2))
		return false;
	if (!t->tag[0])
		make_tags(p, t);
	n = compose(t, &text, &at, presentable(p), out);
	if (n && !console_line(p, t->text.inside ? t->tag_on : t->tag, out, n))
		return false;
	note_line(p, at - t->shown, t->ring[(at - 1) % TERMINAL_RING] != '\n');
	t->shown = at;
	t->text = text;
	return true;
}

/* The next partition in turn that has something to show, or NULL. An open line continues; if there
 * is no more of it, the other partitions wait for a while. */
static struct partition *next_in_turn(u64 now)
{
	u64 patience = output.printed + (timer_frequency() >> PATIENCE_SHIFT);

	if (output.line && waits(output.line))
		return output.line;
	for (u32 i = 0; i < nr_partitions; i++) {
		struct partition *p = &partitions[(output.turn + i) % nr_partitions];

		if (!waits(p))
			continue;
		if (!output.line || output.flushing || now >= patience)
			return p;
		cpu_timer_at(CPU_TIMER_TERMINAL, patience, now);
		break;
	}
	return NULL;
}

/* True: more could go now. */
static bool pump_some(void)
{
	struct partition *p;

	if (!tagged()) {
		p = terminal_focus();
		return p && waits(p) && show_backlog(&p->uart.terminal);
	}
	p = next_in_turn(timer_now());
	return p && show_piece(p) && next_in_turn(output.printed);
}

void terminal_pump(void)
{
	bool more = pump_some();

	atomic_store(&output.asked, more);
	if (more)
		terminal_again();
}

void terminal_show(void)
{
	if (!atomic_load(&output.asked))
		return;
	lock_acquire(&terminals.lock);
	terminal_pump();
	lock_release(&terminals.lock);
}

/* ---- from the partitions ---- */

/* What is longer than a piece without an end may be shown, too. */
static void store(struct terminal *t, char c)
{
	t->ring[t->head++ % TERMINAL_RING] = c;
	if (c == '\n' || t->head - t->whole >= PIECE)
		t->whole = t->head;
}

/* Straight to the console, unless more is before it. */
static bool put_untagged(struct terminal *t, char c)
{
	if (unseen(t) ? unseen(t) == TERMINAL_RING : !console_write(&c, 1))
		return false;
	if (!unseen(t))
		t->shown++;
	store(t, c);
	return true;
}

/* Puts c into the ring. A partition whose output is not shown overwrites its oldest output. */
static bool put_ring(const struct partition *p, struct terminal *t, char c)
{
	if (unseen(t) == TERMINAL_RING) {
		if (visible(p))
			return false;
		t->shown++;
	}
	store(t, c);
	return true;
}

bool terminal_put(struct partition *p, char c)
{
	struct terminal *t = &p->uart.terminal;
	bool taken;

	lock_acquire(&terminals.lock);
	taken = visible(p) && !tagged() ? put_untagged(t, c) : put_ring(p, t, c);
	if (!taken)
		t->refused = true;
	if (waits(p))
		atomic_store(&output.asked, true);
	lock_release(&terminals.lock);
	return taken;
}

/* Resumes one partition per call, because each can have a FIFO full of output. */
bool terminal_retry(void)
{
	for (u32 i = 0; i < nr_partitions; i++) {
		struct partition *p = &partitions[(output.turn + i) % nr_partitions];
		struct terminal *t = &p->uart.terminal;
		bool room;

		lock_acquire(&terminals.lock);
		room = t->refused && unseen(t) <= TERMINAL_RING - VPL011_FIFO;
		if (room)
			t->refused = false;
		lock_release(&terminals.lock);
		if (room) {
			vpl011_room(&p->uart);
			return true;
		}
	}
	return false;
}

void terminal_close(struct partition *p)
{
	struct terminal *t = &p->uart.terminal;

	lock_acquire(&terminals.lock);
	if (tagged() && t->whole != t->head && unseen(t) < TERMINAL_RING)
		store(t, '\n');
	terminal_pump();
	lock_release(&terminals.lock);
}

void terminal_flush(void)
{
	bool more;

	lock_acquire(&terminals.lock);
	output.flushing = true;
	terminals.monitor = 0;
	do {
		console_flush();
		more = pump_some();
	} while (more);
	output.flushing = false;
	lock_release(&terminals.lock);
	console_flush();
}

u32 terminal_history(struct partition *p, u32 *at, char *to, u32 n)
{
	struct terminal *t = &p->uart.terminal;

	lock_acquire(&terminals.lock);
	if (t->head - *at > TERMINAL_RING)
		*at = t->head - MIN(t->head, TERMINAL_RING);
	n = MIN(n, t->head - *at);
	for (u32 i = 0; i < n; i++)
		to[i] = t->ring[(*at)++ % TERMINAL_RING];
	lock_release(&terminals.lock);
	return n;
}
