/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile channels, in a good machine with three partitions. The input is their nodes: each
 * property a byte that names it, a byte for its length, and its value. What is read must be
 * possible: two partitions, no interrupt twice, memory that fits.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/reloc.c boot/fdt/machine_nodes.c boot/fdt/machine_devices.c
 * sources: boot/fdt/machine_gic.c boot/config/config.c boot/config/config_reader.c
 * sources: boot/config/config_props.c boot/config/config_values.c boot/config/config_modules.c
 * sources: boot/config/config_check.c boot/config/config_paging.c boot/config/config_memory.c
 * sources: boot/config/config_channel.c lib/fmt.c boot/config/config_meant.c
 */
#include <boot/arena.h>
#include <boot/config_channel.h>
#include <boot/tree.h>
#include <boot/virt_map.h>
#include <fake_log.h>
#include <virt_tree.h>

#define MAX_NODES 40
#define MAX_PROPS 80
#define INPUT_MOST 600
#define LONGEST 31
#define NR_INTIDS 1020
#define END_OF_NODE 7

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct machine m;
static struct config c;
static struct channels channels;

/* What t_channels() makes its nodes of. */
static const u8 *bytes, *bytes_end;

static void expect(bool so)
{
	if (!so)
		abort();
}

static void complain(void *context, const struct complaint *said)
{
	expect(context == &c);
	expect(said->path && strlen(said->text) > 0);
}

/* What all channels of a partition need of it. */
static void expect_partition(u32 partition)
{
	u8 taken[NR_INTIDS] = {0};
	u64 room = 0;
	u32 ends = 0;

	for (u32 i = 0; i < channels.nr; i++) {
		for (u32 k = 0; k < 2; k++) {
			const struct channel_side *side = &channels.at[i].side[k];

			if (side->partition != partition)
				continue;
			ends++;
			room += config_channel_room(channels.at[i].size);
			expect(!side->intid || (side->intid >= 32 && side->intid < NR_INTIDS));
			expect(!side->intid || !taken[side->intid]++);
			expect(!c.partitions[partition].vpl011 ||
			       side->intid != VIRT_MAP_UART_INTID);
		}
	}
	expect(ends <= CONFIG_MAX_CHANNEL_ENDS && room <= VIRT_MAP_SHARED_SIZE);
}

static void expect_channels(void)
{
	expect(channels.nr <= CONFIG_MAX_CHANNELS);
	for (u32 i = 0; i < channels.nr; i++) {
		const struct channel_spec *s = &channels.at[i];

		expect(s->side[0].partition != s->side[1].partition);
		expect(s->side[0].partition < c.nr_partitions);
		expect(s->side[1].partition < c.nr_partitions);
		expect(IS_ALIGNED(s->size, PAGE_SIZE) && s->size <= VIRT_MAP_SHARED_SIZE);
		expect(!strncmp(s->path, "/chosen/", 8) && !strchr(s->name, '@'));
	}
	for (u32 i = 0; i < c.nr_partitions; i++)
		expect_partition(i);
}

static u8 next(void)
{
	return bytes < bytes_end ? *bytes++ : 0;
}

/* False: that was the node's last. */
static bool t_property(void *t)
{
	static const char *const names[] = {"tocsin,partitions", "tocsin,size",  "tocsin,access",
					    "tocsin,interrupts", "status",       "compatible",
					    "tocsin,acess",      "tocsin,access"};
	u8 which = next() % 8;
	int len = next() % (LONGEST + 1), most = (int)(bytes_end - bytes);

	if (which == END_OF_NODE)
		return false;
	len = MIN(len, most);
	must(fdt_property(t, names[which], bytes, len));
	bytes += len;
	return true;
}

static void t_channels(void *t)
{
	u32 props = 0;

	for (u32 i = 0; i < MAX_NODES && bytes < bytes_end; i++) {
		char name[16];

		snprintf(name, sizeof(name), "talk@%u", i);
		t_node(t, name + next() % 2 * 4); /* or "@0" */
		t_text(t, "compatible", "tocsin,channel");
		while (bytes < bytes_end && props < MAX_PROPS && t_property(t))
			props++;
		t_end(t);
	}
}

static void three(void *t)
{
	t_channels(t);
	for (u32 i = 0; i < 3; i++) {
		t_node(t, (const char *[]){"a", "b", "c"}[i]);
		t_text(t, "compatible", "tocsin,partition");
		t_cell(t, "#address-cells", 1);
		t_cell(t, "#size-cells", 1);
		T_CELLS(t, "memory", 0, 0x10000);
		must(fdt_property(t, "vpl011", NULL, 0));
		t_node(t, "kernel");
		t_text(t, "compatible", "multiboot,kernel");
		T_CELLS(t, "reg", 0x48000000, 0x8000);
		t_end(t);
		t_end(t);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u64 tree[VIRT_SIZE / 8];
	static size_t scanned;

	if (size > INPUT_MOST)
		return 0;
	bytes = data;
	bytes_end = data + size;
	virt_tree(tree, &(struct virt){VIRT_DEFAULTS, .chosen = three});
	if (!scanned) {
		expect(machine_scan(&m, tree, 48) == OK);
		m.tree = (struct range){0};
		scanned = arena_mark();
	}
	arena_release(scanned);
	expect(config_read(&c, tree, &m, complain, &c) == OK);
	/* Out of memory, what was read before stands. */
	(void)!config_read_channels(&channels, &c, tree, &m, complain, &c);
	expect_channels();
	return 0;
}
