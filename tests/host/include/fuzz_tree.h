/* SPDX-License-Identifier: Apache-2.0 */
/* For fuzz targets whose input is a device tree. */
#pragma once

#include <lib/bits.h>
#include <libfdt.h>

/* Most changes break the header; so that they do not hide what is behind it, an input is
 * also tried with one that fits. */
static inline void repair_header(void *tree, size_t size)
{
	u32 tokens = fdt_size_dt_struct(tree);

	tokens = MIN(tokens, size - 0x40) & ~3U;
	fdt_set_magic(tree, FDT_MAGIC);
	fdt_set_totalsize(tree, size);
	fdt_set_version(tree, 17);
	fdt_set_last_comp_version(tree, 16);
	fdt_set_off_mem_rsvmap(tree, 0x30);
	fdt_set_off_dt_struct(tree, 0x40);
	fdt_set_size_dt_struct(tree, tokens);
	fdt_set_off_dt_strings(tree, 0x40 + tokens);
	fdt_set_size_dt_strings(tree, size - 0x40 - tokens);
}
