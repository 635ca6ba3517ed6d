/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel file of a partition: its format, and whether it fits into the memory. */
#include "config_reader.h"
#include <boot/image.h>

void config_check_kernel(struct config *c, struct partition_spec *p, const void *file,
			 const struct machine *m, complain_fn say, void *context)
{
	struct config_reader r = {.c = c, .m = m, .say = say, .context = context, .p = p};
	struct ranges room = {0};
	struct image image = {0};
	struct raw_place raw = {RAW_ANYWHERE, p->raw};
	struct range ram;

	for (u32 i = 0; config_memory(p, i, &ram); i++) {
		raw.at = MIN(raw.at, ram.base + CONFIG_RAW_OFFSET);
		if (ranges_add(&room, ram) != OK) {
			config_no_memory(&r);
			return;
		}
	}
	if (image_parse(&image, file, p->kernel.range.size, raw) || image_place(&image, &room, 0))
		config_error(&r, p->kernel.path, "reg", "the file at " RANGE_FORMAT " %s",
			     RANGE_ARGS(p->kernel.range), image_why());
}
