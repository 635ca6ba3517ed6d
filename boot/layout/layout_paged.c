/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans a partition with paged memory: frames for resident pages, far memory or a pager for the
 * rest. Pages are filled from the partition's files when they are first accessed.
 */
#include <boot/arena.h>
#include <boot/layout.h>
#include <boot/virt_map.h>
#include <drivers/log.h>
#include <el2/channel.h>
#include <lib/bits.h>

/* Loads at a time: all tokens of a vCPU, and the page that it waits for itself. */
#define LOADS_PER_VCPU (APF_LIMIT + 1)

/* far: size 0 if there is a pager. */
static enum err take(const struct partition_spec *s, struct ranges *free, struct range *frames,
		     struct range *far)
{
	u64 size = s->paging.pager ? 0 : s->memory;

	*far = (struct range){0};
	if (ranges_take(free, s->paging.resident, MIB(2), frames) &&
	    (!size || ranges_take(free, size, MIB(2), far)))
		return OK;
	log_error("%s: tocsin,paged: %lu KiB in %s are not left; the machine has %lu KiB free",
		  s->path, (s->paging.resident + size) >> 10, size ? "two pieces" : "one piece",
		  ranges_size(free) >> 10);
	return ERR_NO_MEMORY;
}

/* Plans the memory shared with the pager. There is no such end if there was no memory for it. */
static enum err plan_pager(struct paging_config *to, const struct partition_config *c,
			   const struct spec_paging *from)
{
	if (!from->pager)
		return OK;
	if (c->nr_ends == c->nr_channels)
		return ERR_NO_MEMORY;
	to->pager = c->channels[c->nr_channels];
	to->pager_slots = from->pager_slots;
	to->pager_timeout_ms = from->pager_timeout_ms;
	to->loss_stops = from->loss_stops;
	return OK;
}

enum err layout_paged_reserve(struct plan *plan, const struct partition_spec *s,
			      struct ranges *free)
{
	const struct spec_paging *from = &s->paging;
	struct partition_config *c = &plan->config;
	struct paging_config *to = arena_alloc(sizeof(*to));
	struct range frames, far;

	c->memory = arena_alloc(sizeof(*c->memory));
	if (!to || !c->memory || take(s, free, &frames, &far) != OK)
		return ERR_NO_MEMORY;
	c->memory[0] = (struct range){VIRT_MAP_RAM, s->memory};
	c->nr_memory = 1;
	c->ipa_bits = stage2_bits_for(VIRT_MAP_RAM + s->memory);
	c->paging = to;
	*to = (struct paging_config){
	    .paged = {.ipa = VIRT_MAP_RAM,
		      .nr_pages = (u32)(s->memory >> PAGE_SHIFT),
		      .frames = (void *)frames.base,
		      .nr_frames = (u32)(frames.size >> PAGE_SHIFT),
		      .nr_loads = s->nr_vcpus * LOADS_PER_VCPU + from->read_ahead,
		      .read_ahead = from->read_ahead},
	    .far = (void *)far.base,
	    .store = {.latency_us = from->far_latency_us,
		      .jitter_us = from->far_jitter_us,
		      .seed = from->far_seed,
		      .per_ms = from->far_per_ms},
	    .async_min_us = from->async_min_us};
	return plan_pager(to, c, from);
}

void layout_paged_ranges(const struct partition_config *c, struct range *frames, struct range *far)
{
	const struct paged_config *p;

	*frames = *far = (struct range){0};
	if (!c->paging)
		return;
	p = &c->paging->paged;

	*frames = (struct range){(u64)p->frames, (u64)p->nr_frames * PAGE_SIZE};
	if (c->paging->far)
		*far = (struct range){(u64)c->paging->far, (u64)p->nr_pages * PAGE_SIZE};
}

/* Nothing is loaded at the start; pages are filled when they are accessed. */
enum err layout_paged_plan(struct partition_config *c)
{
	struct paged_image *images = arena_alloc(MAX(c->nr_load, 1U) * sizeof(*images));
	struct paging_config *to = (struct paging_config *)(u64)c->paging;

	if (!images)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < c->nr_load; i++)
		images[i] =
		    (struct paged_image){(const u8 *)c->load[i].from,
					 c->load[i].to - c->memory[0].base, c->load[i].size};
	to->paged.images = images;
	to->paged.nr_images = c->nr_load;
	return OK;
}
