/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PL011 r1p5 (DDI0183) that a partition sees as its console: always a
 * PL011, whatever the machine has. Its wire ends in the partition's terminal
 * (el2/terminal.h). Its lock ranks above the vGIC's and the terminals'.
 */
#pragma once

#include <el2/mmio.h>
#include <el2/terminal.h>
#include <lib/lock.h>

struct partition;

#define VPL011_FIFO 32
#define VPL011_REGS (0x4c / 4) /* DR to DMACR */

/* Bytes, or in the receive FIFO a byte with its status as DR reads it. */
struct vpl011_fifo {
	u16 entry[VPL011_FIFO];
	u8 head, count; /* oldest entry, entries held */
};

struct vpl011 {
	struct lock lock;
	struct partition *partition;
	u32 intid;                 /* the guest's SPI */
	u16 reg[VPL011_REGS];      /* those that hold a value, by offset / 4 */
	bool overrun;              /* loopback lost a byte: the next entry says so */
	bool rx_unseen;            /* the guest has not looked since the RX FIFO got this way */
	bool line;                 /* level last given to the vGIC */
	struct vpl011_fifo rx, tx; /* tx holds only what the console refused */
	struct terminal terminal;  /* the other end of the wire; not reset with the rest */
};

/* Reset state for a partition's UART raising intid: at first on zeroed memory,
 * and again at the partition's reset, when its line goes low. Output not yet taken
 * by the console stays. Takes the lock. */
void vpl011_init(struct vpl011 *u, struct partition *p, u32 intid);

/*
 * The mmio_region's access function; device is the struct vpl011. 8, 16 and 32
 * bits at a register's offset; anything else in the page reads as zero and
 * ignores writes, 64 bits are MMIO_FAULT. MMIO_RETRY for a byte that finds the
 * transmit FIFO full: nothing a guest prints is lost, even if it never looks at
 * TXFF. Takes the lock.
 */
enum mmio_result vpl011_access(struct vcpu *v, void *device, struct mmio_access *a);

/* The console has input (terminal_read) or room again. From the interrupt
 * dispatcher, any CPU. Take the lock. */
void vpl011_receive(struct vpl011 *u);
void vpl011_room(struct vpl011 *u);
