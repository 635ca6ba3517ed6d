/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assigns a device of the machine to a partition. No other partition and not Tocsin may have it or
 * a part of its pages, and it must not hide anything else that the guest sees. config_trust.c
 * decides whether it may be assigned at all.
 */
#include "config_nodes.h"
#include "config_reader.h"
#include <boot/arena.h>
#include <boot/virt_map.h>
#include <lib/string.h>
#include <libfdt.h>

#define NR_SPIS 988
/* True if pa is within the registers of the machine's node. */
static bool node_has(const struct config_reader *r, int node, struct range pa)
{
	struct config_walk w;
	struct range here;
	u32 nr;

	if (!config_walk_to(&w, r->fdt, node))
		return false;
	nr = config_walk_regions(&w);
	for (u32 i = 0; i < nr; i++)
		if (config_walk_region(&w, i, &here) &&
		    range_contains(range_pages_around(here), pa))
			return true;
	return false;
}

static void complain_taken(struct config_reader *r, const struct device_node *d, struct range pages,
			   const struct spec_device *has, const struct partition_spec *other)
{
	if (d->path && has->path && !strcmp(d->path, has->path))
		config_error(r, r->p->tree.path, "xen,path",
			     "found %.64s, which is given to %s already: should be one's only",
			     d->path, other->path);
	else
		config_error(r, r->p->tree.path, "xen,reg",
			     "%.48s is in the page at 0x%lx as %.48s of %s: both should be given "
			     "to one partition",
			     d->name, MAX(pages.base, has->pa.base), has->guest, other->path);
}

/* True if another partition has some of these pages. */
static bool taken(struct config_reader *r, const struct device_node *d, struct range pages)
{
	for (u32 i = 0; i < r->c->nr_partitions; i++) {
		const struct partition_spec *other = &r->c->partitions[i];

		for (u32 k = 0; other != r->p && k < other->nr_devices; k++) {
			if (!ranges_overlap(other->devices[k].pa, pages))
				continue;
			complain_taken(r, d, pages, &other->devices[k], other);
			return true;
		}
	}
	return false;
}

/* What else the guest sees at these addresses; NULL: nothing. */
static const char *hidden(const struct config_reader *r, struct range ipa)
{
	static const struct range layout_gic[] = {{VIRT_MAP_GICD, VIRT_MAP_GICD_SIZE},
						  {VIRT_MAP_GICC, VIRT_MAP_GICC_SIZE},
						  {VIRT_MAP_GICR, VIRT_MAP_GICR_SIZE}};
	const struct gic_config *machine = &r->m->gic;
	const struct partition_spec *p = r->p;
	bool in_gic = false;

	if (config_meets_memory(p, ipa))
		return "RAM";
	/* Tocsin's own devices for a direct-mapped partition are at addresses of RAM. */
	if (p->direct_map && ranges_touching(&r->m->memory, ipa))
		return "RAM, or another's";
	if (!p->direct_map && ranges_overlap(ipa, (struct range){VIRT_MAP_PVTIME, KIB(64)}))
		return "stolen time";
	if (p->vpl011 && ranges_overlap(ipa, config_uart(p, r->m)))
		return "UART";
	if (p->watchdog && !p->direct_map &&
	    (ranges_overlap(ipa, (struct range){VIRT_MAP_WATCHDOG, VIRT_MAP_WATCHDOG_SIZE}) ||
	     ranges_overlap(ipa,
			    (struct range){VIRT_MAP_WATCHDOG_REFRESH, VIRT_MAP_WATCHDOG_SIZE})))
		return "watchdog";
	for (u32 i = 0; !p->direct_map && i < ARRAY_SIZE(layout_gic); i++)
		in_gic |= ranges_overlap(ipa, layout_gic[i]);
	if (p->direct_map) {
		in_gic = ranges_overlap(ipa, machine->dist) || ranges_overlap(ipa, machine->cpu);
		for (u32 i = 0; i < machine->nr_redist; i++)
			in_gic |= ranges_overlap(ipa, machine->redist[i]);
	}
	return in_gic ? "interrupt controller" : NULL;
}

/* True if the partition has another device at the same addresses. */
static bool doubled(const struct partition_spec *p, struct range pages, u64 ipa)
{
	for (u32 i = 0; i < p->nr_devices; i++) {
		const struct spec_device *d = &p->devices[i];

		if (ranges_overlap((struct range){ipa, pages.size},
				   (struct range){d->ipa, d->pa.size}) &&
		    ipa - pages.base != d->ipa - d->pa.base)
			return true;
	}
	return false;
}

static bool region_good(struct config_reader *r, const struct device_node *d, struct range pages,
			u64 ipa)
{
	const char *path = r->p->tree.path;
	struct range seen = {ipa, pages.size};
	const char *other;

	if (!ranges_contain(&r->m->devices, pages)) {
		config_error(r, path, "xen,reg",
			     "%.48s: found " RANGE_FORMAT ": should be registers of a device that "
			     "Tocsin does not keep for itself",
			     d->name, RANGE_ARGS(pages));
		return false;
	}
	if (d->path && !node_has(r, d->node, pages)) {
		config_error(r, path, "xen,reg",
			     "%.48s: found " RANGE_FORMAT ": should be in the reg of %.64s",
			     d->name, RANGE_ARGS(pages), d->path);
		return false;
	}
	if (taken(r, d, pages))
		return false;
	other = range_valid(seen) && ipa + seen.size <= BIT(r->m->pa_bits) ? hidden(r, seen)
									   : "end of addresses";
	if (!other && doubled(r->p, pages, ipa))
		other = "other device";
	if (!other)
		return true;
	config_error(r, path, "xen,reg",
		     "%.48s: found guest address 0x%lx: should not be over the guest's %s", d->name,
		     ipa, other);
	return false;
}

static void add_device(struct config_reader *r, const struct device_node *d, struct range pages,
		       u64 ipa)
{
	struct partition_spec *p = r->p;
	struct spec_device *all;

	if (p->nr_devices == CONFIG_MAX_DEVICES) {
		config_error(r, p->tree.path, NULL,
			     "%.48s is too much: should be at most %u regions", d->name,
			     CONFIG_MAX_DEVICES);
		return;
	}
	all = arena_grow(p->devices, p->nr_devices, sizeof(*all));
	if (!all) {
		config_no_memory(r);
		return;
	}
	p->devices = all;
	all[p->nr_devices] = (struct spec_device){
	    .path = d->path ? arena_text(d->path, strlen(d->path)) : NULL,
	    .node = d->node,
	    .guest = arena_text(d->name, strlen(d->name)),
	    .pa = pages,
	    .ipa = ipa,
	    .dma_forced = d->forced,
	};
	if (all[p->nr_devices].guest)
		p->nr_devices++;
	else
		config_no_memory(r);
}

/* One entry of xen,reg. The guest gets whole pages; pa and ipa must have the same page offset. */
static void take_region(struct config_reader *r, const struct device_node *d, struct range pa,
			u64 ipa)
{
	struct range pages;

	if (!pa.size || !range_valid(pa) || pa.base + pa.size > BIT(r->m->pa_bits) ||
	    (pa.base ^ ipa) % PAGE_SIZE) {
		config_error(r, r->p->tree.path, "xen,reg",
			     "%.48s: found <0x%lx 0x%lx 0x%lx>: should be address, size and guest "
			     "address, at the same place in a page",
			     d->name, pa.base, pa.size, ipa);
		return;
	}
	pages = range_pages_around(pa);
	ipa = ALIGN_DOWN(ipa, PAGE_SIZE);
	if (region_good(r, d, pages, ipa))
		add_device(r, d, pages, ipa);
}

static void take_regions(struct config_reader *r, const struct device_node *d)
{
	u32 ac = d->cells[0], sc = d->cells[1], each = 2 * ac + sc;

	if (ac < 1 || ac > 2 || sc < 1 || sc > 2 || d->regions.len % (4 * each)) {
		config_error(r, r->p->tree.path, "xen,reg",
			     "%.48s: found %u bytes: should be an address of %u, a size of %u and "
			     "a guest address of %u cells",
			     d->name, d->regions.len, ac, sc, ac);
		return;
	}
	for (u32 i = 0; i < d->regions.len / 4 / each; i++) {
		struct range pa = {prop_number(d->regions, i * each, ac),
				   prop_number(d->regions, i * each + ac, sc)};

		take_region(r, d, pa, prop_number(d->regions, i * each + ac + sc, ac));
	}
}

/* The owner of the interrupt; NULL: it is free. */
static const char *owner(const struct config_reader *r, u32 intid)
{
	if (intid == r->m->uart.intid)
		return "Tocsin, for the console";
	for (u32 i = 0; i < r->c->nr_partitions; i++) {
		const struct partition_spec *other = &r->c->partitions[i];

		for (u32 k = 0; other != r->p && k < other->nr_spi; k++)
			if (other->spis[k] == intid)
				return other->path;
	}
	return NULL;
}

/* False: there is no room for more interrupts. */
static bool add_spi(struct config_reader *r, u32 intid)
{
	struct partition_spec *p = r->p;
	u32 *all, i = p->nr_spi;

	while (i > 0 && p->spis[i - 1] > intid)
		i--;
	if (i > 0 && p->spis[i - 1] == intid)
		return true;
	if (p->nr_spi == CONFIG_MAX_SPIS) {
		config_error(r, p->tree.path, "interrupts", "found more than %u: should be fewer",
			     CONFIG_MAX_SPIS);
		return false;
	}
	all = arena_grow(p->spis, p->nr_spi, sizeof(*all));
	if (!all) {
		config_no_memory(r);
		return false;
	}
	memmove(all + i + 1, all + i, (p->nr_spi - i) * sizeof(*all));
	all[i] = intid;
	p->spis = all;
	p->nr_spi++;
	return true;
}

/* False: the following interrupts cannot be assigned either. */
static bool take_interrupt(struct config_reader *r, const struct device_node *d, u32 type, u32 n)
{
	const struct partition_spec *p = r->p;
	const char *other = owner(r, GIC_SPI_BASE + n);

	if (type == 1)
		config_warn(r, p->tree.path, "interrupts",
			    "%.48s: found <1 %u>, a CPU's private one: only shared ones, <0 ...>, "
			    "are passed through",
			    d->name, n);
	else if (type || n >= NR_SPIS)
		config_error(r, p->tree.path, "interrupts",
			     "%.48s: found <%u %u>: should be <0 0> to <0 %u>", d->name, type, n,
			     NR_SPIS - 1);
	else if (other)
		config_error(r, p->tree.path, "interrupts",
			     "%.48s: found SPI %u, which is given to %s: should be one's only",
			     d->name, n, other);
	else if (n >= p->nr_spis)
		config_error(r, p->path, "nr_spis",
			     "found %u: should be at least %u, for SPI %u of %.48s", p->nr_spis,
			     n + 1, n, d->name);
	else if (p->vpl011 && GIC_SPI_BASE + n == config_uart_intid(p, r->m))
		config_error(r, p->tree.path, "interrupts",
			     "%.48s: found SPI %u, which vpl011 has: should be without vpl011",
			     d->name, n);
	else if (p->watchdog && GIC_SPI_BASE + n == VIRT_MAP_WATCHDOG_INTID)
		config_error(r, p->tree.path, "interrupts",
			     "%.48s: found SPI %u, which the watchdog has: should be without "
			     "tocsin,watchdog",
			     d->name, n);
	else
		return add_spi(r, GIC_SPI_BASE + n);
	return true;
}

void config_assign(struct config_reader *r, const struct device_node *d)
{
	config_check_trust(r, d);
	if (d->regions.bytes)
		take_regions(r, d);
	else
		add_device(r, d, (struct range){0}, 0);
	if (d->interrupts.len % (4 * d->each))
		config_error(r, r->p->tree.path, "interrupts",
			     "%.48s: found %u bytes: should be entries of %u cells", d->name,
			     d->interrupts.len, d->each);
	for (u32 i = 0; (i + 1) * 4 * d->each <= d->interrupts.len; i++)
		if (!take_interrupt(r, d, prop_cell(d->interrupts, i * d->each + d->skip),
				    prop_cell(d->interrupts, i * d->each + d->skip + 1)))
			break;
}
