/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UART drivers over registers that are plain memory, with a log of writes;
 * and the search for a UART without a device tree.
 * sources: drivers/uart.c drivers/uart_pl011.c drivers/uart_8250.c drivers/uart_cadence.c
 * sources: drivers/earlycon.c
 */
#include <drivers/uart.h>
#include <string.h>
#include <test.h>

#define BASE 0x10000UL

static u32 reg[0x1000];
static u32 set_by_write[0x1000];
static u64 last_write;
static int width; /* of all accesses; -1: they differed */
static unsigned nr_reads[0x1000];

u64 host_io_read(u64 addr, int bytes)
{
	EXPECT(addr - BASE < 0x1000);
	width = width && width != bytes ? -1 : bytes;
	nr_reads[addr - BASE]++;
	return reg[addr - BASE];
}

void host_io_write(u64 addr, u64 value, int bytes)
{
	EXPECT(addr - BASE < 0x1000);
	width = width && width != bytes ? -1 : bytes;
	set_by_write[addr - BASE] = (u32)value;
	last_write = addr - BASE;
}

static struct uart start(const char *compatible)
{
	memset(reg, 0, sizeof(reg));
	memset(set_by_write, 0xee, sizeof(set_by_write));
	memset(nr_reads, 0, sizeof(nr_reads));
	width = 0;
	return (struct uart){uart_find(compatible), {BASE, 0x1000}, 0};
}

TEST(table_is_complete)
{
	static const char *const known[] = {"arm,pl011",        "arm,sbsa-uart",
					    "cdns,uart-r1p12",  "ns16550a",
					    "snps,dw-apb-uart", "brcm,bcm2835-aux-uart"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const struct uart_driver *d = uart_find(known[i]);

		EXPECT(d && !strcmp(d->compatible, known[i]) && d->earlycon);
		EXPECT(d->init && d->send && d->tx_idle && d->rx && d->irq_enable && d->irq_ack);
	}
	EXPECT(!uart_find("arm,pl01"));
	EXPECT(!uart_find(""));
}

TEST(pl011_keeps_the_line_settings)
{
	struct uart u = start("arm,pl011");

	reg[0x2c] = 0x60 | 0x8; /* 8 bits, two stop bits */
	reg[0x30] = 0xc301;     /* hardware flow control */
	u.driver->init(&u);
	EXPECT_EQ(set_by_write[0x2c], 0x78);
	EXPECT_EQ(set_by_write[0x30], 0xc301);
	EXPECT_EQ(last_write, 0x30);
	EXPECT_EQ(set_by_write[0x38], 0);
	EXPECT_EQ(set_by_write[0x44], 0x7ff);
	EXPECT_EQ(set_by_write[0x24], 0xeeeeeeee); /* baud rate untouched */
	EXPECT_EQ(set_by_write[0x28], 0xeeeeeeee);
	EXPECT_EQ(width, 4);
}

TEST(pl011_that_no_firmware_has_set_up)
{
	struct uart u = start("arm,pl011");

	u.driver->init(&u);
	EXPECT_EQ(set_by_write[0x2c], 0x70);
	EXPECT_EQ(set_by_write[0x30], 0x301);
}

TEST(sbsa_has_no_line_settings)
{
	struct uart u = start("arm,sbsa-uart");

	u.driver->init(&u);
	EXPECT_EQ(set_by_write[0x2c], 0xeeeeeeee);
	EXPECT_EQ(set_by_write[0x30], 0xeeeeeeee);
	EXPECT_EQ(set_by_write[0x34], 0xeeeeeeee);
	EXPECT_EQ(set_by_write[0x38], 0);
}

TEST(pl011_data_and_interrupts)
{
	struct uart u = start("arm,pl011");

	EXPECT(u.driver->send(&u, "ab\xff", 3) == 3 && u.driver->tx_idle(&u));
	EXPECT_EQ(set_by_write[0], 0xff);
	reg[0x18] = 0x38; /* full, busy, nothing received */
	reg[0] = 0x5a;
	EXPECT(!u.driver->send(&u, "c", 1) && !u.driver->tx_idle(&u));
	EXPECT_EQ(set_by_write[0], 0xff);
	EXPECT_EQ(u.driver->rx(&u), -1);
	EXPECT_EQ(nr_reads[0], 0);
	reg[0x18] = 0;
	reg[0] = 0xf00 | 'x';
	EXPECT_EQ(u.driver->rx(&u),
		  'x' | UART_RX_OVERRUN | UART_RX_BREAK | UART_RX_PARITY | UART_RX_FRAMING);
	u.driver->irq_enable(&u, true, false);
	EXPECT_EQ(set_by_write[0x38], 0x450);
	u.driver->irq_enable(&u, false, true);
	EXPECT_EQ(set_by_write[0x38], 0x20);
	u.driver->irq_ack(&u);
	EXPECT_EQ(set_by_write[0x44], 0x7ff);
}

static void check_8250(const char *compatible, u32 step, int bytes)
{
	struct uart u = start(compatible);

	reg[3 * step] = 0x83;
	u.driver->init(&u);
	EXPECT_EQ(set_by_write[3 * step], 3);
	EXPECT_EQ(set_by_write[1 * step], 0);
	EXPECT_EQ(set_by_write[2 * step] & 1, 1);
	EXPECT(!u.driver->send(&u, "w", 1) && !u.driver->tx_idle(&u));
	EXPECT_EQ(u.driver->rx(&u), -1);
	reg[5 * step] = 0x20;
	EXPECT(u.driver->send(&u, "w", 1) == 1 && !u.driver->tx_idle(&u));
	EXPECT_EQ(set_by_write[0], 'w');
	reg[5 * step] = 0x60;
	EXPECT(u.driver->tx_idle(&u));
	reg[5 * step] = 0x01;
	reg[0] = 'q';
	EXPECT_EQ(u.driver->rx(&u), 'q');
	reg[5 * step] = 0x03;
	EXPECT_EQ(u.driver->rx(&u), 'q' | UART_RX_OVERRUN);
	reg[5 * step] = 0x1d;
	EXPECT_EQ(u.driver->rx(&u), 'q' | UART_RX_PARITY | UART_RX_FRAMING | UART_RX_BREAK);
	u.driver->irq_enable(&u, true, true);
	EXPECT_EQ(set_by_write[1 * step], 7);
	u.driver->irq_enable(&u, false, false);
	EXPECT_EQ(set_by_write[1 * step], 0);
	EXPECT_EQ(width, bytes);
}

TEST(uart_8250_family)
{
	check_8250("ns16550a", 1, 1);
	check_8250("snps,dw-apb-uart", 4, 4);
	check_8250("brcm,bcm2835-aux-uart", 4, 4);
}

TEST(dw_apb_quirks)
{
	struct uart u = start("snps,dw-apb-uart");

	reg[8] = 0xc7; /* busy detected: over once USR is read */
	u.driver->irq_ack(&u);
	EXPECT_EQ(nr_reads[31 * 4], 1);
	EXPECT_EQ(nr_reads[0], 0);
	reg[8] = 0xcc; /* timeout with data: the data is for rx */
	reg[20] = 1;
	u.driver->irq_ack(&u);
	EXPECT_EQ(nr_reads[0], 0);
	reg[20] = 0; /* and without */
	u.driver->irq_ack(&u);
	EXPECT_EQ(nr_reads[0], 1);
}

TEST(cadence)
{
	struct uart u = start("cdns,uart-r1p12");

	reg[0] = 0x128;
	u.driver->init(&u);
	EXPECT_EQ(set_by_write[0], 0x114);
	EXPECT_EQ(set_by_write[0x0c], 0x1fff);
	EXPECT_EQ(set_by_write[0x18], 0xeeeeeeee);
	reg[0x2c] = 0x0a;
	EXPECT(u.driver->send(&u, "d", 1) == 1 && u.driver->tx_idle(&u));
	EXPECT_EQ(set_by_write[0x30], 'd');
	EXPECT_EQ(u.driver->rx(&u), -1);
	reg[0x2c] = 0x810;
	EXPECT(!u.driver->send(&u, "e", 1) && !u.driver->tx_idle(&u));
	reg[0x30] = 'c';
	EXPECT_EQ(u.driver->rx(&u), 'c');
	reg[0x14] = 0x20;
	EXPECT_EQ(u.driver->rx(&u), 'c' | UART_RX_OVERRUN);
	EXPECT_EQ(set_by_write[0x14], 0x20);
	u.driver->irq_enable(&u, true, true);
	EXPECT_EQ(set_by_write[0x08], 0x9);
	EXPECT_EQ(set_by_write[0x0c], 0x1ff6);
	u.driver->irq_ack(&u);
	EXPECT_EQ(set_by_write[0x14], 0x1fdf);
}

/* The machine that earlycon_find looks at: one device at one address. */
static u64 device;
static u32 device_reg[0x400];
static u64 ram_from = ~0UL;

bool probe_read32(u64 addr, u32 *value)
{
	EXPECT(addr % 4 == 0);
	if (addr >= ram_from)
		*value = (u32)(addr * 0x9e3779b9) & (u32)test_random();
	else if (addr - device < 0x1000)
		*value = device_reg[(addr - device) / 4];
	else
		return false;
	return true;
}

static bool found(const struct uart_driver *driver, u64 at)
{
	struct uart u = {0};
	bool is = earlycon_find(&u);

	return is && u.driver == driver && u.regs.base == at && !u.intid;
}

TEST(earlycon_believes_only_a_uart)
{
	static const u8 id[8] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
	struct uart u;

	EXPECT(!earlycon_find(&u));
	device = 0x09000000;
	EXPECT(!earlycon_find(&u)); /* something else, all zeros */
	for (int i = 0; i < 8; i++)
		device_reg[0x3f8 + i] = id[i];
	EXPECT(found(&uart_pl011, 0x09000000));
	device = 0xfe201000;
	EXPECT(found(&uart_pl011, 0xfe201000));
	device_reg[0x3f8] = 0x31; /* an RTC */
	EXPECT(!earlycon_find(&u));
	device = 0xff000000;
	EXPECT(!earlycon_find(&u));
	device_reg[0] = 0x114;
	device_reg[0x18 / 4] = 0x3e;
	device_reg[0x2c / 4] = 0x0a;
	EXPECT(found(&uart_cadence, 0xff000000));
	device_reg[0x2c / 4] = 0x1a; /* empty and full */
	EXPECT(!earlycon_find(&u));
	device = 0;
	ram_from = 0x40000000;
	for (int i = 0; i < 1000; i++)
		EXPECT(!earlycon_find(&u));
}
