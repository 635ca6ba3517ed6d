/* SPDX-License-Identifier: Apache-2.0 */
/* The PL011 (DDI0183): identification, transmit and receive by polling and by
 * interrupt. The runner types a line when it sees "TYPE NOW". */
#include "guest.h"

#define UARTDR 0x000
#define UARTRSR 0x004
#define UARTFR 0x018
#define UARTIBRD 0x024
#define UARTLCR_H 0x02c
#define UARTCR 0x030
#define UARTIFLS 0x034
#define UARTIMSC 0x038
#define UARTRIS 0x03c
#define UARTMIS 0x040
#define UARTICR 0x044
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define FR_TXFE BIT(7)
#define FR_BUSY BIT(3)
#define CR_ON 0x301u /* UARTEN, TXE, RXE */
#define INT_RX BIT(4)
#define INT_TX BIT(5)
#define INT_RT BIT(6)
#define LCR_FIFO 0x70u /* 8 bits, FIFOs on */
#define LONG_TEXT 4096 /* whole lines */
#define TYPED "the quick brown fox jumps over the lazy dog 0123456789"

static u32 reg(u32 offset)
{
	return io_read32(machine.uart.base + offset);
}

static void set(u32 offset, u32 value)
{
	io_write32(machine.uart.base + offset, value);
}

static void identification(void)
{
	static const u8 id[] = {0x11, 0x10, 0, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	for (u32 i = 0; i < 8; i++) {
		u32 v = reg(0xfe0 + 4 * i);

		if (i == 2)
			EXPECT(v == 0x14 || v == 0x24 || v == 0x34, "PeriphID2 0x%x", v);
		else
			EXPECT(v == id[i], "ID byte %u is 0x%x", i, v);
	}
}

static void clocks(void)
{
	int node = fdt_compatible(-1, "arm,pl011");
	u32 len;

	EXPECT(node >= 0 && fdt_prop(node, "clocks", &len), "no clocks");
	EXPECT(node >= 0 && fdt_prop(node, "clock-names", &len), "no clock-names");
}

static void read_back(void)
{
	set(UARTIBRD, 13);
	EXPECT_EQ(reg(UARTIBRD), 13);
	set(UARTLCR_H, LCR_FIFO);
	EXPECT_EQ(reg(UARTLCR_H), LCR_FIFO);
	set(UARTIFLS, 0x12);
	EXPECT_EQ(reg(UARTIFLS), 0x12);
	set(UARTIMSC, INT_RX | INT_RT);
	EXPECT_EQ(reg(UARTIMSC), INT_RX | INT_RT);
	set(UARTIMSC, 0);
	EXPECT_EQ(reg(UARTCR) & CR_ON, CR_ON);
}

static void transmit_polled(void)
{
	u64 start = counter();

	for (u32 i = 0; i < LONG_TEXT; i++)
		uart_putc(i % 64 == 63 ? '\n' : (char)('a' + i / 64 % 26));
	while (!(reg(UARTFR) & FR_TXFE)) {
		if (counter() - start > 20 * read_sysreg(CNTFRQ_EL0)) {
			test_fail("transmit FIFO never empties");
			return;
		}
	}
}

static volatile u32 tx_left;

static void tx_interrupt(u32 intid)
{
	if (intid != machine.uart_intid)
		return;
	set(UARTICR, INT_TX);
	while (tx_left && !(reg(UARTFR) & FR_TXFF)) {
		set(UARTDR, tx_left % 64 == 1 ? '\n' : 'A' + tx_left / 64 % 26);
		tx_left--;
	}
	if (!tx_left)
		set(UARTIMSC, reg(UARTIMSC) & ~(u32)INT_TX);
}

/* Like a driver: fill until full, the interrupt says when there is room. */
static void transmit_interrupt(void)
{
	gic_route(machine.uart_intid, 0);
	gic_set_edge(machine.uart_intid, false);
	gic_enable(machine.uart_intid);
	irq_hook = tx_interrupt;
	tx_left = LONG_TEXT;
	set(UARTICR, 0x7ff);
	irq_enable();
	set(UARTIMSC, INT_TX);
	/* The PL011 raises it when the FIFO drains through its level: prime it. */
	irq_disable();
	while (tx_left && !(reg(UARTFR) & FR_TXFF)) {
		set(UARTDR, tx_left % 64 == 1 ? '\n' : 'A' + tx_left / 64 % 26);
		if (--tx_left < LONG_TEXT / 2)
			break;
	}
	irq_enable();
	EXPECT(wait_for(&tx_left, 0), "%u bytes left", tx_left);
	irq_disable();
	set(UARTIMSC, 0);
	gic_disable(machine.uart_intid);
}

static char got[128];
static volatile u32 got_count;

static void take_bytes(void)
{
	while (!(reg(UARTFR) & FR_RXFE) && got_count < sizeof(got) - 1) {
		u32 dr = reg(UARTDR);

		EXPECT(!(dr & 0xf00), "receive error 0x%x", dr);
		got[got_count++] = (char)dr;
	}
}

static void rx_interrupt(u32 intid)
{
	if (intid == INTID_VTIMER)
		write_sysreg(CNTV_CTL_EL0, 0);
	if (intid != machine.uart_intid)
		return;
	EXPECT(reg(UARTMIS) & (INT_RX | INT_RT), "interrupt without a cause: MIS 0x%x",
	       reg(UARTMIS));
	take_bytes();
	set(UARTICR, INT_RX | INT_RT);
}

static bool ended(void)
{
	return got_count && got[got_count - 1] == '\n';
}

/* Waits for the typed line to end. */
static bool line_ended(void)
{
	u64 start = counter();

	while (!ended() && counter() - start < 10 * read_sysreg(CNTFRQ_EL0))
		wfi_unless(ended());
	return ended();
}

static void receive_interrupt(void)
{
	got_count = 0;
	memset(got, 0, sizeof(got));
	gic_enable(machine.uart_intid);
	irq_hook = rx_interrupt;
	set(UARTICR, 0x7ff);
	set(UARTIMSC, INT_RX | INT_RT);
	/* A tick, so that a lost interrupt ends in a failure and not in a hang. */
	gic_enable(INTID_VTIMER);
	write_sysreg(CNTV_CVAL_EL0, counter() + 11 * read_sysreg(CNTFRQ_EL0));
	write_sysreg(CNTV_CTL_EL0, 1);
	irq_enable();
	print("TYPE NOW\n");
	EXPECT(line_ended(), "only %u bytes came: %s", got_count, got);
	irq_disable();
	write_sysreg(CNTV_CTL_EL0, 0);
	set(UARTIMSC, 0);
	gic_disable(machine.uart_intid);
	EXPECT(strstr(got, TYPED) == got, "got \"%s\"", got);
}

/* The line arrives while nobody looks: back-pressure or the FIFO keep it. */
static void receive_polled(void)
{
	u64 start = counter();

	got_count = 0;
	memset(got, 0, sizeof(got));
	print("TYPE NOW\n");
	delay_us(300000);
	while (!got_count || got[got_count - 1] != '\n') {
		take_bytes();
		if (counter() - start > 10 * read_sysreg(CNTFRQ_EL0))
			break;
	}
	EXPECT(strstr(got, TYPED) == got, "got \"%s\"", got);
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
	set(UARTLCR_H, LCR_FIFO);
	set(UARTCR, CR_ON);
}

const struct test guest_tests[] = {
    {"uart-identification", identification, 0},
    {"uart-clocks", clocks, 0},
    {"uart-read-back", read_back, 0},
    {"uart-transmit-polled", transmit_polled, 0},
    {"uart-transmit-interrupt", transmit_interrupt, 0},
    {"uart-receive-interrupt", receive_interrupt, 0},
    {"uart-receive-polled", receive_polled, 0},
    {0},
};
