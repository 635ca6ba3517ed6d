/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The emulated PL011. A transmitted byte is on the wire as soon as the console
 * takes it; the transmit FIFO holds only what it refused. A received byte stays
 * in the console until the receive FIFO has room, so bytes get lost, and an
 * overrun is reported, only where it happens: in the physical UART, or in a
 * guest's own loopback.
 *
 * Data moves whether or not CR enables it: much bare-metal software never sets
 * UARTEN, and gets away with it on other machines.
 */
#include <arch/nospec.h>
#include <drivers/uart.h>
#include <el2/vgic.h>
#include <el2/vpl011.h>
#include <lib/layout.h>
#include <lib/string.h>

REQUIRE(VPL011_FIFO <= 255); /* u8 positions */

/* Offsets / 4: the index into vpl011.reg */
enum reg {
	DR = 0x00 / 4,
	RSR_ECR = 0x04 / 4,
	FR = 0x18 / 4,
	ILPR = 0x20 / 4,
	IBRD = 0x24 / 4,
	FBRD = 0x28 / 4,
	LCR_H = 0x2c / 4,
	CR = 0x30 / 4,
	IFLS = 0x34 / 4,
	IMSC = 0x38 / 4,
	RIS = 0x3c / 4,
	MIS = 0x40 / 4,
	ICR = 0x44 / 4,
	DMACR = 0x48 / 4,
	ID = 0xfe0 / 4 /* to 0xffc: peripheral and PrimeCell identification */
};

/* What a write leaves in the registers that just hold a value. No more happens
 * for DMACR: there is no DMA controller to ask. */
static const u16 writable[VPL011_REGS] = {
    [ILPR] = 0x00ff, [IBRD] = 0xffff, [FBRD] = 0x003f, [LCR_H] = 0x00ff,
    [CR] = 0xff87,   [IFLS] = 0x003f, [IMSC] = 0x07ff, [DMACR] = 0x0007,
};

#define DR_OE UART_RX_OVERRUN

#define RSR_OE BIT(3)

#define FR_CTS BIT(0)
#define FR_DSR BIT(1)
#define FR_DCD BIT(2)
#define FR_BUSY BIT(3)
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define FR_RXFF BIT(6)
#define FR_TXFE BIT(7)

#define LCR_H_FEN BIT(4)

#define CR_LBE BIT(7)
#define CR_TXE BIT(8)
#define CR_RXE BIT(9)

#define IFLS_TX GENMASK(2, 0)
#define IFLS_RX GENMASK(5, 3)
#define IFLS_RESET 0x12 /* both at half */

#define INT_RX BIT(4)
#define INT_TX BIT(5)
#define INT_RT BIT(6)
#define INT_FE BIT(7) /* PE, BE, OE follow, in the order of DR's status bits */
#define INT_OE BIT(10)

/* Part 0x011, designer Arm, revision r1p5; PrimeCell class */
static const u8 identification[8] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static u32 fifo_depth(const struct vpl011 *u)
{
	return u->reg[LCR_H] & LCR_H_FEN ? VPL011_FIFO : 1;
}

/* Entries at which a FIFO's interrupt changes, by its field of IFLS; reserved
 * values as the highest. Without FIFOs: the one entry. */
static u32 trigger(const struct vpl011 *u, u32 select)
{
	static const u8 level[8] = {4, 8, 16, 24, 28, 28, 28, 28};

	return u->reg[LCR_H] & LCR_H_FEN ? level[select] : 1;
}

static u32 rx_trigger(const struct vpl011 *u)
{
	return trigger(u, FIELD_GET(IFLS_RX, u->reg[IFLS]));
}

static u32 tx_trigger(const struct vpl011 *u)
{
	return trigger(u, FIELD_GET(IFLS_TX, u->reg[IFLS]));
}

/* More can be there than fits after the guest turned the FIFOs off: it is kept. */
static bool fifo_full(const struct vpl011 *u, const struct vpl011_fifo *f)
{
	return f->count >= fifo_depth(u);
}

static void fifo_put(struct vpl011_fifo *f, u16 entry)
{
	f->entry[(f->head + f->count++) % VPL011_FIFO] = entry;
}

static u16 fifo_get(struct vpl011_fifo *f)
{
	u16 entry = f->entry[f->head];

	f->head = (u8)((f->head + 1) % VPL011_FIFO);
	f->count--;
	return entry;
}

/* Tells the vGIC if the interrupt line has changed. */
static void update_line(struct vpl011 *u)
{
	bool line = u->reg[RIS] & u->reg[IMSC];

	if (line == u->line)
		return;
	u->line = line;
	vgic_set_level(u->partition, u->intid, line);
}

/*
 * The receive interrupts as the FIFO's filling demands them. Hardware raises the
 * timeout after 32 bit times without a new byte; EL2 has no timer to spare for
 * that, so whatever is below the trigger level has timed out at once.
 */
static void rx_raise(struct vpl011 *u)
{
	if (u->rx.count >= rx_trigger(u))
		u->reg[RIS] |= INT_RX;
	else if (u->rx.count)
		u->reg[RIS] |= INT_RT;
	u->rx_unseen = u->rx.count != 0;
}

/* One entry from the wire or the loopback into the receive FIFO. */
static void rx_push(struct vpl011 *u, u16 entry)
{
	fifo_put(&u->rx, entry);
	u->reg[RIS] |= (u16)((entry >> 8) * INT_FE);
	if (entry & DR_OE)
		u->reg[RSR_ECR] |= RSR_OE;
	rx_raise(u);
}

/* Takes from the console what the FIFO has room for. In loopback the wire is
 * cut off: its bytes wait. */
static void rx_fill(struct vpl011 *u)
{
	int c;

	while (!(u->reg[CR] & CR_LBE) && !fifo_full(u, &u->rx) &&
	       (c = terminal_read(u->partition)) >= 0)
		rx_push(u, (u16)c);
}

static void loopback(struct vpl011 *u, u8 byte)
{
	if (fifo_full(u, &u->rx)) {
		u->overrun = true;
		u->reg[RSR_ECR] |= RSR_OE;
		u->reg[RIS] |= INT_OE;
		return;
	}
	rx_push(u, (u16)(byte | (u->overrun ? DR_OE : 0)));
	u->overrun = false;
}

static u16 read_dr(struct vpl011 *u)
{
	bool full = fifo_full(u, &u->rx);
	u16 entry;

	if (!u->rx.count)
		return 0;
	entry = fifo_get(&u->rx);
	u->reg[RSR_ECR] = (u->reg[RSR_ECR] & RSR_OE) | ((entry >> 8) & 7);
	if (u->rx.count < rx_trigger(u))
		u->reg[RIS] &= (u16)~INT_RX;
	if (!u->rx.count)
		u->reg[RIS] &= (u16)~INT_RT;
	rx_raise(u);
	if (full) /* else the console had no more */
		rx_fill(u);
	return entry;
}

/* The transmit FIFO has drained to its trigger level (DDI0183 2.8.2). A byte
 * that passes straight through has, too: drivers that send one per interrupt
 * rely on it. */
static void tx_drained(struct vpl011 *u)
{
	if (!u->tx.count || (u->tx.count <= tx_trigger(u) && !fifo_full(u, &u->tx)))
		u->reg[RIS] |= INT_TX;
}

static enum mmio_result write_dr(struct vpl011 *u, u8 byte)
{
	if (u->reg[CR] & CR_LBE) {
		loopback(u, byte);
	} else if (u->tx.count || !terminal_put(u->partition, (char)byte)) {
		if (fifo_full(u, &u->tx))
			return MMIO_RETRY;
		fifo_put(&u->tx, byte);
		if (u->tx.count > tx_trigger(u))
			u->reg[RIS] &= (u16)~INT_TX;
		return MMIO_DONE;
	}
	tx_drained(u);
	return MMIO_DONE;
}

/* Gives the console again what it refused. */
static void tx_retry(struct vpl011 *u)
{
	bool sent = false;

	while (u->tx.count) {
		char c = (char)u->tx.entry[u->tx.head];

		if (!terminal_put(u->partition, c))
			break;
		fifo_get(&u->tx);
		sent = true;
	}
	if (sent)
		tx_drained(u);
}

/* The other end is always there and ready. */
static u16 read_fr(const struct vpl011 *u)
{
	return FR_CTS | FR_DSR | FR_DCD | (u->rx.count ? 0 : FR_RXFE) |
	       (fifo_full(u, &u->rx) ? FR_RXFF : 0) | (u->tx.count ? FR_BUSY : FR_TXFE) |
	       (fifo_full(u, &u->tx) ? FR_TXFF : 0);
}

/*
 * On hardware a byte that arrives between a driver's last look at the FIFO and
 * its write here raises the timeout 32 bit times later, when the write is past.
 * Ours has risen already: it must not be cleared unseen, but for once only, so
 * that a guest that does not want its input is left in peace.
 */
static void write_icr(struct vpl011 *u, u16 bits)
{
	u->reg[RIS] &= ~bits;
	if (u->rx_unseen)
		rx_raise(u);
	u->rx_unseen = false;
}

static u16 read_reg(struct vpl011 *u, u64 reg)
{
	if (reg == FR || reg == RIS || reg == MIS)
		u->rx_unseen = false;
	switch (reg) {
	case DR:
		return read_dr(u);
	case FR:
		return read_fr(u);
	case MIS:
		return u->reg[RIS] & u->reg[IMSC];
	case ID ... ID + 7:
		return identification[(reg - ID) % ARRAY_SIZE(identification)];
	default:
		return index_check(&reg, VPL011_REGS) ? u->reg[reg] : 0;
	}
}

static enum mmio_result write_reg(struct vpl011 *u, u64 reg, u16 v)
{
	switch (reg) {
	case DR:
		return write_dr(u, (u8)v);
	case RSR_ECR:
		u->reg[RSR_ECR] = 0;
		break;
	case ICR:
		write_icr(u, v);
		break;
	default:
		if (index_check(&reg, VPL011_REGS) && writable[reg])
			u->reg[reg] = v & writable[reg];
		if (reg == CR || reg == LCR_H)
			rx_fill(u);
	}
	return MMIO_DONE;
}

static __attribute__((noinline)) enum mmio_result write_access(struct vpl011 *u, u64 reg, u16 value)
{
	enum mmio_result result;

	lock_acquire(&u->lock);
	result = write_reg(u, reg, value);
	update_line(u);
	lock_release(&u->lock);
	if (reg == DR)
		terminal_show();
	return result;
}

enum mmio_result vpl011_access(struct vcpu *v, void *device, struct mmio_access *a)
{
	struct vpl011 *u = device;

	if (a->size > 4)
		return MMIO_FAULT;
	if (a->offset % 4) {
		a->value = 0;
		return MMIO_DONE;
	}
	if (a->write)
		return write_access(u, a->offset / 4, (u16)a->value);
	lock_acquire(&u->lock);
	a->value = read_reg(u, a->offset / 4) & (a->size == 1 ? 0xff : 0xffff);
	update_line(u);
	lock_release(&u->lock);
	return MMIO_DONE;
}

void vpl011_init(struct vpl011 *u, struct partition *p, u32 intid)
{
	lock_acquire(&u->lock);
	memset(u->reg, 0, sizeof(u->reg));
	u->reg[IFLS] = IFLS_RESET;
	u->reg[CR] = CR_TXE | CR_RXE;
	u->partition = p;
	u->intid = intid;
	u->overrun = false;
	u->rx_unseen = false;
	u->rx.count = 0;
	rx_fill(u);
	update_line(u);
	lock_release(&u->lock);
}

void vpl011_receive(struct vpl011 *u)
{
	lock_acquire(&u->lock);
	rx_fill(u);
	update_line(u);
	lock_release(&u->lock);
}

void vpl011_room(struct vpl011 *u)
{
	lock_acquire(&u->lock);
	tx_retry(u);
	update_line(u);
	lock_release(&u->lock);
}
