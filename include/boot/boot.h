/* SPDX-License-Identifier: Apache-2.0 */
/* What boot code knows, carried from the first run to the second. */
#pragma once

#include <boot/cmdline.h>
#include <boot/config.h>
#include <boot/config_channel.h>
#include <boot/machine.h>
#include <boot/modules.h>
#include <boot/plan.h>

struct boot {
	struct machine machine;
	struct options options;
	bool vcpus_asked;         /* their number is the command line's */
	struct config config;     /* read in the first run for its sizes, anew in the second */
	struct channels channels; /* the same */
	struct range kept;        /* Tocsin's memory at its final place: image, tree, page pool */
	struct range tree;        /* the packed copy, in kept */
	s64 moved_by;             /* new place minus old */
	struct plan plan;
};
extern struct boot boot;

/* linker.ld: where what has its own rights or its own life begins. */
extern char image_start[], boot_rodata_start[], text_start[], rodata_start[], data_start[],
    image_end[];

/* Start the page pool on what head.S left of boot_tables and adopt its map. */
void boot_early_pages(u64 *root, u8 *pages, const u8 *end);

/* Adds r, read and write, to head.S's map while that is in use; stops with a
 * sentence if there is no page for it. */
void boot_map_early(struct range r);

/* Reads what the tree and partitions' own trees say of partitions and channels into boot.config
 * and boot.channels; in both runs. Stops with a sentence if the arena is too small. */
void boot_read_config(const void *tree, complain_fn say);

/* How much memory the page pool must have for what boot knows: boot/start/bringup.c. */
u64 boot_pool_size(const struct boot *b);

/* C entries of head.S; the last at EL1 or EL3, or at an EL2 that cannot do without VHE. */
_Noreturn void boot_main(const void *tree, u64 *root, u8 *pages, const u8 *pages_end);
_Noreturn void boot_moved(const void *tree, u64 *root, u8 *pages, const u8 *pages_end);
_Noreturn void boot_wrong_level(u32 level);
