/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One console for three partitions: tags, turns, the focus, the escape key, rings that
 * are read back, and what a hostile partition prints. Below is a console that takes as
 * much as the test says and checks for itself that no line has two owners.
 * sources: el2/console/terminal.c el2/console/terminal_output.c el2/console/terminal_text.c
 * sources: el2/vcpu/cpu_timer.c drivers/console.c lib/fmt.c
 */
#include <drivers/console.h>
#include <drivers/log.h>
#include <drivers/timer.h>
#include <el2/console/monitor.h>
#include <el2/cpu_timer.h>
#include <el2/partition.h>
#include <string.h>
#include <test.h>

#define NR 3
#define ESCAPE "\x1d"

static struct partition parts[NR];
static struct partition_config configs[NR];
static struct cpu cpu;
struct partition *partitions = parts;
u32 nr_partitions;

/* ---- around it ---- */

static u64 now = 1000;
static unsigned alarms, monitor_runs, rooms[NR];
static char got[NR][1000];
static unsigned nr_got[NR];
static bool deaf;

u64 timer_now(void)
{
	return now;
}

u64 timer_frequency(void)
{
	return 1024000; /* a thousand in the 1/1024 s after which somebody looks again */
}

void timer_set(u64 deadline)
{
	EXPECT(deadline);
	alarms++;
}

void monitor_run(void)
{
	monitor_runs++;
}

void log_replay(void)
{
}
void vwatchdog_timer(struct partition *p, u64 at)
{
	(void)p, (void)at;
}
void partition_timer(struct partition *p, u64 at) __attribute__((alias("vwatchdog_timer")));
void report_timer(struct partition *p, u64 at) __attribute__((alias("vwatchdog_timer")));

void vpl011_room(struct vpl011 *u)
{
	rooms[u->partition - parts]++;
}

void vpl011_receive(struct vpl011 *u)
{
	u32 i = (u32)(u->partition - parts);
	int c;

	while (!deaf && (c = terminal_read(u->partition)) >= 0)
		got[i][nr_got[i]++] = (char)c;
}

/* ---- the UART ---- */

static char sent[1 << 17];
static size_t nr_sent, room;
static const char *typed = "";

static void fake_init(const struct uart *u)
{
	(void)u;
}

static size_t fake_send(const struct uart *u, const char *bytes, size_t n)
{
	(void)u;
	n = n < room ? n : room;
	memcpy(sent + nr_sent, bytes, n);
	nr_sent += n;
	room -= n;
	return n;
}

static bool fake_tx_idle(const struct uart *u)
{
	(void)u;
	return true;
}

static int fake_rx(const struct uart *u)
{
	(void)u;
	return *typed ? (u8)*typed++ : -1;
}

static void fake_irq_enable(const struct uart *u, bool rx, bool tx)
{
	(void)u, (void)rx, (void)tx;
}

static const struct uart_driver driver = {
    .init = fake_init,
    .send = fake_send,
    .tx_idle = fake_tx_idle,
    .rx = fake_rx,
    .irq_enable = fake_irq_enable,
    .irq_ack = fake_init,
};

/* ---- steps ---- */

/* Time passes until nobody has anything to do. */
static void settle(void)
{
	for (int i = 0; i < 200; i++) {
		room = sizeof(sent) - 1 - nr_sent;
		now += 2000;
		terminal_interrupt();
		cpu_timer_serve(&cpu);
	}
}

static void start(u32 nr, enum terminal_mode mode)
{
	static const char *const names[] = {"red", "green", "blue"};
	static bool present;
	struct uart u = {.driver = &driver, .intid = 33};

	host_TPIDR_EL2 = (u64)&cpu;
	if (!present) {
		console_init(&u);
		console_interrupts_on();
		present = true;
	}
	nr_partitions = nr;
	memset(parts, 0, sizeof(parts));
	memset(nr_got, 0, sizeof(nr_got));
	memset(rooms, 0, sizeof(rooms));
	for (u32 i = 0; i < NR; i++) {
		configs[i].name = names[i];
		parts[i].config = &configs[i];
		parts[i].uart.partition = &parts[i];
	}
	terminal_setup(TERMINAL_ESCAPE, mode);
	terminal_set_focus(&parts[0]);
	room = sizeof(sent);
	settle();
	EXPECT(console_write("\n", 1));
	nr_sent = 0;
	room = sizeof(sent) - 1;
}

/* How much of text p got rid of. */
static size_t print(u32 p, const char *text)
{
	size_t n = 0;

	while (text[n] && terminal_put(&parts[p], text[n])) {
		terminal_show();
		n++;
	}
	return n;
}

static void type(const char *text)
{
	typed = text;
	for (int i = 0; i < 16; i++)
		terminal_interrupt();
	EXPECT(!*typed);
}

static bool sent_is(const char *text)
{
	bool same = nr_sent == strlen(text) && !memcmp(sent, text, nr_sent);

	if (!same)
		printf("  sent \"%.*s\"\n", (int)nr_sent, sent);
	nr_sent = 0;
	return same;
}

static bool sent_has(const char *text)
{
	sent[nr_sent] = 0;
	return strstr(sent, text);
}

/* ---- tests ---- */

TEST(one_partition_is_passed_through)
{
	char all[256];

	for (u32 i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	start(1, TERMINAL_LINES);
	for (u32 i = 0; i < sizeof(all); i++)
		EXPECT(terminal_put(&parts[0], all[i]));
	EXPECT_EQ(nr_sent, 256);
	EXPECT(!memcmp(sent, all, 256));
	nr_sent = 0;
	type("abc");
	EXPECT(nr_got[0] == 3 && !memcmp(got[0], "abc", 3));
}

TEST(one_partition_feels_the_consoles_back_pressure)
{
	size_t n = 0;

	start(1, TERMINAL_LINES);
	room = 0;
	while (terminal_put(&parts[0], 'x'))
		n++;
	EXPECT_EQ(n, 4096);
	EXPECT_EQ(rooms[0], 0);
	settle();
	EXPECT(rooms[0] > 0);
	EXPECT_EQ(nr_sent, 4096);
}

TEST(lines_have_tags)
{
	start(3, TERMINAL_LINES);
	print(0, "one\n");
	print(1, "two\r\n");
	print(2, "\n");
	EXPECT(sent_is("[red] one\r\n[green] two\r\n[blue] \r\n"));
}

TEST(the_focus_is_seen_at_once_and_others_line_by_line)
{
	start(2, TERMINAL_LINES);
	print(1, "gre");
	EXPECT(sent_is(""));
	print(0, "log");
	EXPECT(sent_is("[red] log"));
	print(1, "en\n"); /* the focus has printed just now: wait */
	EXPECT(sent_is(""));
	print(0, "in: \n");
	EXPECT(sent_is("in: \r\n")); /* one piece at a time */
	settle();
	EXPECT(sent_is("[green] green\r\n"));
}

TEST(a_line_that_stays_open_is_interrupted_in_time)
{
	start(2, TERMINAL_LINES);
	print(0, "login: ");
	alarms = 0;
	print(1, "green\n");
	EXPECT(sent_is("[red] login: "));
	EXPECT_EQ(alarms, 1);
	now += 40000;
	cpu_timer_serve(&cpu);
	EXPECT(sent_is("\r\n[green] green\r\n"));
	print(0, "me\n");
	EXPECT(sent_is("[red]+me\r\n"));
}

TEST(an_endless_line_does_not_keep_others_out)
{
	char x[1001];

	start(2, TERMINAL_LINES);
	memset(x, 'x', 1000);
	x[1000] = 0;
	print(1, "green\n");
	print(0, x);
	print(1, "green\n");
	print(0, x);
	settle();
	EXPECT(sent_has("x\r\n[green] green\r\n[red]+x"));
	/* not of the focus either */
	start(2, TERMINAL_LINES);
	print(1, x);
	print(0, "red\n");
	EXPECT(sent_has("[green] xxx"));
	EXPECT(sent_has("x\r\n[red] red\r\n"));
}

TEST(a_line_that_takes_several_pieces_stays_whole)
{
	char expected[300] = "[green] ";

	start(3, TERMINAL_LINES);
	for (int i = 0; i < 100; i++)
		terminal_put(&parts[1], '\1');
	terminal_put(&parts[1], '\n');
	for (const char *c = "blue\n"; *c; c++)
		terminal_put(&parts[2], *c);
	EXPECT(sent_is("")); /* a store only asks */
	terminal_show();
	EXPECT(nr_sent > 8 && nr_sent < 100);
	settle();
	for (int i = 0; i < 100; i++)
		strcat(expected, "^A");
	EXPECT(sent_is(strcat(expected, "\r\n[blue] blue\r\n")));
}

TEST(a_flood_leaves_others_their_turn)
{
	unsigned lines = 0;

	start(3, TERMINAL_LINES);
	room = 0;
	for (int i = 0; i < 20000; i++)
		terminal_put(&parts[1], i % 50 ? 'f' : '\n');
	EXPECT(!terminal_put(&parts[1], 'f'));
	print(2, "blue\n");
	print(2, "blue\n");
	console_text("tocsin: mine\n", 13);
	for (int i = 0; i < 100 && !sent_has("blue\r\n[green]"); i++) {
		room = 100;
		terminal_interrupt();
		now += 2000;
		cpu_timer_serve(&cpu);
		terminal_put(&parts[1], '\n');
	}
	EXPECT(sent_has("[blue] blue\r\n[green]"));
	/* no later than what the console had when blue came, and its turn */
	for (size_t i = 0; i < nr_sent; i++)
		lines += sent[i] == '\n';
	EXPECT(lines < 110);
	settle();
	EXPECT(sent_has("tocsin: mine\r\n"));
	EXPECT(rooms[1] > 0);
}

TEST(focus_mode_shows_one_untagged)
{
	start(2, TERMINAL_FOCUS);
	print(0, "red\n");
	print(1, "green");
	EXPECT(sent_is("red\n"));
	type(ESCAPE "g");
	EXPECT(sent_is("tocsin: console: green\r\ngreen"));
	print(0, "more\n");
	EXPECT(sent_is(""));
	type(ESCAPE "0");
	EXPECT(sent_is("\r\ntocsin: console: red\r\nmore\n"));
}

TEST(hidden_output_is_overwritten_and_never_refused)
{
	char text[TERMINAL_RING + 10];
	u32 at = 0;

	start(2, TERMINAL_FOCUS);
	for (u32 i = 0; i < 3 * TERMINAL_RING; i++)
		EXPECT(terminal_put(&parts[1], (char)('a' + i % 26)));
	EXPECT_EQ(terminal_history(&parts[1], &at, text, sizeof(text)), TERMINAL_RING);
	EXPECT_EQ(text[0], 'a' + 2 * TERMINAL_RING % 26);
	EXPECT_EQ(at, 3 * TERMINAL_RING);
	EXPECT_EQ(terminal_history(&parts[1], &at, text, sizeof(text)), 0);
	EXPECT(sent_is(""));
}

TEST(the_escape_key)
{
	start(3, TERMINAL_LINES);
	type("a" ESCAPE "gb" ESCAPE "2c" ESCAPE ESCAPE "d" ESCAPE "re");
	EXPECT(nr_got[0] == 2 && !memcmp(got[0], "ae", 2));
	EXPECT(nr_got[1] == 1 && got[1][0] == 'b');
	EXPECT(nr_got[2] == 3 && !memcmp(got[2], "c" ESCAPE "d", 3));
	type(ESCAPE "?");
	EXPECT(sent_has("escape key, then"));
	EXPECT_EQ(nr_got[0], 2);
	terminal_setup(TERMINAL_NO_ESCAPE, TERMINAL_LINES);
	type(ESCAPE);
	EXPECT_EQ(nr_got[0], 3);
}

TEST(the_monitor_has_the_console_to_itself)
{
	start(2, TERMINAL_LINES);
	type(ESCAPE "mhe");
	EXPECT_EQ(terminal_in_monitor(), 1);
	EXPECT_EQ(terminal_monitor_key(), 'h');
	EXPECT(!terminal_monitor_break());
	type("x\3lp");
	EXPECT(terminal_monitor_break());
	EXPECT(!terminal_monitor_break());
	EXPECT_EQ(terminal_monitor_key(), 'l');
	EXPECT_EQ(terminal_monitor_key(), 'p');
	EXPECT_EQ(terminal_monitor_key(), -1);
	EXPECT_EQ(nr_got[0], 0);
	print(0, "red\n");
	print(1, "green\n");
	EXPECT(sent_is(""));
	type(ESCAPE "1z");
	EXPECT(!terminal_in_monitor());
	EXPECT(nr_got[1] == 1 && got[1][0] == 'z');
	settle();
	EXPECT(sent_has("console: green\r\n"));
	EXPECT(sent_has("[green] green\r\n"));
	EXPECT(sent_has("[red] red\r\n"));
	type(ESCAPE "m");
	EXPECT_EQ(terminal_in_monitor(), 2); /* it greets again */
}

TEST(input_waits_for_those_who_do_not_listen)
{
	char many[400];

	start(2, TERMINAL_LINES);
	memset(many, 'k', sizeof(many));
	many[sizeof(many) - 1] = 0;
	deaf = true;
	typed = many;
	for (int i = 0; i < 10; i++)
		terminal_interrupt();
	EXPECT_EQ(nr_got[0], 0);
	EXPECT_EQ(strlen(typed), sizeof(many) - 1 - TERMINAL_INPUT - 256);
	deaf = false;
	settle();
	EXPECT_EQ(nr_got[0], sizeof(many) - 1);
	type(ESCAPE "1y");
	EXPECT_EQ(nr_got[1], 1);
}

TEST(what_is_left_is_shown_at_the_end)
{
	start(2, TERMINAL_LINES);
	print(1, "partial");
	EXPECT(sent_is(""));
	terminal_close(&parts[1]);
	EXPECT(sent_is("[green] partial\r\n"));
	print(1, "last");
	terminal_flush();
	EXPECT(sent_is("[green] last"));
}

/* Whatever three partitions print, by whole lines or not: every line on the screen has
 * one tag at its start, and what stands behind the tags is what was printed. */
TEST(random_output_is_never_mixed)
{
	static char expected[NR][1 << 16], seen[NR][1 << 16];
	size_t nr_expected[NR] = {0}, nr_seen[NR] = {0};

	start(3, TERMINAL_LINES);
	test_seed(11);
	for (int step = 0; step < 3000; step++) {
		unsigned long r = test_random();
		u32 p = r % NR;

		for (u32 n = (r >> 8) % 40; n; n--) {
			char c = (r = test_random()) % 30 ? (char)('a' + 8 * p + r % 8) : '\n';

			if (terminal_put(&parts[p], c))
				expected[p][nr_expected[p]++] = c;
		}
		room = (test_random() >> 7) % 300;
		now += (test_random() >> 9) % 20000;
		terminal_interrupt();
		cpu_timer_serve(&cpu);
	}
	room = sizeof(sent) - nr_sent - 1;
	for (u32 p = 0; p < NR; p++)
		terminal_close(&parts[p]);
	settle();
	sent[nr_sent] = 0;
	for (char *line = strtok(sent, "\r\n"); line; line = strtok(NULL, "\r\n")) {
		u32 p = line[1] == 'r' ? 0 : line[1] == 'g' ? 1 : 2;
		char *text = strchr(line, ']') + 2;

		EXPECT(line[0] == '[');
		for (; *text; text++) {
			EXPECT(*text >= 'a' + 8 * (int)p && *text < 'a' + 8 * (int)p + 8);
			seen[p][nr_seen[p]++] = *text;
		}
	}
	for (u32 p = 0; p < NR; p++) {
		size_t n = 0;

		for (size_t i = 0; i < nr_expected[p]; i++)
			if (expected[p][i] != '\n')
				expected[p][n++] = expected[p][i];
		EXPECT(n > 1000);
		EXPECT_EQ(n, nr_seen[p]);
		EXPECT(!memcmp(expected[p], seen[p], n));
	}
}
