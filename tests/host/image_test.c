/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel file formats.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/payload/image.c boot/payload/foreign.c
 * sources: boot/payload/a64.c lib/fmt.c
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
static bool asked;

static bool says(const char *text)
{
	if (strstr(image_why(), text))
		return true;
	printf("  why: %s\n", image_why());
	return false;
}

static void start(u64 base, u64 size)
{
	arena_release(0);
	log_forget();
	asked = false;
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
	enum err err =
	    image_parse(&image, file, sizeof(file), (struct raw_place){RAM + 0x80000, asked});

	EXPECT((err != OK) == (image_why()[0] != 0));
	return err;
}

TEST(linux_image)
{
	start(RAM + 0x1000, 0x1000000);
	linux_header(0x80000, 0x500000, 0xa);
	EXPECT_EQ(parse(), OK);
	EXPECT_EQ(image.format, IMAGE_LINUX);
	EXPECT_EQ(image_place(&image, &room, 0x1234), OK);
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
	EXPECT_EQ(image_place(&image, &room, 0), OK);
	EXPECT_EQ(image.entry, RAM + 0x200000);
}

TEST(linux_image_too_large)
{
	start(RAM, 0x400000);
	linux_header(0, 0x500000, 0xa);
	EXPECT_EQ(parse(), OK);
	EXPECT_EQ(image_place(&image, &room, 0), ERR_RANGE);
	EXPECT(says("5120 KiB"));
	EXPECT(says("4096 KiB"));
}

TEST(linux_images_that_cannot_be)
{
	start(RAM, 0x400000);
	linux_header(0, 0x500000, 0xb);
	EXPECT_EQ(parse(), ERR_UNSUPPORTED);
	EXPECT(says("big-endian"));
	linux_header(0, ~0UL, 0xa);
	EXPECT_EQ(parse(), ERR_FORMAT);
	linux_header(~0UL, 0x1000, 0xa);
	EXPECT_EQ(parse(), ERR_FORMAT);
	EXPECT(says("text_offset 0xffffffffffffffff is absurd"));
	linux_header(0x1fffff, 0x1000, 0xa);
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
	EXPECT_EQ(image_place(&image, &room, 0x100000), OK);
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
	EXPECT_EQ(image_place(&image, &room, 0), ERR_RANGE);
	EXPECT(says("0x40000000..0x40012fff"));
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
	EXPECT(says("segment 2"));
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
	EXPECT(says("entry 0x4"));
	elf_header(3);
	h->e_machine = EM_X86_64;
	EXPECT_EQ(parse(), ERR_UNSUPPORTED);
}

/* A jump over a word of data, and the end of the world. */
static void code(u32 first)
{
	const u32 words[] = {first, 0, 0xd2800000, 0xd65f03c0};

	memcpy(file, words, sizeof(words));
}

TEST(raw_binary)
{
	start(RAM, 0x400000);
	code(0x14000002);
	EXPECT_EQ(parse(), OK);
	EXPECT_EQ(image.format, IMAGE_RAW);
	EXPECT_EQ(image_place(&image, &room, 0x7000000), OK);
	EXPECT_EQ(image.entry, RAM + 0x80000);
	EXPECT_EQ(image.load[0].from, 0x7000000);
	EXPECT_EQ(image.load[0].to, RAM + 0x80000);
}

TEST(raw_is_what_can_be_code_or_was_asked_for)
{
	start(RAM, 0x400000);
	EXPECT_EQ(parse(), ERR_FORMAT);
	EXPECT(says("0x00000000 at 0x0 is no A64 instruction"));
	code(0xd503201f);
	EXPECT_EQ(parse(), ERR_FORMAT);
	EXPECT(says("0x00000000 at 0x4 is no A64 instruction"));
	code(0x17ffffff);
	EXPECT_EQ(parse(), ERR_FORMAT);
	EXPECT(says("0x17ffffff at 0x0 is a branch out of it"));
	asked = true;
	EXPECT_EQ(parse(), OK);
	memset(file, 0, sizeof(file));
	EXPECT_EQ(parse(), OK);
	memcpy(file, "\x1f\x8b\x08", 3);
	EXPECT_EQ(parse(), ERR_UNSUPPORTED); /* what it is, is certain */
}

TEST(short_and_empty_files)
{
	start(RAM, 0x400000);
	memcpy(file, "\177ELF", 4);
	for (u64 size = 0; size < 64; size++) {
		u8 *exact = malloc(size + 1);

		memcpy(exact, file, size);
		EXPECT_EQ(image_parse(&image, exact, size, (struct raw_place){RAM, false}),
			  ERR_FORMAT);
		EXPECT(size < 4 || says("ELF file that ends within its header"));
		free(exact);
	}
}

TEST(what_is_no_kernel_is_named)
{
	start(RAM, 0x400000);
	memcpy(file, "\x1f\x8b\x08", 3);
	EXPECT_EQ(parse(), ERR_UNSUPPORTED);
	EXPECT(says("is compressed or wrapped (gzip): should be unpacked"));
	memcpy(file, "QFI\xfb", 4);
	EXPECT_EQ(parse(), ERR_UNSUPPORTED);
	EXPECT(says("is a disk image (qcow2), no kernel"));
	memset(file, 0, 64);
	memcpy(file + 56, "RSC\5", 4);
	EXPECT_EQ(parse(), ERR_UNSUPPORTED);
	EXPECT(says("for another CPU (RISC-V): should be for AArch64"));
}

static void expect_elf(enum err err, const char *text)
{
	EXPECT_EQ(parse(), err);
	EXPECT(says(text));
	elf_header(3);
}

TEST(elf_files_that_are_no_kernels)
{
	Elf64_Ehdr *h = (Elf64_Ehdr *)file;

	start(RAM, 0x400000);
	elf_header(3);
	h->e_machine = EM_X86_64;
	expect_elf(ERR_UNSUPPORTED, "for another CPU (x86-64, machine 62, 64-bit, little-endian)");
	h->e_ident[EI_CLASS] = ELFCLASS32;
	h->e_machine = EM_ARM;
	expect_elf(ERR_UNSUPPORTED, "for another CPU (32-bit Arm, machine 40, 32-bit,");
	h->e_ident[EI_DATA] = ELFDATA2MSB;
	expect_elf(ERR_UNSUPPORTED, "for another CPU (AArch64, machine 183, 64-bit, big-endian)");
	h->e_machine = 12345;
	expect_elf(ERR_UNSUPPORTED, "for another CPU (not known, machine 12345");
	h->e_type = ET_REL;
	expect_elf(ERR_UNSUPPORTED, "is an ELF object file or module, no kernel");
	h->e_type = ET_CORE;
	expect_elf(ERR_UNSUPPORTED, "is an ELF core dump, no kernel");
	segment(1)->p_type = PT_INTERP;
	expect_elf(ERR_UNSUPPORTED, "program that an operating system starts");
	segment(0)->p_paddr = segment(0)->p_vaddr;
	segment(2)->p_paddr = segment(2)->p_vaddr;
	expect_elf(ERR_FORMAT, "has virtual addresses (0xffff000000000000) in place of physical");
	segment(0)->p_paddr = segment(0)->p_vaddr;
	expect_elf(ERR_FORMAT, "should be arch/arm64/boot/Image");
	EXPECT_EQ(parse(), OK);
}

static enum err place(u64 text_offset, u64 flags)
{
	linux_header(text_offset, 0x300000, flags);
	return parse() ?: image_place(&image, &room, 0);
}

/* The boundary that it counts from is RAM, and the lowest. */
TEST(any_text_offset_is_honoured)
{
	static const u64 offsets[] = {0,         0x1000,    0x80000,   0x1fffff,
				      0x200000,  0x200001,  0x280000,  0x400000,
				      0x1000000, 0x8000000, 0x8080000, 0xfd00000};

	for (u32 flags = 0; flags < 16; flags += 2) {
		for (u32 i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
			start(RAM, 0x10000000);
			EXPECT_EQ(place(offsets[i], flags), OK);
			EXPECT_EQ(image.entry, RAM + offsets[i]);
			EXPECT_EQ(image.span.base, image.entry);
			EXPECT_EQ(image.load[0].to, image.entry);
		}
	}
	start(RAM, 0x10000000);
	EXPECT_EQ(place(0xfd00001, 10), ERR_RANGE);
	EXPECT(says("needs 3072 KiB in one piece, 0xfd00001 above a 2 MiB boundary in RAM"));
	EXPECT_EQ(place(0x40000000, 10), ERR_RANGE);
}

TEST(a_text_offset_over_holes)
{
	/* What is kept in the middle moves the kernel on by whole boundaries. */
	start(RAM, 0x10000000);
	EXPECT_EQ(ranges_remove(&room, (struct range){RAM + 0x3ff000, 0x2000}), OK);
	EXPECT_EQ(place(0x400000, 10), OK);
	EXPECT_EQ(image.entry, RAM + 0x600000);
	/* RAM that begins above a boundary. */
	start(RAM + 0x1000, 0x10000000);
	EXPECT_EQ(place(0x200000, 10), OK);
	EXPECT_EQ(image.entry, RAM + 0x200000);
	/* A bank that is too small, and one with a gap before it: no boundary there is RAM. */
	start(RAM, 0x200000);
	EXPECT_EQ(ranges_add(&room, (struct range){RAM + 0x1000000, 0x800000}), OK);
	EXPECT_EQ(place(0x400000, 10), OK);
	EXPECT_EQ(image.entry, RAM + 0x1400000);
	/* The boundary may be in another bank than the image. */
	EXPECT_EQ(place(0x1000000, 10), OK);
	EXPECT_EQ(image.entry, RAM + 0x1000000);
}
