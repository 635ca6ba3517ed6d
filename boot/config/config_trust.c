/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that can harm other partitions: they reach memory by DMA, or control the machine. Only a
 * direct-mapped partition may have one, and only if its tree says that it is trusted. The check
 * covers all devices in the pages that a partition was given, whether its tree names them or not.
 */
#include "config_nodes.h"
#include "config_reader.h"
#include <lib/string.h>
#include <libfdt.h>

enum power { POWER_NONE, POWER_DMA, POWER_MACHINE };

/* Devices that do no DMA and do not affect other partitions. Any other device is taken to do so. */
static const char *const harmless[] = {
    "arm,pl011",
    "arm,sbsa-uart",
    "ns16550a",
    "snps,dw-apb-uart",
    "cdns,uart-r1p8",
    "cdns,uart-r1p12",
    "xlnx,xuartps",
    "brcm,bcm2835-aux-uart",
    "arm,pl031",
    "arm,pl050",
    "arm,pl061",
    "arm,sp804",
    "cdns,ttc",
    "cdns,i2c-r1p14",
    "snps,dw-apb-gpio",
    "snps,dw-apb-timer",
    "xlnx,zynqmp-gpio-1.0",
    "xlnx,zynqmp-rtc",
    "snps,designware-i2c",
};

/* Devices that reset the board, or control what other partitions need: known by compatible string,
 * by the cells that they provide, or by the generic node name of the Devicetree Specification. */
static const char *const controllers[] = {
    "arm,sp805",           "arm,sbsa-gwdt",     "arm,sp810",
    "snps,dw-wdt",         "cdns,wdt-r1p2",     "xlnx,xps-timebase-wdt-1.00.a",
    "brcm,bcm2835-pm-wdt", "brcm,bcm2835-gpio", "syscon",
    "pinctrl-single",
};
static const char *const offers[] = {"#clock-cells", "#reset-cells", "#power-domain-cells",
				     "#pinctrl-cells"};
static const char *const names[] = {"watchdog",         "clock-controller", "reset-controller",
				    "power-controller", "pinctrl",          "syscon"};

/* The most neighbours that are reported for one partition. */
#define MAX_NEIGHBOURS 8

static bool is_one_of(struct prop compatible, const char *const *words, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		if (prop_has_string(compatible, words[i]))
			return true;
	return false;
}

static bool is_called(const char *node, const char *name)
{
	size_t len = strlen(name);

	return node && !strncmp(node, name, len) && (!node[len] || node[len] == '@');
}

/* The power of a node of the machine. */
static enum power power_of(const void *fdt, int node)
{
	struct prop compatible = config_prop(fdt, node, "compatible");
	const char *name = fdt_get_name(fdt, node, NULL);

	if (is_one_of(compatible, harmless, ARRAY_SIZE(harmless)))
		return POWER_NONE;
	if (is_one_of(compatible, controllers, ARRAY_SIZE(controllers)))
		return POWER_MACHINE;
	for (u32 i = 0; i < ARRAY_SIZE(offers); i++)
		if (config_prop(fdt, node, offers[i]).bytes)
			return POWER_MACHINE;
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (is_called(name, names[i]))
			return POWER_MACHINE;
	return POWER_DMA;
}

static const char *const what[] = {
    [POWER_DMA] = "is not known to do no DMA, and there is no IOMMU",
    [POWER_MACHINE] = "may reset the machine, or stop what others need",
};

void config_check_trust(struct config_reader *r, const struct device_node *d)
{
	const char *path = r->p->tree.path;
	enum power power = d->path ? power_of(r->fdt, d->node) : POWER_DMA;

	if (power == POWER_NONE)
		return;
	if (!r->p->direct_map)
		config_error(r, path, "xen,path",
			     "%.48s %s: should be of a direct-mapped partition", d->name,
			     what[power]);
	else if (!d->forced)
		config_error(r, path, "xen,path",
			     "%.48s %s: should have tocsin,force-assign-without-iommu", d->name,
			     what[power]);
	else
		config_warn(r, path, "tocsin,force-assign-without-iommu",
			    "%.48s may %s: this partition is trusted", d->name,
			    power == POWER_DMA ? "reach all memory by DMA"
					       : "reset the machine, or stop what others need");
}

static bool is_named(const struct partition_spec *p, int node)
{
	for (u32 i = 0; i < p->nr_devices; i++)
		if (p->devices[i].path && p->devices[i].node == node)
			return true;
	return false;
}

/* A device of p in whose pages some of the node's registers are, or NULL. A device that is trusted
 * to do DMA does not count if the node only adds DMA, too. */
static const struct spec_device *beside(const struct partition_spec *p, const struct config_walk *w,
					enum power power)
{
	u32 nr = config_walk_regions(w);
	struct range regs;

	for (u32 i = 0; i < nr; i++) {
		if (!config_walk_region(w, i, &regs))
			continue;
		for (u32 k = 0; k < p->nr_devices; k++)
			if (ranges_overlap(p->devices[k].pa, regs) &&
			    !(power == POWER_DMA && p->direct_map && p->devices[k].dma_forced))
				return &p->devices[k];
	}
	return NULL;
}

/* True if the node stands for memory. */
static bool is_memory(const struct config_walk *w)
{
	return is_called(fdt_get_name(w->fdt, w->path[1], NULL), "reserved-memory") ||
	       prop_has_string(config_prop(w->fdt, w->node, "device_type"), "memory");
}

/* The status of a node does not matter, because its registers exist anyway. */
void config_check_neighbours(struct config_reader *r)
{
	char path[PATH_MAX_SHOWN];
	struct config_walk w;
	u32 found = 0;

	config_walk_start(&w, r->fdt);
	while (config_walk_next(&w) && found < MAX_NEIGHBOURS) {
		const struct spec_device *d;
		enum power power;

		if (!config_walk_regions(&w) || is_memory(&w) || is_named(r->p, w.node))
			continue;
		power = power_of(r->fdt, w.node);
		d = power == POWER_NONE ? NULL : beside(r->p, &w, power);
		if (!d)
			continue;
		found++;
		if (fdt_get_path(r->fdt, w.node, path, sizeof(path)))
			path[0] = 0;
		config_error(r, r->p->tree.path, "xen,reg",
			     "%.32s: in its pages is %.72s, which %s: should be given to this "
			     "partition, too, or neither",
			     d->guest, path, what[power]);
	}
}
