/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition with memory of its own that has the machine's PL031 clock, at an address of
 * Tocsin's choosing: its registers, its alarm, and what is left of it after a reset. The
 * partition's memory is scrubbed then; the clock, which is set back to long ago before,
 * tells that there was one.
 */
#include "gic.h"

#define RTCDR 0x00
#define RTCMR 0x04
#define RTCLR 0x08
#define RTCIMSC 0x10
#define RTCRIS 0x14
#define RTCICR 0x1c
#define PERIPHID0 0xfe0

#define LONG_AGO 1000u
#define SECONDS 10

static u64 regs;
static u32 spi;
static struct {
	bool again; /* this run is the second */
	u32 mask, raised;
	bool pending;
} at_start;
static volatile u32 alarms;

static u32 get(u32 reg)
{
	return io_read32(regs + reg);
}

static void set(u32 reg, u32 value)
{
	io_write32(regs + reg, value);
}

static bool passed(u64 since)
{
	return counter() - since > SECONDS * read_sysreg(CNTFRQ_EL0);
}

static void take_alarm(u32 intid)
{
	if (intid == spi)
		alarms++;
	set(RTCICR, 1);
	set(RTCIMSC, 0);
}

/* From now on it is heard. */
static void listen(void)
{
	irq_hook = take_alarm;
	gic_route(spi, 0);
	gic_enable(spi);
	irq_enable();
}

/* In the next second. */
static void ring(void)
{
	set(RTCICR, 1);
	set(RTCIMSC, 1);
	set(RTCMR, get(RTCDR) + 1);
}

static void registers(void)
{
	EXPECT_EQ(get(PERIPHID0), 0x31);
	EXPECT(get(RTCDR), "no time");
	set(RTCIMSC, 1);
	EXPECT_EQ(get(RTCIMSC), 1);
	set(RTCIMSC, 0);
}

/* First, for others change it. */
static void nothing_stale(void)
{
	u64 start = counter();

	EXPECT_EQ(at_start.mask, 0);
	EXPECT_EQ(at_start.raised, 0);
	EXPECT(!at_start.pending, "SPI %u was pending", spi);
	listen();
	while (counter() - start < read_sysreg(CNTFRQ_EL0) / 50)
		;
	EXPECT_EQ(alarms, 0);
}

static void alarm(void)
{
	u64 start = counter();

	listen();
	ring();
	while (!alarms && !passed(start))
		;
	EXPECT_EQ(alarms, 1);
	EXPECT_EQ(get(RTCRIS), 0);
}

/* The handler ends the interrupt, which comes again at once, and then serves the clock: there is
 * nothing any more. But if it does not serve it, it comes. */
static void ended_early(void)
{
	for (u32 served = 0; served < 2; served++) {
		u64 start = counter();
		u32 iar;

		listen();
		irq_disable();
		ring();
		do {
			iar = gic_ack();
		} while ((iar & 0x3ff) != spi && !passed(start));
		EXPECT_EQ(iar & 0x3ff, spi);
		gic_eoi(iar);
		delay_us(100); /* it has come */
		if (served) {
			set(RTCICR, 1);
			set(RTCIMSC, 0);
			delay_us(100);
		}
		iar = gic_ack();
		EXPECT_EQ(iar & 0x3ff, served ? 0x3ff : spi);
		set(RTCICR, 1);
		set(RTCIMSC, 0);
		if ((iar & 0x3ff) == spi)
			gic_eoi(iar);
	}
}

/* With an alarm that nobody has heard. */
static void reset_once(void)
{
	u64 start = counter();

	if (at_start.again)
		return;
	set(RTCLR, LONG_AGO);
	listen();
	irq_disable();
	ring();
	while (!gic_is_pending(spi) && !passed(start))
		;
	EXPECT(gic_is_pending(spi), "SPI %u is not pending", spi);
	print("resetting\n");
	hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	test_fail("no reset");
}

void guest_setup(void)
{
	int node = fdt_compatible(-1, "arm,pl031");
	const u8 *interrupts = node < 0 ? NULL : fdt_prop(node, "interrupts", NULL);
	struct range r = {0};

	if (!interrupts || !fdt_reg(node, 0, &r)) {
		print("FAIL rtc-node: no usable arm,pl031\n");
		guest_done();
	}
	regs = r.base;
	spi = 32 + (u32)fdt_cells(interrupts + 4, 1);
	at_start.again = get(RTCDR) < 1000 * LONG_AGO;
	at_start.mask = get(RTCIMSC);
	at_start.raised = get(RTCRIS);
	at_start.pending = gic_is_pending(spi);
	reset();
}

/* Stage 1 may not be read from a device: tables there are an external abort, and the device
 * hears nothing of it. */
static void walk(void)
{
	static u64 table[512] __attribute__((aligned(4096)));
	u64 old = read_sysreg(TTBR0_EL1), a = 5UL << 30 | 2UL << 21; /* by RTCIMSC and RTCRIS */
	struct fault f;

	memcpy(table, (void *)old, sizeof(table));
	table[5] = regs | 3;
	dsb(sy);
	write_sysreg(TTBR0_EL1, (u64)table);
	__asm__ volatile("isb; tlbi vmalle1; dsb nsh; isb" ::: "memory");
	f = try_read(a, 8, NULL);
	write_sysreg(TTBR0_EL1, old);
	__asm__ volatile("isb; tlbi vmalle1; dsb nsh; isb" ::: "memory");
	EXPECT(f.taken && ESR_EC(f.esr) == EC_DABT_SAME && f.far == a, "esr 0x%lx", f.esr);
	EXPECT(FSC_TYPE(ESR_ABT_FSC(f.esr)) == FSC_EXTERNAL_WALK,
	       "esr 0x%lx is no external abort on a walk", f.esr);
}

const struct test guest_tests[] = {
    {"rtc-nothing-stale", nothing_stale, 0},
    {"rtc-registers", registers, 0},
    {"rtc-alarm", alarm, 0},
    {"rtc-ended-early", ended_early, NEEDS_GICV3},
    {"rtc-walk", walk, 0},
    {"rtc-reset", reset_once, 0},
    {0},
};
