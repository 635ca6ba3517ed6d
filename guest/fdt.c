/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of flattened device trees (Devicetree Specification 5), of its own so
 * that Tocsin's libfdt does not check itself. Nodes are offsets of FDT_BEGIN_NODE. */
#include "guest.h"

enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };
#define MAGIC 0xd00dfeed

const void *fdt;

static u32 be32(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}

static u32 header(u32 word)
{
	return be32((const u8 *)fdt + 4 * word);
}

static const u8 *structure(void)
{
	return (const u8 *)fdt + header(2);
}

/* The offset after the token at off. */
static int after(int off)
{
	const u8 *s = structure();

	switch (be32(s + off)) {
	case BEGIN_NODE:
		return (int)ALIGN_UP((u64)off + 4 + strlen((const char *)s + off + 4) + 1, 4);
	case PROP:
		return (int)ALIGN_UP((u64)off + 12 + be32(s + off + 4), 4);
	default:
		return off + 4;
	}
}

int fdt_root(void)
{
	int off = 0;

	while (be32(structure() + off) == NOP)
		off += 4;
	return off;
}

int fdt_next(int node)
{
	int off = node < 0 ? 0 : after(node);

	for (;; off = after(off)) {
		u32 token = be32(structure() + off);

		if (token == BEGIN_NODE)
			return off;
		if (token == END)
			return -1;
	}
}

const char *fdt_name(int node)
{
	return (const char *)structure() + node + 4;
}

static bool name_matches(const char *node, const char *want, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (node[i] != want[i])
			return false;
	}
	return node[n] == 0 || node[n] == '@';
}

static int child_n(int node, const char *name, size_t n)
{
	int depth = 0;

	for (int off = after(node);; off = after(off)) {
		u32 token = be32(structure() + off);

		if (token == END || (token == END_NODE && depth-- == 0))
			return -1;
		if (token == BEGIN_NODE && depth++ == 0 && name_matches(fdt_name(off), name, n))
			return off;
	}
}

int fdt_child(int node, const char *name)
{
	return child_n(node, name, strlen(name));
}

int fdt_node(const char *path)
{
	int node = fdt_root();

	while (node >= 0 && *path == '/' && path[1]) {
		size_t n = 0;

		path++;
		while (path[n] && path[n] != '/')
			n++;
		node = child_n(node, path, n);
		path += n;
	}
	return node;
}

const void *fdt_prop(int node, const char *name, u32 *len)
{
	const char *strings = (const char *)fdt + header(3);

	for (int off = after(node);; off = after(off)) {
		const u8 *p = structure() + off;
		u32 token = be32(p);

		if (token == NOP)
			continue;
		if (token != PROP)
			return NULL;
		if (strcmp(strings + be32(p + 8), name) == 0) {
			if (len)
				*len = be32(p + 4);
			return p + 12;
		}
	}
}

u64 fdt_cells(const void *prop, u32 cells)
{
	u64 v = be32(prop);

	return cells == 2 ? v << 32 | be32((const u8 *)prop + 4) : v;
}

bool fdt_reg(int node, u32 index, struct range *reg)
{
	u32 len;
	const u8 *p = fdt_prop(node, "reg", &len);

	if (!p || len < 16 * (index + 1))
		return false;
	reg->base = fdt_cells(p + 16 * index, 2);
	reg->size = fdt_cells(p + 16 * index + 8, 2);
	return true;
}

static bool list_has(const char *list, u32 len, const char *str)
{
	for (u32 i = 0; i < len; i += (u32)strlen(list + i) + 1) {
		if (strcmp(list + i, str) == 0)
			return true;
	}
	return false;
}

int fdt_compatible(int from, const char *str)
{
	for (int node = fdt_next(from); node >= 0; node = fdt_next(node)) {
		u32 len;
		const char *list = fdt_prop(node, "compatible", &len);

		if (list && list_has(list, len, str))
			return node;
	}
	return -1;
}

bool fdt_string_is(int node, const char *prop, const char *value)
{
	const char *s = node < 0 ? NULL : fdt_prop(node, prop, NULL);

	return s && strcmp(s, value) == 0;
}

bool fdt_check(void)
{
	u32 total = header(1), off_struct = header(2), size_struct = header(9);
	int depth = 0;

	if (be32(fdt) != MAGIC || off_struct > total || size_struct > total - off_struct)
		return false;
	for (u32 off = 0; off + 4 <= size_struct; off = (u32)after((int)off)) {
		u32 token = be32(structure() + off);

		if (token == END)
			return depth == 0;
		if (token == BEGIN_NODE)
			depth++;
		else if (token == END_NODE)
			depth--;
		else if (token != PROP && token != NOP)
			return false;
	}
	return false;
}
