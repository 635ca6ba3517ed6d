/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: mm/pgtable.c mm/pages.c mm/stage2.c mm/stage1.c
 *
 * The walker against a flat model, with a software TLB that must never hold
 * what the table no longer says: a missing invalidation is seen as staleness.
 */
#include <arch/sysreg.h>
#include <arch/tlb.h>
#include <lib/bits.h>
#include <mm/pages.h>
#include <mm/pgtable.h>
#include <mm/stage1.h>
#include <mm/stage2.h>
#include <mm/tlb.h>
#include <string.h>
#include <test.h>

#define POOL_PAGES 512
#define SPACE_BITS 36

/* ---- the software TLB: what a hardware walker may remember ---- */
#define TLB_SLOTS 64
static struct {
	bool used;
	u64 addr, entry;
	int level;
} tlb[TLB_SLOTS];
static struct pgtable *live;
static struct {
	u64 vttbr, tcr, sctlr;
} seen; /* by the last tlbi_stages12() */
static unsigned long nr_page, nr_all, nr_stage1, nr_el2;

static void tlb_learn(u64 addr)
{
	int level;
	u64 entry = pgtable_lookup(live, addr, &level);
	u32 slot = test_random() % TLB_SLOTS;

	if (!(entry & PTE_VALID))
		return;
	tlb[slot].used = true;
	tlb[slot].addr = ALIGN_DOWN(addr, pgtable_level_size(level));
	tlb[slot].entry = entry;
	tlb[slot].level = level;
}

static void forget(u64 addr)
{
	for (u32 i = 0; i < TLB_SLOTS; i++)
		if (tlb[i].used && addr - tlb[i].addr < pgtable_level_size(tlb[i].level))
			tlb[i].used = false;
}

static void forget_all(void)
{
	for (u32 i = 0; i < TLB_SLOTS; i++)
		tlb[i].used = false;
}

/* The TLB still agrees with the table for every address that it knows. */
static bool tlb_coherent(void)
{
	for (u32 i = 0; i < TLB_SLOTS; i++) {
		u64 span, offset, entry;
		int level;

		if (!tlb[i].used)
			continue;
		span = pgtable_level_size(tlb[i].level);
		offset = ALIGN_DOWN(test_random() % span, PAGE_SIZE);
		entry = pgtable_lookup(live, tlb[i].addr + offset, &level);
		if (!(entry & PTE_VALID))
			return false;
		if ((tlb[i].entry & PTE_ADDR) + offset !=
		    (entry & PTE_ADDR) + (tlb[i].addr + offset) % pgtable_level_size(level))
			return false;
	}
	return true;
}

static void op_page(const void *owner, u64 addr, int level)
{
	(void)owner, (void)level;
	nr_page++;
	forget(addr);
}

static void op_all(const void *owner)
{
	(void)owner;
	nr_all++;
	forget_all();
}

static const struct pgtable_ops test_ops = {op_page, op_all};

void tlbi_el2_page(u64 va)
{
	(void)va;
	nr_el2++;
}
void tlbi_el2_all(void)
{
	nr_el2++;
}
void tlbi_stage2_ipa(u64 ipa)
{
	(void)ipa;
	nr_page++;
	EXPECT_EQ(host_VTTBR_EL2 >> 48, 1);
}
void tlbi_stage1(void)
{
	nr_stage1++;
}
void tlbi_stages12(void)
{
	nr_all++;
	seen.vttbr = host_VTTBR_EL2;
	seen.tcr = host_TCR_EL1;
	seen.sctlr = host_SCTLR_EL1;
}
void tlbi_stage1_local(void)
{
}

static void fresh_pool(size_t pages)
{
	static void *memory;

	if (!memory)
		memory = aligned_alloc(MIB(2), POOL_PAGES * PAGE_SIZE);
	pages_init((pa_t)memory, pages * PAGE_SIZE, 0);
}

TEST(pages_never_overlap_and_come_back)
{
	void *taken[64];
	size_t all;

	fresh_pool(POOL_PAGES);
	all = pages_left();
	for (u32 round = 0; round < 50; round++) {
		u32 n = 0;

		for (; n < 64; n++) {
			size_t count = 1UL << test_random() % 4;

			taken[n] = pages_alloc(count);
			EXPECT(taken[n] && IS_ALIGNED((u64)taken[n], count * PAGE_SIZE));
			EXPECT(!memcmp(taken[n], (u8[16]){0}, 16));
			memset(taken[n], 0xff, count * PAGE_SIZE);
			*(size_t *)taken[n] = count;
		}
		while (n--) {
			size_t count = *(size_t *)taken[n];

			EXPECT(count <= 8 && *((u8 *)taken[n] + 8) == 0xff);
			pages_free(taken[n], count);
		}
		EXPECT_EQ(pages_left(), all);
	}
}

TEST(pages_run_out_with_null)
{
	fresh_pool(8);
	EXPECT(pages_alloc(7) != NULL);
	EXPECT(pages_alloc(1) == NULL);
	EXPECT(boot_alloc(8, 8) == NULL);
	EXPECT(pages_alloc(0) == NULL);
}

TEST(objects_are_aligned_zeroed_apart)
{
	u8 *last = NULL;

	fresh_pool(POOL_PAGES);
	for (u32 i = 0; i < 300; i++) {
		size_t size = 1 + test_random() % 5000, align = 1UL << test_random() % 7;
		u8 *o = boot_alloc(size, align);

		EXPECT(o && IS_ALIGNED((u64)o, align) && o != last);
		for (size_t b = 0; b < size; b++)
			EXPECT(o[b] == 0);
		memset(o, 0xaa, size);
		last = o;
	}
}

/* What was made since a mark is gone, and its places are as clean as before. */
TEST(a_release_leaves_nothing)
{
	size_t left;

	fresh_pool(POOL_PAGES);
	EXPECT(boot_alloc(100, 8) != NULL);
	left = pages_left();
	pages_mark();
	for (u32 i = 0; i < 10; i++) {
		void *o = boot_alloc(1000, 8);

		EXPECT(o != NULL);
		memset(o, 0xff, 1000);
	}
	pages_release();
	EXPECT_EQ(pages_left(), left);
	for (u32 i = 0; i < 10; i++) {
		const u8 *o = boot_alloc(1000, 8);

		for (u32 b = 0; b < 1000; b++)
			EXPECT(o[b] == 0);
	}
}

/* ---- the walker against a flat array of pages ---- */
#define MODEL_PAGES 2048 /* pages near three block boundaries */

struct model {
	u64 base;
	u64 what[MODEL_PAGES]; /* pa | 1 for a mapping, note for a hole */
};

static bool agrees(const struct pgtable *pt, const struct model *m, u32 page)
{
	u64 addr = m->base + (u64)page * PAGE_SIZE;
	int level;
	u64 entry = pgtable_lookup(pt, addr, &level);
	u64 span = pgtable_level_size(level);

	if (!(m->what[page] & 1))
		return entry == m->what[page];
	return (entry & PTE_VALID) && (level < 3) == !(entry & PTE_TABLE) &&
	       (entry & PTE_ADDR) + addr % span == (m->what[page] & PTE_ADDR);
}

static void one_operation(struct pgtable *pt, struct model *m)
{
	u32 first = test_random() % MODEL_PAGES;
	u32 n = 1 + test_random() % (test_random() % 4 ? 8 : MODEL_PAGES - first);
	u64 addr = m->base + (u64)first * PAGE_SIZE;
	/* Often congruent modulo 2 MiB, so that blocks come about. */
	u64 pa = test_random() % 2 ? addr + GIB(4) : (test_random() % BIT(34)) & ~(PAGE_SIZE - 1);
	bool map = test_random() % 3;
	u64 note = test_random() % 2 ? 0 : (test_random() % 1000) << 8 | 2;

	n = MIN(n, MODEL_PAGES - first);
	for (u32 i = 0; i < 4; i++)
		tlb_learn(m->base + test_random() % (MODEL_PAGES * PAGE_SIZE));
	EXPECT_EQ(map ? pgtable_map(pt, addr, pa, n * PAGE_SIZE, PTE_AF)
		      : pgtable_annotate(pt, addr, n * PAGE_SIZE, note),
		  OK);
	for (u32 i = 0; i < n; i++)
		m->what[first + i] = map ? (pa + i * PAGE_SIZE) | 1 : note;
}

TEST(walker_agrees_with_a_flat_model)
{
	static struct model m;
	struct pgtable pt;
	size_t all;

	fresh_pool(POOL_PAGES);
	all = pages_left();
	m.base = GIB(8) - MIB(4);
	forget_all();
	EXPECT_EQ(pgtable_create(&pt, SPACE_BITS, true, &test_ops, NULL), OK);
	live = &pt;
	for (u32 i = 0; i < 20000; i++) {
		one_operation(&pt, &m);
		for (u32 k = 0; k < 8; k++)
			EXPECT(agrees(&pt, &m, test_random() % MODEL_PAGES));
		EXPECT(tlb_coherent());
	}
	for (u32 k = 0; k < MODEL_PAGES; k++)
		EXPECT(agrees(&pt, &m, k));
	EXPECT(nr_page > 0 && nr_all > 0);
	pgtable_destroy(&pt);
	EXPECT_EQ(pages_left(), all);
}

TEST(walker_descriptor_values)
{
	struct pgtable pt;
	int level;

	fresh_pool(POOL_PAGES);
	EXPECT_EQ(pgtable_create(&pt, 48, false, &test_ops, NULL), OK);
	EXPECT_EQ(pt.start_level, 0);
	EXPECT_EQ(pgtable_map(&pt, GIB(1), GIB(3), GIB(1) + MIB(2) + PAGE_SIZE, PTE_AF | 0x744),
		  OK);
	EXPECT_EQ(pgtable_lookup(&pt, GIB(1), &level), GIB(3) | 0x744 | PTE_AF | 1);
	EXPECT_EQ(level, 1);
	EXPECT_EQ(pgtable_lookup(&pt, GIB(2), &level), GIB(4) | 0x744 | PTE_AF | 1);
	EXPECT_EQ(level, 2);
	EXPECT_EQ(pgtable_lookup(&pt, GIB(2) + MIB(2), &level),
		  (GIB(4) + MIB(2)) | 0x744 | PTE_AF | 3);
	EXPECT_EQ(level, 3);
	EXPECT_EQ(pgtable_lookup(&pt, GIB(2) + MIB(2) + PAGE_SIZE, &level), 0);
	EXPECT_EQ(pgtable_lookup(&pt, BIT(48), &level), 0);
}

TEST(walker_geometry)
{
	static const struct {
		u8 bits;
		bool stage2;
		u8 start;
		u64 top;
	} cases[] = {{32, true, 1, BIT(32)},  {39, true, 1, BIT(39)}, {40, true, 1, BIT(40)},
		     {43, true, 1, BIT(43)},  {44, true, 0, BIT(44)}, {48, true, 0, BIT(48)},
		     {39, false, 1, BIT(39)}, {40, false, 0, BIT(40)}};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pgtable pt;
		int level;
		u64 last = cases[i].top - PAGE_SIZE;

		fresh_pool(POOL_PAGES);
		EXPECT_EQ(pgtable_create(&pt, cases[i].bits, cases[i].stage2, &test_ops, NULL), OK);
		EXPECT_EQ(pt.start_level, cases[i].start);
		EXPECT_EQ(pgtable_map(&pt, last, 0x5000, PAGE_SIZE, 0), OK);
		EXPECT_EQ(pgtable_lookup(&pt, last, &level) & PTE_ADDR, 0x5000);
		EXPECT_EQ(pgtable_lookup(&pt, 0, &level), 0);
		EXPECT_EQ(pgtable_map(&pt, last, 0, 2 * PAGE_SIZE, 0), ERR_RANGE);
	}
}

TEST(walker_refuses_bad_ranges)
{
	struct pgtable pt;

	fresh_pool(POOL_PAGES);
	EXPECT_EQ(pgtable_create(&pt, 40, true, &test_ops, NULL), OK);
	EXPECT_EQ(pgtable_map(&pt, 0x1001, 0, PAGE_SIZE, 0), ERR_RANGE);
	EXPECT_EQ(pgtable_map(&pt, 0x1000, 0, 100, 0), ERR_RANGE);
	EXPECT_EQ(pgtable_map(&pt, 0x1000, 0x10, PAGE_SIZE, 0), ERR_RANGE);
	EXPECT_EQ(pgtable_map(&pt, BIT(40), 0, PAGE_SIZE, 0), ERR_RANGE);
	EXPECT_EQ(pgtable_map(&pt, ~0xfffUL, 0, 0x2000, 0), ERR_RANGE);
	EXPECT_EQ(pgtable_map(&pt, 0, BIT(48), PAGE_SIZE, 0), ERR_RANGE);
	EXPECT_EQ(pgtable_annotate(&pt, BIT(39), BIT(40), 0), ERR_RANGE);
}

TEST(walker_survives_an_empty_pool)
{
	for (size_t pages = 3; pages < 10; pages++) {
		struct pgtable pt;
		int level;

		fresh_pool(pages);
		if (pgtable_create(&pt, 48, true, &test_ops, NULL) != OK)
			continue;
		if (pgtable_map(&pt, GIB(5), GIB(5), PAGE_SIZE, 0) == OK)
			EXPECT_EQ(pgtable_lookup(&pt, GIB(5), &level) & PTE_ADDR, GIB(5));
		else
			EXPECT_EQ(pgtable_lookup(&pt, GIB(5), &level) & PTE_VALID, 0);
		pgtable_destroy(&pt);
		EXPECT_EQ(pages_left(), pages - 1);
	}
}

TEST(stage2_says_what_an_address_is)
{
	struct stage2 s2;
	struct stage2_entry e;

	fresh_pool(POOL_PAGES);
	EXPECT_EQ(stage2_create(&s2, 1, 40), OK);
	EXPECT_EQ(s2.vmid, 1);
	EXPECT_EQ(s2.vtcr & 0x3f, 24);
	EXPECT_EQ(s2.vtcr >> 6 & 3, 1);
	EXPECT_EQ(s2.vtcr >> 16 & 7, 5);
	EXPECT_EQ(stage2_map_memory(&s2, GIB(1), GIB(2), GIB(1)), OK);
	EXPECT_EQ(stage2_map_device(&s2, 0x9000000, 0xa000000, PAGE_SIZE), OK);
	EXPECT_EQ(stage2_annotate_mmio(&s2, 0x8000000, 0x10000, 7), OK);
	e = stage2_lookup(&s2, GIB(1) + 0x123456);
	EXPECT(e.kind == STAGE2_MEMORY && e.value == GIB(2) + 0x123000 && e.level == 1);
	e = stage2_lookup(&s2, 0x9000010);
	EXPECT(e.kind == STAGE2_DEVICE && e.value == 0xa000000);
	e = stage2_lookup(&s2, 0x800ffff);
	EXPECT(e.kind == STAGE2_MMIO && e.value == 7);
	e = stage2_lookup(&s2, 0x8010000);
	EXPECT(e.kind == STAGE2_NOTHING);
	EXPECT(stage2_lookup(&s2, BIT(40)).kind == STAGE2_NOTHING);

	nr_page = nr_stage1 = nr_all = 0;
	host_VTTBR_EL2 = 0x77;
	EXPECT_EQ(stage2_unmap(&s2, 0x9000000, PAGE_SIZE), OK);
	EXPECT(nr_page == 1 && nr_stage1 == 1);
	EXPECT_EQ(host_VTTBR_EL2, 0x77);
	EXPECT(stage2_lookup(&s2, 0x9000000).kind == STAGE2_NOTHING);
}

/* A table is for every CPU: what one lacks none is asked for. */
TEST(stage2_least_of_all_cpus)
{
	struct stage2 s2;

	fresh_pool(POOL_PAGES);
	host_ID_AA64MMFR0_EL1 = 5;
	host_ID_AA64MMFR1_EL1 = 2 << 4;
	stage2_init_cpu();
	EXPECT_EQ(stage2_create(&s2, 0x100, 48), OK);
	EXPECT_EQ(s2.vtcr >> 16 & 7, 5);
	EXPECT(s2.vtcr & BIT(19));
	host_ID_AA64MMFR0_EL1 = 2;
	host_ID_AA64MMFR1_EL1 = 0;
	stage2_init_cpu();
	host_ID_AA64MMFR0_EL1 = 5;
	host_ID_AA64MMFR1_EL1 = 2 << 4;
	stage2_init_cpu();
	EXPECT_EQ(stage2_create(&s2, 1, 40), OK);
	EXPECT_EQ(s2.vtcr >> 16 & 7, 2);
	EXPECT(!(s2.vtcr & BIT(19)));
	EXPECT_EQ(stage2_create(&s2, 0x100, 40), ERR_RANGE);
	EXPECT_EQ(stage2_create(&s2, 1, 42), ERR_RANGE);
}

/* Under another guest's stage 1: on CPUs that walk ahead it is closed meanwhile. */
TEST(stage2_borrows_vttbr)
{
	struct stage2 s2;

	fresh_pool(POOL_PAGES);
	EXPECT_EQ(stage2_create(&s2, 1, 40), OK);
	for (int ahead = 0; ahead < 2; ahead++) {
		tlb_walks_ahead = ahead;
		host_TCR_EL1 = 0x19;
		host_SCTLR_EL1 = 0x30d00800;
		host_VTTBR_EL2 = 0x77;
		stage2_flush_tlb(&s2);
		EXPECT_EQ(seen.vttbr, s2.vttbr);
		EXPECT_EQ(seen.tcr, ahead ? 0x19 | TCR_EL1_EPD0 | TCR_EL1_EPD1 : 0x19);
		EXPECT_EQ(seen.sctlr, ahead ? 0x30d00801 : 0x30d00800);
		EXPECT(host_TCR_EL1 == 0x19 && host_SCTLR_EL1 == 0x30d00800);
		EXPECT_EQ(host_VTTBR_EL2, 0x77);
		/* Its own stage 1 may stay. */
		host_VTTBR_EL2 = s2.vttbr;
		stage2_flush_tlb(&s2);
		EXPECT(seen.tcr == 0x19 && host_VTTBR_EL2 == s2.vttbr);
	}
	tlb_walks_ahead = false;
}

TEST(stage2_sizes)
{
	EXPECT_EQ(stage2_bits_for(0), 32);
	EXPECT_EQ(stage2_bits_for(BIT(32)), 32);
	EXPECT_EQ(stage2_bits_for(BIT(32) + 1), 36);
	EXPECT_EQ(stage2_bits_for(BIT(40)), 40);
	EXPECT_EQ(stage2_bits_for(BIT(45)), 48);
	EXPECT_EQ(stage2_bits_for(~0UL), 48);
	EXPECT_EQ(stage2_parange(44), 4);
	EXPECT_EQ(stage2_parange_bits(6), 48);
}

TEST(stage1_maps_whole_pages)
{
	fresh_pool(POOL_PAGES);
	stage1_begin();
	EXPECT_EQ(stage1_map((struct range){0x9000004, 0x1000}, STAGE1_DEVICE), OK);
	EXPECT(stage1_mapped((struct range){0x9000000, 0x2000}));
	EXPECT(!stage1_mapped((struct range){0x9001fff, 2}));
	EXPECT(!stage1_mapped((struct range){0x8fffffe, 4}));
	EXPECT_EQ(stage1_map((struct range){BIT(48) - 4096, 8192}, STAGE1_DATA), ERR_RANGE);
	EXPECT_EQ(stage1_map((struct range){~0UL, 2}, STAGE1_DATA), ERR_RANGE);
	EXPECT_EQ(stage1_unmap((struct range){0x9000000, 0x1000}), OK);
	EXPECT(!stage1_mapped((struct range){0x9000000, 1}));
	EXPECT(!stage1_mapped((struct range){~0UL, 2}));
}
