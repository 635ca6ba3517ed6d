/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels in the device tree: nodes under /chosen that are compatible with "tocsin,channel"
 * (docs/channels.md). They are read and checked as partitions are. The channels between pagers and
 * Tocsin follow them (docs/pager.md).
 */
#pragma once

#include <boot/config.h>

#define CONFIG_MAX_CHANNELS 32
/* The most channel ends of one partition. */
#define CONFIG_MAX_CHANNEL_ENDS 16

struct channel_side {
	u32 partition; /* index in the configuration */
	bool write;    /* it may write to the memory */
	u32 intid;     /* of its doorbell; 0: Tocsin chooses */
};

struct channel_spec {
	const char *path, *name; /* of its node; without unit address */
	bool pager; /* side 0 is a pager; side 1 is Tocsin's, for the partition served, which path
	names */
	struct channel_side side[2];
	u64 size; /* bytes of memory, whole pages; 0: doorbells alone */
};

struct channels {
	struct channel_spec *at;
	u32 nr;
};

/*
 * Reads all channels between the partitions of c, which config_read() has read from the same tree.
 * An invalid channel is left out after a complaint. That breaks no partition, except one whose
 * pager would have too many channels. ERR_NO_MEMORY: the arena is full, and some nodes were not
 * read. Boot CPU, or the host.
 */
enum err config_read_channels(struct channels *to, const struct config *c, const void *fdt,
			      const struct machine *m, complain_fn say, void *context) MUST_CHECK;

/* Bytes of guest-physical address space for a channel's memory of that size. */
u64 config_channel_room(u64 size);
