/* SPDX-License-Identifier: Apache-2.0 */
/* GICv2 (IHI0048) and GICv3 (IHI0069) for a guest with one security state. */
#include "guest.h"

#define DEFAULT_PRIORITY 0xa0a0a0a0u
#define BOOT_CPU_TARGETS 0x01010101u
#define GICR_STRIDE 0x20000UL
#define GICR_SGI 0x10000UL
#define GICR_LAST BIT(4)
#define GICD_ARE_GRP1 0x12u
#define WAKER_SLEEP 2u
#define WAKER_ASLEEP 4u
#define CTLR_SPLIT BIT(9) /* GICC_CTLR.EOImodeNS of the only security state */

u64 gic_redist(u32 cpu)
{
	u64 mpidr = percpu[cpu].mpidr;
	u32 affinity = (u32)((mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff));

	for (u64 rd = machine.gicc.base; rd < machine.gicc.base + machine.gicc.size;
	     rd += GICR_STRIDE) {
		u64 typer = io_read64(rd + GICR_TYPER);

		if (typer >> 32 == affinity)
			return rd;
		if (typer & GICR_LAST)
			return 0;
	}
	return 0;
}

u64 gic_sgi_base(void)
{
	return machine.gic == 3 ? gic_redist(me()->index) + GICR_SGI : machine.gicd.base;
}

u64 gic_base(u32 intid)
{
	return intid < 32 ? gic_sgi_base() : machine.gicd.base;
}

static void rwp_wait(void)
{
	if (machine.gic == 3) {
		while (io_read32(machine.gicd.base + GICD_CTLR) & BIT(31))
			;
	}
}

void gic_init(void)
{
	u64 d = machine.gicd.base;

	io_write32(d + GICD_CTLR, 0);
	for (u32 i = 32; i < machine.nr_intids; i += 32) {
		io_write32(d + GICD_ICENABLER + i / 8, ~0u);
		io_write32(d + GICD_ICPENDR + i / 8, ~0u);
		io_write32(d + GICD_ICACTIVER + i / 8, ~0u);
		if (machine.gic == 3)
			io_write32(d + GICD_IGROUPR + i / 8, ~0u);
	}
	for (u32 i = 32; i < machine.nr_intids; i += 4) {
		io_write32(d + GICD_IPRIORITYR + i, DEFAULT_PRIORITY);
		if (machine.gic == 2)
			io_write32(d + GICD_ITARGETSR + i, BOOT_CPU_TARGETS);
	}
	io_write32(d + GICD_CTLR, machine.gic == 3 ? GICD_ARE_GRP1 : 1);
	rwp_wait();
}

static void wake_redist(void)
{
	u64 rd = gic_redist(me()->index);

	io_write32(rd + GICR_WAKER, io_read32(rd + GICR_WAKER) & ~WAKER_SLEEP);
	while (io_read32(rd + GICR_WAKER) & WAKER_ASLEEP)
		;
}

void gic_cpu_init(void)
{
	u64 b;

	if (machine.gic == 3)
		wake_redist();
	b = gic_sgi_base();
	io_write32(b + GICD_ICENABLER, ~0u);
	io_write32(b + GICD_ICPENDR, 0xffff0000u);
	io_write32(b + GICD_ICACTIVER, ~0u);
	for (u32 i = 0; i < 32; i += 4)
		io_write32(b + GICD_IPRIORITYR + i, DEFAULT_PRIORITY);
	if (machine.gic == 3) {
		io_write32(b + GICD_IGROUPR, ~0u);
		write_sysreg(ICC_SRE_EL1, 7);
		isb();
		write_sysreg(ICC_PMR_EL1, 0xf0);
		write_sysreg(ICC_BPR1_EL1, 0);
		write_sysreg(ICC_CTLR_EL1, 0);
		write_sysreg(ICC_IGRPEN1_EL1, 1);
		isb();
	} else {
		io_write32(machine.gicc.base + GICC_PMR, 0xf0);
		io_write32(machine.gicc.base + GICC_BPR, 0);
		io_write32(machine.gicc.base + GICC_CTLR, 1);
	}
}

static void set_bit(u32 bank, u32 intid)
{
	io_write32(gic_base(intid) + bank + intid / 32 * 4, (u32)BIT(intid % 32));
	dsb(sy);
}

static bool get_bit(u32 bank, u32 intid)
{
	return io_read32(gic_base(intid) + bank + intid / 32 * 4) >> intid % 32 & 1;
}

void gic_enable(u32 intid)
{
	set_bit(GICD_ISENABLER, intid);
}
void gic_disable(u32 intid)
{
	set_bit(GICD_ICENABLER, intid);
	rwp_wait();
}
bool gic_is_enabled(u32 intid)
{
	return get_bit(GICD_ISENABLER, intid);
}
bool gic_is_pending(u32 intid)
{
	return get_bit(GICD_ISPENDR, intid);
}
bool gic_is_active(u32 intid)
{
	return get_bit(GICD_ISACTIVER, intid);
}

void gic_set_pending(u32 intid)
{
	if (machine.gic == 2 && intid < 16)
		io_write8(machine.gicd.base + GICD_SPENDSGIR + intid, (u8)BIT(me()->index));
	else
		set_bit(GICD_ISPENDR, intid);
}

void gic_clear_pending(u32 intid)
{
	if (machine.gic == 2 && intid < 16)
		io_write8(machine.gicd.base + GICD_CPENDSGIR + intid, 0xff);
	else
		set_bit(GICD_ICPENDR, intid);
}

void gic_set_priority(u32 intid, u8 priority)
{
	io_write8(gic_base(intid) + GICD_IPRIORITYR + intid, priority);
}

void gic_set_edge(u32 intid, bool edge)
{
	u64 reg = gic_base(intid) + GICD_ICFGR + intid / 16 * 4;
	u32 bit = (u32)BIT(intid % 16 * 2 + 1), v = io_read32(reg);

	io_write32(reg, edge ? v | bit : v & ~bit);
}

void gic_route(u32 intid, u32 cpu)
{
	if (machine.gic == 3)
		io_write64(machine.gicd.base + GICD_IROUTER + 8UL * intid, percpu[cpu].mpidr);
	else
		io_write8(machine.gicd.base + GICD_ITARGETSR + intid, (u8)BIT(cpu));
}

void gic_send_sgi(u32 intid, u32 cpu)
{
	u64 m = percpu[cpu].mpidr;

	dsb(sy);
	if (machine.gic == 3)
		write_sysreg(ICC_SGI1R_EL1, (m >> 32 & 0xff) << 48 | (m >> 16 & 0xff) << 32 |
						(u64)intid << 24 | (m >> 8 & 0xff) << 16 |
						BIT(m & 0xf));
	else
		io_write32(machine.gicd.base + GICD_SGIR, (u32)BIT(16 + cpu) | intid);
	isb();
}

void gic_send_sgi_others(u32 intid)
{
	dsb(sy);
	if (machine.gic == 3)
		write_sysreg(ICC_SGI1R_EL1, BIT(40) | (u64)intid << 24);
	else
		io_write32(machine.gicd.base + GICD_SGIR, 1u << 24 | intid);
	isb();
}

u32 gic_ack(void)
{
	u32 iar = machine.gic == 3 ? (u32)read_sysreg(ICC_IAR1_EL1)
				   : io_read32(machine.gicc.base + GICC_IAR);

	dsb(sy);
	return iar;
}

void gic_eoi(u32 iar)
{
	if (machine.gic == 3)
		write_sysreg(ICC_EOIR1_EL1, iar);
	else
		io_write32(machine.gicc.base + GICC_EOIR, iar);
	isb();
}

void gic_deactivate(u32 iar)
{
	if (machine.gic == 3)
		write_sysreg(ICC_DIR_EL1, iar);
	else
		io_write32(machine.gicc.base + GICC_DIR, iar);
	isb();
}

void gic_set_pmr(u8 mask)
{
	if (machine.gic == 3)
		write_sysreg(ICC_PMR_EL1, mask);
	else
		io_write32(machine.gicc.base + GICC_PMR, mask);
	isb();
}

void gic_set_eoi_split(bool split)
{
	if (machine.gic == 3)
		write_sysreg(ICC_CTLR_EL1, split ? ICC_CTLR_EL1_EOIMODE : 0);
	else
		io_write32(machine.gicc.base + GICC_CTLR, split ? 1 | (u32)CTLR_SPLIT : 1);
	isb();
}
