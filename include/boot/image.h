/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel file formats: Linux arm64 Image, ELF64 AArch64, raw A64 code. */
#pragma once

#include <boot/ranges.h>
#include <el2/partition.h>

enum image_format { IMAGE_LINUX, IMAGE_ELF, IMAGE_RAW };

/* For raw_at: it came without an address of its own, as in an archive. */
#define RAW_ANYWHERE (~0UL)

struct image {
	enum image_format format;
	bool floating; /* goes where there is room: Linux, and raw ones from an archive */
	struct load_segment *load; /* from: offsets into the file until image_place */
	u32 nr_load;
	u64 entry;
	struct range span; /* all it occupies, bss included; Linux: base 0 until placed */
	u64 text_offset;   /* Linux: from a 2 MiB boundary, which is RAM as well */
};

/* Of a raw one. */
struct raw_place {
	pa_t at;    /* where it goes; RAW_ANYWHERE */
	bool asked; /* it was asked for: it is run whatever it looks like */
};

/*
 * Reads the kernel file (mapped) of size bytes. A file of another format is named, and a raw one
 * that cannot be A64 code is refused. Errors, with image_why(): ERR_FORMAT (broken, no code),
 * ERR_UNSUPPORTED (compressed, no kernel, big-endian, another CPU), ERR_RANGE, ERR_NO_MEMORY.
 */
enum err image_parse(struct image *image, const void *file, u64 size,
		     struct raw_place raw) MUST_CHECK;

/*
 * Puts it into room (the guest's usable RAM): a floating one lowest, text_offset above a 2 MiB
 * boundary of RAM, others where they must be. Segments then read from the file's copy at from.
 * ERR_RANGE, with image_why(), if it does not fit.
 */
enum err image_place(struct image *image, const struct ranges *room, pa_t from) MUST_CHECK;

/* Why the last file was refused by one of these: what follows its name in a sentence. Boot CPU
 * only. */
const char *image_why(void);
