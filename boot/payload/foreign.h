/* SPDX-License-Identifier: Apache-2.0 */
/* Recognises, by magic numbers, files that were given as a kernel or an initrd and are none. */
#pragma once

#include <lib/types.h>

enum foreign_kind {
	FOREIGN_PACKED,    /* its contents must be unpacked first */
	FOREIGN_OTHER_CPU, /* a kernel for the CPU that name says */
	FOREIGN_NO_KERNEL, /* no kernel */
	FOREIGN_NOT_KNOWN,
};

struct foreign {
	enum foreign_kind kind;
	const char *name; /* with its article, except for FOREIGN_PACKED */
};

/* Recognises the file (mapped) of size bytes, but no Linux arm64 Image and no ELF file. */
struct foreign foreign_find(const u8 *file, u64 size);

/* The name of a CPU, by the number in an ELF or a PE header; NULL: not known. */
const char *foreign_elf_cpu(u16 machine);
