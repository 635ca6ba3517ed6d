/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's device tree: the machine's tree without what the guest does not have. */
#pragma once

#include <boot/machine.h>
#include <el2/partition.h>

struct guest_tree {
	const struct machine *machine;         /* whose notes fit the source */
	const struct partition_config *config; /* memory, vCPUs, UART */
	const char *bootargs;
	struct range initrd; /* size 0: none */
};

/* The most bytes of buffer that guest_tree_write() needs for the machine's tree. */
u32 guest_tree_room(const struct machine *m, u32 nr_vcpus, u32 nr_memory, const char *bootargs);

/*
 * Writes the tree into to[room]; source is the machine's tree or a packed copy.
 * *size becomes the size of the packed result. ERR_FORMAT or ERR_NO_MEMORY after a message.
 */
enum err guest_tree_write(const struct guest_tree *g, const void *source, void *to, u32 room,
			  u32 *size) MUST_CHECK;
