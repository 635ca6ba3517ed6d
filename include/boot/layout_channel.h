/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels of configured partitions: the address of their memory, the guest-physical addresses of
 * memory and registers on each side, and the nodes in the guest's tree.
 */
#pragma once

#include <boot/config_channel.h>
#include <boot/guest_tree_nodes.h>
#include <boot/ranges.h>
#include <el2/channel.h>

struct layout_channels {
	const struct channels *spec;
	struct channel_end *ends; /* two for each channel, in the order of its sides */
};

/*
 * Takes memory for all channels out of free and clears it. A channel without memory gets no ends
 * (peer NULL), after a message. ERR_NO_MEMORY: no channel gets any.
 */
enum err layout_channels_reserve(struct layout_channels *all, const struct channels *spec,
				 const struct config *c, struct ranges *free) MUST_CHECK;

/* Fills in config for the channels of s, which is partition number index, except spi_emulated.
 * After config_read_devices(). ERR_NO_MEMORY. An end that collides with the partition's devices is
 * left out after a message. */
enum err layout_channels_plan(const struct layout_channels *all, struct partition_config *config,
			      const struct partition_spec *s, u32 index) MUST_CHECK;

/* The fewest INTIDs that config needs for its channels; 0: it has no channels. */
u32 layout_channels_intids(const struct partition_config *config);

/* Fills in config->spi_emulated; nr_intids is set. ERR_NO_MEMORY. */
enum err layout_channels_interrupts(struct partition_config *config) MUST_CHECK;

/* The most bytes that layout_channels_write() needs. */
u32 layout_channels_room(const struct partition_config *config);

/* Writes the nodes below the root: /reserved-memory and one per channel. Phandles follow
 * w->max_phandle. */
void layout_channels_write(struct tree_writer *w);
