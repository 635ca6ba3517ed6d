/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controller on one CPU: what arrives, when, how often, in which
 * order. */
#include "gic.h"

#define MANY_SPIS 24

/* More than any implementation has list registers, each exactly once, highest
 * priority first and the lowest INTID first among equals. */
static void many_at_once(void)
{
	u8 seen[256] = {0};
	u32 expected = 16 + ppi_by_software() + MANY_SPIS;

	reset();
	for (u32 i = 0; i < 16; i++) {
		gic_enable(i);
		gic_send_sgi(i, 0);
	}
	gic_enable(SPARE_PPI);
	gic_set_pending(SPARE_PPI);
	for (u32 i = 0; i < MANY_SPIS; i++) {
		gic_set_edge(spi_free(i), true);
		gic_route(spi_free(i), 0);
		gic_enable(spi_free(i));
		gic_set_pending(spi_free(i));
	}
	for (u32 i = 0; i < expected; i++) {
		u32 iar = next_irq();

		if (NOTHING(iar))
			break;
		seen[INTID(iar)]++;
		gic_eoi(iar);
	}
	EXPECT_NOTHING();
	for (u32 i = 0; i < 16; i++)
		EXPECT(seen[i] == 1, "SGI %u came %u times", i, seen[i]);
	EXPECT_EQ(seen[SPARE_PPI], ppi_by_software());
	for (u32 i = 0; i < MANY_SPIS; i++)
		EXPECT(seen[spi_free(i)] == 1, "SPI %u came %u times", spi_free(i),
		       seen[spi_free(i)]);
}

/* All acknowledged before the first EOI (each higher than the one before), so that
 * more are active than there are list registers. */
static void many_active(void)
{
	u32 iar[12], n = 12;

	reset();
	for (u32 i = 0; i < n; i++) {
		u32 spi = spi_free(i);

		gic_set_edge(spi, true);
		gic_route(spi, 0);
		gic_set_priority(spi, (u8)(0xd0 - 0x10 * i));
		gic_enable(spi);
		gic_set_pending(spi);
		iar[i] = EXPECT_IRQ(spi);
	}
	for (u32 i = 0; i < n; i++)
		EXPECT(gic_is_active(spi_free(i)), "SPI %u is not active", spi_free(i));
	while (n--) {
		gic_eoi(iar[n]);
		EXPECT(!gic_is_active(spi_free(n)), "SPI %u is active after EOI", spi_free(n));
	}
	EXPECT_NOTHING();
}

/* The same with priority drop and deactivation apart, deactivated in the order in
 * which they came. */
static void split_eoi(void)
{
	u32 iar[10];

	reset();
	gic_set_eoi_split(true);
	for (u32 i = 0; i < ARRAY_SIZE(iar); i++) {
		u32 spi = spi_free(i);

		gic_set_edge(spi, true);
		gic_route(spi, 0);
		gic_enable(spi);
		gic_set_pending(spi);
		iar[i] = EXPECT_IRQ(spi);
		gic_eoi(iar[i]); /* drops the priority only */
		EXPECT(gic_is_active(spi), "SPI %u inactive before DIR", spi);
	}
	for (u32 i = 0; i < ARRAY_SIZE(iar); i++) {
		EXPECT(gic_is_active(spi_free(i)), "SPI %u inactive too early", spi_free(i));
		gic_deactivate(iar[i]);
		EXPECT(!gic_is_active(spi_free(i)), "SPI %u active after DIR", spi_free(i));
	}
	gic_set_pending(spi_free(0));
	iar[0] = EXPECT_IRQ(spi_free(0));
	gic_eoi(iar[0]);
	gic_deactivate(iar[0]);
	gic_set_eoi_split(false);
}

static void priority_order(void)
{
	static const u8 priority[] = {0x80, 0x20, 0xc0, 0x40, 0xa0, 0x60, 0x10, 0xe0};
	u8 last = 0;

	reset();
	gic_set_pmr(0);
	for (u32 i = 0; i < ARRAY_SIZE(priority); i++) {
		gic_set_priority(i, priority[i]);
		gic_enable(i);
		gic_send_sgi(i, 0);
	}
	EXPECT_NOTHING(); /* all masked */
	gic_set_pmr(0xf0);
	for (u32 i = 0; i < ARRAY_SIZE(priority); i++) {
		u32 iar = next_irq();

		if (INTID(iar) >= ARRAY_SIZE(priority)) {
			test_fail("INTID %u after %u interrupts", INTID(iar), i);
			return;
		}
		EXPECT(priority[INTID(iar)] >= last, "priority 0x%x after 0x%x",
		       priority[INTID(iar)], last);
		last = priority[INTID(iar)];
		gic_eoi(iar);
	}
}

/* PMR holds back what is not urgent enough. */
static void priority_mask(void)
{
	reset();
	gic_enable(1);
	gic_set_priority(1, 0x80);
	gic_set_pmr(0x80);
	gic_send_sgi(1, 0);
	EXPECT_NOTHING();
	gic_set_pmr(0x90);
	gic_eoi(EXPECT_IRQ(1));
}

static volatile u32 nested[4], depth;

static void preempted(u32 intid)
{
	u32 level = depth++;

	nested[level] = intid;
	if (intid == 3) {
		u64 elr = read_sysreg(ELR_EL1), spsr = read_sysreg(SPSR_EL1);

		gic_send_sgi(2, 0); /* more urgent: at once */
		gic_send_sgi(4, 0); /* less: after us */
		irq_enable();
		delay_us(SETTLE_US);
		irq_disable();
		write_sysreg(ELR_EL1, elr);
		write_sysreg(SPSR_EL1, spsr);
		nested[3] = depth;
	}
}

static void preemption(void)
{
	reset();
	depth = 0;
	gic_set_priority(2, 0x40);
	gic_set_priority(3, 0x80);
	gic_set_priority(4, 0xc0);
	for (u32 i = 2; i <= 4; i++)
		gic_enable(i);
	irq_hook = preempted;
	irq_enable();
	gic_send_sgi(3, 0);
	delay_us(10 * SETTLE_US);
	irq_disable();
	EXPECT(nested[0] == 3 && nested[1] == 2 && nested[2] == 4, "order %u %u %u", nested[0],
	       nested[1], nested[2]);
	EXPECT_EQ(nested[3], 2);
	EXPECT_EQ(depth, 3);
}

/* A level interrupt that software made pending goes away when it is cleared, and
 * comes once: nothing holds its line. */
static void level_software(void)
{
	u32 spi = spi_free(5);

	reset();
	gic_set_edge(spi, false);
	gic_route(spi, 0);
	gic_enable(spi);
	gic_set_pending(spi);
	gic_eoi(EXPECT_IRQ(spi));
	EXPECT_NOTHING();
	gic_disable(spi);
	gic_set_pending(spi);
	gic_clear_pending(spi);
	gic_enable(spi);
	EXPECT_NOTHING();
}

static void distributor_off(void)
{
	u32 ctlr = io_read32(machine.gicd.base + GICD_CTLR);
	u32 spi = spi_free(6);

	reset();
	gic_set_edge(spi, true);
	gic_route(spi, 0);
	gic_enable(spi);
	io_write32(machine.gicd.base + GICD_CTLR, ctlr & ~3u);
	gic_set_pending(spi);
	EXPECT_NOTHING();
	io_write32(machine.gicd.base + GICD_CTLR, ctlr);
	gic_eoi(EXPECT_IRQ(spi));
}

static void disabled_waits(void)
{
	u32 spi = spi_free(7);

	reset();
	gic_set_edge(spi, true);
	gic_route(spi, 0);
	gic_set_pending(spi);
	EXPECT_NOTHING();
	EXPECT(gic_is_pending(spi), "forgotten while disabled");
	gic_enable(spi);
	gic_eoi(EXPECT_IRQ(spi));
	/* Pending in a list register, then disabled before it is taken. */
	gic_set_pmr(0);
	gic_set_pending(spi);
	gic_disable(spi);
	gic_set_pmr(0xf0);
	EXPECT_NOTHING();
	EXPECT(gic_is_pending(spi), "forgotten when disabled");
	gic_enable(spi);
	gic_eoi(EXPECT_IRQ(spi));
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {
    {"gic-self-sgis", self_sgis, 0},
    {"gic-priority-order", priority_order, 0},
    {"gic-priority-mask", priority_mask, 0},
    {"gic-preemption", preemption, 0},
    {"gic-level-software", level_software, 0},
    {"gic-disabled-waits", disabled_waits, 0},
    {"gic-distributor-off", distributor_off, 0},
    {"gic-many-at-once", many_at_once, 0},
    {"gic-many-active", many_active, 0},
    {"gic-split-eoi", split_eoi, 0},
    {0},
};
