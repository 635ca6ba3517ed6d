/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile configurations. By the first byte of the input, what follows it is a
 * machine's tree with partitions (which is also each partition's partial tree), or a
 * partial tree for the partitions of a good one. What is not broken in the end must be
 * possible: everything within bounds, and nothing in two hands; and a partial tree can go
 * into a guest's.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/reloc.c boot/fdt/machine_nodes.c boot/fdt/machine_devices.c
 * sources: boot/fdt/machine_gic.c boot/config/config.c boot/config/config_reader.c
 * sources: boot/config/config_props.c boot/config/config_values.c boot/config/config_modules.c
 * sources: boot/config/config_check.c boot/config/config_paging.c boot/config/config_memory.c
 * sources: boot/config/config_channel.c boot/config/config_devices.c boot/config/config_assign.c
 * sources: boot/config/config_quiesce.c boot/config/partial_dt.c boot/payload/image.c
 * sources: boot/payload/foreign.c boot/payload/a64.c lib/fmt.c boot/layout/layout_tree.c
 * sources: boot/layout/layout_partial.c boot/layout/guest_tree_nodes.c
 * sources: boot/config/config_kernel.c boot/config/config_nodes.c boot/config/config_trust.c
 * sources: boot/config/config_meant.c
 */
#include <boot/arena.h>
#include <boot/config_channel.h>
#include <boot/layout.h>
#include <boot/layout_channel.h>
#include <boot/tree.h>
#include <fake_log.h>
#include <fuzz_tree.h>
#include <virt_tree.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct machine m;
static struct config c;
static u32 nr_errors;

static void expect(bool so)
{
	if (!so)
		abort();
}

static void complain(void *context, const struct complaint *said)
{
	expect(context == &c);
	expect(said->path && strlen(said->text) > 0);
	nr_errors += said->error;
	config_log(NULL, said);
}

/* Everything that is in one partition's hands; a range may not be put in twice. */
static void take(struct ranges *set, struct range r)
{
	expect(range_valid(r) && !ranges_touching(set, r));
	if (ranges_add(set, r) != OK)
		exit(0);
}

static void expect_windows(const struct partition_spec *p)
{
	for (u32 i = 0; i < p->nr_windows; i++) {
		const struct spec_window *w = &p->windows[i];

		expect(w->length_us && w->offset_us + w->length_us <= c.major_frame_us);
		expect(!i || w->offset_us >= w[-1].offset_us + w[-1].length_us);
	}
}

static void expect_paging(const struct spec_paging *g, u64 memory)
{
	expect(!g->on || (g->resident && g->resident <= memory));
	if (!g->on || !g->pager)
		return;
	expect(g->pager_slots >= 4 && g->pager_slots <= 256);
	expect(!(g->pager_slots & (g->pager_slots - 1)));
}

static void expect_spec(const struct partition_spec *p, struct ranges *files)
{
	const struct range in[] = {p->kernel.range, p->ramdisk.range, p->tree.range};

	expect(p->nr_vcpus >= 1 && p->nr_vcpus <= CONFIG_MAX_VCPUS && p->kernel.range.size);
	expect(strlen(p->name) < 32 && p->kernel.bootargs && p->nr_spis <= 988);
	expect(p->sdei_private_slots <= 16 && p->sdei_shared_slots <= 988);
	expect(p->on_off <= SPEC_STOP_ALL && p->on_fault <= SPEC_STOP_ALL);
	expect(!p->affinity || p->nr_affinity == p->nr_vcpus);
	for (u32 i = 0; p->affinity && i < p->nr_vcpus; i++)
		expect(p->affinity[i] < m.nr_cpus);
	expect((p->nr_given != 0) == (p->memory == 0));
	expect(!p->direct_map || p->nr_given);
	expect_windows(p);
	expect_paging(&p->paging, p->memory);
	for (u32 i = 0; i < 3; i++) {
		expect(ranges_contain(&m.memory, in[i]) && !ranges_touching(&m.reserved, in[i]));
		take(files, in[i]);
	}
	for (u32 i = 0; i < p->nr_given; i++) {
		expect(ranges_contain(&m.memory, p->given[i].pa));
		expect(!p->direct_map || p->given[i].ipa == p->given[i].pa.base);
		take(files, p->given[i].pa);
	}
}

/* Two devices of one partition may share a page, or be in it twice. */
static void expect_devices(const struct partition_spec *p, struct ranges *devices, u32 *spis)
{
	struct ranges own = {0};

	for (u32 i = 0; i < p->nr_devices; i++) {
		const struct spec_device *d = &p->devices[i];

		expect(d->guest && IS_ALIGNED(d->pa.base | d->pa.size | d->ipa, PAGE_SIZE));
		expect(ranges_contain(&m.devices, d->pa));
		expect(!ranges_touching(devices, d->pa));
		expect(p->direct_map || !d->dma_forced || d->path);
		if (ranges_add(&own, d->pa) != OK)
			exit(0);
	}
	for (u32 i = 0; i < own.nr; i++)
		take(devices, own.at[i]);
	for (u32 i = 0; i < p->nr_spi; i++) {
		u32 bit = 1U << p->spis[i] % 32, *word = &spis[p->spis[i] / 32];

		expect(p->spis[i] >= 32 && p->spis[i] < 32 + p->nr_spis);
		expect(p->spis[i] != m.uart.intid && !(*word & bit));
		*word |= bit;
	}
}

static void expect_config(void)
{
	struct ranges files = {0}, devices = {0};
	u32 spis[32] = {0}, broken = 0;
	u64 memory = 0;

	expect(c.nr_partitions <= CONFIG_MAX_PARTITIONS);
	for (u32 i = 0; i < c.nr_partitions; i++) {
		const struct partition_spec *p = &c.partitions[i];

		broken += p->broken;
		if (p->broken)
			continue;
		expect_spec(p, &files);
		expect_devices(p, &devices, spis);
		memory += p->memory;
		for (u32 k = 0; k < i; k++)
			expect(c.partitions[k].broken || strcmp(c.partitions[k].name, p->name));
	}
	expect(broken <= nr_errors);
	expect(memory <= ranges_size(&m.memory));
}

static void serial(void *t)
{
	t_node(t, "serial@b000000");
	t_text(t, "compatible", "arm,pl011");
	T_CELLS(t, "reg", 0, 0xb000000, 0, 0x1000);
	t_end(t);
}

/* One direct-mapped partition and one that is not. */
static void two(void *t)
{
	for (u32 i = 0; i < 2; i++) {
		t_node(t, i ? "b" : "a");
		t_text(t, "compatible", "xen,domain");
		t_cell(t, "#address-cells", 1);
		t_cell(t, "#size-cells", 1);
		if (i) {
			T_CELLS(t, "memory", 0, 0x10000);
		} else {
			T_CELLS(t, "xen,static-mem", 0x50000000, 0x1000000);
			must(fdt_property(t, "direct-map", NULL, 0));
		}
		for (u32 k = 0; k < 2; k++) {
			t_node(t, k ? "tree" : "kernel");
			t_text(t, "compatible", k ? "multiboot,device-tree" : "multiboot,kernel");
			T_CELLS(t, "reg", 0x48000000 + (i * 2 + k) * 0x100000, 0x8000);
			t_end(t);
		}
		t_end(t);
	}
}

void layout_channels_write(struct tree_writer *w)
{
	expect(!w->err);
}

/* The guest's tree is one, or was refused. */
static void write_tree(const struct partition_spec *p, const void *part)
{
	static struct range gicr = {0x80a0000, 0x20000};
	static u32 cpu;
	static u64 mpidr;
	struct partition_config config = {.name = p->name,
					  .nr_vcpus = 1,
					  .vcpu_cpu = &cpu,
					  .vcpu_mpidr = &mpidr,
					  .gicr = &gicr,
					  .nr_gicr = 1};
	struct guest_tree g = {.machine = &m, .config = &config, .bootargs = p->kernel.bootargs};
	u32 size, room = layout_tree_room(1, g.bootargs) + fdt_totalsize(part);
	struct tree_reader reader;
	struct tree_item item;
	void *to = malloc(room);

	if (layout_tree_write(&g, part, to, room, &size) == OK) {
		expect(size <= room && tree_check(to) == OK);
		tree_start(&reader, to);
		do {
			expect(tree_next(&reader, &item) == OK);
			expect(item.tag != FDT_PROP || strncmp(item.name, "xen,", 4));
		} while (item.tag != FDT_END);
	}
	free(to);
}

static void read_all(const void *tree, const void *part, size_t part_size)
{
	arena_release(0);
	nr_errors = 0;
	if (machine_scan(&m, tree, 48) != OK)
		return;
	m.tree = (struct range){0};
	(void)!config_read(&c, tree, &m, complain, &c);
	(void)!config_read_channels(&(struct channels){0}, &c, tree, &m, complain, &c);
	for (u32 i = 0; i < c.nr_partitions; i++) {
		struct partition_spec *p = &c.partitions[i];

		p->tree.range.size = MIN(p->tree.range.size, part_size);
		if (p->tree.range.size)
			config_read_devices(&c, p, part, tree, &m, complain, &c);
		if (p->tree.range.size && !p->tree_whole && !p->broken)
			write_tree(p, part);
	}
	expect_config();
}

static void try(bool good_machine, const void *data, size_t size)
{
	static u64 good[VIRT_SIZE / 8];
	void *copy = malloc(size);

	memcpy(copy, data, size);
	if (good_machine) {
		virt_tree(good, &(struct virt){VIRT_DEFAULTS, .root = serial, .chosen = two});
		read_all(good, copy, size);
	} else if (fdt_totalsize(copy) <= size && tree_check(copy) == OK) {
		read_all(copy, copy, size);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	void *tree;

	if (size < 0x61 || size > VIRT_SIZE)
		return 0;
	tree = malloc(size - 1);
	memcpy(tree, data + 1, size - 1);
	try(data[0] & 1, tree, size - 1);
	repair_header(tree, size - 1);
	try(data[0] & 1, tree, size - 1);
	free(tree);
	return 0;
}
