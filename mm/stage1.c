/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EL2's own translation. The first table is the one that head.S made. stage1_begin() starts a new
 * one, which stage1_switch() (head.S) then loads.
 * Lock: stage1_lock, above the page pool's.
 */
#include <arch/barrier.h>
#include <arch/tlb.h>
#include <lib/check.h>
#include <lib/lock.h>
#include <mm/pgtable.h>
#include <mm/stage1.h>
#include <mm/tlb.h>

#define ATTR_INDEX(n) ((u64)(n) << 2)
#define ATTR_RES1_AP1 BIT(6) /* EL2 has one privilege level: AP[1] is RES1 */
#define ATTR_READONLY BIT(7)
#define ATTR_INNER_SHAREABLE (3UL << 8)
#define ATTR_GUARDED BIT(50) /* RES0, and so ignored, by a CPU without FEAT_BTI */
#define ATTR_XN BIT(54)
#define ATTR_COMMON (PTE_AF | ATTR_RES1_AP1)
#define ATTR_NORMAL (ATTR_COMMON | ATTR_INDEX(MAIR_INDEX_NORMAL) | ATTR_INNER_SHAREABLE)

static const u64 attributes[] = {
    [STAGE1_CODE] = ATTR_NORMAL | ATTR_READONLY | ATTR_GUARDED,
    [STAGE1_BOOT_CODE] = ATTR_NORMAL | ATTR_READONLY,
    [STAGE1_RODATA] = ATTR_NORMAL | ATTR_READONLY | ATTR_XN,
    [STAGE1_DATA] = ATTR_NORMAL | ATTR_XN,
    [STAGE1_DEVICE] = ATTR_COMMON | ATTR_INDEX(MAIR_INDEX_DEVICE) | ATTR_XN,
};

bool tlb_repeat;

static struct pgtable table;
static struct lock stage1_lock;

static void finish_invalidation(void)
{
	dsb(ish);
	isb();
}

static void invalidate_page(const void *owner, u64 va, int level)
{
	for (int i = 0; i <= tlb_repeat; i++) {
		tlbi_el2_page(va);
		finish_invalidation();
	}
}

static void invalidate_all(const void *owner)
{
	for (int i = 0; i <= tlb_repeat; i++) {
		tlbi_el2_all();
		finish_invalidation();
	}
}

static const struct pgtable_ops ops = {invalidate_page, invalidate_all};

void stage1_adopt(u64 *root)
{
	table = (struct pgtable){.root = root, .start_level = 0, .address_bits = 48, .ops = &ops};
}

u64 stage1_begin(void)
{
	CHECK(pgtable_create(&table, 48, false, &ops, NULL) == OK);
	return (u64)table.root;
}

enum err stage1_map(struct range r, enum stage1_kind kind)
{
	enum err err;

	if (!range_contains((struct range){0, BIT(48)}, r))
		return ERR_RANGE;
	r = range_pages_around(r);
	lock_acquire(&stage1_lock);
	err = pgtable_map(&table, r.base, r.base, r.size, attributes[kind]);
	lock_release(&stage1_lock);
	isb();
	return err;
}

enum err stage1_unmap(struct range r)
{
	enum err err;

	r = range_pages_around(r);
	lock_acquire(&stage1_lock);
	err = pgtable_annotate(&table, r.base, r.size, 0);
	lock_release(&stage1_lock);
	return err;
}

bool stage1_lookup(u64 va, u64 *span)
{
	int level;
	u64 entry = pgtable_lookup(&table, va, &level);

	*span = pgtable_level_size(level);
	return entry & PTE_VALID;
}

bool stage1_mapped(struct range r)
{
	u64 end = r.base + r.size;
	bool mapped = range_contains((struct range){0, BIT(48)}, r);

	for (u64 addr = r.base, next; mapped && addr < end; addr = next) {
		int level;

		mapped = pgtable_lookup(&table, addr, &level) & PTE_VALID;
		next = ALIGN_DOWN(addr, pgtable_level_size(level)) + pgtable_level_size(level);
	}
	return mapped;
}
