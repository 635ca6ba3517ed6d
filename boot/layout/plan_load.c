/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places kernel, ramdisk and tree in a guest's memory. Addresses are guest-physical; the last step
 * translates them.
 */
#include <boot/arena.h>
#include <boot/plan.h>
#include <drivers/log.h>

/* Linux: kernel and ramdisk within a window of this size, on this boundary. */
#define LINUX_WINDOW GIB(32)
#define LINUX_WINDOW_ALIGN GIB(1)
/* The tree may not cross such a boundary (Linux before 4.2). */
#define TREE_ALIGN MIB(2)

/*
 * Takes size bytes out of room, above the image and as high as possible, because a raw image may
 * grow its bss behind it. If there is no room above, an image whose format gives its size may have
 * them below.
 */
static enum err put(const struct plan *plan, const char *what, struct ranges *room, u64 size,
		    u64 align, struct range *at)
{
	struct range span = plan->image.span;
	u64 window = ALIGN_DOWN(span.base, LINUX_WINDOW_ALIGN), end = span.base + span.size;
	struct range above = {end, MAX(end, window + LINUX_WINDOW) - end};
	struct range around = {window, LINUX_WINDOW};

	at->size = size;
	if (ranges_highest(room, above, size, align, &at->base) ||
	    (plan->image.format != IMAGE_RAW &&
	     ranges_highest(room, around, size, align, &at->base)))
		return ranges_remove(room, range_pages_around(*at));
	log_error("%s does not fit: no %lu KiB in one piece near the kernel at " RANGE_FORMAT, what,
		  size >> 10, RANGE_ARGS(span));
	return ERR_RANGE;
}

static enum err add(struct image *image, struct load_segment segment)
{
	struct load_segment *load = arena_grow(image->load, image->nr_load, sizeof(*load));

	if (!load)
		return ERR_NO_MEMORY;
	load[image->nr_load++] = segment;
	image->load = load;
	return OK;
}

static enum err add_load(struct image *image, pa_t from, struct range to)
{
	return add(image, (struct load_segment){.from = from, .to = to.base, .size = to.size});
}

/* Cuts segment i off after that many bytes; the rest becomes a segment of its own. */
static enum err cut(struct image *image, u32 i, u64 bytes)
{
	struct load_segment rest = image->load[i], *first;
	u64 copied = MIN(rest.size, bytes);

	rest.from += copied;
	rest.to += bytes;
	rest.size -= copied;
	rest.fill -= bytes - copied;
	if (add(image, rest))
		return ERR_NO_MEMORY;
	first = &image->load[i];
	first->size = copied;
	first->fill = bytes - copied;
	return OK;
}

/* Translates the guest-physical addresses of segments. A segment may be split into several pieces.
 */
static enum err translate(const struct partition_config *c, struct image *image)
{
	for (u32 i = 0; c->memory_pa && i < image->nr_load; i++) {
		struct load_segment *s = &image->load[i];
		u64 left;
		u32 k = 0;

		while (k < c->nr_memory && s->to - c->memory[k].base >= c->memory[k].size)
			k++;
		if (k == c->nr_memory)
			return ERR_RANGE;
		left = c->memory[k].base + c->memory[k].size - s->to;
		if (s->size + s->fill > left && cut(image, i, left))
			return ERR_NO_MEMORY;
		image->load[i].to += c->memory_pa[k] - c->memory[k].base;
	}
	return OK;
}

enum err plan_load(struct plan *plan, const struct machine *m, const void *fdt, struct ranges *room,
		   tree_writer_fn write)
{
	const struct guest_files *files = &plan->files;
	struct guest_tree g = {.machine = m, .config = &plan->config, .bootargs = files->bootargs};
	struct range tree;
	u32 size;
	enum err err = image_place(&plan->image, room, files->kernel.base);

	if (err)
		log_error("%s %s", files->name, image_why());
	if (!err)
		err = ranges_remove(room, range_pages_around(plan->image.span));
	if (!err)
		err =
		    put(plan, "the guest's device tree", room, plan->tree.size, TREE_ALIGN, &tree);
	if (!err && files->ramdisk.size)
		err = put(plan, "the ramdisk", room, files->ramdisk.size, PAGE_SIZE, &g.initrd);
	if (!err)
		err = write(&g, fdt, (void *)plan->tree.base, (u32)plan->tree.size, &size);
	if (!err && g.initrd.size)
		err = add_load(&plan->image, files->ramdisk.base, g.initrd);
	if (!err)
		err = add_load(&plan->image, plan->tree.base, (struct range){tree.base, size});
	if (!err)
		err = translate(&plan->config, &plan->image);
	plan->config.load = plan->image.load;
	plan->config.nr_load = plan->image.nr_load;
	plan->config.entry = plan->image.entry;
	plan->config.entry_x0 = tree.base;
	return err;
}
