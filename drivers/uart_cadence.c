/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cadence UART as in Zynq UltraScale+ (UG1087, module UART). No lock: the
 * console's caller holds one.
 */
#include <arch/io.h>
#include <drivers/uart.h>

#define CR 0x00
#define IER 0x08
#define IDR 0x0c
#define ISR 0x14
#define RXWM 0x20
#define SR 0x2c
#define FIFO 0x30

#define CR_RXEN BIT(2)
#define CR_RXDIS BIT(3)
#define CR_TXEN BIT(4)
#define CR_TXDIS BIT(5)

#define INT_RTRIG BIT(0)
#define INT_TEMPTY BIT(3)
#define INT_ROVR BIT(5)
#define INT_ALL GENMASK(12, 0)

#define SR_REMPTY BIT(1)
#define SR_TEMPTY BIT(3)
#define SR_TFUL BIT(4)
#define SR_TACTIVE BIT(11)

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

	while (done < n && !(io_read32(base + SR) & SR_TFUL))
		io_write32(base + FIFO, (u8)bytes[done++]);
	return done;
}

static bool tx_idle(const struct uart *u)
{
	return (reg_read(u, SR) & (SR_TEMPTY | SR_TACTIVE)) == SR_TEMPTY;
}

static int rx(const struct uart *u)
{
	u32 overrun;

	if (reg_read(u, SR) & SR_REMPTY)
		return -1;
	overrun = reg_read(u, ISR) & INT_ROVR;
	if (overrun)
		reg_write(u, ISR, INT_ROVR);
	return (int)((reg_read(u, FIFO) & 0xff) | (overrun ? UART_RX_OVERRUN : 0));
}

static void irq_enable(const struct uart *u, bool receive, bool transmit)
{
	u32 on = (receive ? INT_RTRIG : 0) | (transmit ? INT_TEMPTY : 0);

	reg_write(u, IDR, INT_ALL & ~on);
	reg_write(u, IER, on);
}

static void irq_ack(const struct uart *u)
{
	reg_write(u, ISR, INT_ALL & ~INT_ROVR); /* that one is for rx to report */
}

static void init(const struct uart *u)
{
	u32 cr = reg_read(u, CR);

	irq_enable(u, false, false);
	irq_ack(u);
	reg_write(u, RXWM, 1); /* receive interrupt from the first byte */
	reg_write(u, CR, (cr & ~(u32)(CR_RXDIS | CR_TXDIS)) | CR_RXEN | CR_TXEN);
}

const struct uart_driver uart_cadence = {
    .compatible = "cdns,uart-r1p12",
    .earlycon = "cadence",
    .init = init,
    .send = send,
    .tx_idle = tx_idle,
    .rx = rx,
    .irq_enable = irq_enable,
    .irq_ack = irq_ack,
};
