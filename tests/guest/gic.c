/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controller, GICv2 and GICv3: what every register reads back, and
 * what arrives, when, how often, in which order. */
#include "guest.h"

#define MANY_SPIS 24
#define FIRST_SPI 64 /* software-pended only: beyond the board's own interrupts */
#define SPARE_PPI 24
#define INTID(iar) ((iar)&0x3ff)
#define NOTHING(iar) (INTID(iar) >= 1020)
#define SETTLE_US 200

/* QEMU's GICv2 ignores GICD_ISPENDR for PPIs. */
static bool ppi_by_software(void)
{
	return machine.gic == 3 || machine.tocsin;
}

static u32 spi_free(u32 n)
{
	return FIRST_SPI + n;
}

/* Everything off, inactive and not pending, and this CPU's interface as gic_cpu_init has it. */
static void reset(void)
{
	irq_disable();
	irq_hook = NULL;
	irq_raw = NULL;
	gic_init();
	gic_cpu_init();
	for (u32 i = 0; i < 16; i++)
		gic_clear_pending(i);
}

/* Polls for an interrupt with IRQs masked: the next acknowledged one. */
static u32 next_irq(void)
{
	u64 end = counter() + read_sysreg(CNTFRQ_EL0) / 50;
	u32 iar;

	do {
		iar = gic_ack();
	} while (NOTHING(iar) && counter() < end);
	return iar;
}

static u32 nothing_comes(void)
{
	delay_us(SETTLE_US);
	return gic_ack();
}

#define EXPECT_NOTHING()                                                                           \
	do {                                                                                       \
		u32 iar_ = nothing_comes();                                                        \
		EXPECT(NOTHING(iar_), "line %u: INTID %u comes", __LINE__, INTID(iar_));           \
		if (!NOTHING(iar_))                                                                \
			gic_eoi(iar_);                                                             \
	} while (0)
#define EXPECT_IRQ(intid)                                                                          \
	({                                                                                         \
		u32 iar_ = next_irq();                                                             \
		EXPECT(INTID(iar_) == (intid), "line %u: INTID %u, not %u", __LINE__, INTID(iar_), \
		       (u32)(intid));                                                              \
		iar_;                                                                              \
	})

/* ---- registers ---- */

static void identification(void)
{
	u64 d = machine.gicd.base;
	u32 typer = io_read32(d + GICD_TYPER);
	u32 pidr2 = io_read32(d + (machine.gic == 3 ? 0xffe8 : 0xfe8));

	EXPECT_EQ(pidr2 >> 4 & 15, machine.gic);
	EXPECT(machine.nr_intids >= 64, "TYPER 0x%x", typer);
	if (machine.gic == 2)
		EXPECT_EQ(typer >> 5 & 7, nr_cpus - 1);
	if (machine.tocsin) {
		EXPECT(!(typer & BIT(17)), "TYPER has LPIs");
		EXPECT(!(typer & BIT(10)), "TYPER has two security states");
	}
	EXPECT_EQ(io_read32(d + GICD_IIDR), io_read32(d + GICD_IIDR));
}

static void redistributors(void)
{
	for (u32 cpu = 0; cpu < nr_cpus; cpu++) {
		u64 rd = gic_redist(cpu), typer;

		EXPECT(rd, "CPU %u has no redistributor", cpu);
		if (!rd)
			continue;
		typer = io_read64(rd + GICR_TYPER);
		EXPECT_EQ(typer >> 8 & 0xffff, cpu);
		EXPECT(!(typer & 1) || !machine.tocsin, "GICR_TYPER has LPIs");
		EXPECT_EQ(io_read32(rd + GICR_TYPER), (u32)typer);
		EXPECT_EQ(io_read32(rd + GICR_TYPER + 4), typer >> 32);
		EXPECT_EQ(io_read32(rd + 0xffe8) >> 4 & 15, 3);
	}
}

static void waker(void)
{
	u64 rd = gic_redist(0);

	io_write32(rd + GICR_WAKER, 0);
	EXPECT_EQ(io_read32(rd + GICR_WAKER) & 6, 0);
}

static void enable_bits(void)
{
	u32 spi = spi_free(0);

	reset();
	for (u32 i = 0; i < 32; i++) {
		EXPECT(!gic_is_enabled(spi + i), "INTID %u is on", spi + i);
		gic_enable(spi + i);
		EXPECT(gic_is_enabled(spi + i), "INTID %u is off", spi + i);
		io_write32(machine.gicd.base + GICD_ISENABLER + spi / 8, 0);
		EXPECT(gic_is_enabled(spi + i), "a zero turned it off");
		EXPECT_EQ(io_read32(machine.gicd.base + GICD_ICENABLER + spi / 8),
			  io_read32(machine.gicd.base + GICD_ISENABLER + spi / 8));
		gic_disable(spi + i);
		EXPECT(!gic_is_enabled(spi + i), "INTID %u stays on", spi + i);
	}
	gic_enable(INTID_VTIMER);
	EXPECT(gic_is_enabled(INTID_VTIMER), "PPI is off");
	gic_disable(INTID_VTIMER);
	EXPECT(!gic_is_enabled(INTID_VTIMER), "PPI stays on");
}

static void pending_bits(void)
{
	u32 spi = spi_free(1);

	reset();
	gic_set_edge(spi, true);
	gic_set_pending(spi);
	EXPECT(gic_is_pending(spi), "not pending");
	EXPECT(io_read32(machine.gicd.base + GICD_ICPENDR + spi / 32 * 4) >> spi % 32 & 1,
	       "ICPENDR reads otherwise");
	gic_clear_pending(spi);
	EXPECT(!gic_is_pending(spi), "still pending");
	gic_enable(spi);
	EXPECT_NOTHING();
	if (!ppi_by_software())
		return;
	gic_set_pending(SPARE_PPI);
	EXPECT(gic_is_pending(SPARE_PPI), "PPI not pending");
	gic_clear_pending(SPARE_PPI);
	EXPECT(!gic_is_pending(SPARE_PPI), "PPI still pending");
}

static void active_bits(void)
{
	u32 spi = spi_free(2), iar;

	reset();
	gic_set_edge(spi, true);
	gic_route(spi, 0);
	gic_enable(spi);
	gic_set_pending(spi);
	iar = EXPECT_IRQ(spi);
	EXPECT(gic_is_active(spi), "not active after acknowledge");
	EXPECT(!gic_is_pending(spi), "still pending after acknowledge");
	gic_set_pending(spi); /* active and pending */
	EXPECT(gic_is_pending(spi) && gic_is_active(spi), "not active and pending");
	gic_eoi(iar);
	EXPECT(!gic_is_active(spi), "active after EOI");
	gic_eoi(EXPECT_IRQ(spi));
	/* Set and cleared by hand. */
	io_write32(machine.gicd.base + GICD_ISACTIVER + spi / 32 * 4, (u32)BIT(spi % 32));
	EXPECT(gic_is_active(spi), "ISACTIVER has no effect");
	gic_set_pending(spi);
	EXPECT_NOTHING();
	io_write32(machine.gicd.base + GICD_ICACTIVER + spi / 32 * 4, (u32)BIT(spi % 32));
	EXPECT(!gic_is_active(spi), "ICACTIVER has no effect");
	gic_eoi(EXPECT_IRQ(spi));
}

static void priority_bytes(void)
{
	u64 reg = machine.gicd.base + GICD_IPRIORITYR + spi_free(0);

	reset();
	io_write32(reg, 0x10305070);
	EXPECT_EQ(io_read32(reg), 0x10305070);
	EXPECT_EQ(io_read8(reg + 1), 0x50);
	io_write8(reg + 2, 0xf0);
	EXPECT_EQ(io_read32(reg), 0x10f05070);
	EXPECT_EQ(io_read8(gic_sgi_base() + GICD_IPRIORITYR + 3), 0xa0);
	io_write8(gic_sgi_base() + GICD_IPRIORITYR + 3, 0x40);
	EXPECT_EQ(io_read32(gic_sgi_base() + GICD_IPRIORITYR), 0x40a0a0a0);
}

static void config_bits(void)
{
	u32 spi = spi_free(3);

	reset();
	gic_set_edge(spi, true);
	EXPECT(io_read32(machine.gicd.base + GICD_ICFGR + spi / 16 * 4) >> (spi % 16 * 2 + 1) & 1,
	       "edge does not stick");
	gic_set_edge(spi, false);
	EXPECT(!(io_read32(machine.gicd.base + GICD_ICFGR + spi / 16 * 4) >>
		 (spi % 16 * 2 + 1) & 1),
	       "level does not stick");
	EXPECT_EQ(io_read32(gic_sgi_base() + GICD_ICFGR) & 0xaaaaaaaa, 0xaaaaaaaa);
}

static void targets(void)
{
	u64 d = machine.gicd.base + GICD_ITARGETSR;
	u8 present = (u8)(BIT(nr_cpus) - 1);

	reset();
	if (nr_cpus == 1)
		return; /* RAZ on a uniprocessor */
	for (u32 i = 0; i < 32; i += 4)
		EXPECT_EQ(io_read32(d + i), 0x01010101);
	io_write8(d + spi_free(0), 0xff);
	if (machine.tocsin)
		EXPECT_EQ(io_read8(d + spi_free(0)), present);
	io_write8(d + spi_free(0), 2);
	EXPECT_EQ(io_read8(d + spi_free(0)), 2);
	io_write32(d + spi_free(0), 0x01020102);
	EXPECT_EQ(io_read32(d + spi_free(0)), 0x01020102);
	EXPECT_EQ(io_read8(d + spi_free(0) + 1), 1);
}

static void routes(void)
{
	u64 reg = machine.gicd.base + GICD_IROUTER + 8UL * spi_free(0);

	reset();
	for (u32 cpu = 0; cpu < nr_cpus; cpu++) {
		io_write64(reg, percpu[cpu].mpidr);
		EXPECT_EQ(io_read64(reg), percpu[cpu].mpidr);
		EXPECT_EQ(io_read32(reg), (u32)percpu[cpu].mpidr);
	}
	io_write64(reg, BIT(31));
	EXPECT(io_read64(reg) & BIT(31), "1-of-N does not stick");
	io_write64(reg, 0);
}

/* Without touching the group registers, software for one security state gets its
 * interrupts: Group 0 as IRQ on GICv2, Group 1 on GICv3. */
static void groups(void)
{
	reset();
	if (machine.gic == 2) {
		/* As reset left them: this guest never writes GICv2 groups. */
		gic_enable(spi_free(4));
		gic_route(spi_free(4), 0);
		gic_set_edge(spi_free(4), true);
		gic_set_pending(spi_free(4));
		gic_eoi(EXPECT_IRQ(spi_free(4)));
	}
}

static u32 boot_groups[2];

static void default_groups(void)
{
	u32 want = machine.gic == 3 ? ~0u : 0;

	EXPECT_EQ(boot_groups[0], want);
	EXPECT_EQ(boot_groups[1], want);
}

/* ---- delivery ---- */

static void self_sgis(void)
{
	reset();
	gic_enable(5);
	for (u32 i = 0; i < 100; i++) {
		u32 iar;

		gic_send_sgi(5, 0);
		EXPECT(gic_is_pending(5), "not pending");
		iar = EXPECT_IRQ(5);
		EXPECT(!gic_is_pending(5) && gic_is_active(5), "state after acknowledge");
		gic_eoi(iar);
	}
	EXPECT_NOTHING();
	gic_disable(5);
	if (gic_is_enabled(5))
		return; /* SGIs may be permanently on */
	gic_send_sgi(5, 0);
	EXPECT_NOTHING();
	gic_enable(5);
	gic_eoi(EXPECT_IRQ(5));
}

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

/* ---- several CPUs ---- */

static volatile u32 stop_workers;

static void worker(u64 arg)
{
	(void)arg;
	gic_cpu_init();
	for (u32 i = 0; i < 16; i++)
		gic_enable(i);
	me()->irq_count = 0;
	irq_enable();
	me()->online = 2;
	while (!stop_workers)
		wfi();
	irq_disable();
}

static void start_workers(void)
{
	stop_workers = 0;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		EXPECT_EQ(cpu_start(cpu, worker, 0), PSCI_SUCCESS);
		EXPECT(wait_for(&percpu[cpu].online, 2), "CPU %u does not come up", cpu);
	}
}

static void stop_all_workers(void)
{
	stop_workers = 1;
	dsb(sy);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		gic_send_sgi(15, cpu);
		cpu_wait_off(cpu);
	}
}

static void sgi_to_others(void)
{
	reset();
	for (u32 i = 0; i < 16; i++)
		gic_enable(i);
	start_workers();
	for (u32 n = 1; n <= 50; n++) {
		for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
			gic_send_sgi(n & 7, cpu);
			EXPECT(wait_for(&percpu[cpu].irq_count, n), "CPU %u: %u of %u came", cpu,
			       percpu[cpu].irq_count, n);
			EXPECT_EQ(percpu[cpu].irq_last, n & 7);
		}
	}
	EXPECT_NOTHING();
	stop_all_workers();
}

static void sgi_all_but_self(void)
{
	reset();
	for (u32 i = 0; i < 16; i++)
		gic_enable(i);
	start_workers();
	for (u32 n = 1; n <= 20; n++) {
		gic_send_sgi_others(9);
		for (u32 cpu = 1; cpu < nr_cpus; cpu++)
			EXPECT(wait_for(&percpu[cpu].irq_count, n), "CPU %u: %u of %u came", cpu,
			       percpu[cpu].irq_count, n);
	}
	EXPECT_NOTHING();
	stop_all_workers();
}

/* GICv2 tells who sent an SGI, and keeps one pending per sender. */
static volatile u32 sender_go;

static void sender(u64 arg)
{
	(void)arg;
	gic_send_sgi(6, 0);
	sender_go = 1;
}

static void sgi_sources(void)
{
	u32 iar, from = 0;

	reset();
	gic_enable(6);
	sender_go = 0;
	EXPECT_EQ(cpu_start(1, sender, 0), PSCI_SUCCESS);
	EXPECT(wait_for(&sender_go, 1), "CPU 1 does not send");
	cpu_wait_off(1);
	gic_send_sgi(6, 0);
	for (u32 i = 0; i < 2; i++) {
		iar = EXPECT_IRQ(6);
		from |= (u32)BIT(iar >> 10 & 7);
		gic_eoi(iar);
	}
	EXPECT_EQ(from, 3);
	EXPECT_NOTHING();
}

/* An SPI goes where it is routed, also after it was routed elsewhere. */
static void routing(void)
{
	u32 spi = spi_free(8);

	reset();
	start_workers();
	gic_set_edge(spi, true);
	gic_enable(spi);
	for (u32 round = 0; round < 3; round++) {
		for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
			u32 before = percpu[cpu].irq_count;

			gic_route(spi, cpu);
			gic_set_pending(spi);
			EXPECT(wait_for(&percpu[cpu].irq_count, before + 1),
			       "CPU %u does not get the SPI", cpu);
			EXPECT_EQ(percpu[cpu].irq_last, spi);
		}
		gic_route(spi, 0);
		gic_set_pending(spi);
		gic_eoi(EXPECT_IRQ(spi));
	}
	stop_all_workers();
}

/* Exactly one CPU takes a 1-of-N interrupt. */
static void one_of_n(void)
{
	u32 spi = spi_free(9), before = 0, after = 0;

	if (machine.gic == 2 && !machine.tocsin)
		return; /* QEMU's GICv2 gives it to each */
	reset();
	start_workers();
	gic_set_edge(spi, true);
	if (machine.gic == 3)
		io_write64(machine.gicd.base + GICD_IROUTER + 8UL * spi, BIT(31));
	else
		io_write8(machine.gicd.base + GICD_ITARGETSR + spi, (u8)(BIT(nr_cpus) - 1));
	gic_enable(spi);
	for (u32 round = 0; round < 20; round++) {
		u32 iar;

		before = after = 0;
		for (u32 cpu = 1; cpu < nr_cpus; cpu++)
			before += percpu[cpu].irq_count;
		gic_set_pending(spi);
		delay_us(10 * SETTLE_US);
		iar = gic_ack();
		if (!NOTHING(iar))
			gic_eoi(iar), after++;
		for (u32 cpu = 1; cpu < nr_cpus; cpu++)
			after += percpu[cpu].irq_count;
		EXPECT_EQ(after, before + 1);
	}
	stop_all_workers();
}

/* State of an interrupt that is in another CPU's list registers. */
static void read_across(void)
{
	u32 spi = spi_free(10);

	reset();
	start_workers();
	gic_route(spi, 1);
	gic_set_edge(spi, true);
	gic_set_priority(spi, 0xf0); /* masked there by PMR 0xf0 */
	gic_enable(spi);
	gic_set_pending(spi);
	EXPECT(gic_is_pending(spi), "pending on CPU 1, reads 0");
	gic_clear_pending(spi);
	EXPECT(!gic_is_pending(spi), "cannot be cleared from CPU 0");
	stop_all_workers();
}

/* ---- hostile ---- */

/* Random values into every register, all widths: whatever it answers, the guest
 * and the controller go on. */
static void random_writes(void)
{
	u64 seed = 0x9e3779b97f4a7c15, size = machine.gic == 3 ? 0x10000 : 0x1000;

	reset();
	for (u32 i = 0; i < 20000; i++) {
		u64 r = random_next(&seed), base = machine.gicd.base, offset = r >> 8;
		u32 width = 1u << (r & 3);

		if (machine.gic == 3 && r & 4)
			base = gic_redist((u32)(r >> 40) % nr_cpus) + (r & 8 ? 0x10000 : 0);
		offset = offset % size & ~(u64)(width - 1);
		if (r & 16)
			offset &= 0xfff; /* where most registers are */
		/* The UART's own interrupt and its like stay as they are on a bare machine. */
		if (!machine.tocsin && offset >= size - 0x100)
			continue;
		if (r & 32)
			try_read(base + offset, width, NULL);
		else
			try_write(base + offset, width, random_next(&seed));
	}
	for (u32 i = 0; i < 200; i++) { /* drain what came of it */
		u32 iar = gic_ack();

		if (NOTHING(iar))
			break;
		gic_eoi(iar);
		gic_deactivate(iar);
	}
	self_sgis();
}

static void random_cpu_interface(void)
{
	u64 seed = 0x2545f4914f6cdd1d;

	reset();
	for (u32 i = 0; i < 5000; i++) {
		u32 intid = random_next(&seed) & 0x3ff;

		gic_eoi(intid);
		gic_deactivate(intid);
		gic_set_pmr((u8)random_next(&seed));
		(void)gic_ack();
	}
	if (machine.gic == 3) {
		for (u32 i = 0; i < 500; i++)
			write_sysreg(ICC_SGI1R_EL1, random_next(&seed));
	} else {
		for (u32 i = 0; i < 500; i++)
			io_write32(machine.gicd.base + GICD_SGIR, (u32)random_next(&seed));
	}
	for (u32 i = 0; i < 200; i++) {
		u32 iar = gic_ack();

		if (NOTHING(iar))
			break;
		gic_eoi(iar);
	}
	self_sgis();
}

void guest_setup(void)
{
	boot_groups[0] = io_read32(gic_sgi_base() + GICD_IGROUPR);
	boot_groups[1] = io_read32(machine.gicd.base + GICD_IGROUPR + 4);
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {
    {"gic-identification", identification, 0},
    {"gic-redistributors", redistributors, NEEDS_GICV3},
    {"gic-waker", waker, NEEDS_GICV3},
    {"gic-default-groups", default_groups, UNDER_TOCSIN},
    {"gic-groups", groups, 0},
    {"gic-enable-bits", enable_bits, 0},
    {"gic-pending-bits", pending_bits, 0},
    {"gic-active-bits", active_bits, 0},
    {"gic-priority-bytes", priority_bytes, 0},
    {"gic-config-bits", config_bits, 0},
    {"gic-targets", targets, NEEDS_GICV2},
    {"gic-routes", routes, NEEDS_GICV3},
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
    {"gic-sgi-to-others", sgi_to_others, NEEDS_SMP},
    {"gic-sgi-all-but-self", sgi_all_but_self, NEEDS_SMP},
    {"gic-sgi-sources", sgi_sources, NEEDS_SMP | NEEDS_GICV2},
    {"gic-routing", routing, NEEDS_SMP},
    {"gic-one-of-n", one_of_n, NEEDS_SMP},
    {"gic-read-across", read_across, NEEDS_SMP},
    {"gic-random-writes", random_writes, UNDER_TOCSIN},
    {"gic-random-cpu-interface", random_cpu_interface, UNDER_TOCSIN},
    {0},
};
