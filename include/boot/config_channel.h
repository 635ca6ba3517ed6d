/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels in the device tree: nodes under /chosen that are compatible with
 * "tocsin,channel" (docs/channels.md), read and checked as partitions are; after them those
 * between pagers and Tocsin (docs/pager.md).
 */
#pragma once

#include <boot/config.h>

#define CONFIG_MAX_CHANNELS 32
/* Of one partition. */
#define CONFIG_MAX_CHANNEL_ENDS 16

struct channel_side {
	u32 partition; /* index in the configuration */
	bool write;    /* it may write to the memory */
	u32 intid;     /* of its doorbell; 0: Tocsin chooses */
};

struct channel_spec {
	const char *path, *name; /* of its node; without unit address */
	bool pager; /* side 0 is a pager, side 1 Tocsin's end for the partition served, whose path
		       it is */
	struct channel_side side[2];
	u64 size; /* bytes of memory, whole pages; 0: doorbells alone */
};

struct channels {
	struct channel_spec *at;
	u32 nr;
};

/*
 * Reads all channels between the partitions of c, which config_read() has read from the
 * same tree. One that is wrong is left out after a complaint; no partition is broken by
 * that, but one whose pager would have too many. ERR_NO_MEMORY: the arena is full, some nodes were
 * not read. Boot CPU, or the host.
 */
enum err config_read_channels(struct channels *to, const struct config *c, const void *fdt,
			      const struct machine *m, complain_fn say, void *context) MUST_CHECK;

/* Bytes of its addresses that a partition keeps for a channel's memory of that size. */
u64 config_channel_room(u64 size);
