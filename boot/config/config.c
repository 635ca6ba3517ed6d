/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions in the device tree: finds their nodes under /chosen, and has them read and checked.
 * libfdt is safe here, because machine_scan() has read the whole tree once, and cheap, because only
 * nodes below /chosen are read.
 */
#include "config_meant.h"
#include "config_reader.h"
#include <boot/arena.h>
#include <libfdt.h>

/* True if the node is to be read; sets its kinds in r. */
static bool is_partition(struct config_reader *r, int node)
{
	struct prop compatible = config_prop(r->fdt, node, "compatible");

	r->tocsin = prop_has_string(compatible, "tocsin,partition");
	r->xen = prop_has_string(compatible, "xen,domain");
	return (r->tocsin || r->xen) && config_enabled(r->fdt, node);
}

/* Room for all partitions at once: an array that grows leaves its old copies in the arena. */
static bool make_room(struct config_reader *r, int chosen)
{
	u32 nr = 0;
	int node;

	fdt_for_each_subnode (node, r->fdt, chosen)
		nr += is_partition(r, node);
	if (!nr)
		return false;
	r->c->partitions = arena_alloc(MIN(nr, CONFIG_MAX_PARTITIONS) * sizeof(*r->c->partitions));
	if (!r->c->partitions)
		config_no_memory(r);
	return r->c->partitions;
}

/* Adds a partition and sets r->p to it; NULL if there is no room. */
static void add_partition(struct config_reader *r, const char *name)
{
	struct config *c = r->c;
	const char *path;

	r->p = NULL;
	if (c->nr_partitions == CONFIG_MAX_PARTITIONS) {
		config_error(r, NULL, NULL,
			     "%.64s is not read: there are %u partitions before it, "
			     "which is the most",
			     name, CONFIG_MAX_PARTITIONS);
		return;
	}
	path = config_path(name);
	if (!path) {
		config_no_memory(r);
		return;
	}
	r->p = &c->partitions[c->nr_partitions++];
	config_default(c, r->p);
	r->p->path = path;
}

static void read_partition(struct config_reader *r, int node)
{
	const char *name = fdt_get_name(r->fdt, node, NULL);

	if (!is_partition(r, node) || !name)
		return;
	add_partition(r, name);
	if (!r->p)
		return;
	config_read_props(r, node);
	config_name_of_node(r, name);
	config_read_modules(r, node);
	config_check_alone(r, node);
}

/* Complains if a compatible string of a node under /chosen is nearly a known one. */
static void name_near(struct config_reader *r, int node)
{
	static const char *const known[] = {
	    "tocsin,partition", "tocsin,channel",    "xen,domain",          "multiboot,module",
	    "multiboot,kernel", "multiboot,ramdisk", "xen,multiboot-module"};
	const char *name = fdt_get_name(r->fdt, node, NULL);
	const char *path = name ? config_path(name) : NULL;

	if (path)
		config_name_near(r, node, path, known, ARRAY_SIZE(known));
}

/* Names the modules of the zero-configuration guest, which does not exist beside partitions. */
static void name_unused(struct config_reader *r)
{
	r->p = NULL;
	for (u32 i = 0; i < r->m->nr_modules && r->c->nr_partitions; i++)
		config_warn(r, NULL, NULL,
			    "%.64s at " RANGE_FORMAT " is not used: where there are "
			    "partitions, a module belongs in the node of one",
			    r->m->modules[i].name, RANGE_ARGS(r->m->modules[i].range));
}

enum err config_read(struct config *c, const void *fdt, const struct machine *m, complain_fn say,
		     void *context)
{
	struct config_reader r = {.c = c, .fdt = fdt, .m = m, .say = say, .context = context};
	int chosen, node;

	*c = (struct config){0};
	chosen = fdt_path_offset(fdt, "/chosen");
	if (chosen < 0)
		return OK;
	fdt_for_each_subnode (node, fdt, chosen)
		name_near(&r, node);
	if (!m->nr_partition_nodes)
		return r.error;
	config_read_chosen(&r, chosen);
	if (!make_room(&r, chosen))
		return r.error;
	fdt_for_each_subnode (node, fdt, chosen)
		read_partition(&r, node);
	name_unused(&r);
	config_check_together(&r);
	config_check_memory(&r);
	return r.error;
}
