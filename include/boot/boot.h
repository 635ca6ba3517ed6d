/* SPDX-License-Identifier: Apache-2.0 */
/* State of boot code that is carried from the first run to the second. */
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
	bool vcpus_asked;         /* the command line gives their number */
	struct config config;     /* read in the first run for its sizes, and again in the second */
	struct channels channels; /* the same */
	struct range kept;        /* Tocsin's memory at its final place: image, tree, page pool */
	struct range tree;        /* the packed copy, in kept */
	s64 moved_by;             /* new place minus old */
	struct plan plan;
};
extern struct boot boot;

/* linker.ld: the starts of parts that have their own access rights or their own lifetime. */
extern char image_start[], boot_rodata_start[], text_start[], rodata_start[], data_start[],
    image_end[];

/* Starts the page pool on the pages of boot_tables that head.S did not use, and adopts its map. */
void boot_early_pages(u64 *root, u8 *pages, const u8 *end);

/* Adds r, read and write, to head.S's map while that is in use. Stops the boot with a message if
 * there is no page for it. */
void boot_map_early(struct range r);

/* Reads partitions and channels from the tree and from partitions' own trees into boot.config and
 * boot.channels; in both runs. Stops the boot with a message if the arena is too small. */
void boot_read_config(const void *tree, complain_fn say);

/* The memory that the page pool needs for the configuration in b: boot/start/bringup.c. */
u64 boot_pool_size(const struct boot *b);

/* C functions that head.S calls; the last one at EL1 or EL3, or at an EL2 whose VHE cannot be
 * turned off. */
_Noreturn void boot_main(const void *tree, u64 *root, u8 *pages, const u8 *pages_end);
_Noreturn void boot_moved(const void *tree, u64 *root, u8 *pages, const u8 *pages_end);
_Noreturn void boot_wrong_level(u32 level);
