/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv2 (IHI0048): SGIs, routing and the memory-mapped CPU interface. A non-secure
 * access sees its one group as bit 0 of the control registers; without Security
 * Extensions bit 0 is Group 0, where all interrupts are after reset, signalled as
 * IRQ as long as FIQEn is 0. So both are driven alike, without touching groups.
 */
#include <drivers/gic_regs.h>
#include <drivers/log.h>

/* GICv2 has at most eight CPU interfaces; whose bit is which is found out by each
 * CPU for itself. */
static u8 interface_mask[8];

/* The calling CPU's bit in target masks: what its banked ITARGETSRs read as. On a
 * uniprocessor they read 0, and every mask is ignored. */
static u8 own_mask(void)
{
	u32 mask = 0;

	for (u32 i = 0; i < 8; i++)
		mask |= io_read32(gic.dist + GICD_ITARGETSR + i * 4);
	mask |= mask >> 16;
	mask |= mask >> 8;
	return (u8)mask;
}

#define IIDR_CORTEX_A15 0x43b

enum err gicv2_init(void)
{
	const struct gic_config *c = gic.config;
	u32 iidr, vtr;
	u8 mask;

	if (!c->cpu.size || !c->hyp.size || !c->vcpu.size) {
		log_error("GICv2 at %#lx has no virtualization extensions (GICH, GICV)",
			  (unsigned long)gic.dist);
		return ERR_UNSUPPORTED;
	}
	if (FIELD_GET(ID_AA64PFR0_EL1_GIC, read_sysreg(ID_AA64PFR0_EL1)))
		log_warn("the CPU has a GICv3's registers, the device tree a GICv2: is it this "
			 "machine's?");
	if (!gic_answers("GICC", gic.cpu + GICC_IIDR, &iidr) ||
	    !gic_answers("GICH", gic.hyp + GICH_VTR, &vtr))
		return ERR_NOT_FOUND;
	mask = own_mask();
	/* Boards that give each GICC page 64 KiB of address space repeat it there:
	 * the last alias of the first page has the second right behind it. */
	if (c->cpu.size >= 0x20000 && iidr == io_read32(gic.cpu + 0xf000 + GICC_IIDR))
		gic.cpu += 0xf000;
	gic.dir = gic.cpu + GICC_DIR;
	/*
	 * QEMU (7.2) models the Cortex-A15's, which no 64-bit CPU came with. There
	 * an interrupt that is pending again when the guest deactivates it through a
	 * list register, say a timer that has run out meanwhile, is not signalled
	 * before something else happens to the GIC: a lost tick.
	 */
	gic.lr_deactivates = io_read32(gic.dist + GICD_IIDR) != IIDR_CORTEX_A15;
	if (!gic.lr_deactivates)
		log_debug("GICv2: EL2 deactivates for guests");

	io_write32(gic.dist + GICD_CTLR, 0);
	for (u32 n = 1; n * 32 < gic.nr_intids; n++)
		gic_quiesce_word(gic.dist, n);
	for (u32 intid = GIC_SPI_BASE; intid < gic.nr_intids; intid++)
		io_write8(gic.dist + GICD_ITARGETSR + intid, mask);
	io_write32(gic.dist + GICD_CTLR, GICD_CTLR_GROUP0);
	return OK;
}

enum err gicv2_cpu_init(u32 cpu)
{
	if (cpu >= ARRAY_SIZE(interface_mask)) {
		log_error("CPU %u: a GICv2 serves only 8", cpu);
		return ERR_NOT_FOUND;
	}
	interface_mask[cpu] = own_mask();
	gic_quiesce_word(gic.dist, 0);
	io_write32(gic.cpu + GICC_PMR, 0xff);
	io_write32(gic.cpu + GICC_BPR, 0);
	io_write32(gic.cpu + GICC_CTLR, GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE);

	gic_virt_reset(io_read32(gic.hyp + GICH_VTR));
	return OK;
}

void gicv2_send_sgi(enum gic_sgi sgi, u32 cpu)
{
	io_write32(gic.dist + GICD_SGIR, (u32)interface_mask[cpu] << 16 | sgi);
}

void gicv2_route(u32 intid, u32 cpu)
{
	io_write8(gic.dist + GICD_ITARGETSR + intid, interface_mask[cpu]);
}
