/* SPDX-License-Identifier: Apache-2.0 */
/* Reads newc cpio archives ("070701") and checks every length, because it may be hostile. */
#pragma once

#include <lib/err.h>
#include <lib/types.h>

struct cpio {
	const u8 *bytes;
	u64 size;
	u64 next; /* offset of the next header */
};

struct cpio_member {
	const char *name;  /* NUL-terminated, within the archive */
	struct range data; /* offset and size within the archive */
};

/* True if the bytes start like a newc archive. */
bool cpio_recognise(const void *bytes, u64 size);

/* Starts at the first header. */
void cpio_start(struct cpio *c, const void *bytes, u64 size);

/* The next member. ERR_NOT_FOUND after the trailer, ERR_FORMAT if broken. Logs nothing. */
enum err cpio_next(struct cpio *c, struct cpio_member *member) MUST_CHECK;
