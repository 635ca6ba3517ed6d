/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configured partitions. A partition sees the platform of QEMU's virt machine (interrupt
 * controller, PL011, RAM from 1 GiB), whatever the machine is; a direct-mapped one sees the
 * machine's own addresses. Both see the devices that they were given.
 */
#pragma once

#include <boot/config.h>
#include <boot/plan.h>

/* Takes memory for s and for its tree out of free, and fills in plan. The caller must map
 * plan->tree for writing before layout_plan(). After config_read_devices(). Errors after a message:
 * ERR_NO_MEMORY, ERR_RANGE (an interrupt that the machine does not have). */
enum err layout_reserve(struct plan *plan, const struct partition_spec *s, const struct machine *m,
			struct ranges *free) MUST_CHECK;

/* Plans the loading of s, whose kernel is mapped. Errors after a message: ERR_FORMAT (the kernel),
 * ERR_RANGE (something does not fit), ERR_NO_MEMORY. */
enum err layout_plan(struct plan *plan, const struct partition_spec *s,
		     const struct machine *m) MUST_CHECK;

/* Fills in c, whose memory and vCPUs are filled in already, and ipa_bits. Takes the page of stolen
 * time out of free. Errors as layout_reserve(). */
enum err layout_platform(struct partition_config *c, const struct partition_spec *s,
			 const struct machine *m, struct ranges *free) MUST_CHECK;
/* layout_paged.c: both for a partition with paged memory. The second replaces load segments by
 * images from which pages are filled. ERR_NO_MEMORY. */
enum err layout_paged_reserve(struct plan *plan, const struct partition_spec *s,
			      struct ranges *free) MUST_CHECK;
enum err layout_paged_plan(struct partition_config *c) MUST_CHECK;

/* The memory that EL2 has to map for a paged partition; empty if it is not paged. */
void layout_paged_ranges(const struct partition_config *c, struct range *frames, struct range *far);

/* The most bytes that layout_tree_write() needs. */
u32 layout_tree_room(u32 nr_vcpus, const char *bootargs);

/* As guest_tree_write(); part is the partial tree whose nodes are copied, or NULL. */
enum err layout_tree_write(const struct guest_tree *g, const void *part, void *to, u32 room,
			   u32 *size) MUST_CHECK;

/* The same for a partition that has a whole tree of its own, which is at to. Writes nothing. */
enum err layout_tree_whole(const struct guest_tree *g, const void *source, void *to, u32 room,
			   u32 *size) MUST_CHECK;

/* Copies w->source, a tree that config_read_devices() has accepted, below the open root of a tree
 * whose interrupt controller has that phandle. */
struct tree_writer;
void layout_partial_write(struct tree_writer *w, u32 gic_phandle);
