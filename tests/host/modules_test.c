/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot modules: conflicts, and the choice of the guest's files.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/reloc.c boot/payload/cpio.c
 * sources: boot/payload/modules.c boot/payload/foreign.c
 */
#include <boot/arena.h>
#include <boot/modules.h>
#include <cpio_maker.h>
#include <fake_log.h>
#include <test.h>

#define RAM 0x40000000UL

static struct machine m;
static struct module modules[4];
static struct guest_files files;
static const struct range image = {RAM + 0x200000, 0x100000};

/* A machine with 256 MiB, a tree at 64 MiB, a reservation at its end. */
static void start(void)
{
	arena_release(0);
	log_forget();
	m = (struct machine){.pa_bits = 48, .modules = modules, .bootargs = ""};
	m.tree = (struct range){RAM + 0x4000000, 0x2100};
	EXPECT_EQ(ranges_add(&m.memory, (struct range){RAM, 0x10000000}), OK);
	EXPECT_EQ(ranges_add(&m.reserved, (struct range){RAM + 0xff00000, 0x100000}), OK);
}

static void add(enum module_kind kind, u64 base, u64 size)
{
	static const char *const names[] = {"module@0", "module@1", "module@2", "module@3"};

	modules[m.nr_modules] = (struct module){names[m.nr_modules], "", {base, size}, kind};
	m.nr_modules++;
}

TEST(modules_apart)
{
	start();
	m.initrd = (struct range){RAM + 0x6000000, 0x1001};
	add(MODULE_KERNEL, RAM + 0x8000000, 0x1000);
	add(MODULE_RAMDISK, RAM + 0x8001000, 0x1000);
	add(MODULE_RAMDISK, RAM + 0x4002100, 0xf00); /* right behind the tree */
	EXPECT_EQ(modules_check(&m, image), OK);
	EXPECT_EQ(log_count[LOG_ERROR], 0);
}

TEST(each_conflict_is_named_with_both_ranges)
{
	static const struct {
		u64 base, size;
		const char *other, *where;
	} bad[] = {
	    {RAM + 0x2fffff, 1, "Tocsin's image", "0x40200000..0x402fffff"},
	    {RAM, 0x200001, "Tocsin's image", "0x40000000..0x40200000"},
	    {RAM + 0x40020ff, 0x10, "the device tree", "0x44000000..0x440020ff"},
	    {RAM + 0x6000000, 0x10, "the initrd", "0x46000000..0x4600ffff"},
	    {RAM + 0xffff000, 0x1000, "a reservation", "0x4ff00000..0x4fffffff"},
	    {RAM + 0x8000fff, 0x10, "module@0", "0x48000000..0x48000fff"},
	};

	for (u32 i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		start();
		m.initrd = (struct range){RAM + 0x6000000, 0x10000};
		add(MODULE_KERNEL, RAM + 0x8000000, 0x1000);
		add(MODULE_RAMDISK, bad[i].base, bad[i].size);
		EXPECT_EQ(modules_check(&m, image), ERR_OVERLAP);
		EXPECT_EQ(log_count[LOG_ERROR], 1);
		EXPECT(log_says("module@1 at"));
		EXPECT(log_says(bad[i].other));
		EXPECT(log_says(bad[i].where));
		EXPECT(log_says("0x4")); /* a proposal */
	}
}

TEST(the_proposal_is_free)
{
	const char *at;
	u64 base;

	start();
	add(MODULE_KERNEL, RAM, 0x3f00000); /* over the image; nowhere free below the tree */
	EXPECT_EQ(modules_check(&m, image), ERR_OVERLAP);
	at = strstr(log_last, "put it at ");
	base = at ? strtoul(at + 10, NULL, 16) : 0;
	EXPECT(base >= RAM + 0x4002100 && base % 0x200000 == 0);
	modules[0].range.base = base;
	EXPECT_EQ(modules_check(&m, image), OK);
}

TEST(modules_beside_ram)
{
	start();
	add(MODULE_KERNEL, RAM - 0x1000, 0x2000);
	EXPECT_EQ(modules_check(&m, image), ERR_RANGE);
	EXPECT(log_says("not within RAM: put it at 0x4"));
	modules[0].range = (struct range){RAM + 0x5000000, 0x20000000};
	EXPECT_EQ(modules_check(&m, image), ERR_OVERLAP); /* with the reservation, too */
	modules[0].range = (struct range){~0UL - 0xfff, 0x800};
	EXPECT_EQ(modules_check(&m, image), ERR_RANGE);
}

TEST(kernel_and_ramdisk_modules)
{
	start();
	add(MODULE_RAMDISK, 0x1000, 1);
	add(MODULE_KERNEL, 0x2000, 2);
	add(MODULE_KERNEL, 0x3000, 3);
	add(MODULE_UNKNOWN, 0x4000, 4);
	modules[1].bootargs = "quiet";
	EXPECT_EQ(modules_choose(&m, &files), OK);
	EXPECT_EQ(files.kernel.base, 0x2000);
	EXPECT_EQ(files.ramdisk.base, 0x1000);
	EXPECT(!strcmp(files.bootargs, "quiet"));
	EXPECT_EQ(log_count[LOG_WARN], 2);
}

TEST(a_kernel_module_with_the_plain_initrd)
{
	start();
	add(MODULE_KERNEL, 0x2000, 2);
	m.initrd = (struct range){0x5000, 5};
	EXPECT_EQ(modules_choose(&m, &files), OK);
	EXPECT_EQ(files.ramdisk.base, 0x5000);
}

static u8 archive[2048] __attribute__((aligned(16)));

static enum err choose_archive(u64 size)
{
	start();
	m.initrd = (struct range){(u64)archive, size};
	return modules_choose(&m, &files);
}

TEST(an_initrd_that_holds_everything)
{
	u64 size = cpio_add(archive, 0, "kernel", "KERN", 4);

	size = cpio_add(archive, size, ".", "", 0);
	size = cpio_add(archive, size, "initrd", "DISK!", 5);
	size = cpio_add(archive, size, "cmdline", "console=ttyAMA0 a=b\n", 20);
	size = cpio_add(archive, size, "TRAILER!!!", "", 0);
	EXPECT_EQ(choose_archive(size), OK);
	EXPECT_EQ(files.kernel.size, 4);
	EXPECT(!memcmp((void *)files.kernel.base, "KERN", 4));
	EXPECT(!memcmp((void *)files.ramdisk.base, "DISK!", 5));
	EXPECT(!strcmp(files.bootargs, "console=ttyAMA0 a=b"));
	EXPECT_EQ(log_count[LOG_WARN], 0);
	EXPECT_EQ(choose_archive(size - 124), ERR_FORMAT);
	EXPECT(log_says("broken"));
}

TEST(archives_without_a_kernel_and_no_guest_at_all)
{
	u64 size = cpio_add(archive, 0, "vmlinuz", "KERN", 4);

	size = cpio_add(archive, size, "TRAILER!!!", "", 0);
	EXPECT_EQ(choose_archive(size), ERR_NOT_FOUND);
	EXPECT(log_says("named kernel"));
	EXPECT_EQ(log_count[LOG_WARN], 1);
	memcpy(archive, "\x1f\x8b\x08", 3);
	EXPECT_EQ(choose_archive(size), ERR_NOT_FOUND);
	EXPECT(log_says("the initrd is compressed or wrapped (gzip): it must be"));
	memcpy(archive, "hsqs", 4);
	EXPECT_EQ(choose_archive(size), ERR_NOT_FOUND);
	EXPECT(log_says("the initrd is a file system (squashfs): it must be"));
	start();
	EXPECT_EQ(modules_choose(&m, &files), ERR_NOT_FOUND);
	EXPECT(log_says("guest-loader"));
}
