/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform of a configured partition besides its RAM: interrupt controller, UART, devices of
 * the machine, stolen time. They are where QEMU's virt machine has them. For a direct-mapped
 * partition they are where this machine has them. A device that this machine lacks is then at the
 * address of RAM that is reserved for it, which no other partition uses.
 */
#include <boot/arena.h>
#include <boot/layout.h>
#include <boot/layout_channel.h>
#include <boot/virt_map.h>
#include <drivers/log.h>
#include <el2/channel.h>
#include <el2/pvtime.h>

#define GICR_STRIDE KIB(128)

/* Takes as many redistributors of these regions as there are vCPUs. */
static enum err plan_frames(struct partition_config *c, const struct range *regions, u32 nr,
			    u64 stride)
{
	struct range *gicr = arena_alloc(MAX(nr, 1U) * sizeof(*gicr));
	u64 left = c->nr_vcpus;

	if (!gicr)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < nr && left; i++) {
		u64 here = MIN(regions[i].size / stride, left);

		if (here)
			gicr[c->nr_gicr++] = (struct range){regions[i].base, here * stride};
		left -= here;
	}
	c->gicr = gicr;
	c->gicr_stride = stride;
	return left && nr ? ERR_RANGE : OK;
}

static enum err plan_gic(struct partition_config *c, bool direct_map, const struct gic_config *from)
{
	static const struct range frames = {VIRT_MAP_GICR, VIRT_MAP_GICR_SIZE};

	c->gicd = (struct range){VIRT_MAP_GICD, VIRT_MAP_GICD_SIZE};
	c->gicc = (struct range){VIRT_MAP_GICC, MIN(VIRT_MAP_GICC_SIZE, from->vcpu.size)};
	if (!direct_map)
		return plan_frames(c, &frames, 1, GICR_STRIDE);
	c->gicd = from->dist;
	c->gicc = (struct range){from->cpu.base, MIN(from->cpu.size, from->vcpu.size)};
	return plan_frames(c, from->redist, from->nr_redist, from->redist_stride ?: GICR_STRIDE);
}

static void plan_uart(struct partition_config *c, const struct partition_spec *s,
		      const struct machine *m)
{
	if (s->vpl011) {
		c->uart = config_uart(s, m);
		c->uart_intid = config_uart_intid(s, m);
	}
}

static enum err plan_watchdog(struct partition_config *c, const struct partition_spec *s,
			      struct ranges *free)
{
	struct range frames = {0};

	if (!s->watchdog)
		return OK;
	if (s->direct_map && !ranges_take(free, 2 * PAGE_SIZE, PAGE_SIZE, &frames))
		return ERR_NO_MEMORY;
	c->watchdog.control = (struct range){VIRT_MAP_WATCHDOG, PAGE_SIZE};
	c->watchdog.refresh = (struct range){VIRT_MAP_WATCHDOG_REFRESH, PAGE_SIZE};
	if (s->direct_map) {
		c->watchdog.control.base = frames.base;
		c->watchdog.refresh.base = frames.base + PAGE_SIZE;
	}
	c->watchdog.intid = VIRT_MAP_WATCHDOG_INTID;
	return OK;
}

static enum err plan_interrupts(struct partition_config *c, const struct partition_spec *s)
{
	c->nr_intids = MAX(GIC_SPI_BASE + s->nr_spis, MAX(c->uart_intid, c->watchdog.intid) + 1);
	c->nr_intids = ALIGN_UP(MAX(c->nr_intids, layout_channels_intids(c)), 32);
	c->spi_owned = arena_alloc(c->nr_intids / 32 * sizeof(u32));
	if (!c->spi_owned)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < s->nr_spi; i++) {
		if (s->spis[i] >= gic_nr_intids()) {
			log_error("%s: interrupts: found SPI %u: this machine has %u", s->tree.path,
				  s->spis[i] - GIC_SPI_BASE, gic_nr_intids() - GIC_SPI_BASE);
			return ERR_RANGE;
		}
		c->spi_owned[s->spis[i] / 32] |= 1U << s->spis[i] % 32;
	}
	return layout_channels_interrupts(c);
}

/* True if the pages of d are mapped already, because several devices may be in one page. */
static bool is_mapped(const struct partition_config *c, const struct spec_device *d)
{
	for (u32 i = 0; i < c->nr_devices; i++)
		if (range_contains(c->devices[i], (struct range){d->ipa, d->pa.size}))
			return true;
	return false;
}

static enum err plan_devices(struct partition_config *c, const struct partition_spec *s)
{
	c->devices = arena_alloc(s->nr_devices * sizeof(*c->devices));
	c->devices_pa = arena_alloc(s->nr_devices * sizeof(*c->devices_pa));
	if (!c->devices || !c->devices_pa)
		return ERR_NO_MEMORY;
	c->quiesce = s->quiesce;
	c->nr_quiesce = s->nr_quiesce;
	for (u32 i = 0; i < s->nr_devices; i++) {
		const struct spec_device *d = &s->devices[i];

		if (!d->pa.size || is_mapped(c, d))
			continue;
		c->devices[c->nr_devices] = (struct range){d->ipa, d->pa.size};
		c->devices_pa[c->nr_devices++] = d->pa.base;
	}
	return OK;
}

/* Plans the memory from which the partition's vCPUs read their stolen time. */
static enum err plan_pvtime(struct partition_config *c, bool direct_map, struct ranges *free)
{
	struct range page;

	if (!ranges_take(free, c->nr_vcpus * sizeof(struct pvtime), PAGE_SIZE, &page))
		return ERR_NO_MEMORY;
	c->pvtime.ipa = direct_map ? page.base : VIRT_MAP_PVTIME;
	c->pvtime.pa = page.base;
	c->pvtime.size = page.size;
	return OK;
}

static u64 end_of(const struct range *r, u32 nr, u64 so_far)
{
	for (u32 i = 0; i < nr; i++)
		so_far = MAX(so_far, r[i].base + r[i].size);
	return so_far;
}

/* The end of all addresses that the guest can access. */
static u64 top_address(const struct partition_config *c)
{
	const struct range fixed[] = {
	    c->gicd, c->gicc, c->uart, c->watchdog.refresh, {c->pvtime.ipa, c->pvtime.size}};
	u64 top = end_of(fixed, ARRAY_SIZE(fixed), 0);

	for (u32 i = 0; i < c->nr_channels; i++) {
		top = end_of(&c->channels[i]->memory, 1, top);
		top = MAX(top, c->channels[i]->page + PAGE_SIZE);
	}
	top = end_of(c->gicr, c->nr_gicr, top);
	top = end_of(c->devices, c->nr_devices, top);
	return end_of(c->memory, c->nr_memory, top);
}

enum err layout_platform(struct partition_config *c, const struct partition_spec *s,
			 const struct machine *m, struct ranges *free)
{
	enum err err = plan_gic(c, s->direct_map, &m->gic);

	plan_uart(c, s, m);
	if (!err)
		err = plan_watchdog(c, s, free);
	if (!err)
		err = plan_interrupts(c, s);
	if (!err)
		err = plan_devices(c, s);
	if (!err)
		err = plan_pvtime(c, s->direct_map, free);
	c->ipa_bits = stage2_bits_for(top_address(c));
	return err;
}
