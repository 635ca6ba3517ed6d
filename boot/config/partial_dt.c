/* SPDX-License-Identifier: Apache-2.0 */
/* Partial trees: finds the nodes and phandles in them that stand for the interrupt controller. */
#include <boot/partial_dt.h>
#include <boot/tree.h>
#include <lib/bits.h>
#include <lib/string.h>
#include <libfdt.h>

static const char *const gics[] = {"arm,gic-v3", "arm,gic-400", "arm,cortex-a15-gic"};

bool partial_dt_calls(const char *name, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(name, word, len) && (!name[len] || name[len] == '@');
}

bool partial_dt_is_gic(const void *part, int node)
{
	const char *name = fdt_get_name(part, node, NULL);
	int len;
	const void *value = fdt_getprop(part, node, "compatible", &len);
	struct prop compatible = {value, value ? (u32)len : 0};

	for (u32 i = 0; i < ARRAY_SIZE(gics); i++)
		if (prop_has_string(compatible, gics[i]))
			return true;
	return name && partial_dt_calls(name, "gic");
}

bool partial_dt_has(const void *part, u32 phandle)
{
	int node = fdt_node_offset_by_phandle(part, phandle);

	return node >= 0 && !partial_dt_is_gic(part, node);
}

/* The phandle of the node that stands for the interrupt controller, or 0. */
static u32 given_phandle(const void *part)
{
	int node;

	fdt_for_each_subnode (node, part, 0)
		if (partial_dt_is_gic(part, node) && fdt_get_phandle(part, node))
			return fdt_get_phandle(part, node);
	return 0;
}

u32 partial_dt_phandles(const void *part, u32 *max)
{
	u32 gic = part ? given_phandle(part) : 1;

	*max = 0;
	if (part && fdt_find_max_phandle(part, max))
		*max = 0;
	if (!gic)
		gic = partial_dt_has(part, PART_GIC_PHANDLE) ? *max + 1 : PART_GIC_PHANDLE;
	*max = MAX(*max, gic);
	return gic;
}
