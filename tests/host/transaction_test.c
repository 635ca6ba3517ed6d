/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition is made, or leaves nothing behind: each allocation and each step fails once.
 * The world is compared with what it was before and, when one more partition has been made,
 * with a world in which the one that failed was never asked for.
 * sources: boot/start/partitions.c boot/layout/layout.c boot/layout/layout_paged.c
 * sources: boot/layout/layout_tree.c boot/layout/layout_channel.c boot/payload/image.c
 * sources: boot/payload/foreign.c boot/payload/a64.c boot/layout/layout_platform.c
 * sources: boot/config/partial_dt.c boot/layout/layout_partial.c boot/layout/plan_load.c
 * sources: boot/layout/guest_tree_nodes.c boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c
 * sources: lib/fmt.c mm/pgtable.c mm/stage1.c mm/stage2.c el2/vm/partition.c el2/vdev/channel.c
 * sources: el2/vcpu/sched.c el2/vcpu/schedule.c el2/cpu/idreg.c el2/cpu/trapreg.c
 * sources: el2/vgic/vgic.c el2/vgic/vgic_lr.c el2/vgic/vgic_irq.c el2/vgic/vgic_reg.c
 * sources: el2/vgic/vgic_dist.c el2/vgic/vgic_cpu.c el2/vgic/vgic_redist.c el2/vgic/vgic_v2.c
 * sources: el2/vgic/vgic_sgi.c el2/vgic/vgic_sdei.c drivers/gic.c drivers/gicv2.c
 * sources: drivers/gicv3.c drivers/gic_virt.c el2/vcpu/pvtime.c el2/sdei/vsdei_bound.c
 * sources: sdei/shared.c
 */
#include <failing_pool.h>

#include <libfdt.h>
#include <transaction_world.h>

static void twice(void (*test)(void))
{
	test();
	is_served = true;
	test();
	is_served = false;
}

static void every_request_to_the_pool(void)
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

TEST(every_request_to_the_pool)
{
	twice(every_request_to_the_pool);
}

/* However many pages are left. */
static void every_end_of_the_pool(void)
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

TEST(every_end_of_the_pool)
{
	twice(every_end_of_the_pool);
}

/* However many bytes of the arena are left. */
static void every_end_of_the_arena(void)
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

TEST(every_end_of_the_arena)
{
	twice(every_end_of_the_arena);
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
	s->kernel.range.size = 3;
	memcpy((void *)s->kernel.range.base, "\x1f\x8b\x08", 3);
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
		write_kernel(&specs[BETA]);
		before = state();
		steps[i].spoil(&specs[BETA]);
		EXPECT(!try_beta(&before));
		if (!strstr(log_first, steps[i].says)) {
			printf("  said: %s\n", log_first);
			EXPECT(!"the sentence that was to be said");
		}
		kernel_is_bad = NULL;
		write_kernel(&specs[BETA]);
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
	first.nr_channels = first.nr_ends = first.nr_windows = 0;
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

/* In its tree, which is the last thing that is loaded. */
static u32 nr_nodes(u32 partition, const char *compatible)
{
	const struct partition_config *c = partitions[partition].config;
	const void *tree = (const void *)c->load[c->nr_load - 1].from;
	u32 nr = 0;

	EXPECT_EQ(fdt_check_header(tree), 0);
	for (int at = -1; (at = fdt_node_offset_by_compatible(tree, at, compatible)) >= 0;)
		nr++;
	return nr;
}

/* The memory that a pager shares with Tocsin is the pager's and EL2's, and nobody else's. */
TEST(a_pager_and_the_partition_served)
{
	const struct partition_config *c;
	struct channel_end *end;
	u64 span;

	is_served = true;
	set_up(3);
	partitions_make();
	is_served = false;
	EXPECT_EQ(nr_partitions, 3);
	end = partitions[ALPHA].config->channels[0];
	EXPECT(end->intid && !end->tocsins && end->other->tocsins && end->memory.size == 0x7000);
	EXPECT_EQ(stage2_lookup(&partitions[ALPHA].stage2, end->memory.base).value, end->memory_pa);
	for (u64 at = 0; at < end->memory.size; at += PAGE_SIZE)
		EXPECT(stage1_lookup(end->memory_pa + at, &span));
	EXPECT(
	    channel_shares_with_tocsin(&partitions[ALPHA], (struct range){end->memory_pa, 0x7000}));
	EXPECT_EQ(nr_nodes(ALPHA, "tocsin,pager"), 1);
	EXPECT_EQ(nr_nodes(ALPHA, "tocsin,channel"), 1);
	EXPECT_EQ(nr_nodes(BETA, "tocsin,channel"), 0);
	c = partitions[BETA].config;
	EXPECT(!c->nr_channels && c->nr_ends == 1 && c->channels[0] == end->other);
	EXPECT(c->paging->pager == end->other && c->paging->pager_slots == 4 && !c->paging->far);
	EXPECT(end->other->partition == &partitions[BETA] && !c->spi_emulated);
}

/* No memory is left for what the two share: who needs a pager is not started. */
TEST(without_room_for_a_pager)
{
	is_served = true;
	set_up(3);
	is_served = false;
	talk.size = MIB(49);
	partitions_make();
	EXPECT(strstr(log_first, "talk: tocsin,pager: 50176 KiB in one piece are not left"));
	EXPECT(log_says("partition beta is not started"));
	EXPECT_EQ(nr_partitions, 2);
	EXPECT_EQ(partitions[0].config->nr_channels, 0);
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
