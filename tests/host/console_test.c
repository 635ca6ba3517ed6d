/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's rings and the log on top of them, over a UART driver that takes
 * and gives what the test says. The console keeps its state from test to test:
 * each starts from an idle one.
 * sources: drivers/console.c drivers/log.c lib/fmt.c
 */
#include <drivers/console.h>
#include <drivers/log.h>
#include <string.h>
#include <test.h>

static char sent[1 << 16];
static size_t nr_sent, room;
static bool idle = true;
static int received[1024];
static unsigned rx_in, rx_out, polls;
static bool rx_on, tx_on;
static unsigned inits, acks;

static void fake_init(const struct uart *u)
{
	(void)u;
	inits++;
}

static size_t fake_send(const struct uart *u, const char *bytes, size_t n)
{
	size_t done = 0;

	(void)u;
	polls++;
	for (; done < n && room; room--)
		sent[nr_sent++ % sizeof(sent)] = bytes[done++];
	return done;
}

static bool fake_tx_idle(const struct uart *u)
{
	(void)u;
	return idle;
}

static int fake_rx(const struct uart *u)
{
	(void)u;
	return rx_out < rx_in ? received[rx_out++ % 1024] : -1;
}

static void fake_irq_enable(const struct uart *u, bool rx, bool tx)
{
	(void)u;
	rx_on = rx;
	tx_on = tx;
}

static void fake_irq_ack(const struct uart *u)
{
	(void)u;
	acks++;
}

static const struct uart_driver driver = {
    .init = fake_init,
    .send = fake_send,
    .tx_idle = fake_tx_idle,
    .rx = fake_rx,
    .irq_enable = fake_irq_enable,
    .irq_ack = fake_irq_ack,
};

/* True if exactly text was sent since the last look. */
static bool sent_is(const char *text)
{
	bool same = nr_sent == strlen(text) && !memcmp(sent, text, nr_sent);

	if (!same)
		printf("  sent \"%.*s\"\n", (int)nr_sent, sent);
	nr_sent = 0;
	return same;
}

static void drain_all(void)
{
	do {
		room = 100;
		console_irq();
	} while (!room);
	room = 0;
	nr_sent = 0;
}

TEST(before_there_is_a_console)
{
	EXPECT(!console_present());
	EXPECT_EQ(console_write("lost", 4), 4);
	EXPECT_EQ(console_irq(), 0);
	console_flush();
	log_info("first");
	log_debug("not wanted");
	log_warn("second %d", 2);
	log_error("third");
	EXPECT_EQ(log_ring.magic, LOG_RING_MAGIC);
	EXPECT(!strcmp(log_ring.text, "tocsin: first\ntocsin: warning: second 2\n"
				      "tocsin: error: third\n"));
	EXPECT_EQ(log_ring.position, strlen(log_ring.text));
}

TEST(the_console_gets_what_was_logged_before)
{
	struct uart u = {.driver = &driver, .intid = 33};

	room = 1000;
	console_init(&u);
	EXPECT(console_present());
	EXPECT_EQ(inits, 1);
	EXPECT(sent_is("tocsin: first\r\ntocsin: warning: second 2\r\ntocsin: error: third\r\n"));
}

TEST(polled_until_interrupts_are_on)
{
	room = 1000;
	EXPECT_EQ(console_write("a\nb", 3), 3);
	EXPECT(sent_is("a\nb"));
	log_info("x"); /* on a line of its own */
	EXPECT(sent_is("\r\ntocsin: x\r\n"));
	log_info("y");
	EXPECT(sent_is("tocsin: y\r\n"));
}

TEST(a_uart_that_is_stuck_is_waited_for_once)
{
	unsigned first;

	room = 0;
	polls = 0;
	EXPECT_EQ(console_write("ab", 2), 2);
	first = polls;
	EXPECT_EQ(console_write("cd", 2), 2);
	EXPECT_EQ(polls, first + 1);
	room = 1000;
	console_write("\n", 1);
	EXPECT(sent_is("\n"));
}

TEST(interrupts_on)
{
	console_interrupts_on();
	EXPECT(rx_on && !tx_on);
}

TEST(straight_to_the_uart_while_it_takes_it)
{
	room = 3;
	EXPECT_EQ(console_write("abcdef", 6), 6);
	EXPECT(tx_on);
	EXPECT(sent_is("abc"));
	room = 4;
	EXPECT_EQ(console_write("gh", 2), 2); /* behind what waits, room or not */
	EXPECT_EQ(nr_sent, 0);
	EXPECT_EQ(console_irq(), 0);
	EXPECT(sent_is("defg"));
	EXPECT(tx_on);
	EXPECT_EQ(console_write("i\n", 2), 2);
	room = 4;
	EXPECT_EQ(console_irq(), 0);
	EXPECT(sent_is("hi\n"));
	EXPECT(!tx_on);
	EXPECT_EQ(acks, 2);
}

TEST(back_pressure_and_the_news_of_room)
{
	char block[5000];

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)('a' + i % 26);
	room = 0;
	EXPECT(console_room(4096));
	EXPECT_EQ(console_write(block, sizeof(block)), 4096);
	EXPECT(!console_room(1));
	EXPECT_EQ(console_write("x", 1), 0);
	room = 100;
	EXPECT_EQ(console_irq(), 0); /* not for every byte */
	room = 2000;
	EXPECT_EQ(console_irq(), CONSOLE_ROOM);
	room = 5000;
	EXPECT_EQ(console_irq(), 0); /* told once */
	EXPECT_EQ(nr_sent, 4096);
	EXPECT(!memcmp(sent, block, 4096));
	EXPECT(console_room(4096));
	drain_all();
}

TEST(a_guest_that_fills_its_share_does_not_silence_the_log)
{
	char block[4096];
	const char *text = "\r\ntocsin: still here\r\n";

	memset(block, 'g', sizeof(block));
	room = 0;
	EXPECT_EQ(console_write(block, sizeof(block)), 4096);
	EXPECT(tx_on);
	log_info("still here");
	room = 10000;
	console_irq();
	EXPECT_EQ(nr_sent, 4096 + strlen(text));
	EXPECT(!memcmp(sent + 4096, text, strlen(text)));
	drain_all();
}

TEST(a_log_that_fills_its_share_does_not_silence_guests)
{
	const char a = 0;
	char block[4000];

	memset(block, 'g', sizeof(block));
	drain_all();
	for (int round = 0; round < 20; round++) {
		/* The UART takes little, Tocsin logs more than that all the time. */
		for (int i = 0; i < 200; i++)
			log_info("%064d", i);
		EXPECT(console_room(sizeof(block)));
		EXPECT(console_line(&a, "[a] ", block, 90));
		EXPECT_EQ(console_write(block, 3000), 3000);
		EXPECT(!console_room(4096));
		log_info("%064d", round);
		room = 9000; /* both shares */
		console_irq();
		EXPECT(console_room(4096));
		room = 0;
	}
	log_info("that is all");
	drain_all();
}

TEST(lines_of_several_owners)
{
	const char a = 0, b = 0;
	char block[4000];

	room = 1000;
	EXPECT(console_line(&a, "[a] ", "one", 3));
	EXPECT(console_line(&a, "[a]+", " two\r\n", 6));
	EXPECT(sent_is("[a] one two\r\n"));
	EXPECT(console_line(&a, "[a] ", "x", 1));
	EXPECT(console_line(&b, "[b] ", "y", 1));
	EXPECT(console_line(&a, "[a]+", "z", 1));
	EXPECT(sent_is("[a] x\r\n[b] y\r\n[a]+z"));
	log_info("mine"); /* the line is nobody's after that */
	EXPECT(console_line(&a, "[a]+", "w", 1));
	EXPECT(sent_is("\r\ntocsin: mine\r\n[a]+w"));
	console_write("u", 1);
	EXPECT(console_line(&a, "[a]+", "v\r\n", 3));
	EXPECT(sent_is("u\r\n[a]+v\r\n"));
	room = 0;
	memset(block, 'g', sizeof(block));
	EXPECT_EQ(console_write(block, sizeof(block)), sizeof(block));
	EXPECT(!console_line(&a, "[a] ", block, 95)); /* all or nothing */
	EXPECT(console_line(&a, "[a] ", block, 90));
	room = 3000;
	EXPECT_EQ(console_irq(), CONSOLE_ROOM);
	drain_all();
	console_write("\n", 1);
	drain_all();
}

TEST(log_lines_that_find_no_room_are_counted)
{
	const char *end = "tocsin: after\r\n";
	u64 before = log_ring.position;

	room = 0;
	for (int i = 0; i < 200; i++)
		log_info("%064d", i);
	EXPECT_EQ(log_ring.position - before, 200 * 73);
	EXPECT_EQ(nr_sent, 0);
	room = 10000;
	console_irq();
	log_info("after");
	sent[nr_sent] = 0;
	EXPECT(strstr(sent, "lines left out here"));
	EXPECT(!strcmp(sent + nr_sent - strlen(end), end));
	EXPECT_EQ(sent[nr_sent - strlen(end) - 1], '\n');
	drain_all();
}

TEST(the_log_alone_turns_the_transmit_interrupt_on)
{
	room = 2;
	EXPECT(!tx_on);
	log_info("one");
	EXPECT(tx_on);
	EXPECT(sent_is("to"));
	drain_all();
	EXPECT(!tx_on);
}

TEST(long_lines_are_cut)
{
	room = 1000;
	log_info("%500s", "x");
	EXPECT_EQ(nr_sent, LOG_LINE_MAX + 1);
	EXPECT_EQ(sent[nr_sent - 1], '\n');
	drain_all();
}

TEST(input)
{
	EXPECT_EQ(console_read(), -1);
	received[rx_in++ % 1024] = 'k';
	received[rx_in++ % 1024] = 'l' | UART_RX_OVERRUN;
	EXPECT_EQ(console_irq(), CONSOLE_RX);
	EXPECT_EQ(console_read(), 'k');
	EXPECT_EQ(console_read(), 'l' | UART_RX_OVERRUN);
	EXPECT_EQ(console_read(), -1);
	EXPECT_EQ(console_irq(), 0);
}

TEST(input_nobody_reads_stays_in_the_uart)
{
	unsigned first = rx_in, last = rx_in + 600;

	for (; rx_in < last; rx_in++)
		received[rx_in % 1024] = (int)(rx_in % 251);
	EXPECT_EQ(console_irq(), CONSOLE_RX);
	EXPECT_EQ(rx_out, first + 256);
	EXPECT(!rx_on);
	EXPECT_EQ(console_irq(), CONSOLE_RX);
	EXPECT_EQ(rx_out, first + 256);
	for (unsigned i = first; i < last; i++)
		EXPECT_EQ(console_read(), i % 251);
	EXPECT_EQ(console_read(), -1);
	EXPECT(rx_on);
}

TEST(random_traffic_keeps_its_order)
{
	size_t in = 0, out = 0;
	unsigned next = rx_in;

	test_seed(5);
	drain_all();
	for (int step = 0; step < 20000; step++) {
		unsigned long r = test_random();
		char block[100];
		size_t n = (r >> 8) % sizeof(block);
		int c;

		for (size_t i = 0; i < n; i++)
			block[i] = (char)((in + i) * 11);
		if (r & 1)
			in += console_write(block, n);
		room = (r >> 20) % 200;
		for (n = (r >> 32) % 40; n && rx_in - rx_out < 1024; n--, rx_in++)
			received[rx_in % 1024] = (int)(rx_in & 0xff);
		console_irq();
		for (n = (r >> 40) % 40; n && (c = console_read()) >= 0; n--)
			EXPECT_EQ(c, next++ & 0xff);
		for (size_t i = 0; i < nr_sent; i++)
			EXPECT_EQ((u8)sent[i], out++ * 11 & 0xff);
		nr_sent = 0;
		EXPECT_EQ(tx_on, out < in);
	}
	EXPECT(in > 100000);
	while (console_read() >= 0)
		;
	drain_all();
}

TEST(flush_leaves_nothing_queued)
{
	room = 0;
	console_write("queued", 6);
	room = 1000;
	console_flush();
	EXPECT(sent_is("queued"));
	idle = false; /* a UART that never gets done does not hold us for ever */
	console_flush();
	idle = true;
	console_write("\n", 1);
	drain_all();
}

TEST(a_large_log_is_replayed_from_where_it_still_is)
{
	struct uart u = {.driver = &driver, .intid = 33};

	room = 0;
	for (int i = 0; i < 1000; i++)
		log_info("line %04d", i);
	drain_all();
	room = sizeof(sent);
	console_init(&u);
	sent[nr_sent] = 0;
	EXPECT(strstr(sent, "tocsin: line 0999\r\n"));
	EXPECT(nr_sent >= LOG_RING_SIZE);
	drain_all();
}

TEST(a_name_in_the_log_is_only_shown)
{
	drain_all();
	log_info("node \x1b[2J\r\ntocsin: error: \xff~");
	room = 1000;
	console_irq();
	EXPECT(sent_is("tocsin: node ?[2J??tocsin: error: ?~\r\n"));
	drain_all();
}

TEST(a_uart_without_an_interrupt_is_asked)
{
	struct uart u = {.driver = &driver};

	EXPECT(!console_polled());
	rx_on = tx_on = false;
	console_init(&u);
	console_interrupts_on();
	drain_all();
	(void)console_busy();
	EXPECT(console_polled() && !console_busy());
	EXPECT_EQ(console_write("out", 3), 3); /* the CPU does not wait for the UART */
	EXPECT(console_busy());
	received[rx_in++ % 1024] = 'i';
	room = 10;
	EXPECT_EQ(console_irq(), CONSOLE_RX);
	EXPECT(sent_is("out"));
	EXPECT_EQ(console_read(), 'i');
	EXPECT(console_busy() && !console_busy());
	EXPECT(!rx_on && !tx_on); /* its line may be firmware's */
	log_info("that is all");
	drain_all();
}

TEST(panic_sends_what_was_queued_and_then_polls)
{
	room = 0;
	console_write("before", 6);
	room = 1000;
	log_enter_panic();
	EXPECT(sent_is("before"));
	log_error("dying");
	EXPECT(sent_is("\r\ntocsin: error: dying\r\n"));
}
