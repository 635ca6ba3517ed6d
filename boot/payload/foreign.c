/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that users give by mistake instead of a kernel: a table of magic numbers, and the few
 * formats that need more checks. No Linux arm64 Image can match, because the caller has recognised
 * it before. A raw kernel matches a magic number of four bytes or more by chance in one of 2^32
 * cases.
 */
#include "foreign.h"
#include <lib/bits.h>
#include <lib/string.h>

/* Formats by their bytes at an offset. The first row that matches counts. */
static const struct {
	u32 offset;
	u8 len;
	u8 bytes[8];
	enum foreign_kind kind;
	const char *name;
} magics[] = {
    {0, 3, {0x1f, 0x8b, 8}, FOREIGN_PACKED, "gzip"},
    {0, 6, {0xfd, '7', 'z', 'X', 'Z', 0}, FOREIGN_PACKED, "xz"},
    {0, 4, {0x28, 0xb5, 0x2f, 0xfd}, FOREIGN_PACKED, "zstd"},
    {0, 3, {'B', 'Z', 'h'}, FOREIGN_PACKED, "bzip2"},
    {0, 4, {0x04, 0x22, 0x4d, 0x18}, FOREIGN_PACKED, "lz4"},
    {0, 4, {0x02, 0x21, 0x4c, 0x18}, FOREIGN_PACKED, "lz4, as Linux builds it"},
    {0, 4, {0x89, 'L', 'Z', 'O'}, FOREIGN_PACKED, "lzo"},
    {0, 4, {'L', 'Z', 'I', 'P'}, FOREIGN_PACKED, "lzip"},
    {0, 3, {0x1f, 0x9d, 0x90}, FOREIGN_PACKED, "compress"},
    {0, 4, {'P', 'K', 3, 4}, FOREIGN_PACKED, "zip"},
    {0, 6, {'7', 'z', 0xbc, 0xaf, 0x27, 0x1c}, FOREIGN_PACKED, "7z"},
    {0, 4, {'R', 'a', 'r', '!'}, FOREIGN_PACKED, "rar"},
    {257, 5, {'u', 's', 't', 'a', 'r'}, FOREIGN_PACKED, "tar"},
    {0, 8, {'!', '<', 'a', 'r', 'c', 'h', '>', '\n'}, FOREIGN_PACKED, "ar or Debian package"},
    {0, 4, {0xed, 0xab, 0xee, 0xdb}, FOREIGN_PACKED, "RPM package"},
    {4, 4, {'z', 'i', 'm', 'g'}, FOREIGN_PACKED, "EFI zboot kernel; arch/arm64/boot/Image is not"},
    {0, 4, {0x27, 0x05, 0x19, 0x56}, FOREIGN_PACKED, "a U-Boot image"},
    {0, 4, {0xd0, 0x0d, 0xfe, 0xed}, FOREIGN_PACKED, "a FIT of U-Boot or a device tree"},
    {0, 8, {'A', 'N', 'D', 'R', 'O', 'I', 'D', '!'}, FOREIGN_PACKED, "an Android boot image"},
    {0, 8, {'V', 'N', 'D', 'R', 'B', 'O', 'O', 'T'}, FOREIGN_PACKED, "an Android boot image"},
    {0, 8, {'C', 'H', 'R', 'O', 'M', 'E', 'O', 'S'}, FOREIGN_PACKED, "a ChromeOS boot image"},
    {0, 4, {0x01, 0x00, 0x64, 0xaa}, FOREIGN_PACKED, "a firmware package (FIP)"},
    {36, 4, {0x18, 0x28, 0x6f, 0x01}, FOREIGN_OTHER_CPU, "32-bit Arm"},
    {36, 4, {0x01, 0x6f, 0x28, 0x18}, FOREIGN_OTHER_CPU, "32-bit Arm, big-endian"},
    {514, 4, {'H', 'd', 'r', 'S'}, FOREIGN_OTHER_CPU, "x86"},
    {56, 4, {'R', 'S', 'C', 5}, FOREIGN_OTHER_CPU, "RISC-V"},
    {48, 5, {'R', 'I', 'S', 'C', 'V'}, FOREIGN_OTHER_CPU, "RISC-V"},
    {56, 4, {0xcd, 0x23, 0x82, 0x81}, FOREIGN_OTHER_CPU, "LoongArch"},
    {0, 5, {'0', '7', '0', '7', '0'}, FOREIGN_NO_KERNEL, "a cpio archive, as of an initrd"},
    {0, 4, {0xc7, 0x71, 0, 0}, FOREIGN_NO_KERNEL, "a cpio archive, as of an initrd"},
    {0, 4, {'Q', 'F', 'I', 0xfb}, FOREIGN_NO_KERNEL, "a disk image (qcow2)"},
    {0, 4, {'Q', 'E', 'D', 0}, FOREIGN_NO_KERNEL, "a disk image (qed)"},
    {0, 4, {'K', 'D', 'M', 'V'}, FOREIGN_NO_KERNEL, "a disk image (vmdk)"},
    {0, 8, {'v', 'h', 'd', 'x', 'f', 'i', 'l', 'e'}, FOREIGN_NO_KERNEL, "a disk image (vhdx)"},
    {0, 8, {'c', 'o', 'n', 'e', 'c', 't', 'i', 'x'}, FOREIGN_NO_KERNEL, "a disk image (vhd)"},
    {64, 4, {0x7f, 0x10, 0xda, 0xbe}, FOREIGN_NO_KERNEL, "a disk image (vdi)"},
    {0, 4, {0x3a, 0xff, 0x26, 0xed}, FOREIGN_NO_KERNEL, "a disk image (Android sparse)"},
    {512, 8, {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'}, FOREIGN_NO_KERNEL, "a disk image (GPT)"},
    {4096, 8, {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'}, FOREIGN_NO_KERNEL, "a disk image (GPT)"},
    {0x8001, 5, {'C', 'D', '0', '0', '1'}, FOREIGN_NO_KERNEL, "a disk image (ISO 9660)"},
    {0, 4, {'h', 's', 'q', 's'}, FOREIGN_NO_KERNEL, "a file system (squashfs)"},
    {0, 4, {0x45, 0x3d, 0xcd, 0x28}, FOREIGN_NO_KERNEL, "a file system (cramfs)"},
    {0, 8, {'-', 'r', 'o', 'm', '1', 'f', 's', '-'}, FOREIGN_NO_KERNEL, "a file system (romfs)"},
    {0, 4, {'X', 'F', 'S', 'B'}, FOREIGN_NO_KERNEL, "a file system (xfs)"},
    {0, 4, {'U', 'B', 'I', '#'}, FOREIGN_NO_KERNEL, "a flash image (UBI)"},
    {1024, 4, {0xe2, 0xe1, 0xf5, 0xe0}, FOREIGN_NO_KERNEL, "a file system (erofs)"},
    {1024, 4, {0x10, 0x20, 0xf5, 0xf2}, FOREIGN_NO_KERNEL, "a file system (f2fs)"},
    {0x10040, 8, "_BHRfS_M", FOREIGN_NO_KERNEL, "a file system (btrfs)"},
    {0, 4, {0xcf, 0xfa, 0xed, 0xfe}, FOREIGN_NO_KERNEL, "a program of macOS (Mach-O)"},
    {0, 4, {0xca, 0xfe, 0xba, 0xbe}, FOREIGN_NO_KERNEL, "a Java class or a program of macOS"},
    {0, 4, {0, 'a', 's', 'm'}, FOREIGN_NO_KERNEL, "a WebAssembly module"},
    {0, 4, {0x89, 'P', 'N', 'G'}, FOREIGN_NO_KERNEL, "a picture (PNG)"},
    {0, 3, {0xff, 0xd8, 0xff}, FOREIGN_NO_KERNEL, "a picture (JPEG)"},
    {0, 4, {'%', 'P', 'D', 'F'}, FOREIGN_NO_KERNEL, "a document (PDF)"},
    {0, 8, {'O', 'C', 'S', 'I', 'N', 'L', 'O', 'G'}, FOREIGN_NO_KERNEL, "a log of Tocsin's"},
};

/* CPUs by their numbers: ELF's e_machine, and PE's Machine (at most two). */
static const struct {
	u16 elf, pe[2];
	const char *name;
} cpus[] = {
    {3, {0x14c}, "x86"},
    {62, {0x8664}, "x86-64"},
    {40, {0x1c2, 0x1c4}, "32-bit Arm"},
    {183, {0xaa64}, "AArch64"},
    {243, {0x5032, 0x5064}, "RISC-V"},
    {258, {0x6232, 0x6264}, "LoongArch"},
    {20, {0x1f0}, "PowerPC"},
    {21, {0x1f2}, "64-bit PowerPC"},
    {8, {0x166, 0x366}, "MIPS"},
    {22, {0}, "s390"},
    {2, {0}, "SPARC"},
    {43, {0}, "64-bit SPARC"},
    {50, {0x200}, "Itanium"},
    {42, {0x1a2}, "SuperH"},
    {94, {0}, "Xtensa"},
    {189, {0}, "MicroBlaze"},
    {247, {0}, "BPF"},
};

const char *foreign_elf_cpu(u16 machine)
{
	for (u32 i = 0; i < ARRAY_SIZE(cpus); i++)
		if (cpus[i].elf == machine)
			return cpus[i].name;
	return NULL;
}

/* size bytes, little-endian, at offset at; 0 beyond the end. */
static u32 number(const u8 *file, u64 size, u64 at, u32 bytes)
{
	u32 value = 0;

	for (u32 i = 0; i < bytes; i++)
		if (at + i < size)
			value |= (u32)file[at + i] << 8 * i;
	return value;
}

static bool has(const u8 *file, u64 size, u64 at, const void *bytes, u32 len)
{
	return at + len <= size && !memcmp(file + at, bytes, len);
}

/* Microsoft's PE/COFF: a program for EFI, DOS or Windows. The EFI stub of a Linux kernel of another
 * architecture is in the table, or names another CPU. */
static struct foreign find_program(const u8 *file, u64 size)
{
	u64 pe = number(file, size, 60, 4);
	u16 machine = (u16)number(file, size, pe + 4, 2);

	if (!has(file, size, 0, "MZ", 2) || !has(file, size, pe, "PE\0", 4))
		return (struct foreign){FOREIGN_NOT_KNOWN, NULL};
	for (u32 i = 0; i < ARRAY_SIZE(cpus); i++)
		if (machine && (cpus[i].pe[0] == machine || cpus[i].pe[1] == machine) &&
		    cpus[i].elf != 183)
			return (struct foreign){FOREIGN_OTHER_CPU, cpus[i].name};
	return (struct foreign){FOREIGN_NO_KERNEL, "an EFI program"};
}

/* Properties, size of the dictionary (a power of two), size of the contents or -1. */
static bool is_lzma(const u8 *file, u64 size)
{
	u32 dictionary = number(file, size, 1, 4), high = number(file, size, 9, 4);

	return size > 13 && file[0] == 0x5d && dictionary >= KIB(4) &&
	       !(dictionary & (dictionary - 1)) && (high == UINT32_MAX || high < BIT(8));
}

/* A signature at the end, and either a table of partitions with valid active flags, or the jump of
 * a FAT or NTFS volume. */
static bool is_boot_sector(const u8 *file, u64 size)
{
	bool types = false, flags = true;

	if (!has(file, size, 510, "\x55\xaa", 2))
		return false;
	for (u32 i = 446; i < 510; i += 16) {
		flags &= !(file[i] & 0x7f);
		types |= file[i + 4];
	}
	return (flags && types) || (file[0] == 0xeb && file[2] == 0x90);
}

/* The magic number has only two bytes, but the first KiB is zero. */
static bool is_ext(const u8 *file, u64 size)
{
	return has(file, size, 0x438, "\x53\xef", 2) && !number(file, size, 0, 4) &&
	       !number(file, size, 252, 4);
}

/* Sixteen words of A64 code contain control characters, at least as register numbers. A short text
 * may be padded with zeros. */
static bool is_text(const u8 *file, u64 size)
{
	u64 ascii = 0, nr = MIN(size, 64UL);

	while (nr > 8 && !file[nr - 1])
		nr--;
	for (u64 i = 0; i < nr; i++) {
		if ((file[i] < ' ' && !(file[i] >= '\t' && file[i] <= '\r')) || file[i] == 0x7f)
			return false;
		ascii += file[i] < 0x80;
	}
	return nr && ascii * 4 >= nr * 3;
}

static bool is_html(const u8 *file, u64 size)
{
	while (size && file[0] <= ' ') {
		file++;
		size--;
	}
	return has(file, size, 0, "<!", 2) || has(file, size, 0, "<html", 5) ||
	       has(file, size, 0, "<HTML", 5);
}

struct foreign foreign_find(const u8 *file, u64 size)
{
	struct foreign program = find_program(file, size);

	for (u32 i = 0; i < ARRAY_SIZE(magics); i++)
		if (has(file, size, magics[i].offset, magics[i].bytes, magics[i].len))
			return (struct foreign){magics[i].kind, magics[i].name};
	if (program.kind != FOREIGN_NOT_KNOWN)
		return program;
	if (is_lzma(file, size))
		return (struct foreign){FOREIGN_PACKED, "lzma"};
	if (is_boot_sector(file, size))
		return (struct foreign){FOREIGN_NO_KERNEL, "a disk image (boot sector)"};
	if (is_ext(file, size))
		return (struct foreign){FOREIGN_NO_KERNEL, "a file system (ext2, 3 or 4)"};
	if (!is_text(file, size))
		return (struct foreign){FOREIGN_NOT_KNOWN, NULL};
	return (struct foreign){FOREIGN_NO_KERNEL,
				is_html(file, size) ? "a web page (HTML)" : "text"};
}
