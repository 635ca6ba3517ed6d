/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller and the timers, whose interrupts have the controller's format. Trees
 * often have wrong sizes for the GIC's parts. A part that is too small is reported here, because
 * EL2 would fault on it later.
 */
#include <boot/arena.h>
#include <boot/scan.h>
#include <drivers/log.h>
#include <drivers/timer.h>
#include <lib/string.h>

#define GICD_V3_SIZE KIB(64)
#define GICR_SIZE KIB(128)
#define GICC_SIZE KIB(8)
#define GICV_SIZE KIB(8)
#define GIC_V3_ALIGN KIB(64)

#define MAINTENANCE_USUAL 25 /* INTID that BSA (DEN0094) recommends */

/* Shared interrupts: type 0, number counted from INTID 32. */
#define NR_SPIS 988

/* A part of the GIC as the tree has it, and its smallest size. */
struct part {
	const char *name;
	struct range *at;
	u64 size, align;
};

/* Entry i of the GIC's reg for Tocsin; empty if there is none. */
static struct range gic_reg(struct scan *s, u32 i)
{
	struct range r = {0};

	if (!scan_reg(s, i, &r) || !scan_translate(s, &r) || !range_valid(r) ||
	    r.base + r.size > BIT(s->m->pa_bits))
		return (struct range){0};
	return r;
}

static bool missing_part(const struct scan *s, const char *kind)
{
	log_error("%s: reg (%u bytes) does not name all parts of a %s", s->level[s->depth].name,
		  s->props[PROP_REG].len, kind);
	return false;
}

/* True if Tocsin can use the part; its size is rounded up to whole pages, as EL2 maps it. */
static bool check_part(const struct scan *s, const struct part *p)
{
	if (p->at->size < p->size || !IS_ALIGNED(p->at->base, p->align)) {
		log_error("%s: %s is at 0x%lx with 0x%lx bytes: expected at least 0x%lx on a "
			  "boundary of 0x%lx",
			  s->level[s->depth].name, p->name, p->at->base, p->at->size, p->size,
			  p->align);
		return false;
	}
	*p->at = range_pages_around(*p->at);
	return true;
}

/*
 * Old trees, from before the use of EOImode 1, name only the first page of the CPU interface, but
 * GICC_DIR is in the second. Nothing else can be at the second page, unless the rest of the tree
 * says so (scan_finish_gic()).
 */
static void widen_cpu_interface(struct scan *s, struct gic_config *found)
{
	if (found->cpu.size != PAGE_SIZE || !IS_ALIGNED(found->cpu.base, PAGE_SIZE) ||
	    found->cpu.base + GICC_SIZE > BIT(s->m->pa_bits))
		return;
	log_warn("%s: GICC at 0x%lx has 0x%lx bytes: 0x%lx taken", s->level[s->depth].name,
		 found->cpu.base, found->cpu.size, GICC_SIZE);
	s->gicc_second = (struct range){found->cpu.base + PAGE_SIZE, PAGE_SIZE};
	found->cpu.size = GICC_SIZE;
}

/* reg: distributor, CPU, hypervisor and virtual CPU interface. */
static bool read_gicv2(struct scan *s, struct gic_config *found)
{
	const struct part parts[] = {
	    {"GICD", &found->dist, PAGE_SIZE, PAGE_SIZE},
	    {"GICC", &found->cpu, GICC_SIZE, PAGE_SIZE},
	    {"GICH", &found->hyp, PAGE_SIZE, PAGE_SIZE},
	    {"GICV", &found->vcpu, GICV_SIZE, PAGE_SIZE},
	};
	bool all = true;

	for (u32 i = 0; i < ARRAY_SIZE(parts); i++)
		*parts[i].at = gic_reg(s, i);
	s->m->gic_reg_bytes = 2;
	if (!found->dist.size || !found->cpu.size || !found->hyp.size || !found->vcpu.size)
		return missing_part(s, "GICv2 with virtualization");
	widen_cpu_interface(s, found);
	for (u32 i = 0; i < ARRAY_SIZE(parts); i++)
		all &= check_part(s, &parts[i]);
	return all;
}

/* The stride of redistributors; 0: GICR_TYPER decides. Frames are two or four pages of 64 KiB. */
static u64 read_stride(const struct scan *s)
{
	struct prop p = s->props[PROP_REDIST_STRIDE];
	u64 stride = p.len == 4 || p.len == 8 ? prop_number(p, 0, p.len / 4) : 0;

	if (!stride || (IS_ALIGNED(stride, KIB(64)) && stride >= GICR_SIZE))
		return stride;
	log_warn(
	    "%s: redistributor-stride 0x%lx is not used: no multiple of 64 KiB from 128 KiB on",
	    s->level[s->depth].name, stride);
	return 0;
}

/* reg: distributor, then the redistributor regions. */
static bool read_gicv3(struct scan *s, struct gic_config *found)
{
	const struct part dist = {"GICD", &found->dist, GICD_V3_SIZE, GIC_V3_ALIGN};
	struct prop nr = s->props[PROP_REDIST_REGIONS];
	u32 nr_regions = nr.len == 4 ? prop_cell(nr, 0) : 1;

	found->redist_stride = read_stride(s);
	found->dist = gic_reg(s, 0);
	if (!found->dist.size || !nr_regions)
		return missing_part(s, "GICv3");
	if (!check_part(s, &dist))
		return false;
	s->m->gic_reg_bytes = 1 + nr_regions;
	for (u32 i = 0; i < nr_regions; i++) {
		struct range r = gic_reg(s, 1 + i);
		const struct part part = {"GICR", &r, MAX(found->redist_stride, GICR_SIZE),
					  GIC_V3_ALIGN};
		struct range *redist;

		if (!r.size)
			return missing_part(s, "GICv3");
		if (!check_part(s, &part))
			return false;
		redist = arena_grow(found->redist, found->nr_redist, sizeof(r));
		if (!redist) {
			scan_fail(s, ERR_NO_MEMORY);
			return false;
		}
		found->redist = redist;
		redist[found->nr_redist++] = r;
	}
	return true;
}

/* INTID of the PPI in the cells at index i of p; 0: it is none. */
static u32 ppi_at(struct prop p, u32 i)
{
	if ((i + 3) * 4 > p.len || prop_cell(p, i) != 1 || prop_cell(p, i + 1) >= 16)
		return 0;
	return GIC_PPI_BASE + prop_cell(p, i + 1);
}

u32 scan_spi(struct prop p, u32 i)
{
	if ((i + 3) * 4 > p.len || prop_cell(p, i) != 0 || prop_cell(p, i + 1) >= NR_SPIS)
		return 0;
	return GIC_SPI_BASE + prop_cell(p, i + 1);
}

/* True if the interrupt in p, after the mask, is that of the map's entry at cell i. */
static bool map_matches(const struct scan_nexus *n, struct prop p, u32 i)
{
	for (u32 k = 0; k < n->interrupt_cells; k++) {
		u32 mask = prop_cell(n->mask, n->address_cells + k);

		if ((prop_cell(p, k) ^ prop_cell(n->map, i + k)) & mask)
			return false;
	}
	return true;
}

/* Maps with unit addresses are PCI's, where no UART is that Tocsin drives. */
u32 scan_mapped_spi(const struct scan *s, const struct scan_nexus *n, struct prop p)
{
	u32 in = n->address_cells + n->interrupt_cells;
	u32 entry = in + 1 + s->gic_address_cells + s->gic_cells;

	if (p.len < 4 * n->interrupt_cells || n->mask.len != 4 * in)
		return 0;
	for (u32 i = 0; i < n->address_cells; i++)
		if (prop_cell(n->mask, i))
			return 0;
	for (u32 i = 0; (i + entry) * 4 <= n->map.len; i += entry) {
		if (prop_cell(n->map, i + in) != s->gic_phandle)
			return 0;
		if (map_matches(n, p, i + n->address_cells))
			return scan_spi(n->map, i + in + 1 + s->gic_address_cells);
	}
	return 0;
}

void scan_gic(struct scan *s, u8 version)
{
	struct gic_config found = {.version = version};
	struct prop cells = s->props[PROP_INTERRUPT_CELLS], phandle = s->props[PROP_PHANDLE];
	const struct scan_level *bus = &s->level[s->depth - 1];
	const char *name = s->level[s->depth].name;
	bool given = s->props[PROP_ADDRESS_CELLS].len == 4;

	scan_withhold(s);
	if (s->m->gic.version) {
		log_warn("%s: a second interrupt controller is not used", name);
		scan_record(s, NODE_DROPPED);
		return;
	}
	if (!(version == 2 ? read_gicv2(s, &found) : read_gicv3(s, &found))) {
		scan_fail(s, ERR_FORMAT);
		return;
	}
	s->m->gic_reg_bytes *= 4 * (bus->address_cells + bus->size_cells);
	found.maintenance = ppi_at(s->props[PROP_INTERRUPTS], 0);
	if (!found.maintenance) {
		log_warn("%s: no usable maintenance interrupt: %u taken, as most machines have it",
			 name, MAINTENANCE_USUAL);
		found.maintenance = MAINTENANCE_USUAL;
	}
	s->gic_phandle = phandle.len == 4 ? prop_cell(phandle, 0) : 0;
	s->gic_cells = cells.len == 4 && prop_cell(cells, 0) == 4 ? 4 : 3;
	s->gic_address_cells = (u32)MIN(prop_number(s->props[PROP_ADDRESS_CELLS], 0, given), 4UL);
	s->m->gic = found;
	scan_record(s, NODE_GIC);
}

/* Keeps the interrupts until the interrupt controller is known, because it defines the length of an
 * entry. */
void scan_timer(struct scan *s)
{
	if (s->timer.bytes)
		return;
	s->timer_extended = s->props[PROP_INTERRUPTS_EXTENDED].bytes;
	s->timer = s->props[s->timer_extended ? PROP_INTERRUPTS_EXTENDED : PROP_INTERRUPTS];
	s->timer_names = s->props[PROP_INTERRUPT_NAMES];
	s->m->timer_faults = (s->props[PROP_TIMER_A64].bytes ? TIMER_A64 : 0) |
			     (s->props[PROP_TIMER_A008585].bytes ? TIMER_A008585 : 0) |
			     (s->props[PROP_TIMER_161010101].bytes ? TIMER_161010101 : 0);
}

/* Index of a name among the strings of p; -1: it is not there. */
static int name_index(struct prop p, const char *name)
{
	const char *at = prop_string(p), *end = at ? at + p.len : NULL;

	for (int i = 0; at < end; i++, at += strlen(at) + 1)
		if (!strcmp(at, name))
			return i;
	return -1;
}

/* The interrupts are in the order of enum timer_ppi, unless there are names. */
static void finish_timer(struct scan *s)
{
	static const char *const names[NR_TIMER_PPI] = {"sec-phys", "phys", "virt", "hyp-phys"};

	u32 phandle = s->timer_extended ? 1 : 0;

	for (int i = 0; i < NR_TIMER_PPI; i++) {
		int at = s->timer_names.bytes ? name_index(s->timer_names, names[i]) : i;

		if (at >= 0)
			s->m->timer[i] =
			    ppi_at(s->timer, (u32)at * (phandle + s->gic_cells) + phandle);
	}
}

/* The page that the tree did not name must be free: no RAM and no other device's. */
static void finish_cpu_interface(struct scan *s)
{
	const struct gic_config *found = &s->m->gic;
	struct range page = s->gicc_second;

	if (!page.size || found->version != 2)
		return;
	if (!ranges_touching(&s->m->memory, page) && !ranges_touching(&s->m->devices, page) &&
	    !ranges_overlap(page, found->dist) && !ranges_overlap(page, found->hyp) &&
	    !ranges_overlap(page, found->vcpu)) {
		scan_fail(s, ranges_add(&s->kept, page));
		return;
	}
	log_error("GICC at 0x%lx has 0x1000 bytes: expected 0x2000, and the tree has something "
		  "else at 0x%lx",
		  found->cpu.base, page.base);
	scan_fail(s, ERR_FORMAT);
}

/* Complains of a part within RAM, because EL2 maps it as a device. */
static void check_outside_ram(struct scan *s, const char *name, struct range part)
{
	if (!part.size || !ranges_touching(&s->m->memory, part))
		return;
	log_error("%s at " RANGE_FORMAT " is where the tree has RAM", name, RANGE_ARGS(part));
	scan_fail(s, ERR_FORMAT);
}

void scan_finish_gic(struct scan *s)
{
	const struct gic_config *found = &s->m->gic;

	finish_timer(s);
	finish_cpu_interface(s);
	check_outside_ram(s, "GICD", found->dist);
	check_outside_ram(s, "GICC", found->cpu);
	check_outside_ram(s, "GICH", found->hyp);
	check_outside_ram(s, "GICV", found->vcpu);
	for (u32 i = 0; i < found->nr_redist; i++)
		check_outside_ram(s, "GICR", found->redist[i]);
}
