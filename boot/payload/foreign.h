/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are given as a kernel or an initrd and are something else, by their magic numbers. */
#pragma once

#include <lib/types.h>

enum foreign_kind {
	FOREIGN_PACKED,    /* something is in it that has to be taken out first */
	FOREIGN_OTHER_CPU, /* a kernel, for the CPU that its name says */
	FOREIGN_NO_KERNEL, /* nothing that is started */
	FOREIGN_NOT_KNOWN,
};

struct foreign {
	enum foreign_kind kind;
	const char *name; /* with its article, but for packed ones */
};

/* What the file (mapped) of size bytes is. A Linux arm64 Image and an ELF file are not known
 * here. */
struct foreign foreign_find(const u8 *file, u64 size);

/* The name of a CPU, by the number in an ELF or a PE header; NULL: not known. */
const char *foreign_elf_cpu(u16 machine);
