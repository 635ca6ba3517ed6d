/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels in the device tree: what is read, what is complained of, and that a wrong
 * channel breaks no partition.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/reloc.c boot/fdt/machine_nodes.c boot/fdt/machine_devices.c
 * sources: boot/fdt/machine_gic.c boot/config/config.c boot/config/config_reader.c
 * sources: boot/config/config_props.c boot/config/config_values.c boot/config/config_modules.c
 * sources: boot/config/config_check.c boot/config/config_paging.c boot/config/config_memory.c
 * sources: boot/config/config_channel.c lib/fmt.c boot/config/config_meant.c
 */
#include <boot/config_channel.h>
#include <config_world.h>

static struct channels channels;
static void (*write_channels)(void *t);

static void t_strings(void *t, const char *name, const char *a, const char *b)
{
	char both[64];
	int len = snprintf(both, sizeof(both), "%s%c%s", a, 0, b) + 1;

	must(fdt_property(t, name, both, len));
}

static void add_partition(void *t, const char *name)
{
	t_partition(t, name, "tocsin,partition");
	T_CELLS(t, "memory", 0, 0x10000);
	t_empty(t, "vpl011");
	t_empty(t, "tocsin,watchdog");
	t_module(t, "multiboot,kernel", 0x48000000 + (u32)name[0] * 0x100000, 0x1000);
	t_end(t);
}

static void add_both(void *t)
{
	add_partition(t, "a");
	write_channels(t);
	add_partition(t, "b");
}

static void open_channel(void *t, const char *name)
{
	t_node(t, name);
	t_text(t, "compatible", "tocsin,channel");
}

/* How many channels there are then. */
static u32 read_channels(void (*write)(void *t))
{
	write_channels = write;
	read_chosen(add_both);
	EXPECT_EQ(config_read_channels(&channels, &config, tree, &machine, complain, &config), OK);
	for (u32 i = 0; i < config.nr_partitions; i++)
		EXPECT(!config.partitions[i].broken);
	return channels.nr;
}

static void add_good(void *t)
{
	open_channel(t, "full@1");
	t_strings(t, "tocsin,partitions", "b", "a");
	T_CELLS(t, "tocsin,size", 0, 64);
	t_strings(t, "tocsin,access", "ro", "rw");
	T_CELLS(t, "tocsin,interrupts", 100, 5);
	t_end(t);
	open_channel(t, "bells");
	t_strings(t, "tocsin,partitions", "a", "b");
	t_end(t);
	open_channel(t, "off");
	t_text(t, "status", "disabled");
	t_end(t);
}

TEST(all_properties)
{
	const struct channel_spec *c;

	EXPECT_EQ(read_channels(add_good), 2);
	EXPECT_EQ(nr_errors_said, 0);
	c = &channels.at[0];
	EXPECT(!strcmp(c->path, "/chosen/full@1") && !strcmp(c->name, "full"));
	EXPECT(c->side[0].partition == 1 && !c->side[0].write && c->side[0].intid == 132);
	EXPECT(c->side[1].partition == 0 && c->side[1].write && c->side[1].intid == 37);
	EXPECT_EQ(c->size, 0x10000);
	c = &channels.at[1];
	EXPECT(c->side[0].partition == 0 && c->side[0].write && !c->side[0].intid);
	EXPECT(c->side[1].partition == 1 && c->side[1].write && !c->side[1].intid && !c->size);
}

static void add_names(void *t)
{
	open_channel(t, "none");
	t_end(t);
	open_channel(t, "one");
	t_text(t, "tocsin,partitions", "a");
	t_end(t);
	open_channel(t, "foreign");
	t_strings(t, "tocsin,partitions", "a", "c");
	t_end(t);
	open_channel(t, "itself");
	t_strings(t, "tocsin,partitions", "b", "b");
	t_end(t);
	open_channel(t, "cut");
	must(fdt_property(t, "tocsin,partitions", "a\0b", 3));
	t_end(t);
	open_channel(t, "three");
	must(fdt_property(t, "tocsin,partitions", "a\0b\0b", 6));
	t_end(t);
}

TEST(partitions_that_are_not)
{
	EXPECT_EQ(read_channels(add_names), 0);
	EXPECT_ERROR("/chosen/none", "tocsin,partitions", "found 0 bytes");
	EXPECT_ERROR("/chosen/one", "tocsin,partitions", "found 2 bytes");
	EXPECT_ERROR("/chosen/foreign", "tocsin,partitions", "found \"c\"");
	EXPECT_ERROR("/chosen/itself", "tocsin,partitions", "twice");
	EXPECT_ERROR("/chosen/cut", "tocsin,partitions", "found 3 bytes");
	EXPECT_ERROR("/chosen/three", "tocsin,partitions", "found 6 bytes");
	EXPECT_EQ(nr_errors_said, 6);
}

static void open_between(void *t, const char *name)
{
	open_channel(t, name);
	t_strings(t, "tocsin,partitions", "a", "b");
}

static void add_values(void *t)
{
	open_between(t, "empty");
	T_CELLS(t, "tocsin,size", 0);
	t_end(t);
	open_between(t, "odd");
	T_CELLS(t, "tocsin,size", 6);
	t_end(t);
	open_between(t, "huge");
	T_CELLS(t, "tocsin,size", 0xffffffff, 0xfffffffc);
	t_end(t);
	open_between(t, "rights");
	t_strings(t, "tocsin,access", "rw", "wo");
	t_end(t);
	open_between(t, "short");
	T_CELLS(t, "tocsin,interrupts", 40);
	t_end(t);
	open_between(t, "beyond");
	T_CELLS(t, "tocsin,interrupts", 40, 988);
	t_end(t);
	open_between(t, "uart");
	T_CELLS(t, "tocsin,interrupts", 40, 1);
	t_end(t);
	open_between(t, "watchdog");
	T_CELLS(t, "tocsin,interrupts", 15, 40);
	t_end(t);
	open_between(t, "good");
	T_CELLS(t, "tocsin,interrupts", 40, 41);
	t_cell(t, "tocsin,sizes", 4);
	t_end(t);
	open_between(t, "again");
	T_CELLS(t, "tocsin,interrupts", 42, 41);
	t_end(t);
}

TEST(values_that_cannot_be)
{
	EXPECT_EQ(read_channels(add_values), 1);
	EXPECT_ERROR("/chosen/empty", "tocsin,size", "found 0 KiB");
	EXPECT_ERROR("/chosen/odd", "tocsin,size", "found 6 KiB");
	EXPECT_ERROR("/chosen/huge", "tocsin,size", "should be");
	EXPECT_ERROR("/chosen/rights", "tocsin,access", "found \"wo\"");
	EXPECT_ERROR("/chosen/short", "tocsin,interrupts", "found 4 bytes");
	EXPECT_ERROR("/chosen/beyond", "tocsin,interrupts", "should be");
	EXPECT_ERROR("/chosen/uart", "tocsin,interrupts", "its vpl011");
	EXPECT_ERROR("/chosen/watchdog", "tocsin,interrupts", "its watchdog");
	EXPECT_ERROR("/chosen/again", "tocsin,interrupts", "/chosen/good");
	EXPECT_WARNING("/chosen/good", "tocsin,sizes", "unknown");
	EXPECT_EQ(nr_errors_said, 9);
}

static void add_large(void *t)
{
	open_between(t, "most");
	T_CELLS(t, "tocsin,size", 0x2f000000 >> 10);
	t_end(t);
	open_between(t, "more");
	T_CELLS(t, "tocsin,size", 4);
	t_end(t);
	for (int i = 0; i < CONFIG_MAX_CHANNEL_ENDS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "bell%d", i);
		open_between(t, name);
		t_end(t);
	}
}

TEST(limits)
{
	EXPECT_EQ(read_channels(add_large), CONFIG_MAX_CHANNEL_ENDS);
	EXPECT_ERROR("/chosen/more", "tocsin,size", "at most");
	EXPECT_ERROR("/chosen/bell15", "", "which is the most");
	EXPECT_EQ(nr_errors_said, 2);
}
