/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions in the device tree: what is read, what is complained of, and that one
 * partition's fault is nobody else's.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/reloc.c boot/fdt/machine_nodes.c boot/fdt/machine_devices.c
 * sources: boot/fdt/machine_gic.c boot/config/config.c boot/config/config_reader.c
 * sources: boot/config/config_props.c boot/config/config_values.c boot/config/config_modules.c
 * sources: boot/config/config_check.c boot/config/config_paging.c boot/config/config_memory.c
 * sources: lib/fmt.c boot/config/config_meant.c
 */
#include <config_world.h>

static void add_full(void *t)
{
	T_CELLS(t, "tocsin,major-frame-us", 10000);
	t_partition(t, "first@1", "tocsin,partition");
	t_cell(t, "cpus", 2);
	T_CELLS(t, "memory", 0, 0x10000);
	t_empty(t, "vpl011");
	t_cell(t, "nr_spis", 64);
	t_text(t, "tocsin,name", "linux-0");
	T_CELLS(t, "tocsin,cpu-affinity", 1, 0);
	t_cell(t, "tocsin,priority", 7);
	T_CELLS(t, "tocsin,windows", 5000, 1000, 0, 5000);
	t_empty(t, "tocsin,donate-slack");
	t_text(t, "tocsin,on-off", "stop-all");
	t_text(t, "tocsin,on-fault", "restart");
	t_cell(t, "tocsin,restart-limit", 3);
	t_cell(t, "tocsin,restart-backoff-ms", 250);
	t_empty(t, "tocsin,watchdog");
	t_text(t, "tocsin,sdei", "off");
	T_CELLS(t, "tocsin,sdei-slots", 2, 9);
	t_node(t, "module@48000000");
	must(fdt_property(t, "compatible", "multiboot,kernel\0multiboot,module", 34));
	T_CELLS(t, "reg", 0, 0x48000000, 0, 0x1234);
	t_text(t, "bootargs", "quiet");
	t_end(t);
	t_module(t, "multiboot,ramdisk", 0x49000000, 0x2000);
	t_module(t, "multiboot,device-tree", 0x4a000000, 0x3000);
	t_end(t);
}

TEST(all_properties)
{
	const struct partition_spec *p;

	read_chosen(add_full);
	EXPECT_EQ(nr_errors_said, 0);
	EXPECT_EQ(config.nr_partitions, 1);
	EXPECT_EQ(config.major_frame_us, 10000);
	p = config.partitions;
	EXPECT(!p->broken && !strcmp(p->path, "/chosen/first@1") && !strcmp(p->name, "linux-0"));
	EXPECT(p->nr_vcpus == 2 && p->nr_affinity == 2 && p->affinity[0] == 1 && !p->affinity[1]);
	EXPECT_EQ(p->memory, 0x4000000);
	EXPECT(p->vpl011 && p->nr_spis == 64 && !p->direct_map && p->priority == 7);
	EXPECT_EQ(p->nr_windows, 2);
	EXPECT(p->windows[0].offset_us == 0 && p->windows[0].length_us == 5000);
	EXPECT(p->windows[1].offset_us == 5000 && p->windows[1].length_us == 1000);
	EXPECT(p->donate_slack && p->watchdog && !p->sdei);
	EXPECT(p->on_off == SPEC_STOP_ALL && p->on_fault == SPEC_RESTART);
	EXPECT(p->restart_limit == 3 && p->restart_backoff_ms == 250);
	EXPECT(p->sdei_private_slots == 2 && p->sdei_shared_slots == 9);
	EXPECT(p->kernel.range.base == 0x48000000 && p->kernel.range.size == 0x1234);
	EXPECT(!strcmp(p->kernel.bootargs, "quiet"));
	EXPECT(!strcmp(p->kernel.path, "/chosen/first@1/module@48000000"));
	EXPECT(p->ramdisk.range.base == 0x49000000 && p->tree.range.size == 0x3000);
}

static void add_sound(void *t)
{
	t_sound(t, "one", 64);
	t_sound_end(t, 0x48000000);
}

TEST(defaults)
{
	const struct partition_spec *p;

	read_chosen(add_sound);
	EXPECT_EQ(nr_said, 0);
	p = config.partitions;
	EXPECT(!strcmp(p->name, "one") && p->nr_vcpus == 1 && !p->affinity);
	EXPECT(p->nr_spis == 256 && p->priority == 128 && !p->vpl011 && !p->watchdog);
	EXPECT(p->on_off == SPEC_STOP && p->on_fault == SPEC_STOP && !p->restart_limit);
	EXPECT(p->restart_backoff_ms == 100 && p->sdei);
	EXPECT(p->sdei_private_slots == 4 && p->sdei_shared_slots == 4);
	EXPECT(!*p->kernel.bootargs && !p->ramdisk.path && !p->tree.range.size);
}

/* As in Xen's documentation, with one size cell and its old names. */
static void add_xen(void *t)
{
	t_node(t, "domU1");
	t_text(t, "compatible", "xen,domain");
	t_cell(t, "#address-cells", 2);
	t_cell(t, "#size-cells", 1);
	T_CELLS(t, "memory", 0, 131072);
	t_cell(t, "cpus", 2);
	t_cell(t, "vpl011", 1);
	t_text(t, "xen,enhanced", "enabled");
	t_node(t, "module@0x4a000000");
	must(fdt_property(t, "compatible", "xen,linux-zimage\0xen,multiboot-module", 38));
	T_CELLS(t, "reg", 0, 0x4a000000, 0xffffff);
	t_text(t, "bootargs", "console=ttyAMA0");
	t_end(t);
	t_node(t, "module@0x4b000000");
	t_text(t, "compatible", "multiboot,module");
	T_CELLS(t, "reg", 0, 0x4b000000, 0xffffff);
	t_end(t);
	t_node(t, "module@0x4c000000");
	t_text(t, "compatible", "multiboot,module");
	T_CELLS(t, "reg", 0, 0x4c000000, 0xffffff);
	t_end(t);
	t_end(t);
}

TEST(xen_domains_and_plain_modules)
{
	const struct partition_spec *p;

	read_chosen(add_xen);
	EXPECT_EQ(nr_errors_said, 0);
	EXPECT_EQ(nr_said, 2);
	EXPECT_WARNING("/chosen/domU1", "xen,enhanced", "Xen's");
	EXPECT_WARNING("/chosen/domU1/module@0x4c000000", "compatible", "third module");
	p = config.partitions;
	EXPECT(p->memory == 0x8000000 && p->vpl011 && p->nr_vcpus == 2);
	EXPECT(p->kernel.range.base == 0x4a000000 && p->ramdisk.range.base == 0x4b000000);
}

static void add_single(void *t)
{
	t_module(t, "multiboot,kernel", 0x60000000, 0x1000);
	t_module(t, "multiboot,ramdisk", 0x61000000, 0x1000);
}

static void add_single_and_partition(void *t)
{
	add_single(t);
	add_sound(t);
}

TEST(modules_of_chosen_are_the_single_guests)
{
	read_chosen(add_single);
	EXPECT_EQ(config.nr_partitions, 0);
	EXPECT_EQ(nr_said, 0);
	EXPECT_EQ(machine.nr_modules, 2);
	read_chosen(add_single_and_partition);
	EXPECT_EQ(machine.nr_modules, 2);
	EXPECT_EQ(config.nr_partitions, 1);
	EXPECT(!config.partitions->broken);
	EXPECT_WARNING("/chosen", "", "module@60000000 at 0x60000000..0x60000fff is not used");
}

static void add_others(void *t)
{
	t_sound(t, "asleep", 64);
	t_text(t, "status", "disabled");
	t_end(t);
	t_node(t, "hypervisor");
	t_text(t, "compatible", "somebody,else");
	t_end(t);
}

TEST(disabled_and_foreign_nodes)
{
	read_chosen(add_others);
	EXPECT_EQ(config.nr_partitions, 0);
	EXPECT_EQ(nr_said, 0);
}

/* One property of a wrong value between two sound partitions. */
static const struct wrong {
	const char *name, *value;
	int len;
	const char *text;
} wrongs[] = {
    {"cpus", "\0\0\0\0", 4, "found 0: should be from 1 to 512"},
    {"cpus", "\0\0\0\x09", 4, NULL},
    {"cpus", "\0\0\0\x7c", 4, "found 124: should be at most 123"},
    {"cpus", "\xff\xff\xff\xff", 4, "found 4294967295: should be"},
    {"cpus", "\0\0\1", 3, "found 3 bytes: should be one cell"},
    {"cpus", "", 0, "found 0 bytes"},
    {"memory", "\0\0\0\0\0\0\0\0", 8, "found 0: should be from 64"},
    {"memory", "\xff\xff\xff\xff\xff\xff\xff\xfc", 8, "found 18446744073709551612"},
    {"memory", "\0\0\0\0\0\0\1\1", 8, "found 257 KiB: should be whole pages, 260"},
    {"memory", "\0\0\0\0\0\1\1", 7, "found 7 bytes: should be one or two cells"},
    {"memory", "\0\0\1\0", 4, NULL},
    {"memory", "\0\0\0\0\0\0\0\x40", 8, NULL},
    {"nr_spis", "\0\0\x03\xdd", 4, "found 989: should be from 0 to 988"},
    {"tocsin,name", "a b", 4, "found \"a b\": should be 1 to 31 letters"},
    {"tocsin,name", "endless", 7, "found \"\": should be"},
    {"tocsin,name", "", 1, "found \"\""},
    {"tocsin,name", "a234567890123456789012345678901", 32, NULL},
    {"tocsin,name", "a2345678901234567890123456789012", 33, "31 letters"},
    {"tocsin,name", "first", 6, "which is /chosen/first's name"},
    {"tocsin,cpu-affinity", "\0\0\0\2", 4, "found CPU 2: should be from 0 to 1, there are 2"},
    {"tocsin,cpu-affinity", "\0\0\0\1\0\0\0\0", 8,
     "found 2 cells: should be one for each of its 1"},
    {"tocsin,cpu-affinity", "\0\0\0\1\0", 5, "found 5 bytes"},
    {"tocsin,priority", "\0\0\1\0", 4, "found 256: should be from 0 to 255"},
    {"tocsin,windows", "\0\0\0\0\0\0\0\1", 8, "no major frame: /chosen should have"},
    {"tocsin,on-off", "reboot", 7, "found \"reboot\": should be \"stop\""},
    {"tocsin,on-fault", "stop", 4, "no string"},
    {"tocsin,sdei", "yes", 4, "should be \"on\" or \"off\""},
    {"tocsin,sdei-slots", "\0\0\0\x11\0\0\0\0", 8, "found <17 0>: should be at most <16 988>"},
    {"tocsin,sdei-slots", "\0\0\0\1", 4, "found 4 bytes"},
    {"direct-map", "", 0, "without given memory: should be with xen,static-mem"},
    {"xen,static-mem", "\0\0\0\0\x50\0\0\0\0\0\0", 11, "found 11 bytes"},
    {"xen,static-mem", "\0\0\0\0\x50\0\0\0\0\0\0\0\0\0\x10\1", 16, "should be whole pages"},
    {"xen,static-mem", "\xff\xff\xff\xff\xff\xff\xf0\0\0\0\0\0\0\1\0\0", 16, "whole pages of RAM"},
    {"xen,static-mem", "\0\0\0\0\x20\0\0\0\0\0\0\0\4\0\0\0", 16,
     "is not within RAM (0x40000000..0x7fffffff)"},
};
static const struct wrong *wrong;

static void add_wrong(void *t)
{
	t_sound(t, "first", 64);
	t_sound_end(t, 0x48000000);
	t_partition(t, "second", "tocsin,partition");
	if (strcmp(wrong->name, "memory"))
		T_CELLS(t, "memory", 0, 0x10000);
	must(fdt_property(t, wrong->name, wrong->value, wrong->len));
	t_sound_end(t, 0x49000000);
	t_sound(t, "third", 64);
	t_sound_end(t, 0x4a000000);
}

TEST(a_wrong_value_breaks_its_partition_only)
{
	for (wrong = wrongs; wrong < wrongs + sizeof(wrongs) / sizeof(*wrongs); wrong++) {
		read_chosen(add_wrong);
		EXPECT_EQ(config.nr_partitions, 3);
		EXPECT(!config.partitions[0].broken && !config.partitions[2].broken);
		EXPECT_EQ(config.partitions[1].broken, wrong->text != NULL);
		if (wrong->text)
			EXPECT_ERROR("/chosen/second", wrong->name, wrong->text);
	}
}

static void add_watchdogs(void *t)
{
	t_sound(t, "few", 64);
	t_empty(t, "tocsin,watchdog");
	t_cell(t, "nr_spis", 15);
	t_sound_end(t, 0x49000000);
	t_sound(t, "enough", 64);
	t_empty(t, "tocsin,watchdog");
	t_cell(t, "nr_spis", 16);
	t_sound_end(t, 0x4a000000);
}

TEST(a_watchdog_has_a_place)
{
	read_chosen(add_watchdogs);
	EXPECT_ERROR("/chosen/few", "nr_spis", "found 15: should be at least 16");
	EXPECT(config.partitions[0].broken && !config.partitions[1].broken);
}

static void add_misspelt(void *t)
{
	t_cell(t, "tocsin,mayor-frame-us", 5);
	t_sound(t, "one", 64);
	t_cell(t, "tocsin,prioriti", 5);
	t_cell(t, "colour", 5);
	t_cell(t, "llc-colors", 5);
	t_node(t, "extra");
	t_end(t);
	t_sound_end(t, 0x48000000);
}

TEST(what_is_unknown_is_named)
{
	read_chosen(add_misspelt);
	EXPECT(!config.partitions->broken);
	EXPECT_WARNING("/chosen", "tocsin,mayor-frame-us", "should it be tocsin,major-frame-us?");
	EXPECT_WARNING("/chosen/one", "tocsin,prioriti", "should it be tocsin,priority?");
	EXPECT_WARNING("/chosen/one", "colour", "unknown, without effect");
	EXPECT_WARNING("/chosen/one", "llc-colors", "unknown, without effect");
	EXPECT_WARNING("/chosen/one/extra", "compatible", "unknown kind");
}

static void add_bad_modules(void *t)
{
	t_sound(t, "none", 64);
	t_end(t);
	t_sound(t, "two", 64);
	t_module(t, "multiboot,kernel", 0x50000000, 0x1000);
	t_sound_end(t, 0x48000000);
	t_sound(t, "short", 64);
	t_node(t, "module@1");
	t_text(t, "compatible", "multiboot,kernel");
	T_CELLS(t, "reg", 0, 0x48000000, 0);
	t_end(t);
	t_end(t);
	t_sound(t, "empty", 64);
	t_node(t, "module@1");
	t_text(t, "compatible", "multiboot,kernel");
	T_CELLS(t, "reg", 0, 0x48000000, 0, 0);
	t_end(t);
	t_end(t);
	t_sound(t, "small", 1);
	t_module(t, "multiboot,kernel", 0x60000000, 0x200000);
	t_end(t);
}

TEST(modules_that_cannot_be)
{
	read_chosen(add_bad_modules);
	EXPECT_ERROR("/chosen/none", "", "found no kernel: should have");
	EXPECT_ERROR("/chosen/two/module@48000000", "compatible",
		     "second kernel beside /chosen/two/module@50000000");
	EXPECT_ERROR("/chosen/short/module@1", "reg", "found 12 bytes: should be an address of 2");
	EXPECT_ERROR("/chosen/empty/module@1", "reg", "found 0x48000000, size 0x0");
	EXPECT_ERROR("/chosen/small", "memory", "found 1024 KiB: should be at least 2048 KiB");
	for (u32 i = 0; i < 5; i++)
		EXPECT(config.partitions[i].broken);
}

TEST(gicv2_has_room_for_eight)
{
	wrong = &wrongs[1]; /* nine CPUs */
	EXPECT_EQ(read_virt(&(struct virt){VIRT_DEFAULTS, .gic = 2, .chosen = add_wrong}), OK);
	EXPECT_ERROR("/chosen/second", "cpus", "found 9: should be at most 8, its GICv2");
}

static void add_many(void *t)
{
	for (u32 i = 0; i < CONFIG_MAX_PARTITIONS + 1; i++) {
		char name[8];

		snprintf(name, sizeof(name), "p%u", i);
		t_sound(t, name, 1);
		t_sound_end(t, 0x48000000 + i * 0x10000);
	}
}

TEST(there_is_an_end_to_partitions)
{
	read_chosen(add_many);
	EXPECT_EQ(config.nr_partitions, CONFIG_MAX_PARTITIONS);
	EXPECT_EQ(nr_said, 1);
	EXPECT_ERROR("/chosen", "", "p32 is not read: there are 32 partitions before it");
	/* Boot reads twice, before and after the move, with one arena. */
	EXPECT_EQ(config_read(&config, tree, &machine, complain, &config), OK);
	EXPECT_EQ(config.nr_partitions, CONFIG_MAX_PARTITIONS);
}

/* How much boot memory is left, which uses it up. */
static size_t use_up(void)
{
	size_t left = 0;

	while (arena_alloc(8))
		left += 8;
	return left;
}

/* All was read, but RAM could not be summed up. */
static bool no_room_to_compare(void)
{
	return nr_errors_said == 1 && !strcmp(said[nr_said - 1].path, "/chosen") &&
	       config.partitions->tree.path && config.partitions->nr_windows == 2;
}

/* With every amount of boot memory left: what is not broken is whole. */
TEST(without_memory_nothing_is_half_read)
{
	const struct virt v = {VIRT_DEFAULTS, .chosen = add_full};
	size_t all;
	u32 failed = 0;

	scan_virt(&v);
	all = use_up();
	for (size_t left = 0; left < 0x1000; left += 8) {
		const struct partition_spec *p;
		enum err err;

		scan_virt(&v);
		EXPECT(arena_alloc(all - left));
		err = config_read(&config, tree, &machine, complain, &config);
		EXPECT(err == OK || err == ERR_NO_MEMORY);
		EXPECT((err == OK) == !nr_errors_said);
		failed += err != OK;
		p = config.partitions;
		if (err == OK)
			EXPECT(config.nr_partitions == 1 && !p->broken && p->nr_windows == 2 &&
			       p->nr_affinity == 2 && p->tree.path);
		else
			EXPECT(!config.nr_partitions || p->broken || no_room_to_compare());
	}
	EXPECT(failed > 20 && failed < 0x1000 / 8);
}

TEST(the_log_says_the_same)
{
	config_log(NULL, &(struct complaint){true, "/chosen/a", "cpus", "found 0"});
	EXPECT(log_says("/chosen/a: cpus: found 0"));
	config_log(NULL, &(struct complaint){false, "/chosen/a", NULL, "found 0"});
	EXPECT(log_says("/chosen/a: found 0"));
}
