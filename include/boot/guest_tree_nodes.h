/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of guest_tree_write(): the state of the copy, and the nodes and properties that Tocsin
 * writes. Private to boot/layout/guest_tree*.c.
 */
#pragma once

#include <boot/guest_tree.h>
#include <boot/scan.h>

struct tree_writer {
	const struct guest_tree *g;
	const void *source;
	void *to;
	int err;       /* the first of libfdt's errors */
	u32 note;      /* the next of machine.notes */
	int skip;      /* depth of the node that is left out with all below; 0: none */
	bool in_props; /* no child of the innermost node was read yet */
	enum node_role role[SCAN_DEPTH]; /* of the open nodes, root first */
	u32 address_cells, size_cells;   /* the root's */
	u32 cpu_cells;                   /* #address-cells of /cpus */
	u32 max_phandle;
	u32 *clock_phandle[3]; /* in to, big-endian, set at the end */
	u32 nr_clock_phandles;
	bool has_psci, has_chosen, has_cpus, has_clocks, has_firmware;
};

/* Keeps the first error of a libfdt call. */
void tree_writer_check(struct tree_writer *w, int err);

/* A property of the innermost node: a number, n cells, a string. */
void tree_writer_number(struct tree_writer *w, const char *name, u32 value);
void tree_writer_cells(struct tree_writer *w, const char *name, const u32 *cells, u32 n);
void tree_writer_string(struct tree_writer *w, const char *name, const char *value);
void tree_writer_empty(struct tree_writer *w, const char *name);

/* A node NAME@ADDRESS, and the end of one. */
void tree_writer_begin(struct tree_writer *w, const char *name, u64 address);
void tree_writer_end(struct tree_writer *w);

/* True if the machine's own console is a PL011: then its clocks are right for the guest. */
bool guest_tree_is_pl011(const struct tree_writer *w);

/* Tocsin's properties of /chosen, PSCI and the console; those of the console again when its own
 * properties are known. */
void guest_tree_chosen(struct tree_writer *w);
void guest_tree_psci(struct tree_writer *w);
void guest_tree_console(struct tree_writer *w);
void guest_tree_console_end(struct tree_writer *w);

/* Tocsin's nodes in /firmware, after its own children. */
void guest_tree_firmware_end(struct tree_writer *w);

/* CPU nodes for vCPUs that have none in the machine's tree; nodes below the root. */
void guest_tree_more_cpus(struct tree_writer *w);
void guest_tree_root_end(struct tree_writer *w);

/* Gives Tocsin's clock an unused phandle. */
void guest_tree_set_phandles(struct tree_writer *w);
