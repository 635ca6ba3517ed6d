/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel files of partitions: what they are, and where they want to be.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/reloc.c boot/fdt/machine_nodes.c boot/fdt/machine_devices.c
 * sources: boot/fdt/machine_gic.c boot/config/config.c boot/config/config_reader.c
 * sources: boot/config/config_props.c boot/config/config_values.c boot/config/config_modules.c
 * sources: boot/config/config_check.c boot/config/config_paging.c boot/config/config_memory.c
 * sources: boot/config/config_kernel.c boot/payload/image.c boot/payload/foreign.c
 * sources: boot/payload/a64.c lib/fmt.c boot/config/config_meant.c
 */
#include <config_world.h>

/* "a" has RAM at 0x50000000, "c" wherever QEMU's virt has it. */
static void add_partitions(void *t)
{
	t_partition(t, "a", "xen,domain");
	t_empty(t, "direct-map");
	T_CELLS(t, "xen,static-mem", 0, 0x50000000, 0, 0x1000000);
	t_sound_end(t, 0x48000000);
	t_sound(t, "c", 64);
	t_sound_end(t, 0x4a000000);
}

static void begin(void)
{
	read_chosen(add_partitions);
	EXPECT_EQ(nr_said, 0);
}

/* An ELF file of one segment. */
static void write_elf(u8 *file, u64 address, u64 size)
{
	static const u8 head[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	u64 at[] = {address, 64}, segment[] = {1, 0, address, address, 16, size, 0};

	memset(file, 0, 0x10000);
	memcpy(file, head, sizeof(head));
	file[16] = 2;
	file[18] = 183;
	file[20] = 1;
	memcpy(file + 24, at, sizeof(at));
	file[52] = 64;
	file[54] = 56;
	file[56] = 1;
	memcpy(file + 64, segment, sizeof(segment));
}

static bool kernel_at(u32 i, u64 address, u64 size)
{
	static u8 file[0x10000];

	begin();
	write_elf(file, address, size);
	config_check_kernel(&config, &config.partitions[i], file, &machine, complain, &config);
	return !config.partitions[i].broken;
}

TEST(a_kernel_is_within_its_memory)
{
	EXPECT(kernel_at(1, 0x40000000, 0x4000000));
	EXPECT(!kernel_at(1, 0x40000000, 0x4000001));
	EXPECT_ERROR(
	    "/chosen/c/module@4a000000", "reg",
	    "it must be at 0x40000000..0x44000000 (65536 KiB), and not all of that is free "
	    "RAM of the guest, which begins at 0x40000000");
	EXPECT(!kernel_at(1, 0x3ffff000, 0x2000));
	EXPECT(kernel_at(0, 0x50000000, 0x1000000));
	EXPECT(!kernel_at(0, 0x40000000, 0x1000));
	EXPECT_ERROR("/chosen/a/module@48000000", "reg", "begins at 0x50000000");
}

static bool kernel_file(const char *bytes, u64 len)
{
	static u8 file[0x10000];

	memset(file, 0, sizeof(file));
	memcpy(file, bytes, len);
	config_check_kernel(&config, &config.partitions[1], file, &machine, complain, &config);
	return !config.partitions[1].broken;
}

TEST(a_kernel_that_is_none_is_named_once)
{
	static const u64 linux_image[] = {0, 0x4000000, 0x10000, 10, 0, 0, 0, 0x644d5241};

	begin();
	EXPECT(!kernel_file("QFI\xfb", 4));
	EXPECT_ERROR(
	    "/chosen/c/module@4a000000", "reg",
	    "the file at 0x4a000000..0x4a00ffff is a disk image (qcow2), no kernel: should be");
	EXPECT_EQ(nr_said, 1);
	EXPECT_EQ(log_count[LOG_ERROR], 0);
	begin();
	EXPECT(!kernel_file("", 0));
	EXPECT_ERROR("/chosen/c/module@4a000000", "reg", "no raw code, 0x00000000 at 0x0");
	begin();
	config.partitions[1].raw = true;
	EXPECT(kernel_file("", 0));
	/* A text_offset beyond its memory. */
	begin();
	EXPECT(!kernel_file((const char *)linux_image, sizeof(linux_image)));
	EXPECT_ERROR("/chosen/c/module@4a000000", "reg", "0x4000000 above a 2 MiB boundary in RAM");
}
