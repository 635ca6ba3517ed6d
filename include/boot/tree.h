/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a flattened device tree once, from its first to its last token. libfdt's searches start
 * again each time. This reader uses fdt_next_tag(), which checks the bounds of every token, so a
 * hostile tree ends the walk with ERR_FORMAT.
 */
#pragma once

#include <lib/err.h>
#include <lib/types.h>

/* The value of a property; bytes NULL: the property is not there. */
struct prop {
	const u8 *bytes;
	u32 len;
};

struct tree_reader {
	const void *fdt;
	int next;  /* offset of the next token in the structure block */
	int depth; /* open nodes */
	bool done; /* the root was closed */
};

/* One token: FDT_BEGIN_NODE (name), FDT_PROP (name, prop), FDT_END_NODE or
 * FDT_END. offset names a node to libfdt and survives packing. Two properties
 * whose names are at the same address have the same name. */
struct tree_item {
	u32 tag;
	int offset;
	const char *name;
	int name_len; /* of a property's */
	struct prop prop;
};

/* Bytes of the header, which must be readable before tree_check(). */
#define TREE_HEADER_SIZE 40
/* Largest size of a tree: Linux accepts no larger one, and head.S maps no more. */
#define TREE_MAX_SIZE 0x200000

/*
 * Checks the header at fdt, any address. ERR_FORMAT if it has no magic, is misaligned, is older
 * than version 17, has blocks beyond the size that it announces, or announces more than
 * TREE_MAX_SIZE. Logs nothing, because there may be no console.
 */
enum err tree_check(const void *fdt) MUST_CHECK;

/* Bytes from fdt to the end of its last block, whatever totalsize announces. */
u32 tree_used_size(const void *fdt);

/* Copies the tree to to, 8-byte aligned; the copy announces only the bytes in use. Offsets of nodes
 * do not change. ERR_NO_MEMORY: size is below tree_used_size(). */
enum err tree_copy(const void *fdt, void *to, u32 size) MUST_CHECK;

/* Starts at the root of a checked tree. */
void tree_start(struct tree_reader *r, const void *fdt);

/* The next token. ERR_FORMAT: the tree is broken here; logs nothing. */
enum err tree_next(struct tree_reader *r, struct tree_item *item) MUST_CHECK;

/* Big-endian 32-bit cell i of p; the caller knows that it is there. */
u32 prop_cell(struct prop p, u32 i);

/* Cells i .. i + n - 1 (n 0, 1 or 2) as one number. */
u64 prop_number(struct prop p, u32 i, u32 n);

/* p as a string: NULL if absent, empty of bytes or not terminated. */
const char *prop_string(struct prop p);

/* True if word is one of the strings in p. */
bool prop_has_string(struct prop p, const char *word);

/*
 * Reads the reg of a boot module, whose parent has these cells. QEMU's guest-loader writes two of
 * each without #address-cells; U-Boot scripts set it. Without it (given false) the length of reg
 * decides. False: reg is invalid.
 */
bool prop_module_reg(struct prop reg, bool given, u32 address_cells, u32 size_cells,
		     struct range *r);
