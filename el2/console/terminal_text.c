/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a partition's line may reach a screen that it shares with others: nothing
 * by which it could write where another's tag stands. The screen is taken to
 * understand UTF-8. No state but the caller's.
 */
#include <el2/terminal.h>
#include <lib/string.h>

#define ESC 0x1b
#define DEL 0x7f

static u32 literal(struct terminal_text *t, u8 c, char *out)
{
	out[0] = '^';
	out[1] = (char)(c ^ 0x40);
	t->column += 2;
	return 2;
}

/* A sequence that is let through: colours, erasing to the right or below, and
 * asking where the cursor is. */
static bool harmless(const struct terminal_text *t, char final)
{
	bool bare = t->nr_escape == 2 || (t->nr_escape == 3 && t->escape[2] == '0');

	return final == 'm' || final == 'n' || ((final == 'K' || final == 'J') && bare);
}

/* One more byte of a sequence. False: it is none, or not one to let through, and
 * what was held back is shown instead; c is yet to be looked at. */
static bool sequence(struct terminal_text *t, u8 c, char *out, u32 *n)
{
	bool parameter = (c >= '0' && c <= '9') || c == ';';

	if (t->nr_escape == 1 ? c == '[' : parameter && t->nr_escape < sizeof(t->escape)) {
		t->escape[t->nr_escape++] = (char)c;
		return true;
	}
	if (t->nr_escape > 1 && harmless(t, (char)c)) {
		memcpy(out, t->escape, t->nr_escape);
		out[t->nr_escape] = (char)c;
		*n = t->nr_escape + 1U;
		t->nr_escape = 0;
		return true;
	}
	*n = literal(t, ESC, out);
	memcpy(out + *n, t->escape + 1, t->nr_escape - 1U);
	*n += t->nr_escape - 1U;
	t->column = (u16)(t->column + t->nr_escape - 1U);
	t->nr_escape = 0;
	return false;
}

/* How wide it is shown is not known here: it does not count as a column. C1
 * controls and what is no UTF-8 become question marks. */
static char beyond_ascii(struct terminal_text *t, u8 c)
{
	bool control = t->last == 0xc2 && c < 0xa0;

	if (c >= 0xc0) {
		t->utf8 = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		return (char)c;
	}
	if (!t->utf8 || control) {
		t->utf8 = 0;
		return '?';
	}
	t->utf8--;
	return (char)c;
}

static u32 plain(struct terminal_text *t, u8 c, char *out)
{
	out[0] = (char)c;
	if (c >= 0x80) {
		out[0] = beyond_ascii(t, c);
		return 1;
	}
	t->utf8 = 0;
	switch (c) {
	case '\n':
		*t = (struct terminal_text){0};
		memcpy(out, "\r\n", 2);
		return 2;
	case '\r':
		t->cr = true;
		return 0;
	case ESC:
		t->escape[0] = ESC;
		t->nr_escape = 1;
		return 0;
	case '\b':
		if (!t->column)
			return 0;
		t->column--;
		return 1;
	case '\t': /* may be as wide as nothing, at the right border */
	case '\a':
		return 1;
	default:
		if (c < ' ' || c == DEL)
			return literal(t, c, out);
		t->column++;
		return 1;
	}
}

u32 terminal_text_run(struct terminal_text *t, const char *bytes, u32 n, char *out)
{
	u32 run = 0;

	if (t->nr_escape || t->cr)
		return 0;
	while (run < n && bytes[run] >= ' ' && bytes[run] < DEL) {
		out[run] = bytes[run];
		run++;
	}
	if (run) {
		t->column = (u16)(t->column + run);
		t->utf8 = 0;
		t->inside = true;
		t->last = (u8)out[run - 1];
	}
	return run;
}

u32 terminal_text_put(struct terminal_text *t, u8 c, const char *tag, char *out)
{
	u32 n = 0;

	if (t->nr_escape && sequence(t, c, out, &n)) {
		t->inside |= n != 0;
		return n;
	}
	if (t->cr && c != '\r') {
		t->cr = false;
		if (c != '\n') {
			out[n++] = '\r';
			memcpy(out + n, tag, strlen(tag));
			n += (u32)strlen(tag);
			t->column = 0;
		}
	}
	n += plain(t, c, out + n);
	t->inside = c != '\n' && (t->inside || n);
	t->last = c;
	return n;
}
