/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nodes below a partition's: boot modules, known by their compatible strings or, for plain
 * ones, by their order. config_memory.c checks their addresses.
 */
#include "config_meant.h"
#include "config_reader.h"
#include <boot/arena.h>
#include <lib/string.h>
#include <libfdt.h>

enum file_kind { FILE_KERNEL, FILE_RAMDISK, FILE_TREE, NR_FILES, FILE_PLAIN, FILE_NONE };

static const struct {
	const char *compatible;
	enum file_kind kind;
} kinds[] = {
    {"multiboot,kernel", FILE_KERNEL},    {"xen,linux-zimage", FILE_KERNEL},
    {"multiboot,ramdisk", FILE_RAMDISK},  {"xen,linux-initrd", FILE_RAMDISK},
    {"multiboot,device-tree", FILE_TREE}, {"multiboot,module", FILE_PLAIN},
    {"xen,multiboot-module", FILE_PLAIN},
};

/* Properties that a module's node may have. */
static const char *const known[] = {"compatible", "reg",           "bootargs", "tocsin,raw",
				    "phandle",    "linux,phandle", "status"};

static const char *const file_names[NR_FILES] = {"kernel", "ramdisk", "device tree"};

static enum file_kind file_kind(struct prop compatible)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		if (prop_has_string(compatible, kinds[i].compatible))
			return kinds[i].kind;
	return FILE_NONE;
}

static void name_near(struct config_reader *r, int node, const char *path)
{
	const char *words[ARRAY_SIZE(kinds)];

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		words[i] = kinds[i].compatible;
	config_name_near(r, node, path, words, ARRAY_SIZE(words));
}

static struct spec_file *file_of(struct partition_spec *p, enum file_kind kind)
{
	switch (kind) {
	case FILE_KERNEL:
		return &p->kernel;
	case FILE_RAMDISK:
		return &p->ramdisk;
	default:
		return &p->tree;
	}
}

/* The partition's path, "/" and name, in the arena. */
static const char *path_below(struct config_reader *r, const char *name)
{
	size_t above = strlen(r->p->path), below = strlen(name) + 1;
	char *path = arena_alloc(above + 1 + below);

	if (!path)
		return NULL;
	memcpy(path, r->p->path, above);
	path[above] = '/';
	return memcpy(path + above + 1, name, below) - above - 1;
}

static void name_unknown(struct config_reader *r, int node, const char *path)
{
	int at, len;

	fdt_for_each_property_offset (at, r->fdt, node) {
		const char *name;
		u32 i = 0;

		if (!fdt_getprop_by_offset(r->fdt, at, &name, &len))
			continue;
		while (i < ARRAY_SIZE(known) && strcmp(known[i], name))
			i++;
		if (i == ARRAY_SIZE(known))
			config_warn(r, path, name,
				    "unknown, without effect: a module has compatible, reg and "
				    "bootargs");
	}
}

/* #address-cells or #size-cells of the partition's node. */
static u32 cells_of(const struct config_reader *r, int parent, const char *name, u32 normal)
{
	struct prop p = config_prop(r->fdt, parent, name);

	return p.len == 4 ? prop_cell(p, 0) : normal;
}

static bool read_reg(struct config_reader *r, int parent, int node, const char *path,
		     struct range *range)
{
	struct prop reg = config_prop(r->fdt, node, "reg");
	bool given = config_prop(r->fdt, parent, "#address-cells").bytes;
	u32 ac = cells_of(r, parent, "#address-cells", 2);
	u32 sc = cells_of(r, parent, "#size-cells", 1);

	if (!prop_module_reg(reg, given, ac, sc, range)) {
		config_error(r, path, "reg",
			     "found %u bytes: should be an address of %u and a size of %u cells, "
			     "as %s's #address-cells and #size-cells say",
			     reg.len, ac, sc, r->p->path);
		return false;
	}
	if (range->size && range_valid(*range) && range->base + range->size <= BIT(r->m->pa_bits))
		return true;
	config_error(r, path, "reg",
		     "found 0x%lx, size 0x%lx: should be where the file was loaded, and its size",
		     range->base, range->size);
	return false;
}

/* Plain modules are kernel and ramdisk, in this order. */
static enum file_kind guess(const struct partition_spec *p)
{
	if (!p->kernel.path)
		return FILE_KERNEL;
	return p->ramdisk.path ? FILE_NONE : FILE_RAMDISK;
}

static void read_bootargs(struct config_reader *r, int node, const char *path,
			  struct spec_file *file)
{
	struct prop value = config_prop(r->fdt, node, "bootargs");
	const char *text = prop_string(value);

	file->bootargs = text ? text : "";
	if (value.len && !text)
		config_error(r, path, "bootargs",
			     "found %u bytes without an end: should be a string", value.len);
	if (text && file != &r->p->kernel)
		config_warn(r, path, "bootargs",
			    "without effect: should be in the node of the kernel");
}

/* tocsin,raw: code that is not recognised as such. For a kernel only. */
static void read_raw(struct config_reader *r, int node, const char *path, struct spec_file *file)
{
	if (!config_prop(r->fdt, node, "tocsin,raw").bytes)
		return;
	if (file == &r->p->kernel)
		r->p->raw = true;
	else
		config_warn(r, path, "tocsin,raw",
			    "without effect: should be in the node of the kernel");
}

static void read_module(struct config_reader *r, int parent, int node, const char *name)
{
	enum file_kind kind = file_kind(config_prop(r->fdt, node, "compatible"));
	const char *path = path_below(r, name);
	struct spec_file *file;

	if (!path) {
		config_no_memory(r);
		return;
	}
	name_near(r, node, path);
	if (kind == FILE_NONE) {
		config_warn(r, path, "compatible",
			    "of an unknown kind, without effect: should be multiboot,kernel, "
			    "multiboot,ramdisk or multiboot,device-tree");
		return;
	}
	kind = kind == FILE_PLAIN ? guess(r->p) : kind;
	if (kind == FILE_NONE) {
		config_warn(r, path, "compatible",
			    "a third module of no kind, without effect: should be "
			    "multiboot,device-tree, or deleted");
		return;
	}
	file = file_of(r->p, kind);
	if (file->path) {
		config_error(r, path, "compatible", "found a second %s beside %s: should be one",
			     file_names[kind], file->path);
		return;
	}
	file->path = path;
	name_unknown(r, node, path);
	read_bootargs(r, node, path, file);
	read_raw(r, node, path, file);
	if (!read_reg(r, parent, node, path, &file->range))
		file->range = (struct range){0};
}

void config_read_modules(struct config_reader *r, int node)
{
	int child;

	r->p->kernel.bootargs = r->p->ramdisk.bootargs = r->p->tree.bootargs = "";
	fdt_for_each_subnode (child, r->fdt, node) {
		const char *name = fdt_get_name(r->fdt, child, NULL);

		if (name && config_enabled(r->fdt, child))
			read_module(r, node, child, name);
	}
	if (!r->p->kernel.path)
		config_error(r, NULL, NULL,
			     "found no kernel: should have a node with compatible = "
			     "\"multiboot,kernel\", \"multiboot,module\", and its reg");
}
