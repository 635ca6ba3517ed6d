/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are no kernels, and the look at raw code.
 * sources: boot/payload/foreign.c boot/payload/a64.c
 */
#include <boot/a64.h>
#include <boot/payload/foreign.h>
#include <string.h>
#include <test.h>

static u8 file[0x11000];

static bool is(enum foreign_kind kind, const char *name)
{
	struct foreign found = foreign_find(file, sizeof(file));

	if (found.kind == kind && (!name || !strcmp(found.name, name)))
		return true;
	printf("  found: %u, %s\n", found.kind, found.name ? found.name : "nothing");
	return false;
}

static void fill(u64 at, const char *bytes, u64 len)
{
	memset(file, 0, sizeof(file));
	memcpy(file + at, bytes, len);
}

TEST(magic_numbers)
{
	static const struct {
		u64 at;
		const char *bytes;
		u8 len;
		enum foreign_kind kind;
		const char *name;
	} cases[] = {
	    {0, "\x1f\x8b\x08", 3, FOREIGN_PACKED, "gzip"},
	    {0,
	     "\xfd"
	     "7zXZ\0",
	     6, FOREIGN_PACKED, "xz"},
	    {0, "\x28\xb5\x2f\xfd", 4, FOREIGN_PACKED, "zstd"},
	    {0, "BZh9", 4, FOREIGN_PACKED, "bzip2"},
	    {0, "\x04\x22\x4d\x18", 4, FOREIGN_PACKED, "lz4"},
	    {0, "\x02\x21\x4c\x18", 4, FOREIGN_PACKED, "lz4, as Linux builds it"},
	    {0, "\x89LZO\0\r\n\x1a\n", 9, FOREIGN_PACKED, "lzo"},
	    {0, "\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", 13, FOREIGN_PACKED, "lzma"},
	    {0, "\x5d\0\0\x80\0\0\0\x10\0\0\0\0\0", 13, FOREIGN_PACKED, "lzma"},
	    {257, "ustar", 5, FOREIGN_PACKED, "tar"},
	    {0, "MZ\0\0zimg", 8, FOREIGN_PACKED, NULL},
	    {0, "\x27\x05\x19\x56", 4, FOREIGN_PACKED, "a U-Boot image"},
	    {0, "\xd0\x0d\xfe\xed", 4, FOREIGN_PACKED, NULL},
	    {0, "ANDROID!", 8, FOREIGN_PACKED, "an Android boot image"},
	    {36, "\x18\x28\x6f\x01", 4, FOREIGN_OTHER_CPU, "32-bit Arm"},
	    {514, "HdrS", 4, FOREIGN_OTHER_CPU, "x86"},
	    {56, "RSC\5", 4, FOREIGN_OTHER_CPU, "RISC-V"},
	    {0, "070701000000", 12, FOREIGN_NO_KERNEL, NULL},
	    {0, "QFI\xfb", 4, FOREIGN_NO_KERNEL, "a disk image (qcow2)"},
	    {512, "EFI PART", 8, FOREIGN_NO_KERNEL, "a disk image (GPT)"},
	    {0x8001, "CD001", 5, FOREIGN_NO_KERNEL, "a disk image (ISO 9660)"},
	    {0x438, "\x53\xef", 2, FOREIGN_NO_KERNEL, "a file system (ext2, 3 or 4)"},
	    {0, "hsqs", 4, FOREIGN_NO_KERNEL, "a file system (squashfs)"},
	    {0x10040, "_BHRfS_M", 8, FOREIGN_NO_KERNEL, "a file system (btrfs)"},
	};

	for (u32 i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fill(cases[i].at, cases[i].bytes, cases[i].len);
		EXPECT(is(cases[i].kind, cases[i].name));
	}
	fill(0, "", 0);
	EXPECT(is(FOREIGN_NOT_KNOWN, NULL));
	fill(0, "\x5d\0\0\x81\0\xff\xff\xff\xff\xff\xff\xff\xff", 13);
	EXPECT(is(FOREIGN_NOT_KNOWN, NULL));
}

static void program(u16 machine)
{
	fill(0, "MZ", 2);
	file[60] = 0x80;
	memcpy(file + 0x80, "PE\0\0", 4);
	memcpy(file + 0x84, &machine, 2);
}

TEST(programs_for_efi)
{
	program(0xaa64);
	EXPECT(is(FOREIGN_NO_KERNEL, "an EFI program"));
	program(0x8664);
	EXPECT(is(FOREIGN_OTHER_CPU, "x86-64"));
	program(0x1c2);
	EXPECT(is(FOREIGN_OTHER_CPU, "32-bit Arm"));
	program(0xaa64);
	memset(file + 60, 0xff, 4);
	EXPECT(is(FOREIGN_NOT_KNOWN, NULL));
}

TEST(boot_sectors)
{
	fill(510, "\x55\xaa", 2);
	EXPECT(is(FOREIGN_NOT_KNOWN, NULL));
	file[446] = 0x80;
	file[450] = 0x83;
	EXPECT(is(FOREIGN_NO_KERNEL, "a disk image (boot sector)"));
	file[462] = 0x12;
	EXPECT(is(FOREIGN_NOT_KNOWN, NULL));
	memcpy(file, "\xeb\x3c\x90", 3);
	EXPECT(is(FOREIGN_NO_KERNEL, "a disk image (boot sector)"));
}

static bool text(const char *bytes, const char *name)
{
	struct foreign found = foreign_find((const u8 *)bytes, strlen(bytes));

	return found.kind == FOREIGN_NO_KERNEL && !strcmp(found.name, name);
}

TEST(text_is_told_by_all_its_bytes)
{
	EXPECT(
	    text("<!DOCTYPE html><html><head><title>404 Not Found</title>", "a web page (HTML)"));
	EXPECT(text("\n <html>", "a web page (HTML)"));
	EXPECT(text("#!/bin/sh\necho\n", "text"));
	EXPECT(text("Stra\xc3\x9f"
		    "e, und ein Wort",
		    "text"));
	fill(0, "404 not found", 13);
	EXPECT(is(FOREIGN_NO_KERNEL, "text"));
	EXPECT(!text("a\001b", "text"));
	EXPECT_EQ(foreign_find((const u8 *)"", 0).kind, FOREIGN_NOT_KNOWN);
}

/* Whatever is cut off, nothing behind the end is read (AddressSanitizer looks). */
TEST(files_of_every_length)
{
	for (u64 size = 0; size < 1200; size++) {
		u8 *exact = malloc(size + 1);
		struct a64_fault fault;

		for (u64 i = 0; i < size; i++)
			exact[i] = (u8)test_random();
		if (size > 1)
			memcpy(exact, "MZ", 2);
		foreign_find(exact, size);
		a64_may_run(exact, size, &fault);
		free(exact);
	}
}

static struct a64_fault fault;

#define MAY_RUN(...)                                                                               \
	a64_may_run((const u8 *)(const u32[]){__VA_ARGS__}, sizeof((const u32[]){__VA_ARGS__}),    \
		    &fault)
#define NOP 0xd503201f
#define RET 0xd65f03c0

TEST(code_that_may_run)
{
	EXPECT(MAY_RUN(RET));
	EXPECT(MAY_RUN(NOP, NOP));                       /* to its end */
	EXPECT(MAY_RUN(0x14000000));                     /* b . */
	EXPECT(MAY_RUN(0x14000002, 0, NOP));             /* over data */
	EXPECT(MAY_RUN(0x94000002, 0, RET, 0));          /* bl, and back perhaps */
	EXPECT(MAY_RUN(0xd4000002, 0));                  /* hvc: may not come back */
	EXPECT(MAY_RUN(0xd61f0000, 0));                  /* br x0 */
	EXPECT(MAY_RUN(0xb4000040, RET, 0x17fffffe));    /* cbz */
	EXPECT(MAY_RUN(NOP, 0x54ffffe1, RET));           /* b.ne back */
	EXPECT(MAY_RUN(0x37000040, RET, NOP));           /* tbnz */
	EXPECT(MAY_RUN(0x18000040, 0x580000a1, RET, 0)); /* literals may be anywhere */
	EXPECT(MAY_RUN(0xfa405a4d, 0x14000002, 0, RET)); /* what a PE header begins with */
}

TEST(what_cannot_be_code)
{
	EXPECT(!MAY_RUN(0) && fault.at == 0 && !fault.leads);
	EXPECT(!MAY_RUN(NOP, NOP, 0x00000101) && fault.at == 8 && fault.word == 0x101);
	EXPECT(!MAY_RUN(0xe1a00000)); /* A32: mov r0, r0 */
	EXPECT(!MAY_RUN(0x04205000)); /* SVE */
	EXPECT(!MAY_RUN(0xc0080000)); /* SME */
	EXPECT(!MAY_RUN(0x06000000));
	EXPECT(!MAY_RUN(0x14000001) && fault.leads);
	EXPECT(!MAY_RUN(NOP, 0x97fffffe) && fault.leads && fault.at == 4);
	EXPECT(!MAY_RUN(0x54000080, NOP) && fault.leads);
	EXPECT(!MAY_RUN(0xb5ffffe0, NOP) && fault.leads);
	EXPECT(!MAY_RUN(0x14000002, RET, 0x14000001, 0) && fault.at == 12);
	EXPECT(!a64_may_run((const u8 *)"\x1f\x20\x03", 3, &fault));
	EXPECT(a64_may_run((const u8 *)"\x1f\x20\x03\xd5\0", 5, &fault));
}

/* Of random data, next to nothing passes. */
TEST(noise_is_refused)
{
	u32 passed = 0;

	for (u32 n = 0; n < 1000; n++) {
		u64 words[512];

		for (u32 i = 0; i < 512; i++)
			words[i] = test_random();
		passed += a64_may_run((const u8 *)words, sizeof(words), &fault);
	}
	EXPECT(passed < 50);
	printf("  %u of 1000 random files may run\n", passed);
}
