/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The emulated PL011 between a terminal that takes and gives what the test says
 * and a vGIC that remembers the line: registers, FIFOs, interrupts, and a random
 * walk against a plain model.
 * sources: el2/vdev/vpl011.c
 */
#include <drivers/uart.h>
#include <el2/vgic.h>
#include <el2/vpl011.h>
#include <string.h>
#include <test.h>

#define DR 0x00
#define RSR 0x04
#define FR 0x18
#define LCR_H 0x2c
#define CR 0x30
#define IFLS 0x34
#define IMSC 0x38
#define RIS 0x3c
#define MIS 0x40
#define ICR 0x44

#define FEN 0x10
#define LBE 0x80
#define RXFE 0x10
#define TXFF 0x20
#define RXFF 0x40
#define TXFE 0x80
#define BUSY 0x08
#define RX 0x10
#define TX 0x20
#define RT 0x40
#define OE 0x400

/* The terminal: a queue of input, a limit on output. */
static int input[4096];
static size_t input_in, input_out;
static char output[1 << 16];
static size_t output_count, output_room;

int terminal_read(struct partition *p)
{
	EXPECT(p == (struct partition *)0x1000);
	return input_out < input_in ? input[input_out++ % 4096] : -1;
}

bool terminal_put(struct partition *p, char c)
{
	EXPECT(p == (struct partition *)0x1000);
	if (!output_room)
		return false;
	output_room--;
	output[output_count++ % sizeof(output)] = c;
	return true;
}

/* The vGIC */
static bool line;
static unsigned changes;

void vgic_set_level(struct partition *p, u32 intid, bool level)
{
	EXPECT(p == (struct partition *)0x1000);
	EXPECT_EQ(intid, 33);
	EXPECT(level != line); /* only changes are told */
	line = level;
	changes++;
}

static struct vpl011 uart;

/* What takes long is done without the UART's lock. */
void terminal_show(void)
{
	EXPECT(!lock_held(&uart.lock));
}

static void start(void)
{
	memset(&uart, 0, sizeof(uart));
	input_in = input_out = output_count = 0;
	output_room = sizeof(output);
	line = false;
	changes = 0;
	vpl011_init(&uart, (struct partition *)0x1000, 33);
}

static void type(const char *text)
{
	for (; *text; text++)
		input[input_in++ % 4096] = *text;
	vpl011_receive(&uart);
}

static enum mmio_result access(u64 offset, u8 size, bool write, u64 *value)
{
	struct mmio_access a = {.offset = offset, .value = *value, .size = size, .write = write};
	enum mmio_result r = vpl011_access(NULL, &uart, &a);

	*value = a.value;
	EXPECT(!lock_held(&uart.lock));
	return r;
}

static u64 get(u64 offset)
{
	u64 v = 0xdeadbeefdeadbeef;

	EXPECT_EQ(access(offset, 4, false, &v), MMIO_DONE);
	return v;
}

static void set(u64 offset, u64 v)
{
	EXPECT_EQ(access(offset, 4, true, &v), MMIO_DONE);
}

TEST(reset_values)
{
	start();
	EXPECT_EQ(get(FR), 0x97);
	EXPECT_EQ(get(CR), 0x300);
	EXPECT_EQ(get(IFLS), 0x12);
	EXPECT_EQ(get(LCR_H), 0);
	EXPECT_EQ(get(IMSC), 0);
	EXPECT_EQ(get(RIS), 0);
	EXPECT_EQ(get(MIS), 0);
	EXPECT_EQ(get(DR), 0);
	EXPECT_EQ(changes, 0);
}

TEST(identification)
{
	static const u8 id[8] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	start();
	for (int i = 0; i < 8; i++) {
		set(0xfe0 + 4 * i, 0xffffffff);
		EXPECT_EQ(get(0xfe0 + 4 * i), id[i]);
	}
}

/* Every register of the page but DR: what all ones and all zeros leave. */
TEST(register_read_back)
{
	for (u64 offset = 4; offset < 0xfe0; offset++) {
		u64 mask = offset == 0x20   ? 0xff   /* ILPR */
			   : offset == 0x24 ? 0xffff /* IBRD */
			   : offset == 0x28 ? 0x3f   /* FBRD */
			   : offset == 0x2c ? 0xff   /* LCR_H */
			   : offset == 0x30 ? 0xff87 /* CR */
			   : offset == 0x34 ? 0x3f   /* IFLS */
			   : offset == 0x38 ? 0x7ff  /* IMSC */
			   : offset == 0x48 ? 0x7    /* DMACR */
					    : 0;
		u64 fixed = offset == FR ? 0x97 : 0;

		start();
		set(offset, 0xffffffff);
		EXPECT_EQ(get(offset), mask | fixed);
		set(offset, 0);
		EXPECT_EQ(get(offset), fixed);
	}
}

TEST(access_sizes)
{
	u64 v = 0xa55a;

	start();
	EXPECT_EQ(access(0x24, 2, true, &v), MMIO_DONE);
	v = ~0UL;
	EXPECT_EQ(access(0x24, 2, false, &v), MMIO_DONE);
	EXPECT_EQ(v, 0xa55a);
	v = ~0UL;
	EXPECT_EQ(access(0x24, 1, false, &v), MMIO_DONE);
	EXPECT_EQ(v, 0x5a);
	EXPECT_EQ(access(0x24, 8, false, &v), MMIO_FAULT);
	EXPECT_EQ(access(0, 8, true, &v), MMIO_FAULT);
	v = 'x';
	EXPECT_EQ(access(DR, 1, true, &v), MMIO_DONE);
	EXPECT_EQ(output_count, 1);
}

TEST(output_needs_no_enable)
{
	start();
	set(CR, 0);
	set(DR, 0x1241);
	EXPECT(output_count == 1 && output[0] == 'A');
}

TEST(input_one_by_one_without_fifo)
{
	start();
	set(IMSC, RX | RT);
	type("abc");
	EXPECT(line);
	EXPECT_EQ(get(RIS), RX);
	EXPECT_EQ(get(FR) & (RXFE | RXFF), RXFF);
	EXPECT_EQ(get(DR), 'a');
	EXPECT(line);
	EXPECT_EQ(get(DR), 'b');
	EXPECT_EQ(get(DR), 'c');
	EXPECT_EQ(get(FR) & (RXFE | RXFF), RXFE);
	EXPECT(!line);
	EXPECT_EQ(get(DR), 0);
}

TEST(receive_levels)
{
	static const u8 level[8] = {4, 8, 16, 24, 28, 28, 28, 28};

	for (u32 select = 0; select < 8; select++) {
		start();
		set(LCR_H, FEN);
		set(IFLS, select << 3);
		set(IMSC, RX);
		for (u32 i = 1; i <= 32; i++) {
			type("z");
			EXPECT_EQ(get(RIS) & RX, i >= level[select] ? RX : 0);
			EXPECT_EQ(get(RIS) & RT, RT);
			EXPECT_EQ(line, i >= level[select]);
			EXPECT_EQ(!!(get(FR) & RXFF), i == 32);
		}
		for (u32 i = 31; i < 32; i--) {
			EXPECT_EQ(get(DR), 'z');
			EXPECT_EQ(get(RIS) & RX, i >= level[select] ? RX : 0);
			EXPECT_EQ(get(RIS) & RT, i ? RT : 0);
		}
		EXPECT(!line);
	}
}

TEST(input_waits_in_the_console_while_the_fifo_is_full)
{
	start();
	set(LCR_H, FEN);
	for (int i = 0; i < 20; i++)
		type("0123456789");
	EXPECT_EQ(input_out, 32);
	EXPECT_EQ(get(RIS) & OE, 0);
	for (int i = 0; i < 200; i++)
		EXPECT_EQ(get(DR), '0' + i % 10);
	EXPECT_EQ(get(FR) & RXFE, RXFE);
}

TEST(turning_the_fifo_off_loses_nothing)
{
	start();
	set(LCR_H, FEN);
	type("abcdefgh");
	set(LCR_H, 0);
	for (const char *p = "abcdefgh"; *p; p++)
		EXPECT_EQ(get(DR), *p);
	EXPECT_EQ(get(FR) & RXFE, RXFE);
}

TEST(physical_receive_errors_are_passed_on)
{
	start();
	set(LCR_H, FEN);
	set(IMSC, OE);
	input[input_in++] = 'a' | UART_RX_OVERRUN;
	input[input_in++] = UART_RX_BREAK | UART_RX_FRAMING;
	input[input_in++] = 'b' | UART_RX_PARITY;
	vpl011_receive(&uart);
	EXPECT(line);
	EXPECT_EQ(get(RIS), RT | OE | 0x200 | 0x100 | 0x80);
	EXPECT_EQ(get(RSR), 8);
	EXPECT_EQ(get(DR), 'a' | 0x800);
	EXPECT_EQ(get(DR), 0x500);
	EXPECT_EQ(get(RSR), 8 | 5);
	EXPECT_EQ(get(DR), 'b' | 0x200);
	EXPECT_EQ(get(RSR), 8 | 2);
	set(RSR, 0xff);
	EXPECT_EQ(get(RSR), 0);
	set(ICR, 0x7ff);
	EXPECT_EQ(get(RIS), 0);
	EXPECT(!line);
}

TEST(loopback_and_its_overrun)
{
	start();
	set(LCR_H, FEN);
	set(CR, LBE);
	type("wire");
	for (int i = 0; i < 34; i++)
		set(DR, i);
	EXPECT_EQ(output_count, 0);
	EXPECT_EQ(get(RIS), RX | TX | RT | OE);
	EXPECT_EQ(get(RSR), 8);
	EXPECT_EQ(get(DR), 0);
	set(DR, 99); /* the first that fits again carries the overrun */
	for (int i = 1; i < 32; i++)
		EXPECT_EQ(get(DR), i);
	set(DR, 98);
	set(RSR, 0);
	EXPECT_EQ(get(DR), 99 | 0x800);
	EXPECT_EQ(get(RSR), 0); /* of the loss, not of the byte behind it */
	EXPECT_EQ(get(DR), 98);
	EXPECT_EQ(get(FR) & RXFE, RXFE);
	set(CR, 0); /* back on the wire, where the bytes have waited */
	EXPECT_EQ(get(DR), 'w');
}

TEST(back_pressure)
{
	u64 v = 'r';

	start();
	set(LCR_H, FEN);
	set(IMSC, TX);
	output_room = 3;
	for (int i = 0; i < 3 + 32; i++) {
		EXPECT_EQ(get(FR) & (TXFF | TXFE | BUSY), i <= 3 ? TXFE : BUSY);
		set(DR, 'a' + i);
	}
	EXPECT_EQ(get(FR) & (TXFF | TXFE | BUSY), TXFF | BUSY);
	EXPECT_EQ(get(RIS) & TX, 0); /* filled above the level */
	EXPECT(!line);
	EXPECT_EQ(access(DR, 4, true, &v), MMIO_RETRY);
	output_room = 10;
	vpl011_room(&uart);
	EXPECT_EQ(get(FR) & (TXFF | TXFE | BUSY), BUSY);
	EXPECT_EQ(get(RIS) & TX, 0); /* 22 left, level 16 */
	output_room = 6;
	vpl011_room(&uart);
	EXPECT_EQ(get(RIS) & TX, TX);
	EXPECT(line);
	output_room = 100;
	set(DR, 'r'); /* behind those that wait */
	vpl011_room(&uart);
	EXPECT_EQ(output_count, 36);
	for (int i = 0; i < 35; i++)
		EXPECT_EQ((u8)output[i], 'a' + i);
	EXPECT_EQ(output[35], 'r');
	EXPECT_EQ(get(FR) & (TXFF | TXFE | BUSY), TXFE);
}

TEST(back_pressure_without_fifo)
{
	u64 v = '2';

	start();
	output_room = 0;
	set(DR, '1');
	EXPECT_EQ(get(FR) & (TXFF | TXFE | BUSY), TXFF | BUSY);
	EXPECT_EQ(access(DR, 4, true, &v), MMIO_RETRY);
	output_room = 1;
	vpl011_room(&uart);
	EXPECT_EQ(get(RIS), TX);
	EXPECT_EQ(get(FR) & (TXFF | TXFE | BUSY), TXFE);
}

TEST(transmit_interrupt_after_each_byte_sent)
{
	start();
	set(LCR_H, FEN);
	set(IMSC, TX);
	EXPECT(!line); /* an empty FIFO alone raises nothing */
	set(DR, 'x');
	EXPECT(line);
	EXPECT_EQ(get(MIS), TX);
	set(ICR, TX);
	EXPECT(!line);
	set(IMSC, 0);
	set(DR, 'y');
	EXPECT(!line);
	EXPECT_EQ(get(RIS), TX);
	EXPECT_EQ(get(MIS), 0);
	set(IMSC, TX);
	EXPECT(line);
}

TEST(clear_takes_what_was_seen_and_only_that)
{
	start();
	set(LCR_H, FEN);
	set(IMSC, RX | RT);
	type("a");
	EXPECT_EQ(get(MIS), RT);
	set(ICR, RT); /* seen and not wanted */
	EXPECT(!line);
	EXPECT_EQ(get(DR), 'a');
	EXPECT_EQ(get(FR) & RXFE, RXFE);
	type("b"); /* just behind the driver's back */
	set(ICR, RT);
	EXPECT(line);
	set(ICR, RT); /* a guest that never looks gets rid of it, too */
	EXPECT(!line);
	type("c");
	EXPECT(line);
	EXPECT_EQ(get(FR) & RXFE, 0); /* a look */
	set(ICR, RT);
	EXPECT(!line);
	EXPECT_EQ(get(DR), 'b');
	set(ICR, RT); /* one byte per interrupt, then the clear: 'c' is still to come */
	EXPECT(line);
}

TEST(reset_drops_input_and_keeps_output)
{
	start();
	set(LCR_H, FEN);
	set(IMSC, RX | RT);
	output_room = 0;
	set(DR, 'o');
	type("i");
	EXPECT(line);
	vpl011_init(&uart, (struct partition *)0x1000, 33);
	EXPECT(!line);
	EXPECT_EQ(get(RIS), 0);
	EXPECT_EQ(get(FR) & RXFE, RXFE);
	output_room = 1;
	vpl011_room(&uart);
	EXPECT(output_count == 1 && output[0] == 'o');
}

/* What must always hold, whatever came before. */
static void check_invariants(size_t written)
{
	u64 fr, depth = get(LCR_H) & FEN ? 32 : 1;
	u64 ris = uart.reg[RIS / 4];

	EXPECT_EQ(line, (ris & get(IMSC)) != 0);
	EXPECT(uart.rx.count <= 32 && uart.tx.count <= 32);
	EXPECT_EQ(output_count + uart.tx.count, written);
	EXPECT_EQ(!!(ris & RX) && !uart.rx.count, false);
	EXPECT_EQ(!!(ris & RT) && !uart.rx.count, false);
	if (uart.rx_unseen)
		EXPECT(ris & (RX | RT));
	if (uart.rx.count < depth && !(get(CR) & LBE))
		EXPECT_EQ(input_in, input_out);
	fr = get(FR);
	EXPECT_EQ(!!(fr & RXFE), uart.rx.count == 0);
	EXPECT_EQ(!!(fr & RXFF), uart.rx.count >= depth);
	EXPECT_EQ(!!(fr & TXFE), uart.tx.count == 0);
	EXPECT_EQ(!!(fr & TXFF), uart.tx.count >= depth);
}

/* Writes n bytes of a known sequence; returns how many were taken. */
static size_t write_sequence(size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		u64 v = (from + i) * 7 & 0xff;

		if (access(DR, 1, true, &v) == MMIO_RETRY) {
			EXPECT(get(FR) & TXFF);
			return i;
		}
	}
	return n;
}

TEST(random_walk_keeps_order_and_loses_nothing)
{
	size_t written = 0, typed = 0, read = 0;

	start();
	test_seed(11);
	for (int step = 0; step < 40000; step++) {
		unsigned long r = test_random();

		switch (r % 8) {
		case 0:
			for (r = (r >> 8) % 60; r && input_in - input_out < 4096; r--)
				input[input_in++ % 4096] = (int)(typed++ * 5 & 0xff);
			vpl011_receive(&uart);
			break;
		case 1:
			for (r = (r >> 8) % 50; r && !(get(FR) & RXFE); r--)
				EXPECT_EQ(get(DR), read++ * 5 & 0xff);
			break;
		case 2:
			written += write_sequence(written, (r >> 8) % 50);
			break;
		case 3:
			output_room = (r >> 8) % 40;
			vpl011_room(&uart);
			break;
		default:
			set((const u64[]){LCR_H, IFLS, IMSC, ICR}[r % 4], r >> 8);
		}
		check_invariants(written);
	}
	output_room = sizeof(output);
	vpl011_room(&uart);
	EXPECT(written > 10000 && read > 10000);
	for (size_t i = written - 1000; i < written; i++)
		EXPECT_EQ((u8)output[i % sizeof(output)], i * 7 & 0xff);
}
