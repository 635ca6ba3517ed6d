/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The partial device tree of a partition: its nodes that stand for devices of the machine. It may
 * be hostile like any tree, and has not been checked before.
 */
#include "config_meant.h"
#include "config_reader.h"
#include <boot/arena.h>
#include <boot/partial_dt.h>
#include <boot/virt_map.h>
#include <lib/string.h>
#include <libfdt.h>

#define MAX_DEPTH 16
/* A partial tree is searched once for each phandle in it, so its size is limited. */
#define MAX_PART_SIZE KIB(64)

/* What a node defines for its children. */
struct partial_dt_level {
	u32 address_cells, size_cells;
	u32 interrupt_parent; /* inherited; 0: not given */
};

/* Reads all tokens once, so that libfdt is safe on the tree afterwards. */
static bool tree_good(struct config_reader *r, const void *tree)
{
	const struct spec_file *file = &r->p->tree;
	struct tree_reader reader;
	struct tree_item item;

	if (file->range.size < TREE_HEADER_SIZE || tree_check(tree) != OK ||
	    fdt_totalsize(tree) > file->range.size) {
		config_error(r, file->path, "reg",
			     "at " RANGE_FORMAT " is no device tree: should be a whole .dtb file, "
			     "at a multiple of 8",
			     RANGE_ARGS(file->range));
		return false;
	}
	tree_start(&reader, tree);
	do {
		if (tree_next(&reader, &item)) {
			config_error(r, file->path, "reg",
				     "the tree at 0x%lx is broken at offset 0x%x: should be as "
				     "dtc made it",
				     file->range.base, item.offset);
			return false;
		}
	} while (item.tag != FDT_END);
	return true;
}

/* A property with Tocsin's prefix, or else with Xen's. */
static struct prop either(const void *tree, int node, const char *ours, const char *xens)
{
	struct prop p = config_prop(tree, node, ours);

	return p.bytes ? p : config_prop(tree, node, xens);
}

static void find_path(struct config_reader *r, struct device_node *d, struct prop path)
{
	const char *text = prop_string(path);

	d->node = -1;
	if (!path.bytes)
		return;
	if (text && *text == '/')
		d->node = fdt_path_offset(r->fdt, text);
	if (d->node >= 0) {
		d->path = text;
		return;
	}
	config_error(r, r->p->tree.path, "xen,path",
		     "of %.48s: found \"%.64s\": should be the path of a node of the machine",
		     d->name, text ? text : "");
}

/* Finds interrupts of the guest's interrupt controller. Those of another controller in the tree are
 * left to the guest, but not in interrupts-extended. */
static void find_interrupts(struct config_reader *r, struct device_node *d, const void *tree,
			    int node, u32 parent)
{
	struct prop extended = config_prop(tree, node, "interrupts-extended");

	d->each = extended.bytes ? 4 : 3;
	d->skip = extended.bytes ? 1 : 0;
	if (extended.bytes)
		d->interrupts = extended;
	else if (!partial_dt_has(tree, parent))
		d->interrupts = config_prop(tree, node, "interrupts");
	for (u32 i = 0; extended.bytes && (i + 1) * 16 <= extended.len; i++)
		if (partial_dt_has(tree, prop_cell(extended, i * 4)))
			config_error(r, r->p->tree.path, "interrupts-extended",
				     "%.48s: found phandle 0x%x: should be that of the interrupt "
				     "controller",
				     d->name, prop_cell(extended, i * 4));
}

static bool is_device(const void *tree, int node)
{
	return fdt_get_name(tree, node, NULL) &&
	       (either(tree, node, "tocsin,path", "xen,path").bytes ||
		either(tree, node, "tocsin,reg", "xen,reg").bytes);
}

static void read_device(struct config_reader *r, const void *tree, int node,
			const struct partial_dt_level *bus, u32 parent)
{
	struct device_node d = {.name = fdt_get_name(tree, node, NULL)};

	d.regions = either(tree, node, "tocsin,reg", "xen,reg");
	d.cells[0] = bus->address_cells;
	d.cells[1] = bus->size_cells;
	d.forced = either(tree, node, "tocsin,force-assign-without-iommu",
			  "xen,force-assign-without-iommu")
		       .bytes;
	find_interrupts(r, &d, tree, node, parent);
	find_path(r, &d, either(tree, node, "tocsin,path", "xen,path"));
	config_assign(r, &d);
}

/* Names properties that have Tocsin's or Xen's prefix and are not known. */
static void name_unknown(struct config_reader *r, const void *tree, int node)
{
	static const char *const known[] = {
	    "tocsin,path", "tocsin,reg", "tocsin,force-assign-without-iommu",
	    "xen,path",    "xen,reg",    "xen,force-assign-without-iommu",
	};
	int at, len;

	fdt_for_each_property_offset (at, tree, node) {
		struct config_meant meant;
		const char *name;

		if (!fdt_getprop_by_offset(tree, at, &name, &len) ||
		    (strncmp(name, "tocsin,", 7) && strncmp(name, "xen,", 4)))
			continue;
		config_meant_start(&meant, name);
		for (u32 i = 0; i < ARRAY_SIZE(known); i++) {
			if (!strcmp(name, known[i]))
				meant.name = NULL;
			else if (meant.name)
				config_meant_try(&meant, known[i]);
		}
		if (meant.name)
			config_warn(r, r->p->tree.path, name, "of %.48s: unknown: should be %s",
				    fdt_get_name(tree, node, NULL) ?: "",
				    meant.found ? meant.found
						: "one of those in docs/partitions.md");
	}
}

/* A cell of a node, or the default. */
static u32 cell_of(const void *tree, int node, const char *name, u32 normal)
{
	struct prop p = config_prop(tree, node, name);

	return p.len == 4 ? prop_cell(p, 0) : normal;
}

/* A tree that the guest gets as it is. */
static void check_whole(struct config_reader *r)
{
	struct partition_spec *p = r->p;

	if (p->ramdisk.range.size)
		config_warn(r, p->ramdisk.path, "reg",
			    "without effect: beside a whole device tree, which would not say where "
			    "it is, a ramdisk should be in the kernel's file");
	if (p->kernel.bootargs && *p->kernel.bootargs)
		config_warn(r, p->kernel.path, "bootargs",
			    "without effect: should be in %s, the whole device tree", p->tree.path);
	p->ramdisk.range.size = 0;
}

/* A tree whose nodes go into the guest's. */
static void check_part(struct config_reader *r, const void *tree)
{
	const struct spec_file *file = &r->p->tree;
	u32 max = 0;

	if (fdt_totalsize(tree) > MAX_PART_SIZE)
		config_error(r, file->path, "reg",
			     "found a tree of %u bytes: should be at most %lu, or a whole one, "
			     "with /cpus",
			     fdt_totalsize(tree), MAX_PART_SIZE);
	if (!fdt_find_max_phandle(tree, &max) && max > PART_MAX_PHANDLE)
		config_error(r, file->path, "reg",
			     "the tree has the phandle 0x%x: should be at most 0x%x", max,
			     PART_MAX_PHANDLE);
	if (cell_of(tree, 0, "#address-cells", 2) != 2 || cell_of(tree, 0, "#size-cells", 2) != 2)
		config_warn(r, file->path, "reg",
			    "the tree's root has other #address-cells or #size-cells than 2: "
			    "should have 2, as the guest's");
}

static void read_nodes(struct config_reader *r, const void *tree)
{
	struct partial_dt_level levels[MAX_DEPTH + 1];
	int depth = 0, node;
	u32 nr = 0;

	for (node = fdt_next_node(tree, -1, &depth); node >= 0 && depth > 0;
	     node = fdt_next_node(tree, node, &depth)) {
		struct partial_dt_level *here = &levels[MIN(depth, MAX_DEPTH)];
		u32 parent = depth > 1 ? here[-1].interrupt_parent : 0;

		if (depth > MAX_DEPTH)
			continue;
		parent = cell_of(tree, node, "interrupt-parent", parent);
		*here = (struct partial_dt_level){cell_of(tree, node, "#address-cells", 2),
						  cell_of(tree, node, "#size-cells", 1), parent};
		name_unknown(r, tree, node);
		if (depth == 1 || !is_device(tree, node))
			continue;
		if (nr++ == CONFIG_MAX_DEVICES) {
			config_error(r, r->p->tree.path, NULL,
				     "found more than %u devices: should be fewer",
				     CONFIG_MAX_DEVICES);
			return;
		}
		read_device(r, tree, node, &here[-1], parent);
	}
}

void config_read_devices(struct config *c, struct partition_spec *p, const void *tree,
			 const void *fdt, const struct machine *m, complain_fn say, void *context)
{
	struct config_reader r = {
	    .c = c, .fdt = fdt, .m = m, .say = say, .context = context, .p = p};

	if (!tree_good(&r, tree))
		return;
	p->tree.range.size = fdt_totalsize(tree);
	p->tree_whole = fdt_subnode_offset(tree, 0, "cpus") >= 0;
	if (p->tree_whole)
		check_whole(&r);
	else
		check_part(&r, tree);
	if (p->tree_whole || p->tree.range.size <= MAX_PART_SIZE)
		read_nodes(&r, tree);
	if (p->nr_devices && !p->broken)
		config_check_neighbours(&r);
	if (p->nr_devices)
		config_quiesce(&r);
}
