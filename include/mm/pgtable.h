/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VMSAv8-64 translation tables, 4 KiB granule (DDI0487 D8.3): one walker for
 * EL2's stage 1 and the partitions' stage 2.
 *
 * An entry that is not valid may carry a note: software uses bits 63..1 to say what the hole is.
 * Blocks and notes are split on demand.
 */
#pragma once

#include <lib/bits.h>
#include <lib/err.h>
#include <lib/types.h>

#define PTE_VALID BIT(0)
#define PTE_TABLE BIT(1) /* level 0..2: table; level 3: page */
#define PTE_AF BIT(10)
#define PTE_ADDR GENMASK(47, 12)

/* TLB invalidation for one kind of table: the only difference between stage 1 and stage 2. Both
 * functions act on this table's address space in the inner shareable domain. */
struct pgtable_ops {
	/* Invalidate one page or block translation of addr at level. */
	void (*invalidate)(const void *owner, u64 addr, int level);
	/* Invalidate all translations. */
	void (*invalidate_all)(const void *owner);
};

struct pgtable {
	u64 *root;       /* 1 to 16 concatenated tables */
	u8 start_level;  /* 0 or 1 */
	u8 address_bits; /* size of the input address space */
	const struct pgtable_ops *ops;
	const void *owner; /* passed to ops */
};

/* Makes an empty table for address_bits (32..48) of input addresses. For stage 2, concatenated
 * tables save a level (DDI0487 D8.2.2). ERR_NO_MEMORY. */
enum err pgtable_create(struct pgtable *pt, u8 address_bits, bool stage2,
			const struct pgtable_ops *ops, const void *owner) MUST_CHECK;

/*
 * Maps [addr, addr + size) to pa with the given leaf attributes, in the largest blocks that
 * alignment allows. Replaces what was mapped there (break before make). All page-aligned. ERR_RANGE
 * outside the input space; ERR_NO_MEMORY, and part of the range may be mapped. The caller holds the
 * table's lock.
 */
enum err pgtable_map(struct pgtable *pt, u64 addr, pa_t pa, u64 size, u64 attributes) MUST_CHECK;

/* Replaces [addr, addr + size) by holes that carry note (bit 0 clear; 0: nothing).
 * Errors and lock as pgtable_map. */
enum err pgtable_annotate(struct pgtable *pt, u64 addr, u64 size, u64 note) MUST_CHECK;

/* The leaf entry or note for addr, and its level. 0 outside the input space. */
u64 pgtable_lookup(const struct pgtable *pt, u64 addr, int *level);

/* The last-level entry of addr, for a caller that guards it with another lock. NULL if there is no
 * table at that level. */
u64 *pgtable_page_entry(const struct pgtable *pt, u64 addr);

/* Bytes that one entry of level covers. */
static inline u64 pgtable_level_size(int level)
{
	return 1UL << (39 - 9 * level);
}

/* Frees all tables to the pool. They must not be in use. */
void pgtable_destroy(struct pgtable *pt);
