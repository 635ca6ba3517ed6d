/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine for the vGIC's tests: a physical GIC (distributor, redistributors, list
 * registers of each CPU) behind host_io_* and host_ICH_*, and vCPUs on CPUs. To be
 * included by one test file. Set-up: machine_init(); switching CPUs: on_cpu().
 */
#pragma once

#include <drivers/gic_regs.h>
#include <drivers/log.h>
#include <el2/partition.h>
#include <el2/vcpu.h>
#include <el2/vsdei.h>
#include <stdlib.h>
#include <string.h>

#define DIST 0x8000000UL
#define REDIST 0x80a0000UL
#define GICC 0x8010000UL
#define GICH 0x8030000UL
#define NR_CPUS 3
#define NR_VCPUS 4 /* the last shares CPU 0 with the first */
#define NR_INTIDS 96
#define TIMER 27
#define EMULATED 40
#define FIRST_HW 48
#define LAST_HW 71

/* What the hardware holds of an interrupt; private ones per CPU. */
struct wire {
	bool enabled, latch, line, edge, active;
	u64 route;
};

static struct wire spi[NR_INTIDS], ppi[NR_CPUS][32];
static struct virt_hw {
	u64 lr[GIC_MAX_LRS];
	u64 hcr, vmcr;
} virt_hw[NR_CPUS];
static struct cpu host_cpus[NR_CPUS];
struct cpu *cpus = host_cpus;
u32 nr_cpus = NR_CPUS;
static struct vcpu vcpus[NR_VCPUS];
static struct partition part;
static u32 spi_owned[NR_INTIDS / 32];
static struct partition_config part_config;
static u32 vcpu_cpu[NR_VCPUS] = {0, 1, 2, 0};
static u64 cpu_redist[NR_CPUS];
static struct range redist_region = {REDIST, NR_CPUS *GICR_FRAME * 2};
static struct gic_config gic_config;

static u64 *const host_lr[GIC_MAX_LRS] = {
    &host_ICH_LR0_EL2,  &host_ICH_LR1_EL2,  &host_ICH_LR2_EL2,  &host_ICH_LR3_EL2,
    &host_ICH_LR4_EL2,  &host_ICH_LR5_EL2,  &host_ICH_LR6_EL2,  &host_ICH_LR7_EL2,
    &host_ICH_LR8_EL2,  &host_ICH_LR9_EL2,  &host_ICH_LR10_EL2, &host_ICH_LR11_EL2,
    &host_ICH_LR12_EL2, &host_ICH_LR13_EL2, &host_ICH_LR14_EL2, &host_ICH_LR15_EL2,
};

/* From now on code runs on this CPU. */
static void on_cpu(u32 c)
{
	struct virt_hw *old = &virt_hw[this_cpu()->index], *new = &virt_hw[c];

	for (u32 i = 0; i < GIC_MAX_LRS; i++)
		old->lr[i] = *host_lr[i];
	old->hcr = host_ICH_HCR_EL2;
	old->vmcr = host_ICH_VMCR_EL2;
	for (u32 i = 0; i < GIC_MAX_LRS; i++)
		*host_lr[i] = new->lr[i];
	host_ICH_HCR_EL2 = new->hcr;
	host_ICH_VMCR_EL2 = new->vmcr;
	host_TPIDR_EL2 = (u64)&host_cpus[c];
}

static struct wire *wire_of(u32 cpu, u32 intid)
{
	return intid < 32 ? &ppi[cpu][intid] : &spi[intid];
}

static bool is_raised(const struct wire *w)
{
	return w->latch || (w->line && !w->edge);
}

/* One of the banks' 1-bit registers; set: write, else the bit is read. */
static u64 bank_bit(struct wire *w, u32 reg, bool write)
{
	switch (reg) {
	case GICD_ISENABLER:
		return write ? w->enabled = true : w->enabled;
	case GICD_ICENABLER:
		return write ? w->enabled = false : w->enabled;
	case GICD_ISPENDR:
		return write ? w->latch = true : is_raised(w);
	case GICD_ICPENDR:
		return write ? w->latch = false : is_raised(w);
	case GICD_ISACTIVER:
		return write ? w->active = true : w->active;
	case GICD_ICACTIVER:
		return write ? w->active = false : w->active;
	default:
		return 0;
	}
}

static u64 bank_access(u32 cpu, u64 offset, u64 value, bool write)
{
	u32 reg = offset & ~0x7fU, first = offset % 0x80 * 8;
	u64 result = 0;

	if (offset >= GICD_ICFGR && offset < GICD_IGRPMODR) {
		first = (offset - GICD_ICFGR) * 4;
		for (u32 i = 0; i < 16 && first + i < NR_INTIDS; i++) {
			struct wire *w = wire_of(cpu, first + i);

			if (write)
				w->edge = value >> (2 * i + 1) & 1;
			result |= (u64)w->edge << (2 * i + 1);
		}
	} else if (offset >= GICD_IROUTER) {
		spi[(offset - GICD_IROUTER) / 8].route = value;
	} else if (reg >= GICD_ISENABLER && reg <= GICD_ICACTIVER) {
		for (u32 i = 0; i < 32 && first + i < NR_INTIDS; i++)
			if (!write || value >> i & 1)
				result |= bank_bit(wire_of(cpu, first + i), reg, write) << i;
	}
	return result;
}

static u32 machine_lrs;

static u64 machine_access(u64 addr, u64 value, int bytes, bool write)
{
	u32 here = this_cpu()->index;

	if (addr >= REDIST) {
		u32 cpu = (addr - REDIST) / GICR_FRAME;
		u64 offset = (addr - REDIST) % GICR_FRAME;

		return offset < GICR_SGI_BASE
			   ? 0
			   : bank_access(cpu, offset - GICR_SGI_BASE, value, write);
	}
	if (addr >= GICH + GICH_LR) {
		u64 *lr = host_lr[(addr - GICH - GICH_LR) / 4];

		if (write)
			*lr = gicv2_lr_to_v3((u32)value);
		return gicv2_lr_from_v3(*lr);
	}
	if (addr == GICH + GICH_VTR)
		return 4UL << 29 | 4UL << 26 | (machine_lrs - 1);
	if (addr >= GICH) {
		u64 *reg = addr == GICH ? &host_ICH_HCR_EL2 : &host_ICH_VMCR_EL2;

		if (addr != GICH && addr != GICH + GICH_VMCR)
			return 0;
		return write ? *reg = value : *reg;
	}
	if (addr >= GICC)
		return 0;
	if (addr >= DIST + GICD_ITARGETSR && addr < DIST + GICD_ITARGETSR + 32)
		return 0x01010101UL << here;
	if (bytes == 1) /* ITARGETSR */
		return spi[addr - DIST - GICD_ITARGETSR].route =
			   (u64)__builtin_ctz((u32)value | 0x100);
	return bank_access(here, addr - DIST, value, write);
}

u64 host_io_read(u64 addr, int bytes)
{
	return machine_access(addr, 0, bytes, false);
}

void host_io_write(u64 addr, u64 value, int bytes)
{
	machine_access(addr, value, bytes, true);
}

/* What vgic_init() and vgic_create() allocate. */
static void *objects[8];
static u32 nr_objects;

void *boot_alloc(size_t size, size_t align)
{
	void *p = calloc(1, size);

	(void)align;
	objects[nr_objects++] = p;
	return p;
}

/* Everything that a tree names is there. */
bool probe_read32(u64 addr, u32 *value)
{
	*value = io_read32(addr);
	return true;
}

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

void vcpu_request(struct vcpu *v, u32 requests)
{
	v->requests |= requests;
}

/* The level of a claimed emulated interrupt has risen: how often. */
static u32 machine_levels;

static void machine_rises(struct partition *p, u32 intid)
{
	if (p == &part && intid == EMULATED)
		machine_levels++;
}

/* False: list registers without LR_HW only, as on QEMU's GICv2. */
static bool machine_lr_deactivates = true;

static void machine_init(u8 version, u8 nr_lrs)
{
	struct mmio_region regions[4];

	for (u32 i = 0; i < nr_objects; i++)
		free(objects[i]);
	nr_objects = 0;
	memset(spi, 0, sizeof(spi));
	memset(ppi, 0, sizeof(ppi));
	memset(virt_hw, 0, sizeof(virt_hw));
	memset(vcpus, 0, sizeof(vcpus));
	memset(&part, 0, sizeof(part));
	for (u32 i = 0; i < GIC_MAX_LRS; i++)
		*host_lr[i] = 0;
	host_ICH_HCR_EL2 = host_ICH_VMCR_EL2 = 0;
	for (u32 i = 0; i < NR_CPUS; i++) {
		host_cpus[i] = (struct cpu){.index = i, .mpidr = i};
		cpu_redist[i] = REDIST + i * GICR_FRAME;
	}
	host_TPIDR_EL2 = (u64)&host_cpus[0];
	gic_config = (struct gic_config){.version = version,
					 .dist = {DIST, 0x10000},
					 .hyp = {GICH, 0x1000},
					 .redist = &redist_region,
					 .nr_redist = 1,
					 .guest_ppis = 1U << TIMER,
					 .cpu_redist = cpu_redist,
					 .nr_cpus = NR_CPUS};
	machine_lrs = nr_lrs;
	gic = (struct gic){.version = version,
			   .lr_deactivates = machine_lr_deactivates,
			   .nr_lrs = nr_lrs,
			   .pri_bits = 5,
			   .pre_bits = 5,
			   .nr_intids = NR_INTIDS,
			   .dist = DIST,
			   .cpu = GICC,
			   .hyp = GICH,
			   .config = &gic_config};
	memset(spi_owned, 0, sizeof(spi_owned));
	for (u32 i = FIRST_HW; i <= LAST_HW; i++)
		spi_owned[i / 32] |= 1U << i % 32;
	part_config = (struct partition_config){.gicd = {DIST, 0x10000},
						.gicr = &redist_region,
						.nr_gicr = 1,
						.spi_owned = spi_owned,
						.nr_intids = NR_INTIDS,
						.uart = {0x9000000, 0x1000},
						.uart_intid = EMULATED};
	part.config = &part_config;
	part.vcpus = vcpus;
	part.nr_vcpus = NR_VCPUS;
	part.vgic.sdei_line_rises = machine_rises;
	for (u32 i = 0; i < NR_VCPUS; i++) {
		vcpus[i].index = i;
		vcpus[i].mpidr = i;
		vcpus[i].power = POWER_ON;
		vcpus[i].partition = &part;
		vcpus[i].cpu = &host_cpus[vcpu_cpu[i]];
	}
	if (vgic_init() != OK || vgic_create(&part) != OK)
		abort();
	vgic_regions(&part, regions);
	for (u32 i = 0; i < NR_CPUS; i++) {
		on_cpu(i);
		if (version == 2 && gic_cpu_init(i, i) != OK)
			abort();
		host_cpus[i].current = &vcpus[i];
		vgic_load(&vcpus[i]);
	}
	on_cpu(0);
}
