/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies the nodes of a partial tree (boot/partial_dt.h) into the guest's tree unchanged, except
 * the properties for Tocsin, and the interrupt controller.
 */
#include <boot/guest_tree_nodes.h>
#include <boot/layout.h>
#include <boot/partial_dt.h>
#include <boot/tree.h>
#include <lib/string.h>
#include <libfdt.h>

/* Nodes directly below the root that Tocsin writes itself. */
static const char *const ours[] = {"chosen",   "cpus",  "memory",     "reserved-memory",  "psci",
				   "firmware", "timer", "hypervisor", "tocsin-uart-clock"};

static bool begins(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

static bool left_out(const void *part, const struct tree_item *item, int depth)
{
	for (u32 i = 0; depth == 2 && i < ARRAY_SIZE(ours); i++)
		if (partial_dt_calls(item->name, ours[i]))
			return true;
	return (depth == 2 && begins(item->name, "__")) || partial_dt_is_gic(part, item->offset);
}

/* Copies big-endian cells. Every step-th, from the first on, is a phandle of an interrupt
 * controller; one that is not in the partial tree is replaced by gic_phandle. */
static void copy_parents(struct tree_writer *w, const struct tree_item *item, u32 step,
			 u32 gic_phandle)
{
	void *value;
	int err = fdt_property_placeholder(w->to, item->name, (int)item->prop.len, &value);

	tree_writer_check(w, err);
	if (err)
		return;
	memcpy(value, item->prop.bytes, item->prop.len);
	for (u32 i = 0; (i + 1) * 4 <= item->prop.len; i += step)
		if (!partial_dt_has(w->source, prop_cell(item->prop, i)))
			((fdt32_t *)value)[i] = cpu_to_fdt32(gic_phandle);
}

/* The guest does not get properties for Tocsin and for Xen. */
static void copy_prop(struct tree_writer *w, const struct tree_item *item, u32 gic_phandle)
{
	if (begins(item->name, "xen,") || begins(item->name, "tocsin,"))
		return;
	if (!strcmp(item->name, "interrupt-parent"))
		copy_parents(w, item, 1, gic_phandle);
	else if (!strcmp(item->name, "interrupts-extended"))
		copy_parents(w, item, 4, gic_phandle);
	else
		tree_writer_check(
		    w, fdt_property(w->to, item->name, item->prop.bytes, (int)item->prop.len));
}

void layout_partial_write(struct tree_writer *w, u32 gic_phandle)
{
	struct tree_reader reader;
	struct tree_item item;

	w->skip = 0;
	tree_start(&reader, w->source);
	do {
		int depth = reader.depth;

		if (tree_next(&reader, &item)) {
			tree_writer_check(w, -FDT_ERR_BADSTRUCTURE);
			return;
		}
		if (item.tag == FDT_BEGIN_NODE && reader.depth > 1) {
			w->in_props = true;
			if (!w->skip && left_out(w->source, &item, reader.depth))
				w->skip = reader.depth;
			else if (!w->skip)
				tree_writer_check(w, fdt_begin_node(w->to, item.name));
		} else if (item.tag == FDT_PROP && depth > 1 && w->in_props && !w->skip) {
			copy_prop(w, &item, gic_phandle);
		} else if (item.tag == FDT_END_NODE && depth > 1) {
			w->in_props = false;
			if (!w->skip)
				tree_writer_check(w, fdt_end_node(w->to));
			else if (w->skip == depth)
				w->skip = 0;
		}
	} while (item.tag != FDT_END && !w->err);
}
