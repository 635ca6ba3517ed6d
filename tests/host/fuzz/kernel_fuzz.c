/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile archives and kernel files: every member and every segment must lie
 * within the file, whatever its headers say.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/payload/cpio.c boot/payload/image.c
 * sources: boot/payload/foreign.c boot/payload/a64.c lib/fmt.c
 */
#include <boot/arena.h>
#include <boot/image.h>
#include <boot/payload/cpio.h>
#include <fake_log.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void expect(bool so)
{
	if (!so)
		abort();
}

static void parse_image(const u8 *file, u64 size)
{
	struct range whole = {0, size}, ram = {0x40000000, 0x10000000};
	struct ranges room = {0};
	struct image image;

	if (image_parse(&image, file, size, (struct raw_place){ram.base, size & 1}) != OK)
		return;
	expect(image.nr_load > 0 && range_valid(image.span));
	for (u32 i = 0; i < image.nr_load; i++) {
		const struct load_segment *l = &image.load[i];
		struct range to = {l->to, l->size + l->fill};

		expect(range_contains(whole, (struct range){l->from, l->size}));
		expect(range_valid(to) && range_contains(image.span, to));
	}
	if (ranges_add(&room, ram) != OK || image_place(&image, &room, 0) != OK)
		return;
	expect(range_contains(ram, image.span));
	expect(image.entry >= image.span.base && image.entry < image.span.base + image.span.size);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct cpio_member member;
	struct cpio c;
	u8 *file = malloc(size + 1);

	memcpy(file, data, size);
	arena_release(0);
	parse_image(file, size);
	cpio_start(&c, file, size);
	while (cpio_recognise(file, size) && cpio_next(&c, &member) == OK) {
		expect(range_contains((struct range){0, size}, member.data));
		expect(strlen(member.name) < size);
		parse_image(file + member.data.base, member.data.size);
	}
	free(file);
	return 0;
}
