/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zero-configuration partition: all RAM but Tocsin's, all CPUs, all devices but those that
 * Tocsin keeps. It is planned in two steps, because the caller maps memory in between:
 *
 *   plan_retain     reads the kernel file's headers, decides where the pristine
 *                   copies of kernel, ramdisk and guest tree are kept
 *   plan_partition  (plan.retained now mapped for writing) makes the copies and
 *                   the tree, fills in the configuration
 */
#pragma once

#include <boot/cmdline.h>
#include <boot/guest_tree.h>
#include <boot/image.h>
#include <boot/modules.h>
#include <el2/partition.h>

struct plan {
	struct guest_files files; /* where they are now, and after plan_partition() */
	struct image image;
	struct range tocsin;   /* Tocsin's memory, never the guest's */
	struct range retained; /* copies and the guest's tree */
	struct range tree;     /* room for the guest's tree, in retained */
	bool moved;            /* false: the files stay, as holes in the guest's RAM */
	struct partition_config config;
};

/* The number of vCPUs: as the options say, else one per CPU. Limited, after a warning, to what an
 * interrupt controller like the machine's supports. */
u32 plan_nr_vcpus(const struct machine *m, const struct options *o);

/* o->vcpus comes from plan_nr_vcpus(), plan->files from modules_choose(); the rest of plan is zero.
 * The kernel file is mapped. tocsin: memory that Tocsin keeps (after its move), page-aligned.
 * Errors after a message: ERR_FORMAT (image_parse), ERR_NO_MEMORY. */
enum err plan_retain(struct plan *plan, const struct machine *m, const struct options *o,
		     struct range tocsin) MUST_CHECK;

/* fdt: the packed copy of the machine's tree. The files, if moved, are mapped too.
 * Errors after a message: ERR_NO_MEMORY, ERR_RANGE (does not fit), ERR_FORMAT. */
enum err plan_partition(struct plan *plan, const struct machine *m, const void *fdt) MUST_CHECK;

/* Writes a guest's tree; as guest_tree_write(). */
typedef enum err (*tree_writer_fn)(const struct guest_tree *g, const void *source, void *to,
				   u32 room, u32 *size);

/* Places kernel, tree and ramdisk in room, which has guest-physical addresses, and writes the tree.
 * Fills in the part of the configuration for loading. Errors after a message. */
enum err plan_load(struct plan *plan, const struct machine *m, const void *fdt, struct ranges *room,
		   tree_writer_fn write) MUST_CHECK;
