/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk by virtio over MMIO (Virtual I/O Device 1.0, and the interface before it), for
 * bare metal whose memory is where the device sees it. Many transfers at a time; the device is
 * coherent with the CPU's caches.
 */
#pragma once

#include "guest.h"

#define BLK_SECTOR 512u
#define BLK_ROOM 42 /* transfers at a time, three descriptors of 128 each */

enum blk_op { BLK_READ = 0, BLK_WRITE = 1 };
enum blk_status { BLK_DONE = 0, BLK_ERROR = 1, BLK_UNSUPPORTED = 2 };

struct blk {
	u64 base; /* of its registers */
	u32 intid;
	u64 sectors;
	u64 free;     /* a bit for each transfer that can be begun */
	u16 consumed; /* of the used ring */
	u64 tag[BLK_ROOM];
};

/* The first disk of the device tree, reset and made ready; its interrupt enabled. False: there is
 * none that is understood. One for the program: its queue is static. */
bool blk_open(struct blk *b);

/* To be called for its interrupt. */
void blk_interrupt(const struct blk *b);

bool blk_has_room(const struct blk *b);

/* Begins a transfer of so many bytes, whole sectors, to or from memory; the tag comes back at
 * the end. Where there is room. */
void blk_begin(struct blk *b, enum blk_op op, u64 sector, u64 address, u32 bytes, u64 tag);

/* A transfer that has ended, each once, in any order. False: none. */
bool blk_ended(struct blk *b, u64 *tag, enum blk_status *status);
