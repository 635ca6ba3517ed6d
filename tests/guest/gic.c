/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controller, GICv2 and GICv3: what every register reads back, and
 * what random writes do. */
#include "gic.h"

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
	EXPECT(
	    !(io_read32(machine.gicd.base + GICD_ICFGR + spi / 16 * 4) >> (spi % 16 * 2 + 1) & 1),
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
    {"gic-random-writes", random_writes, UNDER_TOCSIN},
    {"gic-random-cpu-interface", random_cpu_interface, UNDER_TOCSIN},
    {0},
};
