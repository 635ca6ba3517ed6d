/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VMSAv8-64 translation tables, 4 KiB granule (DDI0487 D8.3): one walker for
 * EL2's stage 1 and the partitions' stage 2.
 *
 * An entry that is not valid may carry a note: bits 63..1 of software's own,
 * saying what the hole is. Blocks and notes are split on demand.
 */
#pragma once

#include <lib/bits.h>
#include <lib/err.h>
#include <lib/types.h>

#define PTE_VALID BIT(0)
#define PTE_TABLE BIT(1) /* level 0..2: table; level 3: page */
#define PTE_AF BIT(10)
#define PTE_ADDR GENMASK(47, 12)

/* How the entries of one kind of table are made visible and forgotten: the
 * only difference between stage 1 and stage 2. Both act on this table's
 * address space in the inner shareable domain. */
struct pgtable_ops {
	/* Forget one page or block translation of addr at level. */
	void (*invalidate)(const void *owner, u64 addr, int level);
	/* Forget everything. */
	void (*invalidate_all)(const void *owner);
};

struct pgtable {
	u64 *root;       /* 1 to 16 concatenated tables */
	u8 start_level;  /* 0 or 1 */
	u8 address_bits; /* size of the input address space */
	const struct pgtable_ops *ops;
	const void *owner; /* passed to ops */
};

/* Makes an empty table for address_bits (32..48) of input addresses; for stage
 * 2 levels are saved by concatenation (DDI0487 D8.2.2). ERR_NO_MEMORY. */
enum err pgtable_create(struct pgtable *pt, u8 address_bits, bool stage2,
			const struct pgtable_ops *ops, const void *owner) MUST_CHECK;

/*
 * Maps [addr, addr + size) to pa with the given leaf attributes, by the largest
 * blocks that alignment allows, replacing what was there (break before make).
 * All page-aligned. ERR_RANGE outside the input space, ERR_NO_MEMORY: then part
 * of the range may be mapped. The caller holds the table's lock.
 */
enum err pgtable_map(struct pgtable *pt, u64 addr, pa_t pa, u64 size, u64 attributes) MUST_CHECK;

/* Replaces [addr, addr + size) by holes that carry note (bit 0 clear; 0: nothing).
 * Errors and lock as pgtable_map. */
enum err pgtable_annotate(struct pgtable *pt, u64 addr, u64 size, u64 note) MUST_CHECK;

/* What translates addr: the leaf entry or note, and its level. 0 outside. */
u64 pgtable_lookup(const struct pgtable *pt, u64 addr, int *level);

/* The last-level entry of addr, for whoever guards it by another lock; NULL if there is no
 * table at that level. */
u64 *pgtable_page_entry(const struct pgtable *pt, u64 addr);

/* Bytes that one entry of level covers. */
static inline u64 pgtable_level_size(int level)
{
	return 1UL << (39 - 9 * level);
}

/* Gives all tables back to the pool. Nobody may be using them. */
void pgtable_destroy(struct pgtable *pt);
