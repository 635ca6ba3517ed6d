/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of devices that are passed through: a machine with some, three partitions, and their
 * partial trees.
 */
#pragma once

#include <config_world.h>

/* A device in a partial tree; properties with length 0 are not there. */
struct device {
	const char *name, *path;
	u32 reg[5]; /* two cells of address, size, two of guest address */
	bool no_reg;
	u32 interrupts[3];
	const char *force;
};

static u64 part[0x2000 / 8];

static inline void write_part(const struct device *devices, u32 nr)
{
	must(fdt_create(part, sizeof(part)));
	must(fdt_finish_reservemap(part));
	t_node(part, "");
	t_node(part, "passthrough");
	t_text(part, "compatible", "simple-bus");
	t_cell(part, "#address-cells", 2);
	t_cell(part, "#size-cells", 1);
	for (const struct device *d = devices; d < devices + nr; d++) {
		t_node(part, d->name);
		if (d->path)
			t_text(part, "xen,path", d->path);
		if (!d->no_reg)
			t_cells(part, "xen,reg", d->reg, 5);
		if (d->interrupts[2])
			t_cells(part, "interrupts", d->interrupts, 3);
		if (d->force)
			t_empty(part, d->force);
		t_end(part);
	}
	t_end(part);
	t_end(part);
	must(fdt_finish(part));
}

static inline void node(void *t, const char *name, const char *compatible, u32 base, u32 size)
{
	t_node(t, name);
	t_text(t, "compatible", compatible);
	T_CELLS(t, "reg", 0, base, 0, size);
	t_end(t);
}

/* Pages that harmless devices share with others: one with DMA that is not enabled, a clock, one
 * deep in the tree, memory that is reserved. */
static inline void add_neighbours(void *t)
{
	node(t, "timer@f000e00", "arm,sp804", 0xf000e00, 0x100);
	t_node(t, "dma@f000400");
	t_text(t, "compatible", "arm,pl330");
	t_text(t, "status", "disabled");
	T_CELLS(t, "reg", 0, 0xb100000, 0, 0x100, 0, 0xf000400, 0, 0x200);
	t_end(t);
	node(t, "timer@f001000", "arm,sp804", 0xf001000, 0x100);
	t_node(t, "ccu@f001800");
	t_cell(t, "#clock-cells", 1);
	T_CELLS(t, "reg", 0, 0xf001800, 0, 0x100);
	t_end(t);
	node(t, "timer@f002000", "arm,sp804", 0xf002000, 0x100);
	t_node(t, "off");
	t_text(t, "status", "disabled");
	t_cell(t, "#address-cells", 1);
	t_cell(t, "#size-cells", 1);
	T_CELLS(t, "ranges", 0, 0, 0xf000000, 0x10000);
	t_node(t, "usb@2800");
	T_CELLS(t, "reg", 0x2800, 0x10);
	t_end(t);
	t_end(t);
	node(t, "timer@f003000", "arm,sp804", 0xf003000, 0x100);
	node(t, "serial@f003400", "arm,pl011", 0xf003400, 0x100);
	t_node(t, "reserved-memory");
	t_cell(t, "#address-cells", 2);
	t_cell(t, "#size-cells", 2);
	t_empty(t, "ranges");
	node(t, "log@f003800", "ramoops", 0xf003800, 0x100);
	t_end(t);
}

static inline void add_devices(void *t)
{
	node(t, "virtio_mmio@a000000", "virtio,mmio", 0xa000000, 0x200);
	node(t, "virtio_mmio@a000200", "virtio,mmio", 0xa000200, 0x200);
	node(t, "virtio_mmio@a001000", "virtio,mmio", 0xa001000, 0x200);
	node(t, "serial@b000000", "arm,pl011", 0xb000000, 0x1000);
	node(t, "dma@c000000", "arm,pl330", 0xc000000, 0x1000);
	node(t, "wdt@e000000", "arm,sp805", 0xe000000, 0x1000);
	add_neighbours(t);
	t_node(t, "soc");
	t_text(t, "compatible", "simple-bus");
	t_cell(t, "#address-cells", 1);
	t_cell(t, "#size-cells", 1);
	T_CELLS(t, "ranges", 0, 0, 0xd000000, 0x100000);
	t_node(t, "gpio@1000");
	t_text(t, "compatible", "arm,pl061");
	T_CELLS(t, "reg", 0x1000, 0x1000);
	t_end(t);
	t_end(t);
}

/* "a" and "b" are direct-mapped, "c" is not. */
static inline void add_partitions(void *t)
{
	t_partition(t, "a", "xen,domain");
	t_empty(t, "direct-map");
	t_empty(t, "vpl011");
	T_CELLS(t, "xen,static-mem", 0, 0x50000000, 0, 0x1000000);
	t_module(t, "multiboot,device-tree", 0x4b000000, sizeof(part));
	t_sound_end(t, 0x48000000);
	t_partition(t, "b", "xen,domain");
	t_empty(t, "direct-map");
	T_CELLS(t, "xen,static-mem", 0, 0x60000000, 0, 0x1000000);
	t_module(t, "multiboot,device-tree", 0x4c000000, sizeof(part));
	t_sound_end(t, 0x49000000);
	t_sound(t, "c", 64);
	t_empty(t, "vpl011");
	t_empty(t, "tocsin,watchdog");
	t_module(t, "multiboot,device-tree", 0x4d000000, sizeof(part));
	t_sound_end(t, 0x4a000000);
}

#define TREE_A "/chosen/a/module@4b000000"
#define TREE_B "/chosen/b/module@4c000000"
#define TREE_C "/chosen/c/module@4d000000"

static inline void begin(void)
{
	EXPECT_EQ(
	    read_virt(&(struct virt){VIRT_DEFAULTS, .root = add_devices, .chosen = add_partitions}),
	    OK);
	EXPECT_EQ(nr_errors_said, 0);
	nr_said = 0;
}

static inline struct partition_spec *give_all(u32 i, const struct device *devices, u32 nr)
{
	struct partition_spec *p = &config.partitions[i];

	write_part(devices, nr);
	config_read_devices(&config, p, part, tree, &machine, complain, &config);
	return p;
}

static inline struct partition_spec *give(u32 i, struct device device)
{
	return give_all(i, &device, 1);
}

#define FORCE "xen,force-assign-without-iommu"
#define SERIAL                                                                                     \
	.name = "serial", .path = "/serial@b000000", .reg = {0, 0xb000000, 0x1000, 0, 0xb000000}
#define VIRTIO(n)                                                                                  \
	.name = "virtio", .path = "/virtio_mmio@a00" #n,                                           \
	.reg = {0, 0xa000000 + 0x##n, 0x200, 0, 0xa000000 + 0x##n}, .force = FORCE
