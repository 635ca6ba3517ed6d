/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console: a transmit and a receive ring around the UART, under one lock
 * that nothing else nests in. Bytes go straight into the UART's FIFO while the
 * ring is empty; otherwise its transmit interrupt drains the ring. When the
 * receive ring is full the rest stays in the UART, its interrupt off, until
 * console_read has made room: the wire feels the back-pressure, nothing is lost
 * here.
 */
#include <drivers/console.h>
#include <drivers/log.h>
#include <lib/fmt.h>
#include <lib/lock.h>
#include <lib/string.h>

/* Guests may fill half of the ring; the other half is for Tocsin's own text, so
 * that a guest that prints without end cannot silence a report about it. */
#define TX_RING 8192
#define TX_GUEST 4096
#define RX_RING 256
/* A UART that takes no byte for so long has nobody at the other end (flow
 * control): Tocsin goes on without it. About a second on slow hardware. */
#define POLL_LIMIT 4000000

static struct {
	struct lock lock;
	struct uart uart; /* driver NULL: none yet */
	bool irqs_on;     /* false: every byte is waited for */
	bool panic;       /* and the lock no longer counts */
	bool stuck;       /* waiting for the UART was in vain last time */
	bool mid_line;    /* the last byte sent was not a newline */
	const void *line; /* whose the line in progress is; NULL: nobody said */
	bool refused;     /* console_write took less than it was given */
	bool rx_irq, tx_irq;
	u32 texts_lost;
	u32 tx_head, tx_tail; /* free-running; in at head, out at tail */
	u32 rx_head, rx_tail;
	char tx[TX_RING];
	u16 rx[RX_RING];
} console;

static void take(void)
{
	if (!console.panic)
		lock_take(&console.lock);
}

static void drop(void)
{
	if (!console.panic)
		lock_drop(&console.lock);
}

static u32 tx_used(void)
{
	return console.tx_head - console.tx_tail;
}

static u32 rx_used(void)
{
	return console.rx_head - console.rx_tail;
}

static bool tx_ready(void)
{
	return console.uart.driver->tx_ready(&console.uart);
}

static void tx(char c)
{
	console.uart.driver->tx(&console.uart, (u8)c);
}

static void set_irqs(bool receive, bool transmit)
{
	if (!console.irqs_on || (receive == console.rx_irq && transmit == console.tx_irq))
		return;
	console.rx_irq = receive;
	console.tx_irq = transmit;
	console.uart.driver->irq_enable(&console.uart, receive, transmit);
}

/* Waits for a condition of the UART; gives up once, then only looks. */
static bool wait_for(bool (*condition)(const struct uart *))
{
	for (u32 i = 0; i < POLL_LIMIT; i++) {
		if (condition(&console.uart)) {
			console.stuck = false;
			return true;
		}
		if (console.stuck)
			return false;
	}
	console.stuck = true;
	return false;
}

/* Empties the ring by polling, as far as the UART takes it. */
static void drain_polled(void)
{
	while (tx_used() && wait_for(console.uart.driver->tx_ready))
		tx(console.tx[console.tx_tail++ % TX_RING]);
}

/* Moves from the ring what the FIFO has room for. */
static void drain(void)
{
	while (tx_used() && tx_ready())
		tx(console.tx[console.tx_tail++ % TX_RING]);
}

/* Moves what was received into the ring as long as there is room. */
static void fill(void)
{
	int c;

	while (rx_used() < RX_RING && (c = console.uart.driver->rx(&console.uart)) >= 0)
		console.rx[console.rx_head++ % RX_RING] = (u16)c;
}

/* Sends or queues one byte; the caller has seen that there is room. */
static void send(char c)
{
	if (!console.irqs_on) {
		if (wait_for(console.uart.driver->tx_ready))
			tx(c);
	} else if (!tx_used() && tx_ready()) {
		tx(c);
	} else {
		console.tx[console.tx_head++ % TX_RING] = c;
	}
	console.mid_line = c != '\n';
}

static void send_text(const char *text, size_t n)
{
	for (; n; n--, text++) {
		if (*text == '\n')
			send('\r');
		send(*text);
	}
}

void console_init(const struct uart *u)
{
	console.uart = *u;
	u->driver->init(u);
	log_replay();
}

void console_rebase(s64 distance)
{
	if (console.uart.driver)
		console.uart.driver = (const void *)((const u8 *)console.uart.driver + distance);
}

bool console_present(void)
{
	return console.uart.driver;
}

void console_interrupts_on(void)
{
	if (!console_present() || !console.uart.intid)
		return;
	take();
	console.irqs_on = true;
	set_irqs(true, false);
	drop();
}

/* Takes what fits into the UART at once if nothing waits, and then into the
 * guests' share of the ring. */
static size_t send_or_queue(const char *bytes, size_t n)
{
	size_t done = 0;

	if (!tx_used())
		for (; done < n && tx_ready(); done++)
			tx(bytes[done]);
	if (done == n)
		return n;
	for (; done < n && tx_used() < TX_GUEST; done++)
		console.tx[console.tx_head++ % TX_RING] = bytes[done];
	if (done < n)
		console.refused = true;
	set_irqs(console.rx_irq, true);
	return done;
}

static size_t send_polled(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		send(bytes[i]);
	return n;
}

size_t console_write(const char *bytes, size_t n)
{
	size_t done;

	if (!console_present())
		return n;
	take();
	done = console.irqs_on ? send_or_queue(bytes, n) : send_polled(bytes, n);
	if (done) {
		console.mid_line = bytes[done - 1] != '\n';
		console.line = NULL;
	}
	drop();
	return done;
}

/* As many bytes may be queued for guests; polled, all leave at once. */
static size_t guest_room(void)
{
	return !console.irqs_on ? TX_GUEST : tx_used() < TX_GUEST ? TX_GUEST - tx_used() : 0;
}

bool console_line(const void *owner, const char *prefix, const char *bytes, size_t n)
{
	bool goes_on, fits = true;
	size_t prefix_len = strlen(prefix);

	if (!console_present())
		return true;
	take();
	goes_on = console.mid_line && console.line == owner;
	if (goes_on)
		prefix_len = 0;
	if (guest_room() < prefix_len + n + 2) {
		console.refused = true;
		fits = false;
	} else {
		if (console.mid_line && !goes_on)
			send_text("\n", 1);
		for (size_t i = 0; i < prefix_len; i++)
			send(prefix[i]);
		for (size_t i = 0; i < n; i++)
			send(bytes[i]);
		console.line = owner;
	}
	if (tx_used())
		set_irqs(console.rx_irq, true);
	drop();
	return fits;
}

size_t console_room(void)
{
	size_t room;

	take();
	room = guest_room();
	drop();
	return room;
}

/* Says how many texts are missing here. */
static void send_loss(void)
{
	char note[80];
	int n =
	    fmt_snprintf(note, sizeof(note), "tocsin: %u lines left out here, log_ring has them\n",
			 console.texts_lost);

	console.texts_lost = 0;
	send_text(note, (size_t)n);
}

void console_text(const char *text, size_t n)
{
	if (!console_present())
		return;
	take();
	/* Every byte a newline, a line end before them, and the note about losses. */
	if (TX_RING - tx_used() < 2 * n + 2 + 80) {
		console.texts_lost++;
	} else {
		if (console.mid_line)
			send_text("\n", 1);
		if (console.texts_lost)
			send_loss();
		send_text(text, n);
		console.line = NULL;
		if (tx_used())
			set_irqs(console.rx_irq, true);
	}
	drop();
}

u32 console_irq(void)
{
	u32 found = 0;

	if (!console_present())
		return 0;
	take();
	console.uart.driver->irq_ack(&console.uart);
	fill();
	drain();
	set_irqs(rx_used() < RX_RING, tx_used() != 0);
	if (rx_used())
		found |= CONSOLE_RX;
	/* Half the share free before the guest tries again: not once per byte. */
	if (console.refused && tx_used() <= TX_GUEST / 2) {
		console.refused = false;
		found |= CONSOLE_ROOM;
	}
	drop();
	return found;
}

int console_read(void)
{
	int c = -1;

	take();
	if (rx_used())
		c = console.rx[console.rx_tail++ % RX_RING];
	if (console.irqs_on && !console.rx_irq && rx_used() <= RX_RING / 2) {
		fill();
		set_irqs(rx_used() < RX_RING, console.tx_irq);
	}
	drop();
	return c;
}

void console_flush(void)
{
	if (!console_present())
		return;
	take();
	drain_polled();
	wait_for(console.uart.driver->tx_idle);
	drop();
}

void console_enter_panic(void)
{
	console.panic = true;
	if (!console_present())
		return;
	console.irqs_on = false;
	drain_polled();
}
