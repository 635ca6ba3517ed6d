/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The auditor over real page tables: what it finds is compared with what the test knows
 * page by page, however small its steps are.
 * sources: el2/vm/audit.c mm/pgtable.c mm/stage2.c mm/pages.c
 */
#include <drivers/gic.h>
#include <el2/audit.h>
#include <el2/channel.h>
#include <el2/partition.h>
#include <mm/pages.h>
#include <mm/stage1.h>
#include <string.h>
#include <test.h>

#define NR 3
#define FREE 0x800000000UL /* where the test's pages are; nothing real */

static struct partition parts[NR];
static struct partition_config configs[NR];
static u8 pool[4 << 20] __attribute__((aligned(4096)));
struct partition *partitions = parts;
u32 nr_partitions;
struct gic gic;
bool tlb_repeat;
char image_start[1]; /* below or above the pool; see own() */
static struct gic_config config;
static struct range mapped; /* in EL2 */

bool stage1_lookup(u64 va, u64 *span)
{
	*span = PAGE_SIZE;
	return range_contains(mapped, (struct range){va, 1});
}

void tlbi_stage2_ipa(u64 ipa)
{
	(void)ipa;
}

void tlbi_stage1(void)
{
}

void tlbi_stages12(void)
{
}

static bool shared;

bool channel_shares(const struct partition *a, const struct partition *b, struct range pa)
{
	(void)pa;
	EXPECT(a < b);
	return shared;
}

static struct range pagers;

bool channel_shares_with_tocsin(const struct partition *p, struct range pa)
{
	EXPECT(p == parts);
	return range_contains(pagers, pa);
}

static void start(u32 nr)
{
	shared = false;
	pagers = (struct range){0};
	pages_init((pa_t)pool, sizeof(pool), 0);
	memset(parts, 0, sizeof(parts));
	memset(configs, 0, sizeof(configs));
	host_ID_AA64MMFR0_EL1 = 2;
	mapped = (struct range){0};
	gic = (struct gic){.version = 3, .config = &config};
	nr_partitions = nr;
	for (u32 i = 0; i < nr; i++) {
		parts[i].config = &configs[i];
		parts[i].nr_vcpus = 1;
		parts[i].state = PARTITION_RUNNING;
		EXPECT_EQ(stage2_create(&parts[i].stage2, (u16)(i + 1), 40), OK);
	}
}

static void map(u32 p, u64 ipa, u64 pa, u64 size)
{
	EXPECT_EQ(stage2_map_memory(&parts[p].stage2, ipa, pa, size), OK);
}

/* Breaches until the end, in steps of budget; the last one is in a. */
static u32 run(struct audit *a, u32 budget)
{
	enum audit_result r;
	u32 n = 0, steps = 0;

	audit_begin(a);
	while ((r = audit_step(a, budget)) != AUDIT_END) {
		n += r == AUDIT_BREACH;
		if (++steps > 10000000) {
			EXPECT(!"it ends");
			break;
		}
	}
	EXPECT_EQ(n, a->nr_breaches);
	return n;
}

TEST(a_walk_joins_what_belongs_together)
{
	struct walk w;
	struct stretch s;
	u32 budget = 1000000;

	start(1);
	map(0, 0x40001000, FREE + 0x1000, 0x3ff000);
	map(0, 0x40400000, FREE + 0x400000, 0x1000);
	map(0, 0x40401000, FREE, 0x1000); /* behind, but from elsewhere */
	EXPECT_EQ(stage2_annotate_mmio(&parts[0].stage2, 0x9000000, 0x10000, 5), OK);
	walk_begin(&w, &parts[0]);
	EXPECT_EQ(walk_next(&w, &s, &budget), WALK_FOUND);
	EXPECT(s.kind == STAGE2_MMIO && s.ipa == 0x9000000 && s.size == 0x10000 && s.value == 5);
	EXPECT_EQ(walk_next(&w, &s, &budget), WALK_FOUND);
	EXPECT(s.ipa == 0x40001000 && s.size == 0x400000 && s.value == FREE + 0x1000);
	EXPECT_EQ(walk_next(&w, &s, &budget), WALK_FOUND);
	EXPECT(s.ipa == 0x40401000 && s.size == 0x1000 && s.value == FREE);
	EXPECT_EQ(walk_next(&w, &s, &budget), WALK_END);
	EXPECT_EQ(walk_next(&w, &s, &budget), WALK_END);
}

TEST(a_mapping_up_to_the_last_address)
{
	struct walk w;
	struct stretch s;
	u32 budget = 1000000;

	start(1);
	map(0, BIT(40) - 0x1000, FREE, 0x1000);
	walk_begin(&w, &parts[0]);
	EXPECT_EQ(walk_next(&w, &s, &budget), WALK_FOUND);
	EXPECT(s.ipa == BIT(40) - 0x1000 && s.size == 0x1000);
	EXPECT_EQ(walk_next(&w, &s, &budget), WALK_END);
}

TEST(one_page_of_two_partitions)
{
	struct audit a;

	start(3);
	map(0, 0x40000000, FREE, 0x400000);
	map(1, 0x40000000, FREE + 0x400000, 0x400000);
	map(2, 0x40000000, FREE + 0x800000, 0x400000);
	for (u32 budget = 1; budget < 100; budget = budget * 3 + 1)
		EXPECT_EQ(run(&a, budget), 0);
	EXPECT_EQ(a.nr_stretches, 3);
	map(2, 0x50000000, FREE + 0x7ff000, 0x1000);
	for (u32 budget = 1; budget < 100; budget = budget * 3 + 1) {
		EXPECT_EQ(run(&a, budget), 1);
		EXPECT(a.breach.p == &parts[1] && a.breach.other == &parts[2]);
		EXPECT_EQ(a.breach.pa, FREE + 0x7ff000);
		EXPECT_EQ(a.breach.ipa, 0x403ff000);
		EXPECT_EQ(a.breach.size, 0x1000);
	}
	EXPECT_EQ(stage2_map_device(&parts[0].stage2, 0x60000000, FREE + 0x900000, 0x1000), OK);
	EXPECT_EQ(run(&a, 64), 2);
}

TEST(nothing_of_tocsins)
{
	struct audit a;
	struct range own = pages_range();

	start(2);
	map(0, 0x40000000, FREE, 0x400000);
	map(1, 0x40000000, own.base + own.size - 0x1000, 0x1000);
	if (own.base > (u64)image_start) {
		EXPECT_EQ(run(&a, 64), 1);
		EXPECT(a.breach.p == &parts[1] && !a.breach.other);
	}
	start(1);
	map(0, 0x40000000, FREE, 0x400000);
	mapped = (struct range){FREE + 0x3000, 0x1000};
	EXPECT_EQ(run(&a, 7), 1);
	EXPECT(a.breach.pa == FREE + 0x3000 && a.breach.size == 0x1000 && !a.breach.other);
	parts[0].state = PARTITION_LOADING; /* then it may be */
	EXPECT_EQ(run(&a, 7), 0);
	parts[0].state = PARTITION_RUNNING;
	pagers = (struct range){FREE + 0x2000, 0x2000}; /* or as a pager's */
	EXPECT_EQ(run(&a, 7), 0);
	mapped.size = 0x2000;
	EXPECT_EQ(run(&a, 7), 1);
	EXPECT_EQ(a.breach.pa, FREE + 0x4000);
}

TEST(no_retained_image)
{
	struct load_segment segment = {.from = FREE + 0x200000, .size = 0x2000};
	struct audit a;

	start(2);
	map(0, 0x40000000, FREE, 0x400000);
	configs[1].load = &segment;
	configs[1].nr_load = 1;
	EXPECT_EQ(run(&a, 64), 1);
	EXPECT_EQ(a.breach.ipa, 0x40200000);
	segment.from = FREE + 0x400000;
	EXPECT_EQ(run(&a, 64), 0);
}

TEST(everybodys_virtual_cpu_interface)
{
	struct audit a;

	start(2);
	config.vcpu = (struct range){FREE, 0x2000};
	EXPECT_EQ(stage2_map_device(&parts[0].stage2, 0x8010000, FREE, 0x2000), OK);
	EXPECT_EQ(stage2_map_device(&parts[1].stage2, 0x8010000, FREE, 0x2000), OK);
	EXPECT_EQ(run(&a, 64), 1);
	gic.version = 2;
	EXPECT_EQ(run(&a, 64), 0);
	map(1, 0x40000000, FREE, 0x1000); /* also as memory: the same pages */
	EXPECT_EQ(run(&a, 64), 0);
}

TEST(what_is_configured_as_shared)
{
	struct audit a;

	start(2);
	map(0, 0x40000000, FREE, 0x1000);
	map(1, 0x50000000, FREE, 0x1000);
	EXPECT_EQ(run(&a, 64), 1);
	shared = true;
	EXPECT_EQ(run(&a, 64), 0);
}

/* Frames in any order, of which every other one has a page. */
static void page_in(u32 p, struct paging *paging, u32 nr)
{
	paging->paged.config =
	    (struct paged_config){.ipa = 0x40000000, .frames = (void *)FREE, .nr_frames = nr};
	parts[p].paging = paging;
	for (u32 i = 0; i < nr; i += 2)
		map(p, 0x40000000 + i * PAGE_SIZE, FREE + (nr - 1 - i) * PAGE_SIZE, PAGE_SIZE);
}

TEST(frames_are_one_stretch)
{
	static struct paging paging;
	struct audit a;

	start(2);
	page_in(0, &paging, 64);
	map(0, 0x80000000, FREE + 0x800000, PAGE_SIZE);
	map(1, 0x40000000, FREE + 64 * PAGE_SIZE, 0x1000);
	mapped = (struct range){FREE, 64 * PAGE_SIZE};
	for (u32 budget = 1; budget < 100; budget = budget * 3 + 1) {
		EXPECT_EQ(run(&a, budget), 0);
		EXPECT_EQ(a.nr_stretches, 3);
	}
	mapped = (struct range){0};
	map(1, 0x50000000, FREE + 6 * PAGE_SIZE, 0x1000); /* one that has no page */
	for (u32 budget = 1; budget < 100; budget = budget * 3 + 1) {
		EXPECT_EQ(run(&a, budget), 1);
		EXPECT(a.breach.p == &parts[0] && a.breach.other == &parts[1]);
		EXPECT_EQ(a.breach.pa, FREE + 6 * PAGE_SIZE);
		EXPECT_EQ(a.breach.ipa, 0x40000000);
	}
}

/* Tocsin may have the page of a device's register, and none beside it. */
TEST(a_register_that_is_written_at_a_stop)
{
	static const struct quiesce_write write = {FREE + 0x5038, 0, 4};
	struct audit a;

	start(1);
	map(0, 0x40000000, FREE, 0x400000);
	configs[0].quiesce = &write;
	configs[0].nr_quiesce = 1;
	mapped = (struct range){FREE + 0x5000, 0x1000};
	EXPECT_EQ(run(&a, 7), 0);
	mapped.size = 0x2000;
	EXPECT_EQ(run(&a, 7), 1);
	EXPECT_EQ(a.breach.pa, FREE + 0x6000);
	mapped = (struct range){FREE + 0x4000, 0x2000};
	EXPECT_EQ(run(&a, 7), 1);
	EXPECT_EQ(a.breach.pa, FREE + 0x4000);
}

TEST(a_page_that_is_in_no_frame)
{
	static struct paging paging;
	struct audit a;

	start(2);
	page_in(0, &paging, 4);
	map(1, 0x40000000, FREE + 64 * PAGE_SIZE, 0x1000);
	map(0, 0x40010000, FREE + 64 * PAGE_SIZE, 0x1000);
	EXPECT_EQ(run(&a, 64), 1);
	EXPECT_EQ(a.breach.ipa, 0x40010000);
}

TEST(nobody)
{
	struct audit a;

	start(0);
	EXPECT_EQ(run(&a, 64), 0);
}
