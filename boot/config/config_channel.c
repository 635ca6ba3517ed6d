/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels in the device tree: their two partitions, the size of the memory, which side may write,
 * and the interrupts. An invalid channel is not made, and its partitions run without it. Also makes
 * the implicit channels, between a paged partition and its pager.
 */
#include "config_reader.h"
#include <boot/arena.h>
#include <boot/config_channel.h>
#include <boot/virt_map.h>
#include <lib/string.h>
#include <libfdt.h>
#include <mm/pager.h>

#define MAX_SPI 987

static const char *const known[] = {
    "compatible",        "status",      "phandle",       "linux,phandle",
    "tocsin,partitions", "tocsin,size", "tocsin,access", "tocsin,interrupts",
};

/* A node, and what was read of it so far. */
struct node {
	struct config_reader *r;
	struct channels *channels;
	int offset;
	struct channel_spec *c;
};

#define COMPLAIN(n, property, ...) config_error((n)->r, (n)->c->path, property, __VA_ARGS__)

u64 config_channel_room(u64 size)
{
	return ALIGN_UP(size, VIRT_MAP_SHARED_ALIGN);
}

/* String i of two; NULL if the value is not two strings. */
static const char *string_of_two(struct prop p, u32 i)
{
	const char *first = prop_string(p), *second;
	struct prop rest = p;

	if (!first)
		return NULL;
	rest.bytes += strlen(first) + 1;
	rest.len -= (u32)strlen(first) + 1;
	second = prop_string(rest);
	if (!second || strlen(second) + 1 != rest.len)
		return NULL;
	return i ? second : first;
}

static bool find_partition(struct node *n, const char *name, u32 *index)
{
	const struct config *c = n->r->c;
	const struct partition_spec *found = config_find(c, name);

	if (found) {
		*index = (u32)(found - c->partitions);
		return true;
	}
	COMPLAIN(n, "tocsin,partitions",
		 "found \"%.40s\": should be the name of a partition, as \"%.40s\"", name,
		 c->partitions[0].name);
	return false;
}

static bool read_partitions(struct node *n)
{
	struct prop value = config_prop(n->r->fdt, n->offset, "tocsin,partitions");
	struct channel_side *side = n->c->side;

	if (!string_of_two(value, 0)) {
		COMPLAIN(n, "tocsin,partitions",
			 "found %u bytes: should be the names of two partitions", value.len);
		return false;
	}
	for (u32 i = 0; i < 2; i++)
		if (!find_partition(n, string_of_two(value, i), &side[i].partition))
			return false;
	if (side[0].partition == side[1].partition)
		COMPLAIN(n, "tocsin,partitions", "found \"%.40s\" twice: should be two partitions",
			 string_of_two(value, 0));
	return side[0].partition != side[1].partition;
}

/* In KiB, like a partition's memory. */
static bool read_size(struct node *n)
{
	struct prop value = config_prop(n->r->fdt, n->offset, "tocsin,size");
	u64 kib = 0, most = VIRT_MAP_SHARED_SIZE >> 10;

	if (!value.bytes)
		return true;
	if (value.len == 4 || value.len == 8)
		kib = prop_number(value, 0, value.len / 4);
	n->c->size = kib << 10;
	if (kib && kib <= most && !(kib % (PAGE_SIZE >> 10)))
		return true;
	COMPLAIN(
	    n, "tocsin,size",
	    "found %lu KiB in %u bytes: should be one or two cells, a multiple of 4 KiB up to %lu "
	    "KiB; without memory, delete it",
	    kib, value.len, most);
	return false;
}

static bool read_access(struct node *n)
{
	struct prop value = config_prop(n->r->fdt, n->offset, "tocsin,access");

	for (u32 i = 0; i < 2; i++) {
		const char *right = value.bytes ? string_of_two(value, i) : "rw";

		if (!right || (strcmp(right, "rw") && strcmp(right, "ro"))) {
			COMPLAIN(n, "tocsin,access",
				 "found \"%.16s\" in %u bytes: should be \"rw\" or \"ro\" for each "
				 "of the "
				 "two",
				 right ? right : "", value.len);
			return false;
		}
		n->c->side[i].write = right[1] == 'w';
	}
	return true;
}

static bool has_interrupt(const struct channel_spec *c, u32 partition, u32 intid)
{
	return (c->side[0].partition == partition && c->side[0].intid == intid) ||
	       (c->side[1].partition == partition && c->side[1].intid == intid);
}

/* The interrupt must not be used for anything else in that partition. */
static bool check_interrupt(struct node *n, const struct channel_side *side)
{
	const struct partition_spec *p = &n->r->c->partitions[side->partition];
	u32 spi = side->intid - GIC_SPI_BASE;
	const char *whose = NULL;

	if (p->vpl011 && side->intid == config_uart_intid(p, n->r->m))
		whose = "its vpl011";
	else if (p->watchdog && side->intid == VIRT_MAP_WATCHDOG_INTID)
		whose = "its watchdog";
	for (u32 i = 0; i < p->nr_spi && !whose; i++)
		if (p->spis[i] == side->intid)
			whose = "a device";
	for (u32 i = 0; i < n->channels->nr && !whose; i++)
		if (has_interrupt(&n->channels->at[i], side->partition, side->intid))
			whose = n->channels->at[i].path;
	if (whose)
		COMPLAIN(n, "tocsin,interrupts",
			 "found SPI %u, which is that of %.64s in %.40s: should be another", spi,
			 whose, p->name);
	return !whose;
}

static bool read_interrupts(struct node *n)
{
	struct prop value = config_prop(n->r->fdt, n->offset, "tocsin,interrupts");

	if (!value.bytes)
		return true;
	if (value.len != 8 || prop_cell(value, 0) > MAX_SPI || prop_cell(value, 1) > MAX_SPI) {
		COMPLAIN(n, "tocsin,interrupts",
			 "found %u bytes: should be two cells, the number of an SPI from 0 to %u "
			 "for each of "
			 "the two",
			 value.len, MAX_SPI);
		return false;
	}
	for (u32 i = 0; i < 2; i++) {
		n->c->side[i].intid = GIC_SPI_BASE + prop_cell(value, i);
		if (!check_interrupt(n, &n->c->side[i]))
			return false;
	}
	return true;
}

static bool is_side(const struct channel_spec *c, u32 partition)
{
	return c->side[0].partition == partition || c->side[1].partition == partition;
}

/* Number of channels that a partition has already, and the room that their memory and this
 * channel's take. */
static u32 count(const struct node *n, u32 partition, u64 *room)
{
	u32 ends = 0;

	*room = config_channel_room(n->c->size);
	for (u32 i = 0; i < n->channels->nr; i++) {
		const struct channel_spec *before = &n->channels->at[i];

		if (!is_side(before, partition))
			continue;
		ends++;
		*room += config_channel_room(before->size);
	}
	return ends;
}

/* True if a partition has room for one more channel. */
static bool check_room(struct node *n, u32 partition)
{
	const struct partition_spec *p = &n->r->c->partitions[partition];
	u64 room;
	u32 ends = count(n, partition, &room);

	if (ends == CONFIG_MAX_CHANNEL_ENDS)
		COMPLAIN(n, NULL, "%.40s has %u channels before it, which is the most", p->name,
			 ends);
	else if (room > VIRT_MAP_SHARED_SIZE)
		COMPLAIN(n, n->c->pager ? "tocsin,pager-slots" : "tocsin,size",
			 "found %lu KiB: with all of its channels %.40s would have %lu KiB, should "
			 "be at "
			 "most %lu KiB",
			 n->c->size >> 10, p->name, room >> 10, VIRT_MAP_SHARED_SIZE >> 10);
	else
		return true;
	return false;
}

static void name_unknown(struct node *n)
{
	int at, len;

	fdt_for_each_property_offset (at, n->r->fdt, n->offset) {
		const char *name;
		u32 i = 0;

		if (!fdt_getprop_by_offset(n->r->fdt, at, &name, &len))
			continue;
		while (i < ARRAY_SIZE(known) && strcmp(known[i], name))
			i++;
		if (i == ARRAY_SIZE(known))
			config_warn(
			    n->r, n->c->path, name,
			    "unknown, without effect: should be one of those in docs/channels.md");
	}
}

/* Sets the channel's path, and its name without unit address. */
static bool name_node(struct node *n, const char *name)
{
	const char *at = strchr(name, '@');

	n->c->name = arena_text(name, at ? (size_t)(at - name) : strlen(name));
	n->c->path = config_path(name);
	return n->c->path && n->c->name;
}

static bool check_name(struct node *n)
{
	if (config_name_good(n->c->name, strlen(n->c->name)))
		return true;
	COMPLAIN(n, NULL,
		 "the node's name is the channel's: should be 1 to 31 letters, digits and - _ . "
		 "before an @");
	return false;
}

static bool is_channel(const void *fdt, int offset)
{
	return prop_has_string(config_prop(fdt, offset, "compatible"), "tocsin,channel") &&
	       config_enabled(fdt, offset);
}

static enum err add(struct node *n)
{
	struct channels *all = n->channels;
	struct channel_spec *larger = arena_grow(all->at, all->nr, sizeof(*larger));

	if (!larger)
		return ERR_NO_MEMORY;
	larger[all->nr++] = *n->c;
	all->at = larger;
	return OK;
}

static enum err read_channel(struct node *n, const char *name)
{
	if (!name_node(n, name))
		return ERR_NO_MEMORY;
	name_unknown(n);
	if (n->channels->nr == CONFIG_MAX_CHANNELS) {
		COMPLAIN(n, NULL, "is not read: there are %u channels before it, which is the most",
			 n->channels->nr);
		return OK;
	}
	if (!check_name(n) || !read_partitions(n) || !read_size(n) || !read_access(n) ||
	    !read_interrupts(n) || !check_room(n, n->c->side[0].partition) ||
	    !check_room(n, n->c->side[1].partition))
		return OK;
	return add(n);
}

/* Adds the channel of r->p and its pager, without which the partition cannot run. */
static enum err add_pager(struct config_reader *r, struct channels *all,
			  const struct partition_spec *pager)
{
	const struct config *c = r->c;
	struct channel_spec spec = {
	    .path = r->p->path,
	    .name = "pager",
	    .pager = true,
	    .size = PAGER_SHARED_SIZE(r->p->paging.pager_slots),
	    .side = {{.partition = (u32)(pager - c->partitions), .write = true},
		     {.partition = (u32)(r->p - c->partitions), .write = true}}};
	struct node n = {.r = r, .channels = all, .c = &spec};

	if (all->nr < CONFIG_MAX_CHANNELS)
		return check_room(&n, spec.side[0].partition) ? add(&n) : OK;
	COMPLAIN(&n, "tocsin,pager", "there are %u channels besides, which is the most", all->nr);
	return OK;
}

static enum err add_pagers(struct config_reader *r, struct channels *all)
{
	enum err err = OK;

	for (u32 i = 0; !err && i < r->c->nr_partitions; i++) {
		const struct partition_spec *pager;

		r->p = &r->c->partitions[i];
		pager = config_pager(r->c, r->p);
		if (pager)
			err = add_pager(r, all, pager);
	}
	return err;
}

enum err config_read_channels(struct channels *to, const struct config *c, const void *fdt,
			      const struct machine *m, complain_fn say, void *context)
{
	struct config_reader r = {
	    .c = (struct config *)(u64)c, .fdt = fdt, .m = m, .say = say, .context = context};
	int chosen, offset;
	enum err err = OK;

	*to = (struct channels){0};
	if (!c->nr_partitions)
		return OK;
	chosen = fdt_path_offset(fdt, "/chosen");
	if (chosen < 0)
		return OK;
	fdt_for_each_subnode (offset, fdt, chosen) {
		struct channel_spec spec = {0};
		struct node n = {&r, to, offset, &spec};
		const char *name = fdt_get_name(fdt, offset, NULL);

		if (!err && name && is_channel(fdt, offset))
			err = read_channel(&n, name);
	}
	return err ?: add_pagers(&r, to);
}
