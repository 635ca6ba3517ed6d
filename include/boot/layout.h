/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configured partitions: what they see is the platform of QEMU's virt machine (interrupt
 * controller, PL011, RAM from 1 GiB), whatever the machine is, or, direct-mapped, the
 * machine's own addresses; and the devices that they were given.
 */
#pragma once

#include <boot/config.h>
#include <boot/plan.h>

/* Takes memory for s, and for its tree (plan->tree, to be mapped for writing before
 * layout_plan()), out of free; fills in plan. After config_read_devices(). Errors after a sentence:
 * ERR_NO_MEMORY, ERR_RANGE (an interrupt that the machine has not). */
enum err layout_reserve(struct plan *plan, const struct partition_spec *s, const struct machine *m,
			struct ranges *free) MUST_CHECK;

/* Plans the loading of s, whose kernel is mapped. Errors after a sentence: ERR_FORMAT
 * (the kernel), ERR_RANGE (something does not fit), ERR_NO_MEMORY. */
enum err layout_plan(struct plan *plan, const struct partition_spec *s,
		     const struct machine *m) MUST_CHECK;

/* Fills in what c says of all but memory and vCPUs, which it says already, and ipa_bits.
 * The page of stolen time is taken out of free. Errors as layout_reserve(). */
enum err layout_platform(struct partition_config *c, const struct partition_spec *s,
			 const struct machine *m, struct ranges *free) MUST_CHECK;
/* layout_paged.c: both for a partition whose memory is paged; the second replaces what would be
 * loaded by what pages are filled with. ERR_NO_MEMORY. */
enum err layout_paged_reserve(struct plan *plan, const struct partition_spec *s,
			      struct ranges *free) MUST_CHECK;
enum err layout_paged_plan(struct partition_config *c) MUST_CHECK;

/* What EL2 has to map for it; nothing if it is not paged. */
void layout_paged_ranges(const struct partition_config *c, struct range *frames, struct range *far);

/* Bytes that layout_tree_write() needs at most. */
u32 layout_tree_room(u32 nr_vcpus, const char *bootargs);

/* As guest_tree_write(); part is the partial tree whose nodes are copied, or NULL. */
enum err layout_tree_write(const struct guest_tree *g, const void *part, void *to, u32 room,
			   u32 *size) MUST_CHECK;

/* The same for a partition that brings its whole tree, which is at to: nothing is written. */
enum err layout_tree_whole(const struct guest_tree *g, const void *source, void *to, u32 room,
			   u32 *size) MUST_CHECK;

/* Copies w->source, a tree that config_read_devices() had nothing against, below the open
 * root of one whose interrupt controller has that phandle. */
struct tree_writer;
void layout_partial_write(struct tree_writer *w, u32 gic_phandle);
