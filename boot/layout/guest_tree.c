/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies the machine's tree token by token into a new one, with libfdt's sequential writer. Nodes
 * with a role (recorded by machine_scan() in the order of the tree) lose properties or get
 * Tocsin's. All other nodes are copied unchanged.
 */
#include <boot/guest_tree.h>
#include <boot/guest_tree_nodes.h>
#include <drivers/log.h>
#include <lib/string.h>
#include <libfdt.h>

/* Bytes for Tocsin's own nodes and properties, beside texts and lists. */
#define OWN_NODES_ROOM 2048
#define CPU_NODE_ROOM 192
#define MEMORY_ROOM 16

/* Properties that no guest can use, because it has no IOMMU, MSI or NUMA. */
static const char *const useless[] = {
    "msi-parent", "msi-map",        "msi-map-mask", "iommus",
    "iommu-map",  "iommu-map-mask", "numa-node-id", NULL,
};

static const char *const cpu_dropped[] = {
    "enable-method",       "cpu-release-addr", "cpu-idle-states",    "operating-points",
    "operating-points-v2", "clocks",           "clock-names",        "clock-latency",
    "cpu-supply",          "power-domains",    "power-domain-names", NULL,
};

static const char *const gic_dropped[] = {
    "reg",        "interrupts", "interrupts-extended", "msi-controller",
    "#msi-cells", "mbi-ranges", "mbi-alias",           NULL,
};

static const char *const chosen_dropped[] = {
    "bootargs",
    "linux,initrd-start",
    "linux,initrd-end",
    NULL,
};

static const char *const psci_kept[] = {"phandle", NULL};

static const char *const console_kept[] = {
    "reg", "interrupts", "interrupts-extended", "interrupt-parent", "phandle", NULL,
};

static bool listed(const char *const *list, const char *name)
{
	for (; list && *list; list++)
		if ((*list)[0] == name[0] && !strcmp(*list, name))
			return true;
	return false;
}

/* True if a property is copied unchanged. */
static bool keeps(const struct tree_writer *w, enum node_role role, const char *name)
{
	switch (role) {
	case NODE_CPU:
		return !listed(cpu_dropped, name) && !listed(useless, name);
	case NODE_GIC:
		return !listed(gic_dropped, name) && !listed(useless, name);
	case NODE_CHOSEN:
		return !listed(chosen_dropped, name);
	case NODE_PSCI:
		return listed(psci_kept, name);
	case NODE_CONSOLE:
		return listed(console_kept, name) ||
		       (guest_tree_is_pl011(w) &&
			(!strcmp(name, "clocks") || !strcmp(name, "clock-names")));
	default:
		return !listed(useless, name);
	}
}

/* The role of the node at offset. Nodes come in the order of the records. A CPU's node is kept if a
 * vCPU has its affinity. The boot CPU need not be the first node, and CPUs that did not start have
 * no vCPU. */
static enum node_role take_role(struct tree_writer *w, int offset)
{
	const struct machine *m = w->g->machine;
	const struct partition_config *config = w->g->config;
	const struct node_record *note;

	while (w->note < m->nr_notes && m->notes[w->note].offset < offset)
		w->note++;
	note = &m->notes[w->note];
	if (w->note >= m->nr_notes || note->offset != offset)
		return NODE_PLAIN;
	if (note->role != NODE_CPU)
		return note->role;
	for (u32 i = 0; i < config->nr_vcpus; i++)
		if (config->vcpu_mpidr[i] == note->mpidr)
			return NODE_CPU;
	return NODE_DROPPED;
}

/* The children of these nodes describe hardware that the guest does not have. */
static bool loses_children(enum node_role role)
{
	return role == NODE_GIC || role == NODE_CONSOLE || role == NODE_PSCI;
}

/* No guest gets the SDEI node of the real firmware, whatever its compatible; the only node of that
 * name is Tocsin's. */
static bool is_firmwares_sdei(enum node_role parent, const char *name)
{
	return parent == NODE_FIRMWARE && !strcmp(name, "sdei");
}

/* Writes Tocsin's properties of a node before the node's own. */
static void begin_role(struct tree_writer *w, enum node_role role)
{
	switch (role) {
	case NODE_CHOSEN:
		w->has_chosen = true;
		guest_tree_chosen(w);
		break;
	case NODE_PSCI:
		w->has_psci = true;
		guest_tree_psci(w);
		break;
	case NODE_CPU:
		tree_writer_string(w, "enable-method", "psci");
		break;
	case NODE_CONSOLE:
		guest_tree_console(w);
		break;
	default:
		break;
	}
}

static void open_node(struct tree_writer *w, const struct tree_item *item, int depth)
{
	enum node_role role = take_role(w, item->offset);
	enum node_role parent = depth > 1 && depth <= SCAN_DEPTH ? w->role[depth - 2] : NODE_PLAIN;

	w->in_props = true;
	if (w->skip)
		return;
	if (role == NODE_DROPPED || loses_children(parent) ||
	    is_firmwares_sdei(parent, item->name)) {
		w->skip = depth;
		return;
	}
	if (depth <= SCAN_DEPTH)
		w->role[depth - 1] = role;
	tree_writer_check(w, fdt_begin_node(w->to, depth > 1 ? item->name : ""));
	begin_role(w, role);
}

static void close_node(struct tree_writer *w, int depth)
{
	w->in_props = false;
	if (w->skip) {
		if (depth == w->skip)
			w->skip = 0;
		return;
	}
	if (depth == 1)
		guest_tree_root_end(w);
	else if (depth <= SCAN_DEPTH && w->role[depth - 1] == NODE_CPUS)
		guest_tree_more_cpus(w);
	else if (depth <= SCAN_DEPTH && w->role[depth - 1] == NODE_CONSOLE)
		guest_tree_console_end(w);
	else if (depth <= SCAN_DEPTH && w->role[depth - 1] == NODE_FIRMWARE)
		guest_tree_firmware_end(w);
	tree_writer_check(w, fdt_end_node(w->to));
}

/* Records the values of properties that are needed to write Tocsin's own nodes. */
static void look_at(struct tree_writer *w, const struct tree_item *item, int depth)
{
	bool cell = item->prop.len == 4;

	if (cell && !strcmp(item->name, "phandle"))
		w->max_phandle = MAX(w->max_phandle, prop_cell(item->prop, 0));
	if (!cell || item->name[0] != '#')
		return;
	if (depth == 1 && !strcmp(item->name, "#address-cells"))
		w->address_cells = prop_cell(item->prop, 0);
	else if (depth == 1 && !strcmp(item->name, "#size-cells"))
		w->size_cells = prop_cell(item->prop, 0);
	else if (depth == 2 && w->role[1] == NODE_CPUS && !strcmp(item->name, "#address-cells"))
		w->cpu_cells = prop_cell(item->prop, 0);
}

static void copy_prop(struct tree_writer *w, const struct tree_item *item, int depth)
{
	enum node_role role = depth <= SCAN_DEPTH ? w->role[depth - 1] : NODE_PLAIN;

	look_at(w, item, depth);
	if (w->skip || !w->in_props)
		return;
	if (role == NODE_GIC && !strcmp(item->name, "reg"))
		tree_writer_check(
		    w, fdt_property(w->to, "reg", item->prop.bytes,
				    (int)MIN(item->prop.len, w->g->machine->gic_reg_bytes)));
	if (!keeps(w, role, item->name))
		return;
	w->has_clocks |= role == NODE_CONSOLE && !strcmp(item->name, "clocks");
	tree_writer_check(w,
			  fdt_property(w->to, item->name, item->prop.bytes, (int)item->prop.len));
}

static enum err copy_tokens(struct tree_writer *w)
{
	struct tree_reader reader;
	struct tree_item item;

	tree_start(&reader, w->source);
	do {
		int depth = reader.depth;

		if (tree_next(&reader, &item))
			return ERR_FORMAT;
		if (item.tag == FDT_BEGIN_NODE)
			open_node(w, &item, reader.depth);
		else if (item.tag == FDT_PROP)
			copy_prop(w, &item, depth);
		else if (item.tag == FDT_END_NODE)
			close_node(w, depth);
	} while (item.tag != FDT_END && !w->err);
	return OK;
}

/* Copies reservations, except those that a boot loader made for its own data. */
static void copy_reservations(struct tree_writer *w)
{
	const struct machine *m = w->g->machine;
	int nr = fdt_num_mem_rsv(w->source);

	for (int i = 0; i < nr; i++) {
		u64 base, size;

		if (fdt_get_mem_rsv(w->source, i, &base, &size) || !size || base == m->tree.base ||
		    (m->initrd.size && base == m->initrd.base))
			continue;
		tree_writer_check(w, fdt_add_reservemap_entry(w->to, base, size));
	}
	tree_writer_check(w, fdt_finish_reservemap(w->to));
}

u32 guest_tree_room(const struct machine *m, u32 nr_vcpus, u32 nr_memory, const char *bootargs)
{
	return (u32)(m->tree.size + m->name_bytes + strlen(bootargs) + nr_vcpus * CPU_NODE_ROOM +
		     nr_memory * MEMORY_ROOM + OWN_NODES_ROOM);
}

enum err guest_tree_write(const struct guest_tree *g, const void *source, void *to, u32 room,
			  u32 *size)
{
	struct tree_writer w = {.g = g,
				.source = source,
				.to = to,
				.address_cells = 2,
				.size_cells = 1,
				.cpu_cells = 2};

	/* To search each name among the earlier ones would cost more than all the rest. */
	tree_writer_check(&w, fdt_create_with_flags(to, (int)room, FDT_CREATE_FLAG_NO_NAME_DEDUP));
	copy_reservations(&w);
	if (copy_tokens(&w)) {
		log_error("the device tree is broken");
		return ERR_FORMAT;
	}
	guest_tree_set_phandles(&w);
	if (!w.err)
		tree_writer_check(&w, fdt_finish(to));
	if (w.err) {
		log_error("the guest's device tree cannot be written into %u bytes: %s", room,
			  fdt_strerror(w.err));
		return ERR_NO_MEMORY;
	}
	*size = fdt_totalsize(to);
	return OK;
}
