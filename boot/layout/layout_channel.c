/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels of configured partitions (docs/channels.md). A partition's first channel has the first
 * page of registers and the first place for shared memory, and so on. A failure on one side of a
 * channel never affects the other side.
 */
#include <boot/arena.h>
#include <boot/layout.h>
#include <boot/layout_channel.h>
#include <boot/virt_map.h>
#include <drivers/gic.h>
#include <drivers/log.h>
#include <lib/check.h>
#include <lib/string.h>
#include <libfdt.h>
#include <mm/cache.h>
#include <mm/stage1.h>

#define BLOCK MIB(2)
#define NODE_ROOM 400
#define GIC_SPI 0
#define EDGE_RISING 1

/* ---- memory ---- */

/* Not cut into steps, because no partition runs yet. Memory shared with a pager stays mapped. */
static bool clear(struct range r, bool stays)
{
	for (u64 at = r.base; at < r.base + r.size; at += BLOCK) {
		struct range part = {at, MIN(BLOCK, r.base + r.size - at)};

		if (stage1_map(part, STAGE1_DATA) != OK)
			return false;
		memset((void *)part.base, 0, part.size);
		cache_hand_to_guest((const void *)part.base, part.size);
		CHECK(stays || stage1_unmap(part) == OK);
	}
	return true;
}

/* Takes the memory in one range, aligned for stage-2 blocks if it is large enough. */
static bool take(const struct channel_spec *spec, struct ranges *free, pa_t *pa)
{
	struct range r;

	if (!spec->size)
		return true;
	if (ranges_take(free, spec->size, spec->size < BLOCK ? PAGE_SIZE : BLOCK, &r) &&
	    clear(r, spec->pager)) {
		*pa = r.base;
		return true;
	}
	log_error("%s: %s: %lu KiB in one piece are not left; the machine has %lu KiB free",
		  spec->path, spec->pager ? "tocsin,pager" : "tocsin,size", spec->size >> 10,
		  ranges_size(free) >> 10);
	return false;
}

/* The registers of a direct-mapped side are seen at the address of a free page of RAM, which is
 * reserved for that. */
static bool take_page(const struct partition_spec *p, struct ranges *free, struct channel_end *e)
{
	struct range page;

	if (!p->direct_map || e->tocsins)
		return true;
	if (!ranges_take(free, PAGE_SIZE, PAGE_SIZE, &page))
		return false;
	e->page = page.base;
	return true;
}

enum err layout_channels_reserve(struct layout_channels *all, const struct channels *spec,
				 const struct config *c, struct ranges *free)
{
	*all =
	    (struct layout_channels){spec, arena_alloc(MAX(2 * spec->nr, 1U) * sizeof(*all->ends))};
	if (!all->ends)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < spec->nr; i++) {
		const struct channel_spec *from = &spec->at[i];
		struct channel_end *ends = &all->ends[2 * i];
		pa_t pa = 0;

		if (!take(from, free, &pa))
			continue;
		for (u32 side = 0; side < 2; side++) {
			bool tocsins = from->pager && side;

			ends[side] = (struct channel_end){
			    .peer = c->partitions[from->side[!side].partition].name,
			    .other = &ends[!side],
			    .memory.size = tocsins ? 0 : from->size,
			    .tocsins = tocsins,
			    .memory_pa = pa,
			    .write = from->side[side].write,
			    .intid = from->side[side].intid};
			if (!take_page(&c->partitions[from->side[side].partition], free,
				       &ends[side]))
				return ERR_NO_MEMORY;
		}
	}
	return OK;
}

/* ---- a partition's ---- */

static bool is_device_interrupt(const struct partition_spec *s, u32 intid)
{
	for (u32 i = 0; i < s->nr_spi; i++)
		if (s->spis[i] == intid)
			return true;
	return false;
}

static bool is_taken(const struct layout_channels *all, const struct partition_config *config,
		     const struct partition_spec *s, u32 index, u32 intid)
{
	if (is_device_interrupt(s, intid))
		return true;
	for (u32 i = 0; i < config->nr_channels; i++)
		if (config->channels[i]->intid == intid)
			return true;
	for (u32 i = 0; i < 2 * all->spec->nr; i++) {
		const struct channel_side *side = &all->spec->at[i / 2].side[i % 2];

		if (side->partition == index && side->intid == intid)
			return true;
	}
	return false;
}

static bool meets_device(const struct partition_spec *s, struct range r)
{
	for (u32 i = 0; i < s->nr_devices; i++)
		if (ranges_overlap(r, (struct range){s->devices[i].ipa, s->devices[i].pa.size}))
			return true;
	return false;
}

static void choose_addresses(struct channel_end *e, const struct partition_config *config,
			     bool direct_map)
{
	e->memory.base = direct_map ? e->memory_pa : VIRT_MAP_SHARED;
	if (direct_map)
		return;
	e->page = VIRT_MAP_CHANNELS + config->nr_channels * PAGE_SIZE;
	for (u32 i = 0; i < config->nr_channels; i++)
		e->memory.base += config_channel_room(config->channels[i]->memory.size);
}

/* Places e as the next end of config; false after a message. */
static bool place(struct channel_end *e, const struct channel_spec *spec,
		  const struct partition_config *config, const struct partition_spec *s)
{
	choose_addresses(e, config, s->direct_map);
	if (e->intid >= gic_nr_intids())
		log_error("%s: %s has no channel: there is no interrupt %u for its doorbell",
			  spec->path, s->name, e->intid);
	else if (is_device_interrupt(s, e->intid))
		log_error("%s: %s has no channel: interrupt %u is a device's", spec->path, s->name,
			  e->intid);
	else if (meets_device(s, (struct range){e->page, PAGE_SIZE}) || meets_device(s, e->memory))
		log_error("%s: %s has no channel: a device of its is at 0x%lx or 0x%lx", spec->path,
			  s->name, e->page, e->memory.base);
	else
		return true;
	return false;
}

enum err layout_channels_plan(const struct layout_channels *all, struct partition_config *config,
			      const struct partition_spec *s, u32 index)
{
	struct channel_end *own = NULL;

	config->channels =
	    arena_alloc((CONFIG_MAX_CHANNEL_ENDS + 1) * sizeof(struct channel_end *));
	if (!config->channels)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < 2 * all->spec->nr; i++) {
		const struct channel_spec *spec = &all->spec->at[i / 2];
		struct channel_end *e = &all->ends[i];
		u32 intid = VIRT_MAP_CHANNEL_INTID;

		if (spec->side[i % 2].partition != index || !e->peer)
			continue;
		if (e->tocsins) {
			own = e;
			continue;
		}
		while (!e->intid && is_taken(all, config, s, index, intid))
			intid++;
		if (!e->intid)
			e->intid = intid;
		if (place(e, spec, config, s))
			config->channels[config->nr_channels++] = e;
	}
	config->nr_ends = config->nr_channels;
	if (own)
		config->channels[config->nr_ends++] = own;
	return OK;
}

u32 layout_channels_intids(const struct partition_config *config)
{
	u32 nr = 0;

	for (u32 i = 0; i < config->nr_channels; i++)
		nr = MAX(nr, config->channels[i]->intid + 1);
	return nr;
}

enum err layout_channels_interrupts(struct partition_config *config)
{
	if (!config->nr_channels)
		return OK;
	config->spi_emulated = arena_alloc(config->nr_intids / 32 * sizeof(u32));
	if (!config->spi_emulated)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < config->nr_channels; i++) {
		u32 intid = config->channels[i]->intid;

		config->spi_emulated[intid / 32] |= 1U << intid % 32;
	}
	return OK;
}

/* ---- the guest's tree ---- */

u32 layout_channels_room(const struct partition_config *config)
{
	return config->nr_channels ? (config->nr_channels + 1) * NODE_ROOM : 0;
}

static void reg(struct tree_writer *w, u64 base, u64 size)
{
	u32 cells[] = {(u32)(base >> 32), (u32)base, (u32)(size >> 32), (u32)size};

	tree_writer_cells(w, "reg", cells, ARRAY_SIZE(cells));
}

/* The shared memory is reserved, so that the guest does not use it as RAM. */
static void write_memory(struct tree_writer *w, const struct channel_end *e, u32 phandle)
{
	tree_writer_begin(w, "channel", e->memory.base);
	reg(w, e->memory.base, e->memory.size);
	tree_writer_empty(w, "no-map");
	tree_writer_number(w, "phandle", phandle);
	tree_writer_end(w);
}

static void write_channel(struct tree_writer *w, const struct channel_end *e, u32 phandle)
{
	u32 interrupts[] = {GIC_SPI, e->intid - GIC_SPI_BASE, EDGE_RISING};
	static const char kinds[] = "tocsin,pager\0tocsin,channel";
	u32 skip = e->other->tocsins ? 0 : sizeof("tocsin,pager");

	tree_writer_begin(w, "channel", e->page);
	tree_writer_check(
	    w, fdt_property(w->to, "compatible", kinds + skip, (int)(sizeof(kinds) - skip)));
	reg(w, e->page, PAGE_SIZE);
	tree_writer_cells(w, "interrupts", interrupts, ARRAY_SIZE(interrupts));
	tree_writer_string(w, "tocsin,peer", e->peer);
	if (e->memory.size) {
		tree_writer_number(w, "memory-region", phandle);
		if (!e->write)
			tree_writer_empty(w, "tocsin,read-only");
	}
	tree_writer_end(w);
}

void layout_channels_write(struct tree_writer *w)
{
	const struct partition_config *config = w->g->config;
	u32 phandle = w->max_phandle + 1;

	if (!config->nr_channels)
		return;
	w->max_phandle += config->nr_channels;
	tree_writer_check(w, fdt_begin_node(w->to, "reserved-memory"));
	tree_writer_number(w, "#address-cells", 2);
	tree_writer_number(w, "#size-cells", 2);
	tree_writer_empty(w, "ranges");
	for (u32 i = 0; i < config->nr_channels; i++)
		if (config->channels[i]->memory.size)
			write_memory(w, config->channels[i], phandle + i);
	tree_writer_end(w);
	for (u32 i = 0; i < config->nr_channels; i++)
		write_channel(w, config->channels[i], phandle + i);
}
