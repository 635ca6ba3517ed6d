/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The partial device tree of a partition: its nodes that stand for devices of the
 * machine. It is as hostile as any other, and was not read by anybody before.
 */
#include <boot/arena.h>
#include <boot/config_reader.h>
#include <boot/image.h>
#include <boot/virt_map.h>
#include <lib/string.h>
#include <libfdt.h>

#define MAX_DEPTH 16

/* Reads all tokens once, so that libfdt can be let loose on it. */
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

/* A property under our or Xen's prefix. */
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

static void read_device(struct config_reader *r, const void *tree, int node, const u32 *cells)
{
	struct device_node d = {.name = fdt_get_name(tree, node, NULL), .each = 3};
	struct prop path = either(tree, node, "tocsin,path", "xen,path");
	struct prop extended = config_prop(tree, node, "interrupts-extended");

	d.regions = either(tree, node, "tocsin,reg", "xen,reg");
	if (!d.name || (!path.bytes && !d.regions.bytes))
		return;
	d.cells[0] = cells[0];
	d.cells[1] = cells[1];
	d.forced = either(tree, node, "tocsin,force-assign-without-iommu",
			  "xen,force-assign-without-iommu")
		       .bytes;
	d.interrupts = config_prop(tree, node, "interrupts");
	if (extended.bytes) {
		d.interrupts = extended;
		d.each = 4;
		d.skip = 1;
	}
	find_path(r, &d, path);
	config_assign(r, &d);
}

/* What a node says of its children's addresses. */
static u32 cells_of(const void *tree, int node, const char *name, u32 normal)
{
	struct prop p = config_prop(tree, node, name);

	return p.len == 4 ? prop_cell(p, 0) : normal;
}

void config_read_devices(struct config *c, struct partition_spec *p, const void *tree,
			 const void *fdt, const struct machine *m, complain_fn say, void *context)
{
	struct config_reader r = {
	    .c = c, .fdt = fdt, .m = m, .say = say, .context = context, .p = p};
	u32 cells[MAX_DEPTH + 1][2];
	int depth = 0, node;

	if (!tree_good(&r, tree))
		return;
	for (node = fdt_next_node(tree, -1, &depth); node >= 0 && depth > 0;
	     node = fdt_next_node(tree, node, &depth)) {
		const char *name = fdt_get_name(tree, node, NULL);

		if (depth > MAX_DEPTH)
			continue;
		cells[depth][0] = cells_of(tree, node, "#address-cells", 2);
		cells[depth][1] = cells_of(tree, node, "#size-cells", 1);
		if (depth == 1)
			continue;
		if (depth == 2 && name && !strcmp(name, "cpus"))
			p->tree_whole = true;
		read_device(&r, tree, node, cells[depth - 1]);
	}
}

void config_check_kernel(struct config *c, struct partition_spec *p, const void *file,
			 const struct machine *m, complain_fn say, void *context)
{
	struct config_reader r = {.c = c, .m = m, .say = say, .context = context, .p = p};
	struct image image = {0};

	if (image_parse(&image, p->kernel.path, file, p->kernel.range.size, RAW_ANYWHERE)) {
		config_error(&r, p->kernel.path, "reg",
			     "the file at " RANGE_FORMAT " cannot be run: should be a Linux "
			     "Image, an ELF file or raw code",
			     RANGE_ARGS(p->kernel.range));
		return;
	}
	if (image.floating || config_in_memory(p, image.span))
		return;
	config_error(&r, p->kernel.path, "reg",
		     "the kernel wants to be at " RANGE_FORMAT ": should be within the partition's "
		     "RAM, which begins at 0x%lx",
		     RANGE_ARGS(image.span), p->nr_given ? p->given[0].ipa : VIRT_MAP_RAM);
}
