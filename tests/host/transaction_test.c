/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition is made, or leaves nothing behind: each allocation and each step fails once.
 * The world is compared with what it was before and, when one more partition has been made,
 * with a world in which the one that failed was never asked for.
 * sources: boot/partitions.c boot/virt.c boot/virt_paged.c boot/virt_tree.c
 * sources: boot/virt_channel.c boot/image.c boot/virt_platform.c boot/part.c boot/virt_part.c
 * sources: boot/plan_load.c boot/guest_tree_nodes.c boot/arena.c boot/ranges.c boot/tree.c
 * sources: lib/fmt.c mm/pgtable.c mm/stage1.c mm/stage2.c
 * sources: el2/partition.c el2/channel.c el2/sched.c el2/schedule.c el2/idreg.c el2/trapreg.c
 * sources: el2/vgic.c el2/vgic_lr.c el2/vgic_irq.c el2/vgic_reg.c el2/vgic_dist.c
 * sources: el2/vgic_cpu.c el2/vgic_redist.c el2/vgic_v2.c el2/vgic_sgi.c el2/vgic_claim.c
 * sources: drivers/gic.c drivers/gicv2.c drivers/gicv3.c drivers/gic_virt.c
 * sources: el2/pvtime.c el2/vsdei_bound.c sdei/shared.c
 */
#include <failing_pool.h>

#include <abi/channel.h>
#include <arch/tlb.h>
#include <boot/arena.h>
#include <boot/boot.h>
#include <boot/partitions.h>
#include <boot/stop.h>
#include <boot/virt_map.h>
#include <el2/channel.h>
#include <el2/sched.h>
#include <el2/vsdei_bound.h>
#include <fake_log.h>
#include <mm/cache.h>
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
static struct virt_channels channels;
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

/* Alpha and gamma start the same kernel file. Beta's ramdisk shares its first page with
 * alpha's and its last with gamma's. */
static struct partition_spec spec_of(u32 i)
{
	static const char *const names[] = {"alpha", "beta", "gamma"};
	static const struct range ramdisks[] = {
	    {MIB(12), 64}, {MIB(12) + 64, 2 * PAGE_SIZE}, {MIB(12) + 64 + 2 * PAGE_SIZE, 64}};
	struct range ramdisk = {(u64)ram + ramdisks[i].base, ramdisks[i].size};
	struct range kernel = {(u64)ram + MIB(i == BETA ? 10 : 8), 0x2f10};

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
	for (u32 i = 0; i < NR_CPUS; i++)
		host_cpus[i] = (struct cpu){.index = i, .mpidr = i, .stack_top = 0x1000 * i};
	boot.config = (struct config){specs, NR, 10000, false};
	talk = (struct channel_spec){
	    .path = "talk",
	    .size = KIB(64),
	    .side = {{.partition = ALPHA, .write = true}, {.partition = BETA, .write = true}}};
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
	EXPECT_EQ(virt_channels_reserve(&channels, &boot.channels, &boot.config, &free_memory), OK);
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

static u64 hash_schedules(void)
{
	u64 h = 1;

	for (u32 i = 0; i < NR_CPUS; i++) {
		const struct schedule *s = &cpus[i].schedule;

		hash(&h, s->windows, s->nr_windows * sizeof(*s->windows));
		hash(&h, s->entries, (size_t)((u8 *)s->end - (u8 *)s->entries));
		for (const struct schedule_entry *e = s->entries; e != s->end; e++)
			hash(&h, &e->vcpu->hcr, sizeof(u64));
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

/* ---- tests ---- */

TEST(every_request_to_the_pool)
{
	for (u8 version = 2; version <= 3; version++) {
		struct state wanted = without_beta(version);
		u32 n = 0;

		for (;;) {
			struct state before;

			begin(version);
			before = state();
			fail_at = requests + ++n;
			if (try_beta(&before))
				break;
			expect_gamma(&wanted);
		}
		EXPECT(n > 20);
	}
}

/* However many pages are left. */
TEST(every_end_of_the_pool)
{
	static void *ballast[POOL_SIZE / PAGE_SIZE];
	struct state wanted = without_beta(3);
	bool made = false;

	for (u32 left = 0; !made; left++) {
		u32 nr = 0;
		struct state before;

		begin(3);
		while (pages_left() > left)
			ballast[nr++] = real_pages_alloc(1);
		before = state();
		made = try_beta(&before);
		while (nr)
			pages_free(ballast[--nr], 1);
		if (!made)
			expect_gamma(&wanted);
	}
}

/* However many bytes of the arena are left. */
TEST(every_end_of_the_arena)
{
	struct state wanted = without_beta(3);
	bool made = false;

	for (size_t left = 0; !made; left += 8) {
		size_t mark;
		struct state before;

		begin(3);
		mark = arena_mark();
		EXPECT(arena_alloc(ARENA_SIZE - mark - left) != NULL);
		before = state();
		made = try_beta(&before);
		if (made)
			break;
		arena_release(mark);
		expect_gamma(&wanted);
	}
}

static void too_much_memory(struct partition_spec *s)
{
	s->memory = MIB(64);
}

static void too_little_memory(struct partition_spec *s)
{
	s->memory = KIB(512);
}

static void memory_nowhere(struct partition_spec *s)
{
	static struct spec_memory beyond = {VIRT_MAP_RAM + MIB(16), {BIT(48) - MIB(1), MIB(2)}};

	s->given = &beyond;
	s->nr_given = 1;
}

static void kernel_elsewhere(struct partition_spec *s)
{
	kernel_is_bad = s;
}

static void no_kernel(struct partition_spec *s)
{
	s->kernel.range.size = 2;
	memcpy((void *)s->kernel.range.base, "\x1f\x8b", 2);
}

static void windows_of_alpha(struct partition_spec *s)
{
	s->windows = windows[ALPHA];
}

static void windows_beyond_the_frame(struct partition_spec *s)
{
	static struct spec_window beyond[] = {{9000, 500}, {9999, 2}};

	s->windows = beyond;
}

static void too_many_vcpus(struct partition_spec *s)
{
	static u32 nine[9];

	s->nr_vcpus = 9;
	s->affinity = nine;
}

TEST(every_step)
{
	static const struct {
		void (*spoil)(struct partition_spec *s);
		const char *says;
	} steps[] = {
	    {too_much_memory, "beta: memory: 65536 KiB in one piece are not left"},
	    {too_little_memory, "does not fit"},
	    {memory_nowhere, "partition beta: its memory: out of range"},
	    {kernel_elsewhere, "bad kernel"},
	    {no_kernel, "gzip"},
	    {windows_of_alpha, "partition beta: its time on its CPUs: another partition has it"},
	    {windows_beyond_the_frame, "partition beta: its time on its CPUs: out of range"},
	    {too_many_vcpus, "partition beta: its interrupt controller: more than"},
	};
	struct state wanted = without_beta(2);

	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		struct state before;

		begin(2);
		memset((void *)specs[BETA].kernel.range.base, 0, 64);
		before = state();
		steps[i].spoil(&specs[BETA]);
		EXPECT(!try_beta(&before));
		if (!strstr(log_first, steps[i].says)) {
			printf("  said: %s\n", log_first);
			EXPECT(!"the sentence that was to be said");
		}
		kernel_is_bad = NULL;
		memset((void *)specs[BETA].kernel.range.base, 0, 64);
		expect_gamma(&wanted);
	}
}

/* One of them is another's: none is taken. */
TEST(interrupts_of_another)
{
	static u32 own[3] = {0, BIT(8) | BIT(9)}, other[3] = {0, BIT(7) | BIT(9)};
	struct partition_config first, second;
	struct state before;

	begin(3);
	first = *partitions[0].config;
	first.nr_channels = first.nr_windows = 0;
	second = first;
	first.spi_owned = own;
	second.spi_owned = other;
	EXPECT_EQ(partition_create(&first), OK);
	EXPECT(vgic_spi_owner(41) == &partitions[1]);
	before = state();
	EXPECT_EQ(partition_create(&second), ERR_OVERLAP);
	EXPECT(log_says("partition alpha: its interrupt controller: another partition has it"));
	expect_same(&before);
	EXPECT_EQ(forgotten >> 48, 3); /* what the TLBs had of its VMID */
	EXPECT(!vgic_spi_owner(39));
	other[1] = BIT(7);
	EXPECT_EQ(partition_create(&second), OK);
	EXPECT(vgic_spi_owner(39) == &partitions[2]);
}

static u64 read_register(struct channel_end *e, u64 offset)
{
	struct mmio_access a = {.offset = offset, .size = 4};

	EXPECT_EQ(channel_access(NULL, e, &a), MMIO_DONE);
	return a.value;
}

/* The whole of it: the third runs, in the memory that the second wanted, and who has a
 * channel with the second has one with a peer that does not run. */
TEST(the_others_run)
{
	struct mmio_access bell = {
	    .offset = TOCSIN_CHANNEL_RING, .size = 4, .write = true, .value = 1};
	struct channel_end *end;

	set_up(3);
	specs[BETA].memory = specs[GAMMA].memory = MIB(36);
	specs[BETA].nr_windows = 2;
	specs[BETA].windows = windows[ALPHA];
	partitions_make();
	EXPECT_EQ(nr_partitions, 2);
	EXPECT(log_says("partition beta is not started"));
	EXPECT(partitions[1].config->memory[0].size == MIB(36));
	EXPECT(!strcmp(partitions[1].config->name, "gamma"));
	EXPECT_EQ(cpus[2].nr_vcpus, 0);
	end = partitions[0].config->channels[0];
	EXPECT(!strcmp(end->peer, "beta"));
	EXPECT_EQ(channel_access(NULL, end, &bell), MMIO_DONE);
	EXPECT_EQ(end->other->bells, 0);
	EXPECT_EQ(read_register(end, TOCSIN_CHANNEL_STATUS), TOCSIN_CHANNEL_MAY_WRITE);
	EXPECT_EQ(read_register(end, TOCSIN_CHANNEL_PEER_STARTS), 0);
}

/* WFI traps where there are two, not because one was to be the second. */
TEST(no_cost_for_the_neighbour)
{
	begin(3);
	specs[BETA].windows = windows[ALPHA];
	EXPECT_EQ(partitions_make_one(&specs[BETA], &channels, &free_memory), ERR_OVERLAP);
	EXPECT(!(partitions[0].vcpus[1].hcr & HCR_EL2_TWI));
	specs[BETA] = spec_of(BETA);
	EXPECT_EQ(partitions_make_one(&specs[BETA], &channels, &free_memory), OK);
	EXPECT(!(partitions[0].vcpus[0].hcr & HCR_EL2_TWI));
	EXPECT(partitions[0].vcpus[1].hcr & HCR_EL2_TWI);
	EXPECT(partitions[1].vcpus[0].hcr & HCR_EL2_TWI);
}
