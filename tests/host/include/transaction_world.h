/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with three partitions of which the second may fail, and what is compared of the
 * worlds with and without it. To be included by tests/host/transaction_test.c, after
 * failing_pool.h.
 */
#pragma once

#include <abi/channel.h>
#include <arch/tlb.h>
#include <boot/arena.h>
#include <boot/boot.h>
#include <boot/partitions.h>
#include <boot/stop.h>
#include <boot/virt_map.h>
#include <el2/channel.h>
#include <el2/sched.h>
#include <el2/sdei/vsdei_bound.h>
#include <fake_log.h>
#include <mm/cache.h>
#include <mm/pager.h>
#include <mm/stage1.h>
#include <no_paging.h>
#include <test.h>
#include <transaction_stubs.h>

#define RAM_SIZE MIB(64)
#define POOL_SIZE KIB(768)
#define NR_CPUS 3
#define NR_INTIDS 96

static u8 ram[RAM_SIZE] __attribute__((aligned(0x200000)));
static u8 pool_memory[POOL_SIZE] __attribute__((aligned(4096)));
static struct cpu host_cpus[NR_CPUS];
static struct range redist = {0x80a0000, 0x80000};
static struct gic_config gic_config;
static struct layout_channels channels;
static struct ranges free_memory;

const struct uart_driver uart_pl011 = {.compatible = "arm,pl011"};
struct boot boot;
struct cpu *cpus = host_cpus;
u32 nr_cpus = NR_CPUS;

/* ---- three partitions: the second is the one that fails ---- */

enum { ALPHA, BETA, GAMMA, NR };

static u32 affinity[NR][9] = {{0, 1}, {1, 2}, {1, 0}};
static struct spec_window windows[NR][2] = {
    {{0, 1000}, {5000, 500}}, {{1000, 1000}, {6000, 500}}, {{2000, 1000}}};
static struct partition_spec specs[NR];
static struct channel_spec talk;
static bool is_served; /* beta: its memory is paged, and alpha its pager */

#define KERNEL_SIZE 0x2f10

/* Everything that a tree names is there. */
bool probe_read32(u64 addr, u32 *value)
{
	*value = io_read32(addr);
	return true;
}

/* Alpha and gamma start the same kernel file. Beta's ramdisk shares its first page with
 * alpha's and its last with gamma's. */
static struct partition_spec spec_of(u32 i)
{
	static const char *const names[] = {"alpha", "beta", "gamma"};
	static const struct range ramdisks[] = {
	    {MIB(12), 64}, {MIB(12) + 64, 2 * PAGE_SIZE}, {MIB(12) + 64 + 2 * PAGE_SIZE, 64}};
	struct range ramdisk = {(u64)ram + ramdisks[i].base, ramdisks[i].size};
	struct range kernel = {(u64)ram + MIB(i == BETA ? 10 : 8), KERNEL_SIZE};

	return (struct partition_spec){.path = names[i],
				       .name = names[i],
				       .nr_vcpus = 2,
				       .affinity = affinity[i],
				       .nr_affinity = 2,
				       .memory = MIB(i == ALPHA ? 4 : 16),
				       .vpl011 = true,
				       .nr_spis = 32,
				       .kernel = {kernel, "quiet", "kernel"},
				       .ramdisk = {ramdisk, NULL, "ramdisk"},
				       .windows = windows[i],
				       .nr_windows = i == GAMMA ? 1 : 2,
				       .sdei = true,
				       .sdei_private_slots = 4,
				       .sdei_shared_slots = 4};
}

/* In place of a channel between the two. */
static void serve_beta(void)
{
	specs[BETA].paging = (struct spec_paging){.on = true,
						  .resident = MIB(1),
						  .pager = "alpha",
						  .pager_slots = TOCSIN_PAGER_MIN_SLOTS};
	talk.pager = true;
	talk.size = PAGER_SHARED_SIZE(TOCSIN_PAGER_MIN_SLOTS);
}

/* Something that may be code. */
static void write_kernel(const struct partition_spec *s)
{
	memset((void *)s->kernel.range.base, 0x9a, KERNEL_SIZE);
}

static void set_up(u8 gic_version)
{
	log_forget();
	fail_at = 0;
	arena_release(0);
	memset(host_cpus, 0, sizeof(host_cpus));
	host_ID_AA64MMFR0_EL1 = 5;
	gic_config = (struct gic_config){.version = gic_version,
					 .dist = {0x8000000, 0x10000},
					 .vcpu = {0x8040000, 0x2000},
					 .redist = &redist,
					 .nr_redist = 1,
					 .guest_ppis = 1U << 27,
					 .nr_cpus = NR_CPUS};
	gic = (struct gic){.version = gic_version,
			   .lr_deactivates = true,
			   .nr_lrs = 4,
			   .nr_intids = NR_INTIDS,
			   .dist = gic_config.dist.base,
			   .config = &gic_config};
	boot = (struct boot){.machine = {.nr_cpus = NR_CPUS, .timer = {29, 30, 27, 26}}};
	boot.machine.gic = gic_config;
	for (u32 i = 0; i < NR; i++)
		specs[i] = spec_of(i);
	for (u32 i = 0; i < NR; i++)
		write_kernel(&specs[i]);
	for (u32 i = 0; i < NR_CPUS; i++)
		host_cpus[i] = (struct cpu){.index = i, .mpidr = i, .stack_top = 0x1000 * i};
	boot.config = (struct config){specs, NR, 10000, false};
	talk = (struct channel_spec){
	    .path = "talk",
	    .size = KIB(64),
	    .side = {{.partition = ALPHA, .write = true}, {.partition = BETA, .write = true}}};
	if (is_served)
		serve_beta();
	boot.channels = (struct channels){&talk, 1};
	pages_init((pa_t)pool_memory, POOL_SIZE, 0);
	stage1_begin();
	nr_partitions = 0;
}

/* With memory for all, and alpha there already. */
static void begin(u8 gic_version)
{
	set_up(gic_version);
	EXPECT_EQ(machine_free(&boot.machine, boot.kept, &free_memory), OK);
	EXPECT_EQ(layout_channels_reserve(&channels, &boot.channels, &boot.config, &free_memory),
		  OK);
	EXPECT_EQ(partitions_create(NR), OK);
	sched_major_frame_us = boot.config.major_frame_us;
	EXPECT_EQ(partitions_make_one(&specs[ALPHA], &channels, &free_memory), OK);
	EXPECT_EQ(log_count[LOG_ERROR], 0);
}

/* The machine's, as partitions_make() asks for it. */
enum err machine_free(const struct machine *m, struct range kept, struct ranges *free)
{
	(void)m, (void)kept;
	*free = (struct ranges){0};
	return ranges_add(free, (struct range){(u64)ram + MIB(16), MIB(48)});
}

/* ---- what is compared ---- */

struct state {
	u64 pool, free_pages, arena, ranges, mapped, cpus, schedules, owners, ends, partitions;
};

static void hash(u64 *h, const void *data, size_t size)
{
	for (const u8 *p = data; size--; p++)
		*h = (*h ^ *p) * 0x100000001b3UL;
}

/* Its last member, behind which the compiler may leave anything. */
#define END_OF(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))

static u64 hash_schedules(void)
{
	u64 h = 1;

	for (u32 i = 0; i < NR_CPUS; i++) {
		const struct schedule *s = &cpus[i].schedule;

		for (const struct schedule_window *w = s->windows; w != s->windows + s->nr_windows;
		     w++)
			hash(&h, w, END_OF(struct schedule_window, donates));
		for (const struct schedule_entry *e = s->entries; e != s->end; e++) {
			hash(&h, e, END_OF(struct schedule_entry, windowed));
			hash(&h, &e->vcpu->hcr, sizeof(u64));
		}
	}
	return h;
}

/* With what the configurations say of memory. */
static u64 hash_partitions(void)
{
	u64 h = 1;

	hash(&h, partitions, NR * sizeof(*partitions));
	for (u32 i = 0; i < nr_partitions; i++) {
		const struct partition_config *c = partitions[i].config;

		hash(&h, c, sizeof(*c));
		hash(&h, c->memory_pa, c->nr_memory * sizeof(*c->memory_pa));
		hash(&h, c->load, c->nr_load * sizeof(*c->load));
	}
	return h;
}

static struct state state(void)
{
	struct state s = {.free_pages = pages_left(), .arena = arena_mark()};

	hash(&s.pool, pool.used, map_words() * sizeof(u64));
	hash(&s.pool, &pool.objects, sizeof(pool.objects));
	hash(&s.ranges, free_memory.at, free_memory.nr * sizeof(*free_memory.at));
	for (u64 at = 0; at < RAM_SIZE; at += PAGE_SIZE) {
		u64 span;
		bool mapped = stage1_lookup((u64)ram + at, &span);

		hash(&s.mapped, &mapped, sizeof(mapped));
	}
	hash(&s.cpus, host_cpus, sizeof(host_cpus));
	s.schedules = hash_schedules();
	for (u32 i = 0; i < NR_INTIDS; i++) {
		struct partition *p = vgic_spi_owner(i);

		hash(&s.owners, &p, sizeof(p));
	}
	for (u32 i = 0; i < 2; i++)
		hash(&s.ends, &channels.ends[i].partition, sizeof(struct partition *));
	s.partitions = hash_partitions();
	return s;
}

#define SAME(member) EXPECT_EQ(now.member, then->member)

static void expect_same(const struct state *then)
{
	struct state now = state();

	SAME(pool);
	SAME(free_pages);
	SAME(arena);
	SAME(ranges);
	SAME(mapped);
	SAME(cpus);
	SAME(schedules);
	SAME(owners);
	SAME(ends);
	SAME(partitions);
	for (const u8 *at = pool.objects.next; at < pool.objects.end; at++)
		EXPECT(!*at); /* objects are born zero */
}

/* The world with alpha and gamma only. */
static struct state without_beta(u8 gic_version)
{
	begin(gic_version);
	EXPECT_EQ(partitions_make_one(&specs[GAMMA], &channels, &free_memory), OK);
	return state();
}

/* What beta's end came to: true if it was made. before: what was after begin(). */
static bool try_beta(const struct state *before)
{
	enum err err = partitions_make_one(&specs[BETA], &channels, &free_memory);

	fail_at = 0;
	if (!err) {
		EXPECT_EQ(nr_partitions, 2);
		return true;
	}
	EXPECT(log_count[LOG_ERROR] > 0);
	expect_same(before);
	return false;
}

static void expect_gamma(const struct state *wanted)
{
	EXPECT_EQ(partitions_make_one(&specs[GAMMA], &channels, &free_memory), OK);
	expect_same(wanted);
}
