/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Register offsets of the GIC's memory-mapped parts (IHI0048 4, IHI0069 12), for
 * the driver of the physical one and for the emulation of the virtual one, and the
 * calls between the driver's files.
 */
#pragma once

#include <drivers/gic.h>

/* Distributor; from IGROUPR to ICFGR also a redistributor's SGI_base frame. */
#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_IIDR 0x008
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ISPENDR 0x200
#define GICD_ICPENDR 0x280
#define GICD_ISACTIVER 0x300
#define GICD_ICACTIVER 0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_IGRPMODR 0xd00
#define GICD_SGIR 0xf00
#define GICD_CPENDSGIR 0xf10
#define GICD_SPENDSGIR 0xf20
#define GICD_V2_PIDR2 0xfe8
#define GICD_IROUTER 0x6000
#define GIC_V3_IDREGS 0xffd0
#define GIC_V3_PIDR2 0xffe8

/* Extended SPIs; in a redistributor extended PPIs, behind the others. */
#define GICD_ICENABLER_E 0x1400
#define GICD_TYPER_ESPI BIT(8)
#define GICD_TYPER_ESPI_RANGE GENMASK(31, 27)
#define GICR_TYPER_PPINUM GENMASK(31, 27)

#define GICD_CTLR_GROUP0 BIT(0) /* the only group there is for a non-secure GICv2 access */
#define GICD_CTLR_GROUP1 BIT(1)
#define GICD_CTLR_ARE BIT(4)
#define GICD_CTLR_DS BIT(6)
#define GICD_CTLR_RWP BIT(31)
#define GICD_TYPER_LINES GENMASK(4, 0)
#define GICD_TYPER_RSS BIT(26)
#define GICD_IROUTER_IRM BIT(31)

/* Redistributor: RD_base, and 64 KiB further SGI_base */
#define GICR_CTLR 0x000
#define GICR_IIDR 0x004
#define GICR_TYPER 0x008
#define GICR_WAKER 0x014
#define GICR_PROPBASER 0x070
#define GICR_PENDBASER 0x078
#define GICR_SGI_BASE 0x10000
#define GICR_FRAME 0x20000
#define GICR_CTLR_ENABLE_LPIS BIT(0)
#define GICR_CTLR_RWP BIT(3)
#define GICR_TYPER_VLPIS BIT(1)
#define GICR_TYPER_LAST BIT(4)
#define GICR_WAKER_PROCESSOR_SLEEP BIT(1)
#define GICR_WAKER_CHILDREN_ASLEEP BIT(2)

/* GICv2 CPU interface and virtual interface control */
#define GICC_CTLR 0x000
#define GICC_PMR 0x004
#define GICC_BPR 0x008
#define GICC_IIDR 0x0fc
#define GICC_DIR 0x1000
#define GICC_CTLR_ENABLE BIT(0)
#define GICC_CTLR_EOIMODE BIT(9)
#define GICH_HCR 0x000
#define GICH_VTR 0x004
#define GICH_VMCR 0x008
#define GICH_MISR 0x010
#define GICH_EISR 0x020
#define GICH_ELRSR 0x030
#define GICH_APR 0x0f0
#define GICH_LR 0x100

/* The one priority that every physical interrupt has; but a kick, which other CPUs send as often as
 * their guests like, comes after all of them. */
#define GIC_PRIORITY 0xa0U
#define GIC_KICK_PRIORITY 0xc0U

#define GIC_INTID_NONE 1023

/* Polls of a register that changes within microseconds. */
#define GIC_POLLS 100000

/* Affinity fields of an MPIDR side by side, as GICR_TYPER has them. */
static inline u32 gic_affinity(u64 mpidr)
{
	return (u32)(mpidr >> 32 & 0xff) << 24 | (u32)(mpidr & 0xffffff);
}

/* gic.c: bank is a distributor or SGI_base frame; word n back to off, inactive, not
 * pending, level, one priority. */
void gic_quiesce_word(u64 bank, u32 n);
/* gic.c: waits, bounded, until bit of the register at addr is clear. */
bool gic_poll_clear(u64 addr, u32 bit);
/* gic.c: takes what ICH_VTR or GICH_VTR says; the least of all CPUs counts. */
void gic_save_vtr(u32 vtr);

/* A register of a part of the GIC, which need not be where the tree says: *value is set, or
 * false after an error line. */
bool gic_answers(const char *part, u64 addr, u32 *value) MUST_CHECK;

enum err gicv2_init(void) MUST_CHECK;
enum err gicv2_cpu_init(u32 cpu) MUST_CHECK;
void gicv2_send_sgi(enum gic_sgi sgi, u32 cpu);
void gicv2_route(u32 intid, u32 cpu);
enum err gicv3_init(void) MUST_CHECK;
enum err gicv3_cpu_init(u32 cpu, u64 mpidr) MUST_CHECK;
void gicv3_send_sgi(enum gic_sgi sgi, u64 mpidr);
