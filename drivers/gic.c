/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What GICv2 and GICv3 have in common: the distributor's registers, which a GICv3
 * redistributor repeats at the same offsets for private interrupts. config_lock
 * guards the read-modify-write of GICD_ICFGR, and what the CPUs have in common while
 * they come up; all else is single writes.
 */
#include <arch/barrier.h>
#include <drivers/gic_regs.h>
#include <drivers/log.h>
#include <drivers/uart.h>
#include <lib/lock.h>

struct gic gic;
static struct lock config_lock;

static u64 bank_of(u32 cpu, u32 intid)
{
	if (gic.version == 3 && intid < GIC_SPI_BASE)
		return gic.config->cpu_redist[cpu] + GICR_SGI_BASE;
	return gic.dist;
}

static void write_bit(u32 cpu, u32 intid, u32 reg)
{
	io_write32(bank_of(cpu, intid) + reg + intid / 32 * 4, 1U << intid % 32);
}

bool gic_poll_clear(u64 addr, u32 bit)
{
	for (u32 i = 0; i < GIC_POLLS; i++)
		if (!(io_read32(addr) & bit))
			return true;
	return false;
}

/* Those of four interrupts from intid on. */
static u32 priorities(u32 intid)
{
	u32 all = GIC_PRIORITY * 0x01010101U, kick = 8 * (SGI_KICK % 4);

	if (intid / 4 != SGI_KICK / 4)
		return all;
	return (all & ~(0xffU << kick)) | GIC_KICK_PRIORITY << kick;
}

void gic_quiesce_word(u64 bank, u32 n)
{
	io_write32(bank + GICD_ICENABLER + n * 4, ~0U);
	io_write32(bank + GICD_ICPENDR + n * 4, ~0U);
	io_write32(bank + GICD_ICACTIVER + n * 4, ~0U);
	for (u32 i = 0; i < 8; i++)
		io_write32(bank + GICD_IPRIORITYR + n * 32 + i * 4, priorities(n * 32 + i * 4));
	for (u32 i = 0; i < 2; i++)
		io_write32(bank + GICD_ICFGR + n * 8 + i * 4, 0);
}

void gic_save_vtr(u32 vtr)
{
	lock_acquire(&config_lock);
	gic.nr_lrs = (u8)MIN((u32)gic.nr_lrs, (vtr & 0x3f) + 1);
	gic.pri_bits = MIN(gic.pri_bits, (u8)(FIELD_GET(ICH_VTR_EL2_PRIBITS, vtr) + 1));
	gic.pre_bits = MIN(gic.pre_bits, (u8)(FIELD_GET(ICH_VTR_EL2_PREBITS, vtr) + 1));
	lock_release(&config_lock);
}

bool gic_answers(const char *part, u64 addr, u32 *value)
{
	if (probe_read32(addr, value))
		return true;
	log_error("GICv%u: %s does not answer at 0x%lx: this is not this machine's device tree",
		  gic.version, part, addr);
	return false;
}

enum err gic_init(const struct gic_config *config)
{
	u32 typer;

	if (config->version != 2 && config->version != 3) {
		log_error("GIC version %u is not supported: 2 and 3 are", config->version);
		return ERR_UNSUPPORTED;
	}
	gic.config = config;
	gic.version = config->version;
	gic.lr_deactivates = true;
	gic.dist = config->dist.base;
	gic.cpu = config->cpu.base;
	gic.hyp = config->hyp.base;
	gic.nr_lrs = GIC_MAX_LRS;
	gic.pri_bits = 8;
	gic.pre_bits = 7;

	if (!gic_answers("GICD", gic.dist + GICD_TYPER, &typer))
		return ERR_NOT_FOUND;
	gic.nr_intids = MIN(32 * ((typer & (u32)GICD_TYPER_LINES) + 1), 1020U);
	return gic.version == 3 ? gicv3_init() : gicv2_init();
}

enum err gic_cpu_init(u32 cpu, u64 mpidr)
{
	enum err err = gic.version == 3 ? gicv3_cpu_init(cpu, mpidr) : gicv2_cpu_init(cpu);

	if (err)
		return err;
	gic_enable(cpu, SGI_KICK);
	gic_enable(cpu, SGI_STOP);
	gic_enable(cpu, gic.config->maintenance);
	/* Guests' PPIs stay on: one that its guest has disabled fires once and is then
	 * held active, see el2/vgic/vgic.c. */
	for (u32 intid = GIC_PPI_BASE; intid < GIC_SPI_BASE; intid++)
		if (gic.config->guest_ppis >> intid & 1)
			gic_enable(cpu, intid);
	return OK;
}

void gic_send_sgi(enum gic_sgi sgi, u32 cpu, u64 mpidr)
{
	dsb(ishst); /* what the other CPU is to see, before the signal */
	if (gic.version == 3)
		gicv3_send_sgi(sgi, mpidr);
	else
		gicv2_send_sgi(sgi, cpu);
}

void gic_dismiss(u32 token, u32 intid)
{
	if (intid <= GIC_INTID_NONE)
		return;
	write_sysreg(ICC_EOIR1_EL1, token);
	gic_dir(token);
}

void gic_enable(u32 cpu, u32 intid)
{
	write_bit(cpu, intid, GICD_ISENABLER);
}

void gic_disable(u32 cpu, u32 intid)
{
	write_bit(cpu, intid, GICD_ICENABLER);
	if (gic.version != 3)
		return;
	if (intid < GIC_SPI_BASE)
		gic_poll_clear(gic.config->cpu_redist[cpu] + GICR_CTLR, GICR_CTLR_RWP);
	else
		gic_poll_clear(gic.dist + GICD_CTLR, GICD_CTLR_RWP);
}

void gic_set_pending(u32 cpu, u32 intid)
{
	write_bit(cpu, intid, GICD_ISPENDR);
}

void gic_clear_pending(u32 cpu, u32 intid)
{
	write_bit(cpu, intid, GICD_ICPENDR);
}

void gic_set_active(u32 cpu, u32 intid)
{
	write_bit(cpu, intid, GICD_ISACTIVER);
}

void gic_clear_active(u32 cpu, u32 intid)
{
	write_bit(cpu, intid, GICD_ICACTIVER);
}

u32 gic_pending_word(u32 cpu, u32 word)
{
	return io_read32(bank_of(cpu, word * 32) + GICD_ISPENDR + word * 4);
}

u32 gic_active_word(u32 cpu, u32 word)
{
	return io_read32(bank_of(cpu, word * 32) + GICD_ISACTIVER + word * 4);
}

void gic_set_edge(u32 cpu, u32 intid, bool edge)
{
	u64 addr = bank_of(cpu, intid) + GICD_ICFGR + intid / 16 * 4;
	u32 bit = 2U << intid % 16 * 2;
	u32 cfg;

	lock_acquire(&config_lock);
	cfg = io_read32(addr);
	io_write32(addr, edge ? cfg | bit : cfg & ~bit);
	lock_release(&config_lock);
}

/* Bit n of 16 becomes bit 2n + 1: a field of ICFGR that says edge. */
static u32 config_mask(u32 bits)
{
	u32 mask = 0;

	for (u32 i = 0; i < 16; i++)
		mask |= (bits >> i & 1) << (2 * i + 1);
	return mask;
}

void gic_reset_spis(u32 word, u32 mask)
{
	io_write32(gic.dist + GICD_ICENABLER + word * 4, mask);
	if (gic.version == 3)
		gic_poll_clear(gic.dist + GICD_CTLR, GICD_CTLR_RWP);
	io_write32(gic.dist + GICD_ICPENDR + word * 4, mask);
	io_write32(gic.dist + GICD_ICACTIVER + word * 4, mask);
	lock_acquire(&config_lock);
	for (u32 half = 0; half < 2; half++) {
		u64 addr = gic.dist + GICD_ICFGR + word * 8 + half * 4;

		io_write32(addr, io_read32(addr) & ~config_mask(mask >> half * 16 & 0xffff));
	}
	lock_release(&config_lock);
}

void gic_route(u32 intid, u32 cpu, u64 mpidr)
{
	if (gic.version == 3)
		io_write64(gic.dist + GICD_IROUTER + intid * 8UL, mpidr & 0xff00ffffffUL);
	else
		gicv2_route(intid, cpu);
}
