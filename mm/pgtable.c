/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one walker. Each change of a table is "fill this range with that leaf". A leaf is a mapping,
 * whose output address advances, or a note, which stays the same. fill() descends only where the
 * range does not cover a whole entry, and splits blocks and notes on the way. Only replace() writes
 * an entry of a table in use. The caller holds the lock of the table's owner.
 */
#include <arch/barrier.h>
#include <lib/atomic.h>
#include <mm/pages.h>
#include <mm/pgtable.h>

#define ENTRIES 512
#define LAST_LEVEL 3
#define FIRST_BLOCK_LEVEL 1

struct fill {
	u64 bits;   /* attributes without address and type, or the note */
	bool valid; /* a mapping */
	u64 offset; /* output address minus input address */
};

static u32 entry_index(const struct pgtable *pt, u64 addr, int level)
{
	u64 index = addr >> (39 - 9 * level);

	/* The tables of the first level are concatenated, so there is no mask. */
	return (u32)(level == pt->start_level ? index : index % ENTRIES);
}

static bool is_table(u64 entry, int level)
{
	return level < LAST_LEVEL && (entry & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

static u64 *table_of(u64 entry)
{
	return (u64 *)(entry & PTE_ADDR);
}

static u32 root_tables(const struct pgtable *pt)
{
	int bits = pt->address_bits - (pt->start_level ? 39 : 48);

	return bits > 0 ? 1u << bits : 1;
}

static void free_tables(u64 *table, int level)
{
	for (u32 i = 0; i < ENTRIES && level < LAST_LEVEL; i++)
		if (is_table(table[i], level))
			free_tables(table_of(table[i]), level + 1);
	pages_free(table, 1);
}

/*
 * Break before make (DDI0487 D8.14.1): a valid entry is made invalid, the TLBs of all CPUs are
 * invalidated, and only then is the new entry written. An entry that was invalid before needs no
 * TLB invalidation; its DSB is at the end of the walk.
 */
static void replace(struct pgtable *pt, u64 *entry, u64 addr, int level, u64 value)
{
	u64 old = *entry;

	if (old == value)
		return;
	if (old & PTE_VALID) {
		atomic_store(entry, value & PTE_VALID ? 0 : value);
		dsb(ishst);
		if (is_table(old, level))
			pt->ops->invalidate_all(pt->owner);
		else
			pt->ops->invalidate(pt->owner, addr, level);
	}
	atomic_store_release(entry, value);
	if (is_table(old, level) && !is_table(value, level))
		free_tables(table_of(old), level + 1);
}

static u64 leaf(const struct fill *f, u64 addr, int level)
{
	if (!f->valid)
		return f->bits;
	return f->bits | (addr + f->offset) | PTE_VALID | (level == LAST_LEVEL ? PTE_TABLE : 0);
}

static bool leaf_fits(const struct fill *f, u64 addr, u64 size, int level)
{
	u64 span = pgtable_level_size(level);

	if (size != span || !IS_ALIGNED(addr, span))
		return false;
	return !f->valid || (level >= FIRST_BLOCK_LEVEL && IS_ALIGNED(addr + f->offset, span));
}

/* The table below entry. A block, note or empty entry is first replaced by a table of smaller
 * entries with the same meaning. NULL without memory. */
static u64 *descend(struct pgtable *pt, u64 *entry, u64 addr, int level)
{
	u64 old = *entry;
	u64 step = old & PTE_VALID ? pgtable_level_size(level + 1) : 0;
	u64 type = old & PTE_VALID && level + 1 == LAST_LEVEL ? PTE_TABLE : 0;
	u64 *table;

	if (is_table(old, level))
		return table_of(old);
	table = pages_alloc(1);
	if (!table)
		return NULL;
	for (u32 i = 0; i < ENTRIES && old; i++)
		table[i] = (old + i * step) | type;
	dsb(ishst); /* the walker must not see the table before its contents */
	replace(pt, entry, ALIGN_DOWN(addr, pgtable_level_size(level)), level,
		(u64)table | PTE_TABLE | PTE_VALID);
	return table;
}

static bool is_empty(const u64 *table)
{
	for (u32 i = 0; i < ENTRIES; i++)
		if (table[i])
			return false;
	return true;
}

static enum err fill(struct pgtable *pt, u64 *table, int level, u64 addr, u64 end,
		     const struct fill *f)
{
	u64 span = pgtable_level_size(level);

	for (u64 next; addr < end; addr = next) {
		u64 *entry = &table[entry_index(pt, addr, level)];
		u64 *below;
		enum err err;

		next = MIN(ALIGN_DOWN(addr, span) + span, end);
		if (!f->valid && *entry == f->bits)
			continue; /* a hole of that kind, however large */
		if (leaf_fits(f, addr, next - addr, level)) {
			replace(pt, entry, addr, level, leaf(f, addr, level));
			continue;
		}
		below = descend(pt, entry, addr, level);
		if (!below)
			return ERR_NO_MEMORY;
		err = fill(pt, below, level + 1, addr, next, f);
		if (err)
			return err;
		if (!f->valid && !f->bits && is_empty(below))
			replace(pt, entry, addr, level, 0);
	}
	return OK;
}

static enum err fill_range(struct pgtable *pt, u64 addr, u64 size, const struct fill *f)
{
	struct range space = {0, BIT(pt->address_bits)};
	enum err err;

	if (!range_contains(space, (struct range){addr, size}) ||
	    !IS_ALIGNED(addr | size, PAGE_SIZE))
		return ERR_RANGE;
	err = fill(pt, pt->root, pt->start_level, addr, addr + size, f);
	dsb(ishst);
	return err;
}

enum err pgtable_create(struct pgtable *pt, u8 address_bits, bool stage2,
			const struct pgtable_ops *ops, const void *owner)
{
	/* Up to 16 tables side by side save a level in stage 2. */
	u8 level1_bits = stage2 ? 43 : 39;

	*pt = (struct pgtable){.start_level = address_bits <= level1_bits ? 1 : 0,
			       .address_bits = address_bits,
			       .ops = ops,
			       .owner = owner};
	pt->root = pages_alloc(root_tables(pt));
	return pt->root ? OK : ERR_NO_MEMORY;
}

enum err pgtable_map(struct pgtable *pt, u64 addr, pa_t pa, u64 size, u64 attributes)
{
	struct fill f = {.bits = attributes, .valid = true, .offset = pa - addr};

	if (!IS_ALIGNED(pa, PAGE_SIZE) ||
	    !range_contains((struct range){0, BIT(48)}, (struct range){pa, size}))
		return ERR_RANGE;
	return fill_range(pt, addr, size, &f);
}

enum err pgtable_annotate(struct pgtable *pt, u64 addr, u64 size, u64 note)
{
	struct fill f = {.bits = note & ~PTE_VALID};

	return fill_range(pt, addr, size, &f);
}

u64 pgtable_lookup(const struct pgtable *pt, u64 addr, int *level)
{
	const u64 *table = pt->root;

	*level = pt->start_level;
	if (addr >> pt->address_bits)
		return 0;
	addr &= BIT(pt->address_bits) - 1; /* the CPU may speculate past the check */
	for (;;) {
		u64 entry = atomic_load(&table[entry_index(pt, addr, *level)]);

		if (!is_table(entry, *level))
			return entry;
		table = table_of(entry);
		++*level;
	}
}

u64 *pgtable_page_entry(const struct pgtable *pt, u64 addr)
{
	u64 *table = pt->root;

	for (int level = pt->start_level; level < LAST_LEVEL; level++) {
		u64 entry = table[entry_index(pt, addr, level)];

		if (!is_table(entry, level))
			return NULL;
		table = table_of(entry);
	}
	return &table[entry_index(pt, addr, LAST_LEVEL)];
}

void pgtable_destroy(struct pgtable *pt)
{
	u32 roots = root_tables(pt);

	for (u32 i = 0; i < roots * ENTRIES; i++)
		if (is_table(pt->root[i], pt->start_level))
			free_tables(table_of(pt->root[i]), pt->start_level + 1);
	pages_free(pt->root, roots);
	pt->root = NULL;
}
