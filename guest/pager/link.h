/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel to another partition (docs/channels.md), as the device tree of a bare-metal guest
 * names it. It is found, and then opened; after that only the caller's bells matter.
 */
#pragma once

#include "guest.h"
#include <abi/channel.h>

struct link {
	u64 page;   /* of registers */
	u64 at;     /* where the memory is; for devices, too, if the partition is direct-mapped */
	u64 size;   /* its bytes; 0: none */
	u8 *memory; /* the same, as the CPU sees it: normal memory */
	u32 intid;
	char peer[TOCSIN_CHANNEL_PEER_NAME_SIZE];
};

/* The first node after this one (-1: of all) that is compatible: l says what it is. -1: none.
 * Before other CPUs are started: it changes the map. */
int link_find(int after, const char *compatible, struct link *l);

/* Its bells interrupt this CPU from now on. What has rung before is forgotten. */
void link_listen(const struct link *l);

/* The bells that have rung since the last time. */
u32 link_bells(const struct link *l);

/* Everything written to memory before is seen by who hears them. */
void link_ring(const struct link *l, u32 bells);
