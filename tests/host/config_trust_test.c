/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What partitions may be given: by what it could do to others, and with it all in its pages.
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

#define TIMER(at)                                                                                  \
	.name = "timer", .path = "/timer@" #at, .reg = {0, 0x##at & ~0xfffU, 0x1000, 0, 0xb000000}
#define DMA .name = "dma", .path = "/dma@f000400", .reg = {0, 0xf000000, 0x1000, 0, 0xb000000}

static void expect_neighbour(u32 i, struct device d, const char *path, const char *text)
{
	begin();
	EXPECT(give(i, d)->broken);
	EXPECT_ERROR(path, "xen,reg", text);
	EXPECT_EQ(nr_errors_said, 1);
}

TEST(a_device_is_judged_by_its_pages)
{
	expect_neighbour(2, (struct device){TIMER(f000e00)}, TREE_C,
			 "timer: in its pages is /dma@f000400, which is not known to do no DMA");
	expect_neighbour(0, (struct device){TIMER(f000e00)}, TREE_A,
			 "should be given to this partition, too, or neither");
	expect_neighbour(2, (struct device){TIMER(f001000)}, TREE_C,
			 "/ccu@f001800, which may reset the machine, or stop what others need");
	expect_neighbour(2, (struct device){TIMER(f002000)}, TREE_C, "is /off/usb@2800, which is");
	begin();
	EXPECT(!give(2, (struct device){TIMER(f003000)})->broken);
	EXPECT_EQ(nr_said, 0);
}

TEST(a_neighbour_is_given_too_or_covered)
{
	/* Named and forced, on a partition that is trusted. */
	begin();
	EXPECT(!give_all(0, (struct device[]){{TIMER(f000e00)}, {DMA, .force = FORCE}}, 2)->broken);
	EXPECT_WARNING(TREE_A, "tocsin,force-assign-without-iommu", "dma may reach all memory");
	begin();
	EXPECT(give_all(0, (struct device[]){{TIMER(f000e00)}, {DMA}}, 2)->broken);
	EXPECT_ERROR(TREE_A, "xen,path", "should have tocsin,force-assign-without-iommu");
	begin();
	EXPECT(give_all(2, (struct device[]){{TIMER(f000e00)}, {DMA, .force = FORCE}}, 2)->broken);
	/* A second device with DMA adds nothing to what a page's owner may do already. */
	begin();
	EXPECT(!give(0, (struct device){TIMER(f000e00), .path = NULL, .force = FORCE})->broken);
	begin();
	EXPECT(give(0, (struct device){TIMER(f001000), .path = NULL, .force = FORCE})->broken);
	EXPECT_ERROR(TREE_A, "xen,reg", "in its pages is /ccu@f001800");
}

TEST(what_resets_the_board_is_for_a_trusted_one)
{
	struct device d = {
	    .name = "wdt", .path = "/wdt@e000000", .reg = {0, 0xe000000, 0x1000, 0, 0xe000000}};

	begin();
	EXPECT(give(2, d)->broken);
	EXPECT_ERROR(TREE_C, "xen,path",
		     "wdt may reset the machine, or stop what others need: "
		     "should be of a direct-mapped partition");
	d.force = FORCE;
	begin();
	EXPECT(!give(0, d)->broken);
	EXPECT_WARNING(TREE_A, "tocsin,force-assign-without-iommu",
		       "wdt may reset the machine, or stop what others need: this partition is");
}
