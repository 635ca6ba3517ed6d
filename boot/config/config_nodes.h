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
	int path[CONFIG_WALK_DEPTH]; /* the nodes above it, and itself */
};

/* Before the root; to the next node, false: there is none; to that node. */
void config_walk_start(struct config_walk *w, const void *fdt);
bool config_walk_next(struct config_walk *w);
bool config_walk_to(struct config_walk *w, const void *fdt, int node);

/* How many entries the node's reg has; entry i as the CPU sees it, false: it has no such address
 * or is empty. */
u32 config_walk_regions(const struct config_walk *w);
bool config_walk_region(const struct config_walk *w, u32 i, struct range *pa);
