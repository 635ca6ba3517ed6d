/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel file formats: Linux arm64 Image, ELF64 AArch64, raw A64 code. */
#pragma once

#include <boot/ranges.h>
#include <el2/partition.h>

enum image_format { IMAGE_LINUX, IMAGE_ELF, IMAGE_RAW };

/* For raw_place.at: the file has no address of its own, as in an archive. */
#define RAW_ANYWHERE (~0UL)

struct image {
	enum image_format format;
	bool floating; /* it may be placed anywhere: Linux, and a raw one from an archive */
	struct load_segment *load; /* from: offsets into the file until image_place */
	u32 nr_load;
	u64 entry;
	struct range span; /* all that it occupies, bss included; Linux: base 0 until placed */
	u64 text_offset;   /* Linux: from a 2 MiB boundary, which must be RAM as well */
};

/* The place of a raw kernel. */
struct raw_place {
	pa_t at;    /* its address, or RAW_ANYWHERE */
	bool asked; /* the operator asked for a raw kernel: it is run whatever it looks like */
};

/*
 * Reads the kernel file (mapped) of size bytes. A file of another format is named, and a raw one
 * that cannot be A64 code is refused. Errors, with image_why(): ERR_FORMAT (broken, no code),
 * ERR_UNSUPPORTED (compressed, no kernel, big-endian, another CPU), ERR_RANGE, ERR_NO_MEMORY.
 */
enum err image_parse(struct image *image, const void *file, u64 size,
		     struct raw_place raw) MUST_CHECK;

/*
 * Places the image in room (the guest's usable RAM): a floating one as low as possible, text_offset
 * above a 2 MiB boundary of RAM; others at their fixed address. Segments then refer to the file's
 * copy at from. ERR_RANGE, with image_why(), if it does not fit.
 */
enum err image_place(struct image *image, const struct ranges *room, pa_t from) MUST_CHECK;

/* Why one of these functions refused the last file: the part of a message that follows the file's
 * name. Boot CPU only. */
const char *image_why(void);
