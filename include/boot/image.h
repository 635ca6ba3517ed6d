/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel file formats: Linux arm64 Image, ELF64 AArch64, anything else is raw. */
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
	u64 text_offset;   /* Linux: from a 2 MiB boundary */
};

/*
 * Reads the kernel file (mapped) of size bytes. raw_at: where a raw one goes.
 * Errors after a sentence with name: ERR_FORMAT (broken), ERR_UNSUPPORTED
 * (compressed, big-endian, another CPU), ERR_NO_MEMORY.
 */
enum err image_parse(struct image *image, const char *name, const void *file, u64 size,
		     pa_t raw_at) MUST_CHECK;

/*
 * Puts it into room (the guest's usable RAM): a floating one lowest, at 2 MiB,
 * others where they must be. Segments then read from the file's copy at from. ERR_RANGE
 * after a sentence with sizes if it does not fit.
 */
enum err image_place(struct image *image, const char *name, const struct ranges *room,
		     pa_t from) MUST_CHECK;
