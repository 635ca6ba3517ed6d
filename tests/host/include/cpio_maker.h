/* SPDX-License-Identifier: Apache-2.0 */
/* Writing newc archives for tests. */
#pragma once

#include <lib/types.h>
#include <stdio.h>
#include <string.h>

/* Adds a member at offset at; returns the offset behind it. */
static inline u64 cpio_add(u8 *archive, u64 at, const char *name, const void *data, u32 size)
{
	u32 name_size = (u32)strlen(name) + 1;
	char header[111];

	snprintf(header, sizeof(header),
		 "070701%08x%08x%08x%08x%08x%08x%08X%08x%08x%08x%08x%08x%08x", 0, 0100644, 0, 0, 1,
		 0, size, 0, 0, 0, 0, name_size, 0);
	memcpy(archive + at, header, 110);
	memcpy(archive + at + 110, name, name_size);
	for (at += 110 + name_size; at % 4; at++)
		archive[at] = 0;
	memcpy(archive + at, data, size);
	for (at += size; at % 4; at++)
		archive[at] = 0;
	return at;
}
