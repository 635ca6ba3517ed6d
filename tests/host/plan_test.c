/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zero-configuration partition, in a machine whose RAM is a buffer here.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/payload/image.c boot/payload/foreign.c boot/payload/a64.c
 * sources: boot/fdt/machine_nodes.c boot/fdt/machine_devices.c boot/fdt/machine_gic.c
 * sources: boot/fdt/reloc.c boot/layout/plan.c boot/layout/plan_load.c boot/layout/guest_tree.c
 * sources: boot/layout/guest_tree_nodes.c lib/fmt.c
 */
#include <boot/arena.h>
#include <boot/plan.h>
#include <boot/tree.h>
#include <fake_log.h>
#include <test.h>
#include <virt_tree.h>

#define RAM_SIZE MIB(64)
#define KERNEL_SIZE 0x2f10

static u8 ram[RAM_SIZE] __attribute__((aligned(0x200000)));
static u64 tree[VIRT_SIZE / 8];
static struct machine m;
static struct options options;
static struct plan plan;
static struct range tocsin;

u8 stage2_bits_for(u64 top)
{
	return top > BIT(44) ? 48 : 44;
}

static u64 at(u64 offset)
{
	return (u64)ram + offset;
}

/* A raw kernel of KERNEL_SIZE bytes at kernel, Tocsin in the top 4 MiB. */
static void start(struct virt v, u64 kernel, u64 ramdisk_size)
{
	arena_release(0);
	log_forget();
	v.ram_base = (u64)ram;
	v.ram_size = RAM_SIZE;
	virt_tree(tree, &v);
	EXPECT_EQ(machine_scan(&m, tree, 48), OK);
	memset(ram + kernel, 0x9a, KERNEL_SIZE);
	memset(ram + MIB(40), 0xa5, ramdisk_size);
	options = (struct options){.load = LOAD_WHERE_IT_IS};
	tocsin = (struct range){at(RAM_SIZE - MIB(4)), MIB(4)};
	plan = (struct plan){.files = {.name = "module@1",
				       .kernel = {at(kernel), KERNEL_SIZE},
				       .ramdisk = {at(MIB(40)), ramdisk_size},
				       .bootargs = "quiet"}};
}

static void make_linux(u64 kernel, u64 image_size)
{
	u64 header[8] = {0, 0, image_size, 10, 0, 0, 0, 0x644d5241};

	memcpy(ram + kernel, header, sizeof(header));
}

static enum err make(void)
{
	enum err err;

	options.vcpus = plan_nr_vcpus(&m, &options);
	err = plan_retain(&plan, &m, &options, tocsin);

	return err ? err : plan_partition(&plan, &m, tree);
}

static bool guests(struct range r)
{
	for (u32 i = 0; i < plan.config.nr_memory; i++)
		if (range_contains(plan.config.memory[i], r))
			return true;
	return false;
}

/* What must hold of every plan: all loads go from memory that the guest has not
 * into memory that it has, apart from each other. */
static void expect_sound(void)
{
	const struct partition_config *c = &plan.config;

	for (u32 i = 0; i < c->nr_load; i++) {
		const struct load_segment *l = &c->load[i];
		struct range to = {l->to, l->size + l->fill};

		EXPECT(guests(to));
		EXPECT(!ranges_touching(&m.reserved, to));
		for (u32 k = 0; k < c->nr_memory; k++)
			EXPECT(!ranges_overlap(c->memory[k], (struct range){l->from, l->size}));
		for (u32 k = 0; k < i; k++)
			EXPECT(!ranges_overlap(
			    to, (struct range){c->load[k].to, c->load[k].size + c->load[k].fill}));
	}
	for (u32 k = 0; k < c->nr_memory; k++) {
		EXPECT(!ranges_overlap(c->memory[k], tocsin));
		EXPECT(IS_ALIGNED(c->memory[k].base | c->memory[k].size, PAGE_SIZE));
	}
	EXPECT_EQ(c->entry_x0 % 8, 0);
}

TEST(a_raw_kernel_stays_where_it_is)
{
	const struct load_segment *load;

	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0x5678);
	EXPECT_EQ(make(), OK);
	expect_sound();
	load = plan.config.load;
	EXPECT_EQ(plan.config.entry, at(MIB(8)));
	EXPECT_EQ(load[0].to, at(MIB(8)));
	EXPECT(!memcmp((void *)load[0].from, ram + MIB(8), KERNEL_SIZE));
	EXPECT_EQ(plan.config.nr_load, 3);
	EXPECT_EQ(*(u8 *)load[1].from, 0xa5);
	EXPECT(IS_ALIGNED(load[1].from, PAGE_SIZE));
	EXPECT_EQ(load[1].size, 0x5678);
	EXPECT(plan.config.entry_x0 >= at(MIB(10)));
	EXPECT(load[1].to >= at(MIB(10)));
	EXPECT_EQ(plan.config.nr_memory, 1);
	EXPECT_EQ(plan.config.memory[0].base, at(0));
	EXPECT_EQ(plan.config.memory[0].size + plan.retained.size + tocsin.size, RAM_SIZE);
}

TEST(the_tree_tells_the_plan)
{
	const void *t;
	int len;

	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0x5678);
	EXPECT_EQ(make(), OK);
	t = (const void *)plan.config.load[2].from;
	EXPECT_EQ(fdt_check_full(t, plan.config.load[2].size), 0);
	EXPECT_EQ(plan.config.load[2].to, plan.config.entry_x0);
	EXPECT(!strcmp(fdt_getprop(t, fdt_path_offset(t, "/chosen"), "bootargs", &len), "quiet"));
	EXPECT_EQ(
	    fdt64_ld(fdt_getprop(t, fdt_path_offset(t, "/chosen"), "linux,initrd-start", &len)),
	    plan.config.load[1].to);
}

TEST(the_options_tell_about_sdei)
{
	const void *t;

	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0x5678);
	options.sdei = 1;
	options.sdei_private = 16;
	options.sdei_shared = 988;
	EXPECT_EQ(make(), OK);
	t = (const void *)plan.config.load[2].from;
	EXPECT(fdt_path_offset(t, "/firmware/sdei") > 0);
	EXPECT(plan.config.sdei);
	EXPECT_EQ(plan.config.sdei_private_slots, 16);
	EXPECT_EQ(plan.config.sdei_shared_slots, 988);
	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0x5678);
	EXPECT_EQ(make(), OK);
	t = (const void *)plan.config.load[2].from;
	EXPECT(fdt_path_offset(t, "/firmware/sdei") < 0);
	EXPECT(!plan.config.sdei);
}

TEST(a_linux_kernel_goes_to_the_base)
{
	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0);
	make_linux(MIB(8), MIB(30));
	EXPECT_EQ(make(), OK);
	expect_sound();
	EXPECT_EQ(plan.config.entry, at(0));
	EXPECT_EQ(plan.config.nr_load, 2);
	EXPECT(plan.config.entry_x0 > at(MIB(30)));
}

TEST(a_kernel_that_does_not_fit)
{
	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0);
	make_linux(MIB(8), MIB(61));
	EXPECT_EQ(make(), ERR_RANGE);
	EXPECT(log_says("module@1 does not fit"));
	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0);
	options.load = at(RAM_SIZE - MIB(4));
	EXPECT_EQ(make(), ERR_RANGE);
}

TEST(a_kernel_that_leaves_no_room_for_its_tree)
{
	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0);
	make_linux(MIB(8), MIB(60) - MIB(1));
	EXPECT_EQ(make(), ERR_RANGE);
	EXPECT(log_says("device tree does not fit"));
}

TEST(load_moves_a_raw_kernel)
{
	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0);
	options.load = at(MIB(20));
	EXPECT_EQ(make(), OK);
	expect_sound();
	EXPECT_EQ(plan.config.entry, at(MIB(20)));
	EXPECT(plan.config.entry_x0 > at(MIB(22)));
}

static void reserve(void *t)
{
	must(fdt_add_reservemap_entry(t, at(0), PAGE_SIZE));
	must(fdt_add_reservemap_entry(t, at(MIB(50)), MIB(10)));
}

TEST(reservations_are_the_guests_but_stay_empty)
{
	start((struct virt){VIRT_DEFAULTS, .reservations = reserve}, MIB(8), 0x100000);
	make_linux(MIB(8), MIB(20));
	EXPECT_EQ(make(), OK);
	expect_sound();
	EXPECT(guests((struct range){at(MIB(50)), MIB(10)}));
	EXPECT_EQ(plan.config.entry, at(MIB(2)));
}

TEST(without_room_for_copies_the_files_are_holes)
{
	start((struct virt){VIRT_DEFAULTS}, MIB(1), 0);
	plan.files.kernel.size = MIB(32);
	make_linux(MIB(1), MIB(20));
	plan.files.kernel.base = at(MIB(1));
	plan.files.kernel.size = MIB(20);
	plan.files.ramdisk = (struct range){at(MIB(40)), MIB(18)};
	plan.files.ramdisk.size = MIB(18);
	options.vcpus = plan_nr_vcpus(&m, &options);
	EXPECT_EQ(plan_retain(&plan, &m, &options, tocsin), OK);
	EXPECT(!plan.moved);
	EXPECT_EQ(plan_partition(&plan, &m, tree), ERR_RANGE);
	EXPECT(log_says("does not fit"));
	start((struct virt){VIRT_DEFAULTS}, MIB(27), 0);
	make_linux(MIB(27), MIB(20));
	plan.files.kernel.size = MIB(14);
	plan.files.ramdisk = (struct range){at(MIB(44)), MIB(8)};
	EXPECT_EQ(make(), OK);
	expect_sound();
}

TEST(more_vcpus_than_cpus)
{
	struct partition_config *c = &plan.config;

	start((struct virt){VIRT_DEFAULTS, .cpus = 3}, MIB(8), 0);
	options.vcpus = 20;
	EXPECT_EQ(make(), OK);
	EXPECT_EQ(c->nr_vcpus, 20);
	EXPECT_EQ(c->vcpu_cpu[3], 0);
	EXPECT_EQ(c->vcpu_cpu[5], 2);
	EXPECT_EQ(c->vcpu_mpidr[2], 2);
	EXPECT_EQ(c->vcpu_mpidr[15], 15);
	EXPECT_EQ(c->vcpu_mpidr[16], 0x100);
	for (u32 i = 0; i < 20; i++)
		for (u32 k = 0; k < i; k++)
			EXPECT(c->vcpu_mpidr[i] != c->vcpu_mpidr[k]);
}

TEST(interrupt_controllers_limit_vcpus)
{
	start((struct virt){VIRT_DEFAULTS, .gic = 2}, MIB(8), 0);
	options.vcpus = 9;
	EXPECT_EQ(make(), OK);
	EXPECT_EQ(plan.config.nr_vcpus, 8);
	EXPECT_EQ(log_count[LOG_WARN], 1);
	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0);
	options.vcpus = 124;
	EXPECT_EQ(make(), OK);
	EXPECT_EQ(plan.config.nr_vcpus, 123);
	EXPECT(log_says("GICv3"));
}

TEST(devices_and_interrupts)
{
	const struct partition_config *c = &plan.config;

	start((struct virt){VIRT_DEFAULTS}, MIB(8), 0);
	EXPECT_EQ(make(), OK);
	EXPECT_EQ(c->uart.base, 0x9000000);
	EXPECT_EQ(c->uart_intid, 33);
	EXPECT_EQ(c->spi_owned[0], 0);
	EXPECT_EQ(c->spi_owned[1], 0xfffffffd);
	EXPECT_EQ(c->spi_owned[31], 0x0fffffff);
	EXPECT_EQ(c->nr_intids, 1020);
	EXPECT_EQ(c->nr_devices, m.devices.nr);
	EXPECT_EQ(c->ipa_bits, 48);
}
