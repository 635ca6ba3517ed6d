/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels of partitions with memory of their own: where their memory is, where each
 * side sees it and its registers, and how a guest's tree says so.
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
 * Takes memory for all channels out of free and clears it. A channel for which there is
 * none has no ends (peer NULL), after a sentence. ERR_NO_MEMORY: for none of them.
 */
enum err layout_channels_reserve(struct layout_channels *all, const struct channels *spec,
				 const struct config *c, struct ranges *free) MUST_CHECK;

/* Fills in what config says of the channels of partition number index, which is s, but
 * for spi_emulated. After config_read_devices(). ERR_NO_MEMORY; an end that collides with
 * the partition's devices is left out after a sentence. */
enum err layout_channels_plan(const struct layout_channels *all, struct partition_config *config,
			      const struct partition_spec *s, u32 index) MUST_CHECK;

/* INTIDs that config must have at least for its channels; 0: it has none. */
u32 layout_channels_intids(const struct partition_config *config);

/* Fills in config->spi_emulated; nr_intids is known. ERR_NO_MEMORY. */
enum err layout_channels_interrupts(struct partition_config *config) MUST_CHECK;

/* Bytes that layout_channels_write() needs at most. */
u32 layout_channels_room(const struct partition_config *config);

/* The nodes below the root: /reserved-memory and one per channel. Phandles are taken
 * from w->max_phandle on. */
void layout_channels_write(struct tree_writer *w);
