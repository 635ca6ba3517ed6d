/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/tocsin-channelN, one for each channel to another partition:
 *   mmap   its memory, from offset 0; not writable where this side may only read
 *   read   four bytes: the bells that have rung since the last read by anybody; waits
 *          for one, unless O_NONBLOCK
 *   poll   readable while a bell waits to be read
 *   write  four bytes: the bells to ring at the peer
 *   ioctl  what it is
 */
#ifndef TOCSIN_CHANNEL_H
#define TOCSIN_CHANNEL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define TOCSIN_CHANNEL_NAME_SIZE 32

struct tocsin_channel_info {
	__u64 size;        /* of the memory, in bytes; 0: there is none */
	__u32 may_write;   /* to it */
	__u32 peer_runs;   /* now */
	__u32 peer_starts; /* how often it has been started */
	__u32 reserved;
	char peer[TOCSIN_CHANNEL_NAME_SIZE]; /* its name, terminated unless it fills it */
};

#define TOCSIN_CHANNEL_GET_INFO _IOR('T', 0xc0, struct tocsin_channel_info)

/* Rung by Tocsin when the peer starts or ends. */
#define TOCSIN_CHANNEL_PEER_CHANGED 0x80000000U

#endif
