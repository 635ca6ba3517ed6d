/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel to another partition (docs/channels.md): the registers of the page that a
 * node "tocsin,channel" names, 32 bits each and accessed so. Plain C and no includes.
 */
#pragma once

/* Reads as TOCSIN_CHANNEL_MAGIC_VALUE, "TCH1". */
#define TOCSIN_CHANNEL_MAGIC 0x00
#define TOCSIN_CHANNEL_MAGIC_VALUE 0x31484354u

#define TOCSIN_CHANNEL_STATUS 0x04
#define TOCSIN_CHANNEL_PEER_RUNS (1u << 0) /* it has been started, and not ended since */
#define TOCSIN_CHANNEL_MAY_WRITE (1u << 1) /* this side may write to the memory */

/* How often the peer has been started. */
#define TOCSIN_CHANNEL_PEER_STARTS 0x08

/* Written: rings these bells at the peer, if it runs. Whatever was written to memory
 * before is to be seen there first: DSB ISHST or stronger. */
#define TOCSIN_CHANNEL_RING 0x0c

/* Read: the bells that have rung here since the last read, and none of them rings any
 * longer. The interrupt comes when the first one does: an edge. */
#define TOCSIN_CHANNEL_BELLS 0x10
/* Rung by Tocsin when the peer starts or ends; written to RING it has no effect. */
#define TOCSIN_CHANNEL_BELL_STATE (1u << 31)

/* The interrupt's INTID. */
#define TOCSIN_CHANNEL_INTID 0x14

/* The memory shared: address and size in bytes, low word first; size 0: there is none. */
#define TOCSIN_CHANNEL_BASE 0x18
#define TOCSIN_CHANNEL_SIZE 0x20

/* The peer's name, NUL-padded, its first byte in bits 7:0 of the first word. */
#define TOCSIN_CHANNEL_PEER_NAME 0x40
#define TOCSIN_CHANNEL_PEER_NAME_SIZE 32
