/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How passed-through devices are quiesced when their partition has stopped: a table by compatible
 * string. Of other devices only the interrupts are disabled (docs/partitions.md, 5).
 */
#include "config_nodes.h"
#include "config_reader.h"
#include <boot/arena.h>

static const struct {
	const char *compatible;
	u16 offset;
	u8 width;
	u32 value;
} known[] = {
    {"virtio,mmio", 0x70, 4, 0}, /* Status: reset. The device stops reading its queues */
    {"arm,pl031", 0x10, 4, 0},   /* RTCIMSC */
    {"arm,pl031", 0x1c, 4, 1},   /* RTCICR */
    {"arm,pl011", 0x38, 4, 0},   /* UARTIMSC */
    {"arm,pl011", 0x48, 4, 0},   /* UARTDMACR */
};

/* True if all of r is in pages that the partition was given. */
static bool is_given(const struct partition_spec *p, struct range r)
{
	for (u32 i = 0; i < p->nr_devices; i++)
		if (range_contains(p->devices[i].pa, r))
			return true;
	return false;
}

static void add(struct config_reader *r, struct quiesce_write write)
{
	struct partition_spec *p = r->p;
	struct quiesce_write *all;

	if (!is_given(p, (struct range){write.pa, write.width}))
		return;
	all = arena_grow(p->quiesce, p->nr_quiesce, sizeof(*all));
	if (!all) {
		config_no_memory(r);
		return;
	}
	all[p->nr_quiesce++] = write;
	p->quiesce = all;
}

/* Includes devices that the partition does not name, because it can reach all registers in its
 * pages. */
void config_quiesce(struct config_reader *r)
{
	struct config_walk w;

	config_walk_start(&w, r->fdt);
	while (!r->p->broken && config_walk_next(&w)) {
		struct prop compatible = config_prop(r->fdt, w.node, "compatible");
		struct range regs;

		for (u32 i = 0; i < ARRAY_SIZE(known); i++)
			if (prop_has_string(compatible, known[i].compatible) &&
			    config_enabled(r->fdt, w.node) && config_walk_region(&w, 0, &regs))
				add(r, (struct quiesce_write){regs.base + known[i].offset,
							      known[i].value, known[i].width});
	}
}
