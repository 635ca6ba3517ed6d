/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a partition could print to write where another's tag stands, on a screen of one
 * line that does what a terminal does.
 * sources: el2/console/terminal_text.c
 */
#include <el2/terminal.h>
#include <string.h>
#include <test.h>

#define TAG "[red] "

static char out[4096];

/* What is sent for text, tag first. */
static const char *sent(const char *text)
{
	struct terminal_text t = {0};
	size_t n = strlen(TAG);

	memset(out, 0, sizeof(out));
	memcpy(out, TAG, n);
	for (; *text; text++) {
		struct terminal_text twin = t;
		u32 run = terminal_text_run(&twin, text, 1, out + n);
		char same = out[n];
		u32 more = terminal_text_put(&t, (u8)*text, TAG, out + n);

		EXPECT(more <= TERMINAL_EXPANSION);
		EXPECT(!run || (more == 1 && same == out[n] && !memcmp(&t, &twin, sizeof(t))));
		n += more;
	}
	out[n] = 0;
	return out;
}

/* What stands on the screen then. */
static const char *screen(const char *text)
{
	static char line[4096];
	size_t column = 0;

	memset(line, 0, sizeof(line));
	for (const char *c = sent(text); *c; c++) {
		if (*c == '\r')
			column = 0;
		else if (*c == '\b')
			column -= column > 0;
		else if (*c != '\n')
			line[column++] = *c;
	}
	return line;
}

TEST(text_is_itself)
{
	EXPECT(!strcmp(sent("plain, \ttext\n"), TAG "plain, \ttext\r\n"));
	EXPECT(!strcmp(sent("a\r\n"), TAG "a\r\n"));
	EXPECT(!strcmp(sent("\xe2\x82\xac \xc3\xa9 \xf0\x9f\x98\x80"),
		       TAG "\xe2\x82\xac \xc3\xa9 \xf0\x9f\x98\x80"));
}

TEST(a_carriage_return_goes_back_to_behind_the_tag)
{
	EXPECT(!strcmp(screen("abc\rxy"), TAG "xyc"));
	EXPECT(!strcmp(screen("\r[green] lie"), TAG "[green] lie"));
	EXPECT(!strcmp(screen("a\r\r\r[green] lie"), TAG "[green] lie"));
	EXPECT(!strcmp(screen("a\r\b\b\b\b\bx"), TAG "x"));
}

TEST(no_backspace_reaches_the_tag)
{
	EXPECT(!strcmp(screen("ab\bc"), TAG "ac"));
	EXPECT(!strcmp(screen("\b\b\b\b\b\b[green] lie"), TAG "[green] lie"));
	EXPECT(!strcmp(screen("\x1b[mab\b\b\b\b\b\bx") + strlen(TAG), "\x1b[mxb"));
	/* of unknown width, these give no right to go back */
	EXPECT(!strncmp(screen("\xe2\x80\x8b\xe2\x80\x8b\b\b\b\b\b\b\bx"), TAG, 6));
	EXPECT(!strncmp(screen("\t\b\b\b\b\b\b\b\bx"), TAG, 6));
}

TEST(escape_sequences)
{
	EXPECT(!strcmp(sent("\x1b[1;31mred\x1b[m\x1b[K\x1b[0J\x1b[6n"),
		       TAG "\x1b[1;31mred\x1b[m\x1b[K\x1b[0J\x1b[6n"));
	EXPECT(!strcmp(sent("\x1b[A\x1b[2K\x1b[1K\x1b[5D\x1b[H\x1b"
			    "7\x1b]0;t\a\n"),
		       TAG "^[[A^[[2K^[[1K^[[5D^[[H^[7^[]0;t\a\r\n"));
	EXPECT(!strchr(sent("\x1b[123456789012345678mx\n"), 0x1b));
	/* cut short, and one within another */
	EXPECT(!strcmp(sent("\x1b[3\n\x1b\x1b[mz"), TAG "^[[3\r\n^[\x1b[mz"));
	EXPECT(!strcmp(sent("\x1b[3\rx"), TAG "^[[3\r" TAG "x"));
}

TEST(other_controls_are_shown)
{
	EXPECT(!strcmp(sent("\x0b\x0c\x7f\x0e"), TAG "^K^L^?^N"));
	/* the C1 set's CSI, in UTF-8 and as it is */
	EXPECT(!strcmp(sent("\xc2\x9b"
			    "A\x9b"),
		       TAG "\xc2?A?"));
}

/* Random bytes, rich in those that matter. */
TEST(the_tag_stays_whatever_comes)
{
	static const char rich[] = "\b\r\x1b[;1mKJDAHn\t\x9b\xc2\xe2x\x7f";

	test_seed(3);
	for (int round = 0; round < 20000; round++) {
		char text[60];

		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			unsigned long r = test_random();

			text[i] = r % 4 ? rich[(r >> 8) % (sizeof(rich) - 1)]
					: (char)(1 + (r >> 16) % 255);
			if (text[i] == '\n')
				text[i] = 'n';
		}
		text[sizeof(text) - 1] = 0;
		EXPECT(!strncmp(screen(text), TAG, strlen(TAG)));
		for (const char *c = sent(text); (c = strchr(c, 0x1b)); c++) {
			size_t n = strspn(c + 2, "0123456789;");

			EXPECT(c[1] == '[' && c[2 + n] && strchr("mnKJ", c[2 + n]));
		}
	}
}
