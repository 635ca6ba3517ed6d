/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel file formats.
 * sources: boot/arena.c boot/ranges.c boot/image.c
 */
#include <boot/arena.h>
#include <boot/image.h>
#include <elf.h>
#include <fake_log.h>
#include <test.h>

#define RAM 0x40000000UL

static u8 file[0x2000] __attribute__((aligned(8)));
static struct image image;
static struct ranges room;

static void start(u64 base, u64 size)
{
	arena_release(0);
	log_forget();
	memset(file, 0, sizeof(file));
	room = (struct ranges){0};
	EXPECT_EQ(ranges_add(&room, (struct range){base, size}), OK);
}

static void linux_header(u64 text_offset, u64 image_size, u64 flags)
{
	memcpy(file + 8, &text_offset, 8);
	memcpy(file + 16, &image_size, 8);
	memcpy(file + 24, &flags, 8);
	memcpy(file + 56, "ARMd", 4);
}

static enum err parse(void)
{
	return image_parse(&image, "module@1", file, sizeof(file), RAM + 0x80000);
}

TEST(linux_image)
{
	start(RAM + 0x1000, 0x1000000);
	linux_header(0x80000, 0x500000, 0xa);
	EXPECT_EQ(parse(), OK);
	EXPECT_EQ(image.format, IMAGE_LINUX);
	EXPECT_EQ(image_place(&image, "k", &room, 0x1234), OK);
	EXPECT_EQ(image.entry, RAM + 0x80000);
	EXPECT_EQ(image.nr_load, 1);
	EXPECT_EQ(image.load[0].from, 0x1234);
	EXPECT_EQ(image.load[0].to, RAM + 0x80000);
	EXPECT_EQ(image.load[0].size, sizeof(file));
	EXPECT_EQ(image.load[0].fill, 0x500000 - sizeof(file));
	EXPECT_EQ(image.span.size, 0x500000);
}

TEST(linux_image_above_an_unaligned_base)
{
	start(RAM + 0x1000, 0x1000000);
	linux_header(0, 0x500000, 0xa);
	EXPECT_EQ(parse(), OK);
	EXPECT_EQ(image_place(&image, "k", &room, 0), OK);
	EXPECT_EQ(image.entry, RAM + 0x200000);
}

TEST(linux_image_too_large)
{
	start(RAM, 0x400000);
	linux_header(0, 0x500000, 0xa);
	EXPECT_EQ(parse(), OK);
	EXPECT_EQ(image_place(&image, "module@7", &room, 0), ERR_RANGE);
	EXPECT(log_says("module@7"));
	EXPECT(log_says("5120 KiB"));
	EXPECT(log_says("4096 KiB"));
}

TEST(linux_images_that_cannot_be)
{
	start(RAM, 0x400000);
	linux_header(0, 0x500000, 0xb);
	EXPECT_EQ(parse(), ERR_UNSUPPORTED);
	EXPECT(log_says("big-endian"));
	linux_header(0, ~0UL, 0xa);
	EXPECT_EQ(parse(), ERR_FORMAT);
	linux_header(~0UL, 0x1000, 0xa);
	EXPECT_EQ(parse(), OK);
	EXPECT_EQ(image.load[0].fill, 0);
	EXPECT_EQ(image.span.size, sizeof(file));
	EXPECT_EQ(image.text_offset, 0x1fffff);
}

static Elf64_Phdr *segment(u32 i)
{
	return (Elf64_Phdr *)(file + sizeof(Elf64_Ehdr)) + i;
}

static void elf_header(u32 nr)
{
	Elf64_Ehdr h = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
			.e_machine = EM_AARCH64,
			.e_entry = 0xffff000000000010,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = (u16)nr};

	memcpy(file, &h, sizeof(h));
	*segment(0) = (Elf64_Phdr){PT_LOAD, 5, 0x1000, 0xffff000000000000, RAM, 0x800, 0x800, 0};
	*segment(1) = (Elf64_Phdr){PT_NOTE, 4, ~0UL, ~0UL, ~0UL, ~0UL, 0, 0};
	*segment(2) =
	    (Elf64_Phdr){PT_LOAD, 6, 0x1800, 0xffff000000010000, RAM + 0x10000, 0x10, 0x3000, 0};
}

TEST(elf_by_physical_addresses)
{
	start(RAM, 0x400000);
	elf_header(3);
	EXPECT_EQ(parse(), OK);
	EXPECT_EQ(image.format, IMAGE_ELF);
	EXPECT_EQ(image_place(&image, "k", &room, 0x100000), OK);
	EXPECT_EQ(image.entry, RAM + 0x10);
	EXPECT_EQ(image.nr_load, 2);
	EXPECT_EQ(image.load[1].from, 0x101800);
	EXPECT_EQ(image.load[1].to, RAM + 0x10000);
	EXPECT_EQ(image.load[1].fill, 0x3000 - 0x10);
	EXPECT_EQ(image.span.size, 0x13000);
}

TEST(elf_that_does_not_fit)
{
	start(RAM + 0x1000, 0x400000);
	elf_header(3);
	EXPECT_EQ(parse(), OK);
	EXPECT_EQ(image_place(&image, "k", &room, 0), ERR_RANGE);
	EXPECT(log_says("0x40000000..0x40012fff"));
}

TEST(broken_elf_files)
{
	Elf64_Ehdr *h = (Elf64_Ehdr *)file;

	start(RAM, 0x400000);
	elf_header(3);
	segment(0)->p_offset = ~0UL - 8;
	EXPECT_EQ(parse(), ERR_FORMAT);
	elf_header(3);
	segment(2)->p_memsz = 8;
	EXPECT_EQ(parse(), ERR_FORMAT);
	elf_header(3);
	segment(2)->p_paddr = 1UL << 50;
	EXPECT_EQ(parse(), ERR_FORMAT);
	EXPECT(log_says("segment 2"));
	elf_header(3);
	h->e_phoff = ~0UL;
	EXPECT_EQ(parse(), ERR_FORMAT);
	elf_header(3);
	h->e_phnum = 0xffff;
	EXPECT_EQ(parse(), ERR_FORMAT);
	elf_header(3);
	h->e_phentsize = 8;
	EXPECT_EQ(parse(), ERR_FORMAT);
	elf_header(0);
	EXPECT_EQ(parse(), ERR_FORMAT);
	elf_header(3);
	h->e_entry = 4;
	EXPECT_EQ(parse(), ERR_FORMAT);
	EXPECT(log_says("entry 0x4"));
	elf_header(3);
	h->e_machine = EM_X86_64;
	EXPECT_EQ(parse(), ERR_UNSUPPORTED);
}

TEST(raw_binary)
{
	start(RAM, 0x400000);
	EXPECT_EQ(parse(), OK);
	EXPECT_EQ(image.format, IMAGE_RAW);
	EXPECT_EQ(image_place(&image, "k", &room, 0x7000000), OK);
	EXPECT_EQ(image.entry, RAM + 0x80000);
	EXPECT_EQ(image.load[0].from, 0x7000000);
	EXPECT_EQ(image.load[0].to, RAM + 0x80000);
}

TEST(short_and_empty_files)
{
	start(RAM, 0x400000);
	memcpy(file, "\177ELF", 4);
	for (u64 size = 0; size < 64; size++) {
		u8 *exact = malloc(size + 1);

		memcpy(exact, file, size);
		EXPECT_EQ(image_parse(&image, "k", exact, size, RAM), size ? OK : ERR_FORMAT);
		EXPECT(!size || image.format == IMAGE_RAW);
		free(exact);
	}
}

TEST(compressed_files_are_named)
{
	start(RAM, 0x400000);
	memcpy(file, "\x1f\x8b\x08", 3);
	EXPECT_EQ(parse(), ERR_UNSUPPORTED);
	EXPECT(log_says("gzip"));
	memcpy(file, "\x28\xb5\x2f\xfd", 4);
	EXPECT_EQ(parse(), ERR_UNSUPPORTED);
	EXPECT(log_says("zstd"));
}
