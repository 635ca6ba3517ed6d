/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paged memory in the device tree: what is read and complained of, who can be a pager, and
 * the channels that come of it.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/reloc.c boot/fdt/machine_nodes.c boot/fdt/machine_devices.c
 * sources: boot/fdt/machine_gic.c boot/config/config.c boot/config/config_reader.c
 * sources: boot/config/config_props.c boot/config/config_values.c boot/config/config_modules.c
 * sources: boot/config/config_check.c boot/config/config_paging.c boot/config/config_memory.c
 * sources: boot/config/config_channel.c lib/fmt.c boot/config/config_meant.c
 */
#include <boot/config_channel.h>
#include <config_world.h>

#define KERNEL 0x48000000

static struct channels channels;
static u32 nr_added;

static void t_paged(void *t, const char *name, u32 mib)
{
	t_sound(t, name, mib);
	t_empty(t, "tocsin,paged");
}

static void t_done(void *t)
{
	t_sound_end(t, KERNEL + nr_added++ * 0x10000);
}

static void t_served(void *t, const char *name, const char *pager)
{
	t_paged(t, name, 64);
	t_text(t, "tocsin,pager", pager);
}

static u32 read_all(void (*chosen)(void *t))
{
	nr_added = 0;
	read_chosen(chosen);
	EXPECT_EQ(config_read_channels(&channels, &config, tree, &machine, complain, &config), OK);
	return channels.nr;
}

static void add_good(void *t)
{
	t_served(t, "full", "keeper");
	T_CELLS(t, "tocsin,resident", 0, 0x1000);
	t_cell(t, "tocsin,read-ahead", 3);
	t_cell(t, "tocsin,async-min-us", 7);
	t_cell(t, "tocsin,pager-slots", 4);
	t_cell(t, "tocsin,pager-timeout-ms", 0);
	t_text(t, "tocsin,on-page-loss", "stop");
	t_done(t);
	t_sound(t, "keeper", 64);
	t_done(t);
	t_served(t, "plain", "keeper");
	t_text(t, "tocsin,on-page-loss", "abort");
	t_done(t);
	t_paged(t, "far", 64);
	t_cell(t, "tocsin,far-latency-us", 9);
	t_cell(t, "tocsin,far-jitter-us", 8);
	t_done(t);
}

TEST(all_properties)
{
	const struct spec_paging *g;

	EXPECT_EQ(read_all(add_good), 2);
	EXPECT_EQ(nr_said, 0);
	g = &config.partitions[0].paging;
	EXPECT(g->on && !strcmp(g->pager, "keeper") && g->resident == MIB(4));
	EXPECT(g->read_ahead == 3 && g->async_min_us == 7 && g->pager_slots == 4);
	EXPECT(!g->pager_timeout_ms && g->loss_stops);
	EXPECT(!config.partitions[1].paging.on);
	g = &config.partitions[2].paging;
	EXPECT(g->pager_slots == 32 && g->pager_timeout_ms == 10000 && !g->loss_stops);
	EXPECT_EQ(g->resident, MIB(16));
	g = &config.partitions[3].paging;
	EXPECT(!g->pager && g->far_latency_us == 9 && g->far_jitter_us == 8);
}

TEST(a_pager_has_a_channel_to_each)
{
	const struct channel_spec *c;

	EXPECT_EQ(read_all(add_good), 2);
	for (u32 i = 0; i < 2; i++) {
		c = &channels.at[i];
		EXPECT(c->pager && c->side[0].partition == 1 && c->side[1].partition == 2 * i);
		EXPECT(c->side[0].write && !c->side[0].intid && !c->side[1].intid);
		EXPECT_EQ(c->size, 0x3000 + (i ? 32 : 4) * 0x1000);
	}
	EXPECT(!strcmp(channels.at[0].path, "/chosen/full"));
}

static void add_wrong(void *t)
{
	t_sound(t, "keeper", 64);
	t_done(t);
	t_served(t, "foreign", "nobody");
	t_done(t);
	t_served(t, "itself", "itself");
	t_done(t);
	t_served(t, "chain", "itself");
	t_done(t);
	t_paged(t, "bytes", 64);
	must(fdt_property(t, "tocsin,pager", "keeper", 6));
	t_done(t);
	t_served(t, "odd", "keeper");
	t_cell(t, "tocsin,pager-slots", 24);
	t_done(t);
	t_served(t, "few", "keeper");
	t_cell(t, "tocsin,pager-slots", 2);
	t_done(t);
	t_served(t, "many", "keeper");
	t_cell(t, "tocsin,pager-slots", 512);
	t_done(t);
	t_served(t, "slow", "keeper");
	t_cell(t, "tocsin,pager-timeout-ms", 3600001);
	t_done(t);
	t_served(t, "loss", "keeper");
	t_text(t, "tocsin,on-page-loss", "ignore");
	t_done(t);
}

TEST(pagers_that_cannot_be)
{
	read_all(add_wrong);
	EXPECT_ERROR("/chosen/foreign", "tocsin,pager",
		     "found \"nobody\": should be the name of another partition");
	EXPECT_ERROR("/chosen/itself", "tocsin,pager", "found its own name");
	EXPECT_ERROR("/chosen/chain", "tocsin,pager", "found \"itself\", which is paged itself");
	EXPECT_ERROR("/chosen/bytes", "tocsin,pager", "found 6 bytes that are no string");
	EXPECT_ERROR("/chosen/odd", "tocsin,pager-slots",
		     "found 24: should be a power of two, as 16");
	EXPECT_ERROR("/chosen/few", "tocsin,pager-slots", "found 2: should be from 4 to 256");
	EXPECT_ERROR("/chosen/many", "tocsin,pager-slots", "found 512: should be from 4 to 256");
	EXPECT_ERROR("/chosen/slow", "tocsin,pager-timeout-ms", "found 3600001");
	EXPECT_ERROR("/chosen/loss", "tocsin,on-page-loss", "found \"ignore\"");
	EXPECT_EQ(nr_errors_said, 9);
	EXPECT(!config.partitions[0].broken);
	for (u32 i = 1; i < config.nr_partitions; i++)
		EXPECT(config.partitions[i].broken);
}

static void add_useless(void *t)
{
	t_sound(t, "unpaged", 64);
	T_CELLS(t, "tocsin,resident", 0, 0x1000);
	t_text(t, "tocsin,pager", "keeper");
	t_cell(t, "tocsin,far-seed", 1);
	t_done(t);
	t_paged(t, "far", 64);
	t_cell(t, "tocsin,pager-slots", 4);
	t_done(t);
	t_served(t, "both", "keeper");
	t_cell(t, "tocsin,far-per-ms", 4);
	t_cell(t, "tocsin,far-jitter-us", 10000);
	t_done(t);
	t_sound(t, "keeper", 64);
	t_done(t);
}

TEST(what_has_no_effect)
{
	EXPECT_EQ(read_all(add_useless), 1);
	EXPECT_WARNING("/chosen/unpaged", "tocsin,resident", "found without tocsin,paged");
	EXPECT_WARNING("/chosen/unpaged", "tocsin,pager", "found without tocsin,paged");
	EXPECT_WARNING("/chosen/unpaged", "tocsin,far-seed", "found without tocsin,paged");
	EXPECT_WARNING("/chosen/far", "tocsin,pager-slots", "found without tocsin,pager,");
	EXPECT_WARNING("/chosen/both", "tocsin,far-per-ms", "found beside tocsin,pager");
	EXPECT_WARNING("/chosen/both", "tocsin,far-jitter-us", "found beside tocsin,pager");
	EXPECT_EQ(nr_errors_said, 0);
	EXPECT_EQ(nr_said, 6);
}

/* Of one GiB: 64 MiB and far memory for 1000 do not fit, without the latter they do. */
static const char *keeper;

static void add_large(void *t)
{
	t_paged(t, "large", 1000);
	T_CELLS(t, "tocsin,resident", 0, 0x10000);
	if (keeper)
		t_text(t, "tocsin,pager", keeper);
	t_done(t);
	t_sound(t, "keeper", 64);
	t_done(t);
}

TEST(a_pager_spares_far_memory)
{
	keeper = NULL;
	read_all(add_large);
	EXPECT_ERROR("/chosen/large", "memory", "found 1089536 KiB: should be at most");
	keeper = "keeper";
	read_all(add_large);
	EXPECT_EQ(nr_said, 0);
}

static void add_given(void *t)
{
	t_partition(t, "given", "tocsin,partition");
	T_CELLS(t, "xen,static-mem", 0, 0x50000000, 0, 0x400000);
	t_empty(t, "tocsin,paged");
	t_done(t);
	t_paged(t, "little", 1);
	T_CELLS(t, "tocsin,resident", 0, 100);
	t_done(t);
	t_paged(t, "much", 1);
	T_CELLS(t, "tocsin,resident", 0, 2048);
	t_done(t);
	t_paged(t, "jitter", 1);
	t_cell(t, "tocsin,far-jitter-us", 501);
	t_done(t);
}

TEST(memory_that_cannot_be_paged)
{
	read_all(add_given);
	EXPECT_ERROR("/chosen/given", "tocsin,paged", "found with given memory");
	EXPECT_ERROR("/chosen/little", "tocsin,resident", "should be at least 104 KiB");
	EXPECT_ERROR("/chosen/much", "tocsin,resident", "should be at most 1024 KiB");
	EXPECT_ERROR("/chosen/jitter", "tocsin,far-jitter-us", "at most the latency, 500");
	EXPECT_EQ(nr_errors_said, 4);
}

static void add_many(void *t)
{
	t_sound(t, "keeper", 4);
	t_done(t);
	for (u32 i = 0; i <= CONFIG_MAX_CHANNEL_ENDS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "served%u", i);
		t_paged(t, name, 1);
		t_text(t, "tocsin,pager", "keeper");
		t_done(t);
	}
}

static void add_channels(void *t)
{
	for (u32 i = 0; i < 4; i++) {
		t_sound(t, (const char *[]){"a", "b", "c", "d"}[i], 4);
		t_done(t);
	}
	for (u32 i = 0; i < CONFIG_MAX_CHANNELS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "bell%u", i);
		t_node(t, name);
		t_text(t, "compatible", "tocsin,channel");
		must(fdt_property(t, "tocsin,partitions", i % 2 ? "a\0b" : "c\0d", 4));
		t_end(t);
	}
	t_sound(t, "keeper", 4);
	t_done(t);
	t_served(t, "served", "keeper");
	t_done(t);
}

/* Who has no channel to its pager cannot run. */
TEST(limits)
{
	EXPECT_EQ(read_all(add_many), CONFIG_MAX_CHANNEL_ENDS);
	EXPECT_ERROR("/chosen/served16", "", "keeper has 16 channels before it");
	EXPECT_EQ(nr_errors_said, 1);
	EXPECT(config.partitions[CONFIG_MAX_CHANNEL_ENDS + 1].broken);
	EXPECT(!config.partitions[CONFIG_MAX_CHANNEL_ENDS].broken && !config.partitions[0].broken);
}

TEST(there_is_an_end_to_channels)
{
	u32 nr = read_all(add_channels);

	EXPECT_EQ(nr, CONFIG_MAX_CHANNELS);
	EXPECT_ERROR("/chosen/served", "tocsin,pager", "there are 32 channels besides");
	EXPECT(config.partitions[5].broken && !config.partitions[4].broken);
}
