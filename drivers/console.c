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

/* Half of the ring is for guests, the other for Tocsin's own text: a guest that prints
 * without end cannot silence a report about it, and reports cannot silence a guest. */
#define TX_RING 8192
#define TX_GUEST 4096
#define TX_OWN (TX_RING - TX_GUEST)
#define RX_RING 256
/* A UART that takes no byte for so long has no reader at the other end (flow
 * control): Tocsin goes on without it. About a second on slow hardware. */
#define POLL_LIMIT 4000000

static struct {
	struct lock lock;
	struct uart uart; /* driver NULL: none yet */
	bool irqs_on;     /* false: every byte is waited for */
	bool heard;       /* polled: a byte has come since the last look */
	bool panic;       /* and the lock no longer counts */
	bool stuck;       /* waiting for the UART was in vain last time */
	bool mid_line;    /* the last byte sent was not a newline */
	const void *line; /* whose the line in progress is; NULL: not known */
	bool refused;     /* console_write took less than it was given */
	bool rx_irq, tx_irq;
	u32 texts_lost;
	u32 tx_head, tx_tail; /* free-running; in at head, out at tail */
	u32 tx_own;           /* bytes in the ring that are Tocsin's */
	u32 rx_head, rx_tail;
	char tx[TX_RING];
	u8 own[TX_RING / 8]; /* a bit for each byte of it: Tocsin's */
	u16 rx[RX_RING];
} console;

static void take(void)
{
	if (!console.panic)
		lock_acquire(&console.lock);
}

static void drop(void)
{
	if (!console.panic)
		lock_release(&console.lock);
}

static u32 tx_used(void)
{
	return console.tx_head - console.tx_tail;
}

static u32 rx_used(void)
{
	return console.rx_head - console.rx_tail;
}

static size_t uart_send(const char *bytes, size_t n)
{
	return console.uart.driver->send(&console.uart, bytes, n);
}

static void set_irqs(bool receive, bool transmit)
{
	if (!console.irqs_on || (receive == console.rx_irq && transmit == console.tx_irq))
		return;
	console.rx_irq = receive;
	console.tx_irq = transmit;
	/* Where the tree names no interrupt, its line may be firmware's. */
	if (console.uart.intid)
		console.uart.driver->irq_enable(&console.uart, receive, transmit);
}

static u32 tx_guests(void)
{
	return tx_used() - console.tx_own;
}

/* Notes whose byte lies at that place of the ring. */
static void mark(u32 at, bool own)
{
	u8 bit = (u8)(1U << at % 8), *byte = &console.own[at % TX_RING / 8];

	*byte = own ? *byte | bit : *byte & (u8)~bit;
	console.tx_own += own;
}

static void forget(u32 at)
{
	console.tx_own -= console.own[at % TX_RING / 8] >> at % 8 & 1;
}

/* Waits until the UART takes some of it; gives up once, then only looks. */
static size_t wait_send(const char *bytes, size_t n)
{
	u32 left = console.stuck ? 1 : POLL_LIMIT;
	size_t done;

	while (!(done = uart_send(bytes, n)) && --left)
		;
	console.stuck = !done;
	return done;
}

/* Empties the ring by send, which takes what it can, until it takes nothing. */
static void drain(size_t (*send)(const char *bytes, size_t n))
{
	size_t done = 1;

	while (done && tx_used()) {
		u32 at = console.tx_tail % TX_RING;

		done = send(console.tx + at, MIN(tx_used(), TX_RING - at));
		for (size_t i = 0; i < done; i++)
			forget(console.tx_tail++);
	}
}

/* Moves what was received into the ring as long as there is room. */
static void fill(void)
{
	int c;

	while (rx_used() < RX_RING && (c = console.uart.driver->rx(&console.uart)) >= 0) {
		console.rx[console.rx_head++ % RX_RING] = (u16)c;
		console.heard = true;
	}
}

/* The caller has seen that there is room. */
static void queue(const char *bytes, size_t n, bool own)
{
	u32 at = console.tx_head % TX_RING;
	size_t first = MIN(n, TX_RING - at);

	memcpy(console.tx + at, bytes, first);
	memcpy(console.tx, bytes + first, n - first);
	for (size_t i = 0; i < n; i++)
		mark(console.tx_head++, own);
	if (n)
		set_irqs(console.rx_irq, true);
}

/* Sends or queues up to room bytes beyond what the UART takes at once, which it is
 * asked for only if nothing waits. Returns how many; polled, all of them. */
static size_t send_some(const char *bytes, size_t n, size_t room, bool own)
{
	size_t done = 0, more;

	if (!console.irqs_on) {
		for (size_t i = 0; i < n && (done = wait_send(bytes + i, n - i)); i += done)
			;
		done = n;
	} else {
		if (!tx_used())
			done = uart_send(bytes, n);
		more = MIN(n - done, room);
		queue(bytes + done, more, own);
		done += more;
	}
	if (done)
		console.mid_line = bytes[done - 1] != '\n';
	return done;
}

/* All of it: the caller has seen that there is room. */
static void send(const char *bytes, size_t n, bool own)
{
	(void)send_some(bytes, n, n, own);
}

/* A text of Tocsin's that ends with a newline, but for what is cut off. */
static void send_text(const char *text, size_t n)
{
	bool whole = n && text[n - 1] == '\n';

	send(text, n - whole, true);
	if (whole)
		send("\r\n", 2, true);
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
	if (!console_present())
		return;
	take();
	console.irqs_on = true;
	set_irqs(true, false);
	drop();
}

/* As many bytes may be queued for guests; polled, all leave at once. */
static size_t guest_room(void)
{
	return !console.irqs_on ? TX_GUEST : TX_GUEST - tx_guests();
}

size_t console_write(const char *bytes, size_t n)
{
	size_t done;

	if (!console_present())
		return n;
	take();
	done = send_some(bytes, n, guest_room(), false);
	if (done)
		console.line = NULL;
	if (done < n)
		console.refused = true;
	drop();
	return done;
}

/* Room for n bytes of a guest? If not, CONSOLE_ROOM will say when. */
static bool has_room(size_t n)
{
	bool room = guest_room() >= n;

	if (!room)
		console.refused = true;
	return room;
}

bool console_line(const void *owner, const char *prefix, const char *bytes, size_t n)
{
	size_t prefix_len = strlen(prefix);
	bool goes_on, fits;

	if (!console_present())
		return true;
	take();
	goes_on = console.mid_line && console.line == owner;
	fits = has_room(prefix_len + n + 2);
	if (fits && !goes_on) {
		if (console.mid_line)
			send("\r\n", 2, false);
		send(prefix, prefix_len, false);
		console.line = owner;
	}
	if (fits)
		send(bytes, n, false);
	drop();
	return fits;
}

bool console_room(size_t n)
{
	bool room;

	take();
	room = has_room(n);
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
	/* A CR, a line end before it, and the note about losses. */
	if (TX_OWN - console.tx_own < n + 1 + 2 + 80) {
		console.texts_lost++;
	} else {
		if (console.mid_line)
			send_text("\n", 1);
		if (console.texts_lost)
			send_loss();
		send_text(text, n);
		console.line = NULL;
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
	drain(uart_send);
	set_irqs(rx_used() < RX_RING, tx_used() != 0);
	if (rx_used())
		found |= CONSOLE_RX;
	/* Half the share free before the guest tries again: not once per byte. */
	if (console.refused && tx_guests() <= TX_GUEST / 2) {
		console.refused = false;
		found |= CONSOLE_ROOM;
	}
	drop();
	return found;
}

bool console_polled(void)
{
	return console_present() && !console.uart.intid;
}

bool console_busy(void)
{
	bool busy;

	take();
	busy = console.heard || tx_used();
	console.heard = false;
	drop();
	return busy;
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
	drain(wait_send);
	for (u32 i = 0; i < POLL_LIMIT && !console.stuck; i++)
		if (console.uart.driver->tx_idle(&console.uart))
			break;
	drop();
}

void console_enter_panic(void)
{
	console.panic = true;
	if (!console_present())
		return;
	console.irqs_on = false;
	drain(wait_send);
}
