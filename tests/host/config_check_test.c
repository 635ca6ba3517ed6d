/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions against each other and the machine: memory and time are given once.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/reloc.c boot/fdt/machine_nodes.c boot/fdt/machine_devices.c
 * sources: boot/fdt/machine_gic.c boot/config/config.c boot/config/config_reader.c
 * sources: boot/config/config_props.c boot/config/config_values.c boot/config/config_modules.c
 * sources: boot/config/config_check.c boot/config/config_paging.c boot/config/config_memory.c
 * sources: lib/fmt.c boot/config/config_meant.c
 */
#include <config_world.h>

static void add_twice(void *t)
{
	t_sound(t, "a", 64);
	T_CELLS(t, "xen,static-mem", 0, 0x50000000, 0, 0x4000000);
	t_sound_end(t, 0x48000000);
	t_sound(t, "b", 64);
	t_cell(t, "#xen,static-mem-address-cells", 1);
	t_cell(t, "#xen,static-mem-size-cells", 1);
	T_CELLS(t, "xen,static-mem", 0x60000000, 0x4001000);
	t_sound_end(t, 0x49000000);
}

TEST(given_memory_may_be_said_twice)
{
	read_chosen(add_twice);
	EXPECT(!config.partitions[0].broken);
	EXPECT_EQ(config.partitions[0].memory, 0);
	EXPECT_ERROR("/chosen/b", "memory", "found 65536 KiB: should be 65540 KiB");
	EXPECT_EQ(config.partitions[1].given->pa.base, 0x60000000);
}

static void add_memory(void *t)
{
	t_sound(t, "a", 16);
	t_module(t, "multiboot,ramdisk", 0x48008000, 0x1000);
	t_sound_end(t, 0x48000000);
	t_sound(t, "b", 16);
	t_sound_end(t, 0x4800ffff);
	t_sound(t, "out", 16);
	t_sound_end(t, 0x7fff8000);
	t_sound(t, "tee", 16);
	t_sound_end(t, 0x7dff8000);
	t_partition(t, "given", "tocsin,partition");
	t_empty(t, "direct-map");
	T_CELLS(t, "xen,static-mem", 0, 0x50000000, 0, 0x1000000, 0, 0x52000000, 0, 0x100000);
	t_sound_end(t, 0x49000000);
	t_partition(t, "under", "tocsin,partition");
	T_CELLS(t, "xen,static-mem", 0, 0x51000000, 0, 0x1000000, 0, 0x50fff000, 0, 0x1000);
	t_sound_end(t, 0x4a000000);
	t_sound(t, "inside", 16);
	t_sound_end(t, 0x520ff000);
}

static void add_one_file(void *t)
{
	t_sound(t, "a", 16);
	t_sound_end(t, 0x48000000);
	t_sound(t, "b", 16);
	t_sound_end(t, 0x48000000);
}

TEST(one_file_may_be_for_several)
{
	read_chosen(add_one_file);
	EXPECT(!config.partitions[0].broken && !config.partitions[1].broken);
}

static void add_tee(void *t)
{
	t_node(t, "reserved-memory");
	t_cell(t, "#address-cells", 2);
	t_cell(t, "#size-cells", 2);
	t_empty(t, "ranges");
	t_node(t, "tee@7e000000");
	T_CELLS(t, "reg", 0, 0x7e000000, 0, 0x1000000);
	t_end(t);
	t_end(t);
}

TEST(memory_is_one_owners)
{
	EXPECT_EQ(read_virt(&(struct virt){VIRT_DEFAULTS, .root = add_tee, .chosen = add_memory}),
		  OK);
	EXPECT_ERROR("/chosen/a/module@48008000", "reg",
		     "the ramdisk at 0x48008000..0x48008fff is over the kernel of /chosen/a at "
		     "0x48000000..0x4800ffff: should be elsewhere; 0x48200000 is free");
	EXPECT_ERROR("/chosen/b/module@4800ffff", "reg", "is over the kernel of /chosen/a");
	EXPECT_ERROR("/chosen/out/module@7fff8000", "reg",
		     "not within RAM (0x40000000..0x7fffffff): should be elsewhere; 0x");
	EXPECT_ERROR("/chosen/tee/module@7dff8000", "reg",
		     "over a reservation, 0x7e000000..0x7effffff");
	EXPECT_ERROR("/chosen/under", "xen,static-mem", "is over memory of /chosen/given");
	EXPECT_ERROR("/chosen/inside/module@520ff000", "reg", "is over memory of /chosen/given");
	EXPECT_EQ(nr_errors_said, 6);
	EXPECT(!config.partitions[4].broken);
	EXPECT_EQ(config.partitions[4].given[1].ipa, 0x52000000);
	EXPECT_EQ(config.partitions[4].memory, 0);
	EXPECT_EQ(config.partitions[5].given[0].ipa, 0x40000000);
	EXPECT_EQ(config.partitions[5].given[1].ipa, 0x41000000);
}

static void add_much(void *t)
{
	t_sound(t, "a", 512);
	t_sound_end(t, 0x48000000);
	t_sound(t, "b", 512);
	t_sound_end(t, 0x49000000);
	t_sound(t, "c", 256);
	t_sound_end(t, 0x4a000000);
}

TEST(more_than_there_is)
{
	read_chosen(add_much);
	EXPECT_ERROR("/chosen/b", "memory", "found 524288 KiB: should be at most 524096 KiB");
	EXPECT(!config.partitions[0].broken && !config.partitions[2].broken);
}

static const u32 *windows_a, *windows_b;
static bool donate;

static void add_windows(void *t)
{
	t_cell(t, "tocsin,major-frame-us", 1000);
	t_sound(t, "a", 16);
	t_cell(t, "tocsin,cpu-affinity", 1);
	if (windows_a)
		t_cells(t, "tocsin,windows", windows_a, 4);
	if (donate)
		t_empty(t, "tocsin,donate-slack");
	t_sound_end(t, 0x48000000);
	t_sound(t, "b", 16);
	t_cell(t, "cpus", 2);
	T_CELLS(t, "tocsin,cpu-affinity", 0, 1);
	if (windows_b)
		t_cells(t, "tocsin,windows", windows_b, 4);
	t_sound_end(t, 0x49000000);
}

static u32 read_windows(const u32 *a, const u32 *b, bool donated)
{
	windows_a = a;
	windows_b = b;
	donate = donated;
	read_chosen(add_windows);
	return nr_errors_said;
}

TEST(time_is_given_once)
{
	EXPECT_EQ(read_windows((u32[]){0, 100, 500, 100}, (u32[]){600, 400, 100, 400}, false), 0);
	EXPECT_EQ(read_windows((u32[]){0, 100, 500, 100}, (u32[]){599, 400, 100, 400}, false), 1);
	EXPECT_ERROR("/chosen/b", "tocsin,windows",
		     "found <599 400> on CPU 1, over <500 100> of /chosen/a");
	EXPECT_EQ(read_windows((u32[]){0, 100, 900, 101}, NULL, true), 1);
	EXPECT_ERROR("/chosen/a", "tocsin,windows", "found <900 101>: should be");
	EXPECT_EQ(read_windows((u32[]){0, 100, 0xffffffff, 2}, NULL, true), 1);
	EXPECT_EQ(read_windows((u32[]){0, 100, 200, 0}, NULL, true), 1);
	EXPECT_EQ(read_windows((u32[]){200, 100, 250, 100}, NULL, true), 1);
	EXPECT_ERROR("/chosen/a", "tocsin,windows",
		     "found <200 100> and <250 100>: should not overlap each other");
	EXPECT_EQ(read_windows((u32[]){0, 100, 200, 100}, NULL, true), 0);
	EXPECT_EQ(read_windows((u32[]){0, 100, 200, 100}, NULL, false), 1);
	EXPECT_ERROR("/chosen/b", "tocsin,windows", "would never run");
	EXPECT(!config.partitions[0].broken);
}

static void add_windows_anywhere(void *t)
{
	t_cell(t, "tocsin,major-frame-us", 1000);
	t_sound(t, "a", 16);
	T_CELLS(t, "tocsin,windows", 0, 100);
	t_sound_end(t, 0x48000000);
	t_sound(t, "b", 16);
	T_CELLS(t, "tocsin,windows", 50, 100);
	t_sound_end(t, 0x49000000);
}

TEST(windows_are_on_known_cpus)
{
	read_chosen(add_windows_anywhere);
	EXPECT_ERROR("/chosen/a", "tocsin,windows", "should be with tocsin,cpu-affinity");
	EXPECT_EQ(
	    read_virt(&(struct virt){VIRT_DEFAULTS, .cpus = 1, .chosen = add_windows_anywhere}),
	    OK);
	EXPECT(!config.partitions[0].broken);
	EXPECT_ERROR("/chosen/b", "tocsin,windows", "found <50 100> on CPU 0, over <0 100>");
}

TEST(what_partitions_occupy)
{
	struct ranges set = {0};

	read_chosen(add_memory);
	EXPECT_EQ(config_assigned(&config, &set), OK);
	EXPECT(ranges_contain(&set, (struct range){0x50000000, 0x2000000}));
	EXPECT(ranges_contain(&set, (struct range){0x49000000, 0x10000}));
	EXPECT(!ranges_touching(&set, (struct range){0x49010000, 0x1000}));
}

static void add_initrd(void *t)
{
	must(fdt_property_u64(t, "linux,initrd-start", 0x48000800));
	must(fdt_property_u64(t, "linux,initrd-end", 0x48001000));
	t_sound(t, "a", 16);
	t_sound_end(t, 0x48000000);
	t_sound(t, "b", 16);
	t_sound_end(t, 0x4a000000);
}

/* What the boot loader wrote for Tocsin is read after the files were put where they are. */
TEST(files_are_not_over_the_machines)
{
	scan_virt(&(struct virt){VIRT_DEFAULTS, .chosen = add_initrd});
	machine.tree = (struct range){0x4a00f000, 0x2000};
	EXPECT_EQ(config_read(&config, tree, &machine, complain, &config), OK);
	EXPECT_EQ(nr_errors_said, 2);
	EXPECT_ERROR("/chosen/a/module@48000000", "reg",
		     "is over the initrd of /chosen at 0x48000800..0x48000fff");
	EXPECT_ERROR("/chosen/b/module@4a000000", "reg",
		     "is over the device tree of the machine at 0x4a00f000..0x4a010fff");
}

static void add_names(void *t)
{
	static const char *const nodes[] = {"\x1b[2J", "%s%n", "a b", "@1",
					    "n234567890123456789012345678901x"};

	for (u32 i = 0; i < 5; i++) {
		t_sound(t, nodes[i], 16);
		t_sound_end(t, 0x48000000);
	}
	t_sound(t, "a!b", 16);
	t_text(t, "tocsin,name", "good");
	t_sound_end(t, 0x48000000);
	t_sound(t, "n23456789012345678901234567890_@7", 16);
	t_sound_end(t, 0x48000000);
}

TEST(names_of_nodes_obey_the_same_rule)
{
	read_chosen(add_names);
	EXPECT_EQ(config.nr_partitions, 7);
	EXPECT_EQ(nr_errors_said, 5);
	for (u32 i = 0; i < 7; i++)
		EXPECT_EQ(config.partitions[i].broken, i < 5);
	EXPECT_ERROR("/chosen/%s%n", "", "should be 1 to 31 letters, digits and - _ . before an @");
	EXPECT(!strcmp(config.partitions[5].name, "good"));
	EXPECT(!strcmp(config.partitions[6].name, "n23456789012345678901234567890_"));
}

static void add_near_misses(void *t)
{
	t_node(t, "x");
	t_text(t, "compatible", "tocsin,partitions");
	t_end(t);
	t_node(t, "y");
	t_text(t, "compatible", "simple-framebuffer");
	t_end(t);
}

static void add_near_module(void *t)
{
	add_near_misses(t);
	t_sound(t, "a", 16);
	t_module(t, "multiboot,kernal", 0x48000000, 0x1000);
	t_end(t);
}

TEST(a_compatible_that_is_nearly_one)
{
	read_chosen(add_near_misses);
	EXPECT_EQ(nr_said, 1);
	EXPECT_ERROR("/chosen/x", "compatible",
		     "found \"tocsin,partitions\": should it be \"tocsin,partition\"?");
	read_chosen(add_near_module);
	EXPECT_EQ(nr_said, 2);
	EXPECT(!config.partitions[0].broken);
	EXPECT_WARNING("/chosen/a/module@48000000", "compatible",
		       "found \"multiboot,kernal\": should it be \"multiboot,kernel\"?");
}
