/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over a flattened tree. fdt_next_tag() checks every token against the bounds of the
 * structure block, and fdt_get_string() every name against those of the strings block.
 * fdt_check_full() would only repeat that.
 */
#include <boot/tree.h>
#include <lib/bits.h>
#include <lib/string.h>
#include <libfdt.h>

enum err tree_check(const void *fdt)
{
	if (!IS_ALIGNED((uintptr_t)fdt, 8) || fdt_magic(fdt) != FDT_MAGIC || fdt_check_header(fdt))
		return ERR_FORMAT;
	if (!IS_ALIGNED(fdt_off_dt_struct(fdt), 4) || !IS_ALIGNED(fdt_off_mem_rsvmap(fdt), 8))
		return ERR_FORMAT;
	return fdt_version(fdt) < 17 || fdt_totalsize(fdt) > TREE_MAX_SIZE ? ERR_FORMAT : OK;
}

/* Blocks may be in any order. No sum wraps, because fdt_check_header() has checked that all end
 * within totalsize. */
u32 tree_used_size(const void *fdt)
{
	u32 tokens = fdt_off_dt_struct(fdt) + fdt_size_dt_struct(fdt);
	u32 strings = fdt_off_dt_strings(fdt) + fdt_size_dt_strings(fdt);
	int reservations = fdt_num_mem_rsv(fdt);
	u32 end = fdt_off_mem_rsvmap(fdt);

	if (reservations >= 0)
		end += (u32)((size_t)(reservations + 1) * sizeof(struct fdt_reserve_entry));
	return MAX(end, MAX(tokens, strings));
}

enum err tree_copy(const void *fdt, void *to, u32 size)
{
	u32 used = tree_used_size(fdt);

	if (used > size)
		return ERR_NO_MEMORY;
	memcpy(to, fdt, used);
	fdt_set_totalsize(to, used);
	return OK;
}

void tree_start(struct tree_reader *r, const void *fdt)
{
	*r = (struct tree_reader){.fdt = fdt};
}

/* Fills in name and value of the property between item->offset and next. Checks the length, because
 * one near 2^32 wraps in libfdt. */
static enum err read_prop(const void *fdt, struct tree_item *item, int next)
{
	const struct fdt_property *prop = fdt_offset_ptr(fdt, item->offset, sizeof(*prop));

	if (!prop)
		return ERR_FORMAT;
	item->name = fdt_get_string(fdt, (int)fdt32_to_cpu(prop->nameoff), &item->name_len);
	item->prop = (struct prop){(const u8 *)prop->data, fdt32_to_cpu(prop->len)};
	return item->name && item->prop.len <= (u32)(next - item->offset) ? OK : ERR_FORMAT;
}

enum err tree_next(struct tree_reader *r, struct tree_item *item)
{
	do {
		item->offset = r->next;
		item->tag = fdt_next_tag(r->fdt, item->offset, &r->next);
		/* The end of the structure block, or an error: the walk does not advance. */
		if (r->next <= item->offset)
			return ERR_FORMAT;
	} while (item->tag == FDT_NOP);

	switch (item->tag) {
	case FDT_BEGIN_NODE:
		item->name = fdt_offset_ptr(r->fdt, item->offset + (int)FDT_TAGSIZE, 1);
		r->depth++;
		return item->name && !r->done ? OK : ERR_FORMAT;
	case FDT_END_NODE:
		r->done = --r->depth == 0;
		return r->depth >= 0 ? OK : ERR_FORMAT;
	case FDT_PROP:
		return r->depth > 0 ? read_prop(r->fdt, item, r->next) : ERR_FORMAT;
	default:
		return r->done ? OK : ERR_FORMAT;
	}
}

u32 prop_cell(struct prop p, u32 i)
{
	const u8 *b = p.bytes + 4 * i;

	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}

u64 prop_number(struct prop p, u32 i, u32 n)
{
	u64 value = 0;

	for (u32 k = 0; k < n; k++)
		value = value << 32 | prop_cell(p, i + k);
	return value;
}

const char *prop_string(struct prop p)
{
	return p.bytes && p.len && !p.bytes[p.len - 1] ? (const char *)p.bytes : NULL;
}

bool prop_has_string(struct prop p, const char *word)
{
	size_t len = strlen(word) + 1;

	for (u32 at = 0; p.bytes && at < p.len;) {
		const char *here = (const char *)p.bytes + at;
		const char *end = memchr(here, 0, p.len - at);

		if (!end)
			return false;
		if ((size_t)(end - here) + 1 == len && !memcmp(here, word, len))
			return true;
		at += (u32)(end - here) + 1;
	}
	return false;
}

bool prop_module_reg(struct prop reg, bool given, u32 address_cells, u32 size_cells,
		     struct range *r)
{
	if (!given) {
		address_cells = reg.len == 8 ? 1 : 2;
		size_cells = reg.len == 16 ? 2 : 1;
	}
	if (!reg.bytes || address_cells < 1 || address_cells > 2 || size_cells < 1 ||
	    size_cells > 2 || reg.len != 4 * (address_cells + size_cells))
		return false;
	r->base = prop_number(reg, 0, address_cells);
	r->size = prop_number(reg, address_cells, size_cells);
	return true;
}
