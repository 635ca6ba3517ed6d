/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arm PL011 (DDI0183) and its subset, the SBSA generic UART (DEN0029), which
 * has no line settings and is already enabled. No lock: the console's caller
 * holds one.
 */
#include <arch/io.h>
#include <drivers/uart.h>

#define DR 0x00
#define FR 0x18
#define LCR_H 0x2c
#define CR 0x30
#define IFLS 0x34
#define IMSC 0x38
#define ICR 0x44

#define FR_BUSY BIT(3)
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)

#define LCR_H_FEN BIT(4)
#define LCR_H_WLEN GENMASK(6, 5)

#define CR_UARTEN BIT(0)
#define CR_TXE BIT(8)
#define CR_RXE BIT(9)

/* Transmit interrupt when the FIFO is down to 1/8, receive from 1/2 up. */
#define IFLS_TX8_RX2 FIELD_PREP(GENMASK(5, 3), 2)

#define INT_RX BIT(4)
#define INT_TX BIT(5)
#define INT_RT BIT(6)
#define INT_OE BIT(10)
#define INT_ALL GENMASK(10, 0)

/* How often to look for the end of the firmware's last byte before going on. */
#define IDLE_POLLS 1000000

static u32 reg_read(const struct uart *u, u32 reg)
{
	return io_read32(u->regs.base + reg);
}

static void reg_write(const struct uart *u, u32 reg, u32 v)
{
	io_write32(u->regs.base + reg, v);
}

static size_t send(const struct uart *u, const char *bytes, size_t n)
{
	u64 base = u->regs.base; /* not read anew for each byte */
	size_t done = 0;

	while (done < n && !(io_read32(base + FR) & FR_TXFF))
		io_write32(base + DR, (u8)bytes[done++]);
	return done;
}

static bool tx_idle(const struct uart *u)
{
	return !(reg_read(u, FR) & FR_BUSY);
}

static int rx(const struct uart *u)
{
	if (reg_read(u, FR) & FR_RXFE)
		return -1;
	return (int)(reg_read(u, DR) & GENMASK(11, 0));
}

static void irq_enable(const struct uart *u, bool receive, bool transmit)
{
	reg_write(u, IMSC, (receive ? INT_RX | INT_RT | INT_OE : 0) | (transmit ? INT_TX : 0));
}

static void irq_ack(const struct uart *u)
{
	reg_write(u, ICR, INT_ALL);
}

static void sbsa_init(const struct uart *u)
{
	irq_enable(u, false, false);
	irq_ack(u);
}

static void pl011_init(const struct uart *u)
{
	u32 lcr, cr;

	/* LCR_H may only change while nothing is being sent and the UART is off
	 * (DDI0183 3.3.8); what the firmware printed must get out first. */
	for (u32 i = 0; i < IDLE_POLLS && !tx_idle(u); i++)
		;
	cr = reg_read(u, CR);
	lcr = reg_read(u, LCR_H);
	reg_write(u, CR, 0);
	sbsa_init(u);
	reg_write(u, IFLS, IFLS_TX8_RX2);
	/* 5-bit words are not in use: WLEN 0 is a UART that no firmware has set up. */
	reg_write(u, LCR_H, lcr | LCR_H_FEN | (lcr & LCR_H_WLEN ? 0 : LCR_H_WLEN));
	reg_write(u, CR, cr | CR_UARTEN | CR_TXE | CR_RXE);
}

const struct uart_driver uart_pl011 = {
    .compatible = "arm,pl011",
    .earlycon = "pl011",
    .init = pl011_init,
    .send = send,
    .tx_idle = tx_idle,
    .rx = rx,
    .irq_enable = irq_enable,
    .irq_ack = irq_ack,
};

const struct uart_driver uart_sbsa = {
    .compatible = "arm,sbsa-uart",
    .earlycon = "sbsa",
    .init = sbsa_init,
    .send = send,
    .tx_idle = tx_idle,
    .rx = rx,
    .irq_enable = irq_enable,
    .irq_ack = irq_ack,
};
