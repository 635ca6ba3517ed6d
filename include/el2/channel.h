/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels between two partitions: memory that both see, and at each side a page of registers
 * (abi/channel.h) with which it rings the other's doorbell, an emulated SPI.
 *
 * One side can be Tocsin's own, on behalf of a partition whose pages the other side's keeps
 * (docs/pager.md): the partition sees nothing of it, and a ring there reaches its paging.
 *
 * What a ring costs is bounded: until the other side has read its bells, a further ring sets a bit
 * and interrupts no vCPU. No lock of its own: two words per side are atomic, the rest does not
 * change once partitions run.
 */
#pragma once

#include <el2/mmio.h>
#include <lib/err.h>
#include <mm/stage2.h>

struct partition;

/* One side of a channel. */
struct channel_end {
	/* From boot code. */
	const char *peer;          /* the other partition's name */
	struct channel_end *other; /* its side */
	struct range memory;       /* where this one sees the memory; size 0: none */
	pa_t memory_pa;
	bool write;   /* it may write there */
	bool tocsins; /* Tocsin's end: no registers, memory or interrupt; bells reach paging_rung()
		       */
	ipa_t page;   /* its registers */
	u32 intid;    /* its doorbell: among those of partition_config.spi_emulated */

	struct partition *partition; /* whose side it is; NULL: not made (yet) */
	bool runs;                   /* it is there to be rung; atomic */
	u32 bells;                   /* atomic: rung and not read */
	u32 starts;                  /* atomic: of this side's partition */
};

/* Maps the memory of p's channels, never executable; from now on the other sides can ring here.
 * Boot CPU, before any vCPU runs. Errors as stage2_map_memory(). */
enum err channel_create(struct partition *p) MUST_CHECK;

/* Afterwards a ring at p's ends reaches no partition, and the other side finds a peer that does
 * not run. p has not run. */
void channel_destroy(const struct partition *p);

/* Fills in the pages of registers, one for each channel of p's config; returns their number. */
u32 channel_regions(struct partition *p, struct mmio_region *out);

/* The mmio_region's access function; device is the struct channel_end. What is no
 * register reads as zero and ignores writes; widths other than 32 bits are MMIO_FAULT.
 * RING takes the peer's vgic lock at most once. */
enum mmio_result channel_access(struct vcpu *v, void *device, struct mmio_access *a);

/* Rings at e's partition, if it runs. Any CPU; takes its vgic lock at most once. */
void channel_ring(struct channel_end *e, u32 bells);

/* Is r within the memory of a channel of p's to q? */
bool channel_shares(const struct partition *p, const struct partition *q, struct range r);

/* And of one at whose other end Tocsin is? */
bool channel_shares_with_tocsin(const struct partition *p, struct range r);

/* p is about to run: counts that and tells the other sides, in steps that begin with the end *next
 * and leave there where the next one begins; true: that was the last. After vgic_forget_spis().
 * p's first vCPU's CPU, no lock. */
bool channel_started(struct partition *p, u32 *next);

/* p has stopped: clears unread bells and tells the other sides, in the same way. Before
 * vgic_reset(), which forgets what a last bell has pended. */
bool channel_stopped(struct partition *p, u32 *next);
