/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv3 (IHI0069): distributor with affinity routing, redistributors, and the CPU
 * interface in system registers. Everything is Group 1: as seen from Non-secure
 * state, where the group registers are not ours, and with one Security state
 * (GICD_CTLR.DS), where they are. The control bits used mean the same in both.
 */
#include <arch/barrier.h>
#include <drivers/gic_regs.h>
#include <drivers/log.h>

static bool is_v3(const char *part, u64 frame)
{
	u32 pidr2, arch;

	if (!gic_answers(part, frame + GIC_V3_PIDR2, &pidr2))
		return false;
	arch = pidr2 >> 4 & 0xf;
	if (arch == 3 || arch == 4)
		return true;
	log_error("GICv3: at 0x%lx is no %s: its identification is 0x%x", frame, part, pidr2);
	return false;
}

/* Extended SPIs, which Tocsin gives to no guest, stay off, whatever firmware did with them. */
static void quiesce_extended(void)
{
	u64 typer = io_read32(gic.dist + GICD_TYPER);

	if (!(typer & GICD_TYPER_ESPI))
		return;
	for (u32 n = 0; n <= FIELD_GET(GICD_TYPER_ESPI_RANGE, typer); n++)
		io_write32(gic.dist + GICD_ICENABLER_E + n * 4, ~0U);
}

enum err gicv3_init(void)
{
	if (!FIELD_GET(ID_AA64PFR0_EL1_GIC, read_sysreg(ID_AA64PFR0_EL1))) {
		log_error("the device tree has a GICv3, but this CPU has none of its registers: "
			  "is it this machine's?");
		return ERR_UNSUPPORTED;
	}
	if (!is_v3("GICD", gic.dist))
		return ERR_UNSUPPORTED;
	io_write32(gic.dist + GICD_CTLR, 0);
	gic_poll_clear(gic.dist + GICD_CTLR, GICD_CTLR_RWP);
	/* Affinity routing first: the routes below exist only with it. */
	io_write32(gic.dist + GICD_CTLR, GICD_CTLR_ARE);
	gic_poll_clear(gic.dist + GICD_CTLR, GICD_CTLR_RWP);
	for (u32 n = 1; n * 32 < gic.nr_intids; n++) {
		gic_quiesce_word(gic.dist, n);
		io_write32(gic.dist + GICD_IGROUPR + n * 4, ~0U);
		io_write32(gic.dist + GICD_IGRPMODR + n * 4, 0);
	}
	quiesce_extended();
	for (u32 intid = GIC_SPI_BASE; intid < gic.nr_intids; intid++)
		gic_route(intid, 0, read_sysreg(MPIDR_EL1));
	gic_poll_clear(gic.dist + GICD_CTLR, GICD_CTLR_RWP);
	io_write32(gic.dist + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GROUP1);
	return OK;
}

/* The frame for affinity in one region, or 0. */
static u64 find_in(struct range region, u32 affinity)
{
	u64 offset = 0;

	while (region.size - offset >= GICR_FRAME) {
		u64 frame = region.base + offset;
		u64 typer, stride = gic.config->redist_stride;

		if (!is_v3("GICR", frame))
			return 0;
		typer = io_read64(frame + GICR_TYPER);
		if (typer >> 32 == affinity)
			return frame;
		if (!stride)
			stride = typer & GICR_TYPER_VLPIS ? 2 * GICR_FRAME : GICR_FRAME;
		if (typer & GICR_TYPER_LAST || stride > region.size - offset)
			return 0;
		offset += stride;
	}
	return 0;
}

static u64 find_redist(u64 mpidr)
{
	const struct gic_config *c = gic.config;

	for (u32 i = 0; i < c->nr_redist; i++) {
		u64 frame = find_in(c->redist[i], gic_affinity(mpidr));

		if (frame)
			return frame;
	}
	return 0;
}

/* LPIs have tables in memory, which the GIC goes on reading and writing, and which a partition
 * might get. False, after a sentence: they are on for good. */
static bool lpis_off(u32 cpu, u64 frame)
{
	u32 ctlr = io_read32(frame + GICR_CTLR);

	if (!(ctlr & GICR_CTLR_ENABLE_LPIS))
		return true;
	io_write32(frame + GICR_CTLR, ctlr & ~(u32)GICR_CTLR_ENABLE_LPIS);
	gic_poll_clear(frame + GICR_CTLR, GICR_CTLR_RWP);
	if (io_read32(frame + GICR_CTLR) & GICR_CTLR_ENABLE_LPIS) {
		log_error("CPU %u: firmware has turned LPIs on, and they cannot be turned off: the "
			  "redistributor at %#lx writes to tables at %#lx and %#lx",
			  cpu, (unsigned long)frame,
			  (unsigned long)io_read64(frame + GICR_PROPBASER),
			  (unsigned long)io_read64(frame + GICR_PENDBASER));
		return false;
	}
	log_warn("CPU %u: firmware has left LPIs on: they are off now", cpu);
	return true;
}

/* All private interrupts off, extended PPIs, of which PPInum tells, too. */
static void quiesce_private(u64 frame)
{
	u64 nr_more = FIELD_GET(GICR_TYPER_PPINUM, io_read64(frame + GICR_TYPER));

	gic_quiesce_word(frame + GICR_SGI_BASE, 0);
	for (u32 n = 1; n <= MIN(nr_more, 2UL); n++)
		io_write32(frame + GICR_SGI_BASE + GICD_ICENABLER + n * 4, ~0U);
	io_write32(frame + GICR_SGI_BASE + GICD_IGROUPR, ~0U);
	io_write32(frame + GICR_SGI_BASE + GICD_IGRPMODR, 0);
	gic_poll_clear(frame + GICR_CTLR, GICR_CTLR_RWP);
}

static enum err redist_init(u32 cpu, u64 mpidr)
{
	u64 frame = find_redist(mpidr);
	u32 waker;

	if (!frame) {
		log_error("CPU %u (affinity %#lx) has no redistributor", cpu, (unsigned long)mpidr);
		return ERR_NOT_FOUND;
	}
	gic.config->cpu_redist[cpu] = frame;
	waker = io_read32(frame + GICR_WAKER);
	io_write32(frame + GICR_WAKER, waker & ~(u32)GICR_WAKER_PROCESSOR_SLEEP);
	if (!gic_poll_clear(frame + GICR_WAKER, GICR_WAKER_CHILDREN_ASLEEP)) {
		log_error("CPU %u: the redistributor at %#lx does not wake", cpu,
			  (unsigned long)frame);
		return ERR_NOT_FOUND;
	}
	if (!lpis_off(cpu, frame))
		return ERR_UNSUPPORTED;
	quiesce_private(frame);
	return OK;
}

enum err gicv3_cpu_init(u32 cpu, u64 mpidr)
{
	enum err err = redist_init(cpu, mpidr);

	if (err)
		return err;
	write_sysreg(ICC_SRE_EL2,
		     ICC_SRE_EL2_SRE | ICC_SRE_EL2_DFB | ICC_SRE_EL2_DIB | ICC_SRE_EL2_ENABLE);
	isb();
	if (!(read_sysreg(ICC_SRE_EL2) & ICC_SRE_EL2_SRE)) {
		log_error("CPU %u has no GICv3 system registers", cpu);
		return ERR_NOT_FOUND;
	}
	write_sysreg(ICC_PMR_EL1, 0xff);
	write_sysreg(ICC_BPR1_EL1, 0);
	write_sysreg(ICC_CTLR_EL1, ICC_CTLR_EL1_EOIMODE);
	write_sysreg(ICC_IGRPEN1_EL1, 1);

	gic_virt_reset((u32)(read_sysreg(ICH_VTR_EL2) & ~0x20UL)); /* ListRegs has 5 bits here */
	isb();
	return OK;
}

void gicv3_send_sgi(enum gic_sgi sgi, u64 mpidr)
{
	u64 aff0 = mpidr & 0xff;

	write_sysreg(ICC_SGI1R_EL1, (mpidr >> 32 & 0xff) << 48 | (aff0 >> 4) << 44 |
					(mpidr >> 16 & 0xff) << 32 | (u64)sgi << 24 |
					(mpidr >> 8 & 0xff) << 16 | BIT(aff0 & 15));
	isb(); /* the signal goes out now, not at some later point */
}
