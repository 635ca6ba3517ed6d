/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the device tree. The properties of a node are collected until its first child or
 * its end. Then the handler for its place or kind is called, with the state of its parents.
 */
#include <boot/arena.h>
#include <boot/scan.h>
#include <drivers/log.h>
#include <lib/string.h>
#include <libfdt.h>

static const char *const prop_names[NR_SCAN_PROPS] = {
    [PROP_ADDRESS_CELLS] = "#address-cells",
    [PROP_SIZE_CELLS] = "#size-cells",
    [PROP_INTERRUPT_CELLS] = "#interrupt-cells",
    [PROP_REDIST_REGIONS] = "#redistributor-regions",
    [PROP_TIMER_A64] = TIMER_A64_PROPERTY,
    [PROP_BOOTARGS] = "bootargs",
    [PROP_COMPATIBLE] = "compatible",
    [PROP_RELEASE_ADDR] = "cpu-release-addr",
    [PROP_DEVICE_TYPE] = "device_type",
    [PROP_ENABLE_METHOD] = "enable-method",
    [PROP_TIMER_A008585] = TIMER_A008585_PROPERTY,
    [PROP_TIMER_161010101] = TIMER_161010101_PROPERTY,
    [PROP_INTERRUPT_MAP] = "interrupt-map",
    [PROP_INTERRUPT_MAP_MASK] = "interrupt-map-mask",
    [PROP_INTERRUPT_PARENT] = "interrupt-parent",
    [PROP_INTERRUPT_NAMES] = "interrupt-names",
    [PROP_INTERRUPTS] = "interrupts",
    [PROP_INTERRUPTS_EXTENDED] = "interrupts-extended",
    [PROP_INITRD_END] = "linux,initrd-end",
    [PROP_INITRD_START] = "linux,initrd-start",
    [PROP_METHOD] = "method",
    [PROP_PHANDLE] = "phandle",
    [PROP_RANGES] = "ranges",
    [PROP_REDIST_STRIDE] = "redistributor-stride",
    [PROP_REG] = "reg",
    [PROP_STATUS] = "status",
    [PROP_STDOUT_PATH] = "stdout-path",
};

/* Kind of a node, by its device_type or else by its compatible strings. */
enum kind {
	KIND_PLAIN,
	KIND_GICV2,
	KIND_GICV3,
	KIND_OTHER_GIC,
	KIND_PSCI,
	KIND_TIMER,
	KIND_WITHHELD, /* no guest gets it or its registers */
};

static const struct {
	const char *compatible;
	enum kind kind;
} kinds[] = {
    {"arm,gic-v3", KIND_GICV3},
    {"arm,gic-400", KIND_GICV2},
    {"arm,cortex-a15-gic", KIND_GICV2},
    {"arm,cortex-a9-gic", KIND_GICV2},
    {"arm,cortex-a7-gic", KIND_GICV2},
    {"arm,eb11mp-gic", KIND_GICV2},
    {"qcom,msm-qgic2", KIND_GICV2},
    {"arm,gic-v5", KIND_OTHER_GIC},
    {"arm,gic-v4", KIND_OTHER_GIC},
    {"brcm,bcm2836-l1-intc", KIND_OTHER_GIC},
    {"arm,psci-1.0", KIND_PSCI},
    {"arm,psci-0.2", KIND_PSCI},
    {"arm,psci", KIND_PSCI},
    {"arm,armv8-timer", KIND_TIMER},
    {"arm,armv7-timer", KIND_TIMER},
    {"arm,gic-v3-its", KIND_WITHHELD},
    {"arm,gic-v2m-frame", KIND_WITHHELD},
    {"arm,smmu-v3", KIND_WITHHELD},
    {"arm,mmu-500", KIND_WITHHELD},
    {"arm,mmu-401", KIND_WITHHELD},
    {"arm,mmu-400", KIND_WITHHELD},
    {"arm,smmu-v2", KIND_WITHHELD},
    {"arm,smmu-v1", KIND_WITHHELD},
    {"arm,armv8-pmuv3", KIND_WITHHELD},
    {"linaro,optee-tz", KIND_WITHHELD},
    {"arm,scmi-smc", KIND_WITHHELD},
    {"arm,sdei-1.0", KIND_WITHHELD},
    {"arm,ffa", KIND_WITHHELD},
    {"numa-distance-map-v1", KIND_WITHHELD},
};

/* arm,cortex-a53-pmu and its many relatives. */
static bool is_pmu(const char *compatible)
{
	size_t len = strlen(compatible);

	return !strncmp(compatible, "arm,", 4) && len > 8 && !strcmp(compatible + len - 4, "-pmu");
}

static enum kind find_kind(const char *compatible)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		if (compatible[0] == kinds[i].compatible[0] &&
		    !strcmp(compatible, kinds[i].compatible))
			return kinds[i].kind;
	return is_pmu(compatible) ? KIND_WITHHELD : KIND_PLAIN;
}

/* The first known string in compatible decides. */
static enum kind node_kind(struct prop compatible)
{
	const char *s = prop_string(compatible);
	const char *end = s ? s + compatible.len : NULL;

	for (; s < end; s += strlen(s) + 1) {
		enum kind kind = find_kind(s);

		if (kind != KIND_PLAIN)
			return kind;
	}
	return KIND_PLAIN;
}

void scan_fail(struct scan *s, enum err error)
{
	if (!s->error)
		s->error = error;
}

u32 scan_record(struct scan *s, enum node_role role)
{
	struct machine *m = s->m;
	struct node_record *notes = arena_grow(m->notes, m->nr_notes, sizeof(*notes));

	if (!notes) {
		scan_fail(s, ERR_NO_MEMORY);
		return 0;
	}
	m->notes = notes;
	notes[m->nr_notes] =
	    (struct node_record){.offset = s->level[s->depth].offset, .role = role};
	return m->nr_notes++;
}

bool scan_reg(struct scan *s, u32 i, struct range *r)
{
	const struct scan_level *bus = &s->level[s->depth - 1];
	struct prop reg = s->props[PROP_REG];
	u32 cells = bus->address_cells + bus->size_cells;

	if (!reg.bytes || !cells)
		return false;
	if (i == 0 && reg.len % (4 * cells))
		log_warn("%s: reg ignored: its %u bytes are no multiple of an entry's %u",
			 s->level[s->depth].name, reg.len, 4 * cells);
	if (reg.len % (4 * cells) || (i + 1) * 4 * cells > reg.len)
		return false;
	r->base = prop_number(reg, i * cells, bus->address_cells);
	r->size = prop_number(reg, i * cells + bus->address_cells, bus->size_cells);
	return true;
}

/* Translates r by the ranges of one bus to an address of the bus's parent. */
static bool translate_once(const struct scan_level *bus, const struct scan_level *parent,
			   struct range *r)
{
	u32 cells = bus->address_cells + parent->address_cells + bus->size_cells;

	for (u32 i = 0; cells && (i + 1) * 4 * cells <= bus->ranges.len; i++) {
		struct range from;
		u64 to;

		from.base = prop_number(bus->ranges, i * cells, bus->address_cells);
		to =
		    prop_number(bus->ranges, i * cells + bus->address_cells, parent->address_cells);
		from.size =
		    prop_number(bus->ranges, (i + 1) * cells - bus->size_cells, bus->size_cells);
		if (range_contains(from, *r)) {
			r->base = r->base - from.base + to;
			return true;
		}
	}
	return false;
}

bool scan_translate(const struct scan *s, struct range *r)
{
	for (int depth = s->depth - 1; depth > 0; depth--) {
		const struct scan_level *bus = &s->level[depth];

		if (!bus->ranges.bytes || bus->address_cells > 2)
			return false;
		if (bus->ranges.len && !translate_once(bus, bus - 1, r))
			return false;
	}
	return s->level[0].address_cells <= 2;
}

static bool is_enabled(struct prop status)
{
	return !status.bytes || prop_has_string(status, "okay") || prop_has_string(status, "ok");
}

/* A value of #address-cells or the like; the default if it is absent or absurd. */
static u32 read_cells(struct scan *s, enum scan_prop which, u32 normal)
{
	struct prop p = s->props[which];

	if (!p.bytes)
		return normal;
	if (p.len == 4 && prop_cell(p, 0) <= 4)
		return prop_cell(p, 0);
	log_warn("%s: %s is not a number from 0 to 4: %u taken", s->level[s->depth].name,
		 prop_names[which], normal);
	return normal;
}

/* Sets up the state that the children of the innermost node need. */
static void read_level(struct scan *s)
{
	struct scan_level *here = &s->level[s->depth];
	struct prop parent = s->props[PROP_INTERRUPT_PARENT];
	struct prop cells = s->props[PROP_INTERRUPT_CELLS];

	here->address_cells = read_cells(s, PROP_ADDRESS_CELLS, 2);
	here->size_cells = read_cells(s, PROP_SIZE_CELLS, 1);
	here->cells_given = s->props[PROP_ADDRESS_CELLS].bytes;
	here->ranges = s->props[PROP_RANGES];
	if (parent.len == 4) {
		here->interrupt_parent = prop_cell(parent, 0);
		here->nexus.interrupt_cells = 0;
	}
	if (cells.len == 4 && prop_cell(cells, 0) <= 4)
		here->nexus = (struct scan_nexus){.map = s->props[PROP_INTERRUPT_MAP],
						  .mask = s->props[PROP_INTERRUPT_MAP_MASK],
						  .address_cells = here->address_cells,
						  .interrupt_cells = prop_cell(cells, 0)};
}

/* Handles nodes directly below the root whose name decides what they are. */
static bool handle_named(struct scan *s)
{
	struct scan_level *here = &s->level[s->depth];

	if (!strcmp(here->name, "cpus")) {
		here->place = PLACE_CPUS;
		scan_record(s, NODE_CPUS);
	} else if (!strcmp(here->name, "chosen")) {
		here->place = PLACE_CHOSEN;
		scan_record(s, NODE_CHOSEN);
		scan_chosen(s);
	} else if (!strcmp(here->name, "reserved-memory")) {
		here->place = PLACE_RESERVED;
	} else if (!strcmp(here->name, "aliases")) {
		here->place = PLACE_NOTHING;
		s->aliases = here->offset;
	} else if (!strcmp(here->name, "hypervisor")) {
		here->place = PLACE_NOTHING;
		scan_record(s, NODE_DROPPED);
	} else {
		return false;
	}
	return true;
}

/* The node of firmware interfaces. If it is not enabled, the guest gets one of its own instead. */
static bool is_firmware(const struct scan *s)
{
	return s->depth == 1 && !strcmp(s->level[1].name, "firmware");
}

/* Handles a node whose compatible strings decide what it is. */
static void handle_kind(struct scan *s, bool enabled)
{
	struct scan_level *here = &s->level[s->depth];
	enum kind kind = node_kind(s->props[PROP_COMPATIBLE]);

	switch (kind) {
	case KIND_PLAIN:
		if (is_firmware(s))
			scan_record(s, enabled ? NODE_FIRMWARE : NODE_DROPPED);
		else if (enabled)
			scan_device(s);
		break;
	case KIND_GICV2:
	case KIND_GICV3:
		here->place = PLACE_NOTHING;
		if (enabled)
			scan_gic(s, kind == KIND_GICV2 ? 2 : 3);
		break;
	case KIND_OTHER_GIC:
		s->unknown_gic = prop_string(s->props[PROP_COMPATIBLE]);
		break;
	case KIND_PSCI:
		here->place = PLACE_NOTHING;
		scan_psci(s);
		break;
	case KIND_TIMER:
		scan_timer(s);
		break;
	case KIND_WITHHELD:
		here->place = PLACE_NOTHING;
		scan_record(s, NODE_DROPPED);
		scan_withhold(s);
		break;
	}
}

/* Handles any node below the root or a bus. */
static void handle_device(struct scan *s)
{
	struct scan_level *here = &s->level[s->depth];
	bool enabled = is_enabled(s->props[PROP_STATUS]);

	if (s->depth == 1 && handle_named(s))
		return;
	here->place = enabled ? PLACE_BUS : PLACE_NOTHING;
	if (!prop_has_string(s->props[PROP_DEVICE_TYPE], "memory")) {
		handle_kind(s, enabled);
		return;
	}
	here->place = PLACE_NOTHING;
	scan_record(s, NODE_DROPPED);
	if (enabled)
		scan_memory(s);
}

/* Handles the innermost node, whose properties are complete. */
static void handle_node(struct scan *s)
{
	struct scan_level *here = &s->level[s->depth];

	here->seen = true;
	read_level(s);
	if (s->depth == 0)
		return;
	switch (here[-1].place) {
	case PLACE_ROOT:
	case PLACE_BUS:
		handle_device(s);
		break;
	case PLACE_CPUS:
		scan_cpu(s);
		break;
	case PLACE_CHOSEN:
		scan_module(s);
		break;
	case PLACE_RESERVED:
		scan_reserved(s);
		break;
	case PLACE_NOTHING:
		break;
	}
}

static void open_node(struct scan *s, const struct tree_item *item)
{
	struct scan_level *here;

	if (s->depth >= 0 && s->depth < SCAN_DEPTH && !s->level[s->depth].seen)
		handle_node(s);
	if (++s->depth >= SCAN_DEPTH)
		return;
	here = &s->level[s->depth];
	*here = (struct scan_level){.name = item->name, .offset = item->offset};
	here->place = s->depth ? PLACE_NOTHING : PLACE_ROOT;
	if (s->depth) {
		here->interrupt_parent = here[-1].interrupt_parent;
		here->nexus = here[-1].nexus;
	}
	memset(s->props, 0, sizeof(s->props));
}

static void close_node(struct scan *s)
{
	if (s->depth < SCAN_DEPTH && !s->level[s->depth].seen)
		handle_node(s);
	s->depth--;
}

/* Finds the property of a name. Most names are in the cache. */
static const struct scan_name *know_name(struct scan *s, const char *name)
{
	struct scan_name *known = &s->names[(uintptr_t)name % SCAN_NAMES];
	u32 i = 0;

	if (known->name == name)
		return known;
	while (i < NR_SCAN_PROPS && strcmp(prop_names[i], name))
		i++;
	*known = (struct scan_name){name, i};
	return known;
}

/* Ignores properties after a child node, because no writer makes them. */
static void take_prop(struct scan *s, const struct tree_item *item)
{
	const struct scan_name *known = know_name(s, item->name);

	s->m->name_bytes += (u32)item->name_len + 1;
	if (known->prop < NR_SCAN_PROPS && s->depth < SCAN_DEPTH && !s->level[s->depth].seen)
		s->props[known->prop] = item->prop;
}

static enum err walk(struct scan *s)
{
	struct tree_reader reader;
	struct tree_item item;

	tree_start(&reader, s->fdt);
	do {
		if (tree_next(&reader, &item)) {
			log_error("the device tree is broken at offset 0x%x of its structure",
				  item.offset);
			return ERR_FORMAT;
		}
		if (item.tag == FDT_BEGIN_NODE)
			open_node(s, &item);
		else if (item.tag == FDT_PROP)
			take_prop(s, &item);
		else if (item.tag == FDT_END_NODE)
			close_node(s);
	} while (item.tag != FDT_END);
	return OK;
}

/* Complains of firmware that EL2 cannot call. */
static void check_psci(const struct machine *m, const struct scan *s)
{
	if (m->psci_smc)
		return;
	log_warn("the device tree has %s: only one CPU is used, and the machine cannot be powered "
		 "off%s",
		 s->psci_hvc ? "PSCI by hvc, which EL2 cannot call" : "no PSCI by smc",
		 s->psci_hvc ? " (QEMU: take a tree made with virtualization=on)" : "");
}

/* Checks for the parts that every machine needs. */
static enum err check_machine(const struct machine *m, const struct scan *s)
{
	if (s->error)
		return s->error;
	if (!m->memory.nr) {
		log_error("the device tree names no usable memory");
		return ERR_NOT_FOUND;
	}
	if (!m->nr_cpus) {
		log_error("the device tree names no usable CPU");
		return ERR_NOT_FOUND;
	}
	if (!m->gic.version) {
		log_error("the device tree names no GICv2 or GICv3%s%s",
			  s->unknown_gic ? ", but " : "", s->unknown_gic ? s->unknown_gic : "");
		return s->unknown_gic ? ERR_UNSUPPORTED : ERR_NOT_FOUND;
	}
	if (!m->timer[TIMER_VIRTUAL] || !m->timer[TIMER_HYP]) {
		log_error("the device tree names no %s interrupt of an arm,armv8-timer",
			  m->timer[TIMER_VIRTUAL] ? "hypervisor" : "virtual");
		return ERR_NOT_FOUND;
	}
	return OK;
}

enum err machine_scan(struct machine *m, const void *fdt, u8 pa_bits)
{
	struct scan *s = arena_alloc(sizeof(*s));

	*m = (struct machine){
	    .tree = {(uintptr_t)fdt, tree_used_size(fdt)}, .pa_bits = pa_bits, .bootargs = ""};
	if (!s)
		return ERR_NO_MEMORY;
	*s = (struct scan){.m = m, .fdt = fdt, .depth = -1, .aliases = -1, .gic_cells = 3};
	scan_fail(s, walk(s));
	scan_choose_uart(s);
	if (s->error)
		return s->error;
	scan_memreserve(s);
	scan_finish_gic(s);
	scan_finish_devices(s);
	scan_finish_reserved(s);
	check_psci(m, s);
	return check_machine(m, s);
}
