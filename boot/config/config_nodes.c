/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over all nodes of the machine's tree. It keeps the parents of each node, so that the
 * node's registers are found without a search for them.
 */
#include "config_nodes.h"
#include "config_reader.h"
#include <libfdt.h>

void config_walk_start(struct config_walk *w, const void *fdt)
{
	*w = (struct config_walk){.fdt = fdt, .node = -1, .depth = -1};
}

bool config_walk_next(struct config_walk *w)
{
	w->node = fdt_next_node(w->fdt, w->node, &w->depth);
	if (w->node < 0 || w->depth < 0)
		return false;
	if (w->depth < CONFIG_WALK_DEPTH)
		w->path[w->depth] = w->node;
	return true;
}

bool config_walk_to(struct config_walk *w, const void *fdt, int node)
{
	config_walk_start(w, fdt);
	while (config_walk_next(w))
		if (w->node == node)
			return true;
	return false;
}

static u32 address_cells(const struct config_walk *w, int depth)
{
	return (u32)fdt_address_cells(w->fdt, w->path[depth]);
}

static u32 size_cells(const struct config_walk *w, int depth)
{
	return (u32)fdt_size_cells(w->fdt, w->path[depth]);
}

/* Translates r by the ranges of the bus to an address of the bus's parent. */
static bool translate(const struct config_walk *w, int bus, struct range *r)
{
	struct prop ranges = config_prop(w->fdt, w->path[bus], "ranges");
	u32 child = address_cells(w, bus), parent = address_cells(w, bus - 1);
	u32 size = size_cells(w, bus), each = child + parent + size;

	if (child > 2 || parent > 2 || size > 2 || !each)
		return false;
	for (u32 i = 0; (i + 1) * 4 * each <= ranges.len; i++) {
		struct range from = {prop_number(ranges, i * each, child),
				     prop_number(ranges, i * each + child + parent, size)};

		if (!range_contains(from, *r))
			continue;
		r->base = r->base - from.base + prop_number(ranges, i * each + child, parent);
		return true;
	}
	return ranges.bytes && !ranges.len;
}

u32 config_walk_regions(const struct config_walk *w)
{
	u32 each;

	if (w->depth < 1 || w->depth >= CONFIG_WALK_DEPTH)
		return 0;
	each = address_cells(w, w->depth - 1) + size_cells(w, w->depth - 1);
	return each ? config_prop(w->fdt, w->node, "reg").len / (4 * each) : 0;
}

bool config_walk_region(const struct config_walk *w, u32 i, struct range *pa)
{
	struct prop reg = config_prop(w->fdt, w->node, "reg");
	u32 ac, sc;

	if (i >= config_walk_regions(w))
		return false;
	ac = address_cells(w, w->depth - 1);
	sc = size_cells(w, w->depth - 1);
	if (ac < 1 || ac > 2 || sc < 1 || sc > 2)
		return false;
	*pa = (struct range){prop_number(reg, i * (ac + sc), ac),
			     prop_number(reg, i * (ac + sc) + ac, sc)};
	for (int bus = w->depth - 1; bus > 0; bus--)
		if (!translate(w, bus, pa))
			return false;
	return pa->size && range_valid(*pa);
}
