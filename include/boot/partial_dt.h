/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partial device tree: the nodes of devices that are passed through, which become
 * part of the guest's own tree. Nodes of interrupt controllers like ours, with which
 * such trees can be compiled, stand for the guest's; what a guest's tree has anyway
 * (/chosen, /cpus, memory and the like) is left out.
 */
#pragma once

#include <lib/types.h>

/* What Xen calls the interrupt controller where a partial tree has no node for it. */
#define PART_GIC_PHANDLE 0xfde8
/* Phandles from here on are ours. */
#define PART_MAX_PHANDLE 0x7fffffff

/* Whether name, perhaps with a unit address, is word. */
bool partial_dt_calls(const char *name, const char *word);

/* Whether the node stands for the guest's interrupt controller. */
bool partial_dt_is_gic(const void *part, int node);

/* Whether the phandle names a node of part other than such a one. */
bool partial_dt_has(const void *part, u32 phandle);

/* The phandle of the guest's interrupt controller, beside what part (NULL: nothing) has;
 * *max: the highest of all. */
u32 partial_dt_phandles(const void *part, u32 *max);
