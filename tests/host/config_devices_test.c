/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of partitions from partial device trees.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/reloc.c boot/fdt/machine_nodes.c boot/fdt/machine_devices.c
 * sources: boot/fdt/machine_gic.c boot/config/config.c boot/config/config_reader.c
 * sources: boot/config/config_props.c boot/config/config_values.c boot/config/config_modules.c
 * sources: boot/config/config_check.c boot/config/config_paging.c boot/config/config_memory.c
 * sources: boot/config/config_devices.c boot/config/config_assign.c boot/config/config_quiesce.c
 * sources: boot/config/partial_dt.c lib/fmt.c boot/config/config_nodes.c
 * sources: boot/config/config_trust.c boot/config/config_meant.c
 */
#include <device_world.h>

TEST(a_harmless_device_goes_to_anybody)
{
	const struct partition_spec *p;

	begin();
	p = give(2, (struct device){SERIAL, .interrupts = {0, 40, 4}});
	EXPECT(!p->broken && p->nr_devices == 1 && nr_said == 0);
	EXPECT(!strcmp(p->devices->path, "/serial@b000000"));
	EXPECT(!strcmp(p->devices->guest, "serial"));
	EXPECT(p->devices->pa.base == 0xb000000 && p->devices->pa.size == 0x1000);
	EXPECT(p->devices->ipa == 0xb000000 && !p->devices->dma_forced);
	EXPECT(p->nr_spi == 1 && p->spis[0] == 72);
	EXPECT(!p->tree_whole);
}

TEST(a_device_that_may_do_dma_is_forced_on_a_trusted_partition)
{
	struct device d = {VIRTIO(1000)};

	begin();
	EXPECT(give(2, d)->broken);
	EXPECT_ERROR(TREE_C, "xen,path", "there is no IOMMU: should be of a direct-mapped");
	begin();
	d.force = NULL;
	EXPECT(give(0, d)->broken);
	EXPECT_ERROR(TREE_A, "xen,path", "should have tocsin,force-assign-without-iommu");
	begin();
	d.force = "tocsin,force-assign-without-iommu";
	EXPECT(!give(0, d)->broken);
	EXPECT_WARNING(TREE_A, "tocsin,force-assign-without-iommu", "this partition is trusted");
	EXPECT(config.partitions->devices->dma_forced);
	/* What it is, is known by the machine's node only. */
	begin();
	EXPECT(give(2, (struct device){SERIAL, .path = NULL})->broken);
	EXPECT_ERROR(TREE_C, "xen,path", "there is no IOMMU");
}

TEST(a_page_has_one_owner)
{
	begin();
	EXPECT(!give_all(0, (struct device[]){{VIRTIO(0000)}, {VIRTIO(0200)}}, 2)->broken);
	EXPECT_EQ(config.partitions->nr_devices, 2);
	EXPECT(give(1, (struct device){VIRTIO(0200)})->broken);
	EXPECT_ERROR(TREE_B, "xen,reg",
		     "virtio is in the page at 0xa000000 as virtio of /chosen/a: both should be");
	begin();
	EXPECT(!give(0, (struct device){VIRTIO(0000)})->broken);
	EXPECT(!give(1, (struct device){VIRTIO(1000)})->broken);
	begin();
	give(0, (struct device){SERIAL});
	EXPECT(give(1, (struct device){SERIAL})->broken);
	EXPECT(!config.partitions[0].broken);
	EXPECT_ERROR(TREE_B, "xen,path",
		     "found /serial@b000000, which is given to /chosen/a already");
}

TEST(what_is_tocsins_or_nobodys)
{
	begin();
	EXPECT(give(0, (struct device){.name = "gic",
				       .reg = {0, 0x8000000, 0x1000, 0, 0xe000000},
				       .force = FORCE})
		   ->broken);
	EXPECT_ERROR(TREE_A, "xen,reg", "found 0x8000000..0x8000fff: should be registers of");
	begin();
	EXPECT(give(0, (struct device){.name = "ram",
				       .reg = {0, 0x70000000, 0x1000, 0, 0xe000000},
				       .force = FORCE})
		   ->broken);
	begin();
	EXPECT(give(0, (struct device){SERIAL, .path = "/serial@c000000"})->broken);
	EXPECT_ERROR(TREE_A, "xen,path", "found \"/serial@c000000\": should be the path of a node");
	begin();
	EXPECT(give(0, (struct device){SERIAL, .path = "/virtio_mmio@a000000", .force = FORCE})
		   ->broken);
	EXPECT_ERROR(TREE_A, "xen,reg", "should be in the reg of /virtio_mmio@a000000");
}

TEST(behind_a_bus)
{
	begin();
	EXPECT(!give(2, (struct device){.name = "gpio",
					.path = "/soc/gpio@1000",
					.reg = {0, 0xd001000, 0x1000, 0, 0x1000}})
		    ->broken);
	begin();
	EXPECT(give(2, (struct device){.name = "gpio",
				       .path = "/soc/gpio@1000",
				       .reg = {0, 0xb000000, 0x1000, 0, 0x1000}})
		   ->broken);
	EXPECT_ERROR(TREE_C, "xen,reg", "should be in the reg of /soc/gpio@1000");
}

static void expect_hidden(u32 i, u32 ipa_high, u32 ipa, const char *path, const char *what)
{
	begin();
	EXPECT(
	    give(i, (struct device){SERIAL, .reg = {0, 0xb000000, 0x1000, ipa_high, ipa}})->broken);
	EXPECT_ERROR(path, "xen,reg", what);
}

TEST(nothing_of_the_guests_is_hidden)
{
	expect_hidden(2, 0, 0x43fff000, TREE_C, "over the guest's RAM");
	expect_hidden(2, 0, 0x9000000, TREE_C, "over the guest's UART");
	expect_hidden(2, 0, 0x90d0000, TREE_C, "over the guest's watchdog");
	expect_hidden(2, 0, 0x90e0000, TREE_C, "over the guest's watchdog");
	expect_hidden(2, 0, 0x80a0000, TREE_C, "over the guest's interrupt controller");
	expect_hidden(0, 0, 0x50000000, TREE_A, "over the guest's RAM");
	expect_hidden(0, 0, 0x8000000, TREE_A, "over the guest's interrupt controller");
	expect_hidden(2, 0xffffffff, 0xfffff000, TREE_C, "end of addresses");
	expect_hidden(2, 0, 0xe000800, TREE_C, "at the same place in a page");
	begin();
	EXPECT(give_all(2,
			(struct device[]){{SERIAL},
					  {.name = "gpio",
					   .path = "/soc/gpio@1000",
					   .reg = {0, 0xd001000, 0x1000, 0, 0xb000000}}},
			2)
		   ->broken);
	EXPECT_ERROR(TREE_C, "xen,reg", "over the guest's other device");
}

static void expect_interrupt(u32 type, u32 n, const char *text)
{
	begin();
	EXPECT(give(2, (struct device){SERIAL, .interrupts = {type, n, 4}})->broken);
	EXPECT_ERROR(TREE_C, "interrupts", text);
}

TEST(an_interrupt_has_one_owner)
{
	struct device d = {
	    .name = "line", .path = "/serial@b000000", .no_reg = true, .interrupts = {0, 40, 4}};

	begin();
	EXPECT(!give(0, d)->broken);
	EXPECT_EQ(config.partitions->nr_devices, 1);
	EXPECT_EQ(config.partitions->devices->pa.size, 0);
	EXPECT(give(1, d)->broken);
	EXPECT_ERROR(TREE_B, "interrupts", "SPI 40, which is given to /chosen/a");
	expect_interrupt(0, 1, "SPI 1, which is given to Tocsin, for the console");
	expect_interrupt(0, 15, "SPI 15, which the watchdog has");
	expect_interrupt(0, 988, "found <0 988>: should be <0 0> to <0 987>");
	expect_interrupt(0, 0xffffffff, "found <0 4294967295>");
	expect_interrupt(7, 4, "found <7 4>");
	begin();
	EXPECT(!give(2, (struct device){SERIAL, .interrupts = {1, 4, 4}})->broken);
	EXPECT_WARNING(TREE_C, "interrupts", "a CPU's private one");
	begin();
	EXPECT(give(2, (struct device){SERIAL, .interrupts = {0, 256, 4}})->broken);
	EXPECT_ERROR("/chosen/c", "nr_spis", "found 256: should be at least 257");
}

TEST(a_tree_that_is_none)
{
	begin();
	write_part(NULL, 0);
	fdt_set_totalsize(part, sizeof(part) + 8);
	config_read_devices(&config, config.partitions, part, tree, &machine, complain, &config);
	EXPECT_ERROR(TREE_A, "reg", "is no device tree: should be a whole .dtb");
	begin();
	write_part(NULL, 0);
	((u32 *)part)[fdt_off_dt_struct(part) / 4] = cpu_to_fdt32(77);
	config_read_devices(&config, config.partitions, part, tree, &machine, complain, &config);
	EXPECT_ERROR(TREE_A, "reg", "is broken at offset 0x0");
	EXPECT(config.partitions->broken);
}

static void start_part(void)
{
	must(fdt_create(part, sizeof(part)));
	must(fdt_finish_reservemap(part));
	t_node(part, "");
}

static struct partition_spec *finish_part(u32 i)
{
	t_end(part);
	must(fdt_finish(part));
	config_read_devices(&config, &config.partitions[i], part, tree, &machine, complain,
			    &config);
	return &config.partitions[i];
}

TEST(a_whole_tree_is_told_from_a_part)
{
	struct partition_spec *p = &config.partitions[0];

	begin();
	p = config.partitions;
	p->ramdisk = (struct spec_file){.range = {0x4e000000, 0x1000}, .path = "/chosen/a/rd"};
	p->kernel.bootargs = "quiet";
	start_part();
	t_node(part, "cpus");
	t_end(part);
	EXPECT(finish_part(0)->tree_whole && !p->broken);
	EXPECT_EQ(p->ramdisk.range.size, 0);
	EXPECT_EQ(p->tree.range.size, fdt_totalsize(part));
	EXPECT_WARNING("/chosen/a/rd", "reg", "a ramdisk should be in the kernel's file");
	EXPECT_WARNING("/chosen/a/module@48000000", "bootargs", "should be in " TREE_A);
}

/* A pl011 whose interrupt goes to the controller that the phandle names. */
static void line(u32 n, u32 parent, bool extended)
{
	char name[16];

	snprintf(name, sizeof(name), "line%u", n);
	t_node(part, name);
	t_text(part, "xen,path", "/serial@b000000");
	if (extended) {
		T_CELLS(part, "interrupts-extended", parent, 0, n, 4);
	} else {
		t_cell(part, "interrupt-parent", parent);
		T_CELLS(part, "interrupts", 0, n, 4);
	}
	t_end(part);
}

TEST(whose_interrupts_they_are)
{
	const struct partition_spec *p;

	begin();
	start_part();
	t_node(part, "gic");
	t_cell(part, "phandle", 1);
	t_end(part);
	t_node(part, "gpio");
	t_cell(part, "phandle", 2);
	line(50, 1, false);
	line(51, 2, false);
	line(52, 0xfde8, false);
	line(53, 77, true);
	t_end(part);
	p = finish_part(2);
	EXPECT(!p->broken && p->nr_spi == 3);
	EXPECT(p->spis[0] == 82 && p->spis[1] == 84 && p->spis[2] == 85);
	begin();
	start_part();
	t_node(part, "gpio");
	t_cell(part, "phandle", 2);
	line(50, 2, true);
	t_end(part);
	EXPECT(finish_part(2)->broken);
	EXPECT_ERROR(TREE_C, "interrupts-extended", "line50: found phandle 0x2: should be that of");
}

TEST(what_cannot_be_copied)
{
	begin();
	start_part();
	t_cell(part, "#address-cells", 1);
	t_node(part, "clock");
	t_cell(part, "phandle", 0x80000000);
	t_end(part);
	EXPECT(finish_part(2)->broken);
	EXPECT_ERROR(TREE_C, "reg", "has the phandle 0x80000000: should be at most 0x7fffffff");
	EXPECT_WARNING(TREE_C, "reg", "should have 2, as the guest's");
	begin();
	start_part();
	for (u32 i = 0; i <= CONFIG_MAX_DEVICES; i++)
		line(i, 1, false);
	EXPECT(finish_part(2)->broken);
	EXPECT_ERROR(TREE_C, "", "found more than 64 devices: should be fewer");
}

/* One node with too many is one error, not one of each that is too many. */
TEST(more_interrupts_than_a_partition_has)
{
	fdt32_t cells[3 * (CONFIG_MAX_SPIS + 10)];

	for (u32 i = 0; i < CONFIG_MAX_SPIS + 10; i++) {
		cells[3 * i] = 0;
		cells[3 * i + 1] = cpu_to_fdt32(100 + i);
		cells[3 * i + 2] = cpu_to_fdt32(4);
	}
	begin();
	start_part();
	t_node(part, "many");
	t_text(part, "xen,path", "/serial@b000000");
	t_cell(part, "interrupt-parent", 1);
	fdt_property(part, "interrupts", cells, sizeof(cells));
	t_end(part);
	EXPECT(finish_part(2)->broken);
	EXPECT_ERROR(TREE_C, "interrupts", "found more than 128: should be fewer");
	EXPECT_EQ(nr_errors_said, 1);
}

static bool is_quieted(const struct partition_spec *p, u64 pa)
{
	for (u32 i = 0; i < p->nr_quiesce; i++)
		if (p->quiesce[i].pa == pa && p->quiesce[i].width == 4)
			return true;
	return false;
}

/* All that is known in the pages of a partition, and nothing outside. */
TEST(how_devices_are_silenced)
{
	const struct partition_spec *p;

	begin();
	p = give(0, (struct device){VIRTIO(0000)});
	EXPECT(!p->broken && p->nr_quiesce == 2);
	EXPECT(is_quieted(p, 0xa000070) && is_quieted(p, 0xa000270));
	p = give(2, (struct device){SERIAL});
	EXPECT(p->nr_quiesce == 2 && is_quieted(p, 0xb000038) && is_quieted(p, 0xb000048));
	begin();
	p = give(2, (struct device){.name = "gpio",
				    .path = "/soc/gpio@1000",
				    .reg = {0, 0xd001000, 0x1000, 0, 0x1000}});
	EXPECT(!p->broken && p->nr_quiesce == 0);
	p = give(0, (struct device){SERIAL, .no_reg = true});
	EXPECT(!p->broken && p->nr_quiesce == 0);
}

/* A direct-mapped partition has its UART where the machine has one. */
TEST(direct_mapped_addresses)
{
	expect_hidden(0, 0, 0x9000000, TREE_A, "over the guest's UART");
	expect_hidden(0, 0, 0x58000000, TREE_A, "over the guest's RAM, or another's");
	expect_hidden(2, 0, 0x90a0000, TREE_C, "over the guest's stolen time");
	begin();
	EXPECT(
	    !give(0, (struct device){SERIAL, .reg = {0, 0xb000000, 0x1000, 0, 0x80a0000 - 0x1000}})
		 ->broken);
}

TEST(unknown_properties_of_a_partial_tree)
{
	begin();
	start_part();
	t_node(part, "passthrough");
	t_node(part, "rtc");
	t_text(part, "tocsin,pth", "/serial@b000000");
	t_text(part, "xen,colour", "blue");
	t_text(part, "clock-names", "free");
	t_end(part);
	t_end(part);
	EXPECT(!finish_part(2)->broken);
	EXPECT_EQ(nr_said, 2);
	EXPECT_WARNING(TREE_C, "tocsin,pth", "of rtc: unknown: should be tocsin,path");
	EXPECT_WARNING(TREE_C, "xen,colour", "of rtc: unknown: should be one of those in docs/");
}
