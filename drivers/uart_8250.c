/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16550 family: National's own with byte registers, Synopsys' APB UART and
 * Broadcom's auxiliary UART with one register per word. No lock: the console's
 * caller holds one.
 */
#include <arch/io.h>
#include <drivers/uart.h>

/* Register numbers */
#define RBR_THR 0
#define IER 1
#define IIR_FCR 2
#define LCR 3
#define MCR 4
#define LSR 5
#define USR 31 /* Synopsys only */

#define IER_RX BIT(0)
#define IER_TX BIT(1)
#define IER_LINE BIT(2) /* Broadcom's gives no receive interrupt without it */

#define IIR_ID 0xf
#define IIR_BUSY 0x7    /* Synopsys: LCR was written while busy; reading USR ends it */
#define IIR_TIMEOUT 0xc /* receive timeout */

#define FCR_ENABLE BIT(0)
#define FCR_TRIGGER_HALF BIT(7)

#define LCR_DLAB BIT(7)

#define MCR_DTR BIT(0)
#define MCR_RTS BIT(1)
#define MCR_OUT2 BIT(3) /* gates the interrupt line on PC-style boards */

#define LSR_DR BIT(0)
#define LSR_OE BIT(1)
#define LSR_PE BIT(2)
#define LSR_FE BIT(3)
#define LSR_BI BIT(4)
#define LSR_THRE BIT(5)
#define LSR_TEMT BIT(6)

static u64 reg_addr(const struct uart *u, u32 reg)
{
	return u->regs.base + ((u64)reg << u->driver->reg_shift);
}

static u32 reg_read(const struct uart *u, u32 reg)
{
	return u->driver->reg_shift ? io_read32(reg_addr(u, reg)) : io_read8(reg_addr(u, reg));
}

static void reg_write(const struct uart *u, u32 reg, u8 v)
{
	if (u->driver->reg_shift)
		io_write32(reg_addr(u, reg), v);
	else
		io_write8(reg_addr(u, reg), v);
}

/* THRE means an empty FIFO: how deep it is differs too much to count on. */
static size_t send(const struct uart *u, const char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n && reg_read(u, LSR) & LSR_THRE)
		reg_write(u, RBR_THR, (u8)bytes[done++]);
	return done;
}

static bool tx_idle(const struct uart *u)
{
	return reg_read(u, LSR) & LSR_TEMT;
}

static int rx(const struct uart *u)
{
	u32 lsr = reg_read(u, LSR);

	if (!(lsr & LSR_DR))
		return -1;
	return (int)((reg_read(u, RBR_THR) & 0xff) | (lsr & LSR_FE ? UART_RX_FRAMING : 0) |
		     (lsr & LSR_PE ? UART_RX_PARITY : 0) | (lsr & LSR_BI ? UART_RX_BREAK : 0) |
		     (lsr & LSR_OE ? UART_RX_OVERRUN : 0));
}

static void irq_enable(const struct uart *u, bool receive, bool transmit)
{
	reg_write(u, IER, (receive ? IER_RX | IER_LINE : 0) | (transmit ? IER_TX : 0));
}

static void irq_ack(const struct uart *u)
{
	u32 id = reg_read(u, IIR_FCR) & IIR_ID; /* reading it ends a transmit interrupt */

	if (id == IIR_BUSY && u->driver == &uart_dw_apb)
		(void)reg_read(u, USR);
	/* Synopsys' can time out on an empty FIFO; only a read ends that. */
	else if (id == IIR_TIMEOUT && !(reg_read(u, LSR) & LSR_DR))
		(void)reg_read(u, RBR_THR);
}

static void init(const struct uart *u)
{
	u32 lcr = reg_read(u, LCR);

	if (lcr & LCR_DLAB)
		reg_write(u, LCR, (u8)(lcr & ~LCR_DLAB));
	reg_write(u, IER, 0);
	reg_write(u, IIR_FCR, FCR_ENABLE | FCR_TRIGGER_HALF);
	reg_write(u, MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
}

#define UART_8250_ROW(name, string, label, shift)                                                  \
	const struct uart_driver name = {                                                          \
	    .compatible = string,                                                                  \
	    .earlycon = label,                                                                     \
	    .reg_shift = shift,                                                                    \
	    .init = init,                                                                          \
	    .send = send,                                                                          \
	    .tx_idle = tx_idle,                                                                    \
	    .rx = rx,                                                                              \
	    .irq_enable = irq_enable,                                                              \
	    .irq_ack = irq_ack,                                                                    \
	}

UART_8250_ROW(uart_ns16550, "ns16550a", "uart8250", 0);
UART_8250_ROW(uart_dw_apb, "snps,dw-apb-uart", "dw-apb", 2);
UART_8250_ROW(uart_bcm_aux, "brcm,bcm2835-aux-uart", "bcm-aux", 2);
