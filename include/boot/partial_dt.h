/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partial device tree: the nodes of passed-through devices, which become part of the guest's own
 * tree. A node of a GIC, which lets such a tree be compiled, stands for the guest's interrupt
 * controller. Nodes that a guest's tree has anyway (/chosen, /cpus, memory and the like) are left
 * out.
 */
#pragma once

#include <lib/types.h>

/* Xen's phandle of the interrupt controller, if a partial tree has no node for it. */
#define PART_GIC_PHANDLE 0xfde8
/* Tocsin uses the phandles from here on. */
#define PART_MAX_PHANDLE 0x7fffffff

/* True if name, without its unit address, is word. */
bool partial_dt_calls(const char *name, const char *word);

/* True if the node stands for the guest's interrupt controller. */
bool partial_dt_is_gic(const void *part, int node);

/* True if the phandle names a node of part that does not stand for the interrupt controller. */
bool partial_dt_has(const void *part, u32 phandle);

/* A phandle for the guest's interrupt controller that suits part (NULL: none); *max becomes the
 * highest phandle of all. */
u32 partial_dt_phandles(const void *part, u32 *max);
