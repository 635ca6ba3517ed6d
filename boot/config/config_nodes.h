/* SPDX-License-Identifier: Apache-2.0 */
/* All nodes of the machine's tree, one after the other, with their registers. */
#pragma once

#include <lib/bits.h>
#include <lib/types.h>

/* Deeper nodes have no registers here. */
#define CONFIG_WALK_DEPTH 32

struct config_walk {
	const void *fdt;
	int node, depth;             /* the root has depth 0 */
	int path[CONFIG_WALK_DEPTH]; /* its parents, and itself */
};

/* Start before the root; go to the next node (false: there is none); go to the given node. */
void config_walk_start(struct config_walk *w, const void *fdt);
bool config_walk_next(struct config_walk *w);
bool config_walk_to(struct config_walk *w, const void *fdt, int node);

/* The number of entries in the node's reg; entry i as a CPU address (false: it has none, or is
 * empty). */
u32 config_walk_regions(const struct config_walk *w);
bool config_walk_region(const struct config_walk *w, u32 i, struct range *pa);
