/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans the machine's partitions, maps their files for reading, and makes the partitions. Each
 * configured partition is a transaction over boot's memory, the machine's free memory and EL2's
 * map; el2's part of it is a transaction of its own. Boot CPU alone.
 */
#include <boot/arena.h>
#include <boot/boot.h>
#include <boot/layout.h>
#include <boot/layout_channel.h>
#include <boot/partitions.h>
#include <boot/stop.h>
#include <drivers/log.h>
#include <el2/sched.h>
#include <lib/check.h>
#include <mm/stage1.h>

static enum err map(struct range r, enum stage1_kind kind)
{
	enum err err = r.size ? stage1_map(r, kind) : OK;

	if (err)
		log_error("no page left of Tocsin's memory for a map of " RANGE_FORMAT,
			  RANGE_ARGS(r));
	return err;
}

static void must_map(struct range r, enum stage1_kind kind)
{
	if (map(r, kind) != OK)
		boot_stop("there is too little memory for EL2's map");
}

static void unmap(struct range r)
{
	if (r.size)
		CHECK(stage1_unmap(r) == OK);
}

/* ---- the guest of a machine without configuration ---- */

static enum err create_guest(const struct plan *plan)
{
	enum err err = partitions_create(1);

	return err ?: partition_create(&plan->config);
}

static void make_guest(void)
{
	struct machine *m = &boot.machine;
	struct plan *plan = &boot.plan;
	const void *tree = (const void *)boot.tree.base;
	struct guest_files found;
	enum err err;

	must_map(m->initrd, STAGE1_RODATA);
	err = modules_choose(m, &plan->files);
	if (err == ERR_NOT_FOUND)
		boot_nothing();
	if (err)
		boot_stop("the guest's files cannot be used");
	unmap(m->initrd);
	found = plan->files;
	must_map(found.kernel, STAGE1_RODATA);
	must_map(found.ramdisk, STAGE1_RODATA);
	if (plan_retain(plan, m, &boot.options, boot.kept) != OK)
		boot_stop("the guest cannot be loaded");
	must_map(plan->retained, STAGE1_DATA);
	if (plan_partition(plan, m, tree) != OK)
		boot_stop("the guest cannot be set up");
	if (plan->moved) {
		unmap(found.kernel);
		unmap(found.ramdisk);
	}
	must_map(plan->retained, STAGE1_RODATA);
	if (create_guest(plan) != OK)
		boot_stop("there is nothing to run");
}

/* ---- configured partitions ---- */

/* Maps frames and far memory. */
static enum err map_paged(const struct partition_config *c)
{
	struct range frames, far;

	layout_paged_ranges(c, &frames, &far);
	return map(frames, STAGE1_DATA) ?: map(far, STAGE1_DATA);
}

static void unmap_paged(const struct partition_config *c)
{
	struct range frames, far;

	layout_paged_ranges(c, &frames, &far);
	unmap(frames);
	unmap(far);
}

/* Takes memory for s out of free, maps its files and its tree, and makes the partition. */
static enum err plan_and_create(struct plan *plan, struct partition_spec *s,
				const struct layout_channels *channels, struct ranges *free)
{
	struct machine *m = &boot.machine;
	u32 index = (u32)(s - boot.config.partitions);
	enum err err = layout_channels_plan(channels, &plan->config, s, index);

	if (!err)
		err = layout_reserve(plan, s, m, free);
	if (!err)
		err = map(plan->files.kernel, STAGE1_RODATA);
	if (!err)
		err = map(plan->files.ramdisk, STAGE1_RODATA);
	if (!err)
		err = map(plan->files.tree, STAGE1_RODATA);
	if (!err)
		err = map(plan->tree, STAGE1_DATA);
	if (!err)
		err = map((struct range){plan->config.pvtime.pa, plan->config.pvtime.size},
			  STAGE1_DATA);
	for (u32 i = 0; !err && i < plan->config.nr_quiesce; i++)
		err = map((struct range){plan->config.quiesce[i].pa, 1}, STAGE1_DEVICE);
	if (!err)
		err = map_paged(&plan->config);
	if (err)
		return err;
	config_check_kernel(&boot.config, s, (const void *)plan->files.kernel.base, m, config_log,
			    NULL);
	err = s->broken ? ERR_FORMAT : layout_plan(plan, s, m);
	if (!err)
		err = map(plan->tree, STAGE1_RODATA);
	return err ?: partition_create(&plan->config);
}

/* Files that the partition shares with others stay mapped for them. */
static void undo_maps(const struct plan *plan)
{
	unmap(plan->files.kernel);
	unmap(plan->files.ramdisk);
	unmap(plan->files.tree);
	unmap(plan->tree);
	unmap((struct range){plan->config.pvtime.pa, plan->config.pvtime.size});
	for (u32 i = 0; i < plan->config.nr_quiesce; i++)
		unmap((struct range){plan->config.quiesce[i].pa, 1});
	unmap_paged(&plan->config);
	for (u32 i = 0; i < nr_partitions; i++) {
		const struct partition_config *c = partitions[i].config;

		for (u32 k = 0; k < c->nr_load; k++)
			must_map((struct range){c->load[k].from, c->load[k].size}, STAGE1_RODATA);
	}
}

enum err partitions_make_one(struct partition_spec *s, const struct layout_channels *channels,
			     struct ranges *free)
{
	size_t mark = arena_mark();
	struct plan *plan = arena_alloc(sizeof(*plan));
	struct ranges left;
	enum err err = plan ? ranges_copy(&left, free) : ERR_NO_MEMORY;

	if (!err)
		err = plan_and_create(plan, s, channels, &left);
	if (!err) {
		*free = left;
		return OK;
	}
	if (plan)
		undo_maps(plan);
	arena_release(mark);
	return err;
}

/* Makes all partitions whose configuration is valid. */
static void make_configured(void)
{
	struct config *c = &boot.config;
	struct layout_channels channels;
	struct ranges free;

	if (machine_free(&boot.machine, boot.kept, &free) != OK ||
	    layout_channels_reserve(&channels, &boot.channels, c, &free) != OK ||
	    partitions_create(c->nr_partitions) != OK)
		boot_stop("the configuration is too large");
	sched_major_frame_us = c->major_frame_us;
	for (u32 i = 0; i < c->nr_partitions; i++) {
		struct partition_spec *s = &c->partitions[i];

		if (s->broken || partitions_make_one(s, &channels, &free) != OK)
			log_error("partition %s is not started", s->name);
	}
	if (!nr_partitions)
		boot_stop("none of the %u partitions of the configuration can run",
			  c->nr_partitions);
}

void partitions_make(void)
{
	const void *tree = (const void *)boot.tree.base;

	boot_read_config(tree, config_log);
	if (boot.config.nr_partitions)
		make_configured();
	else
		make_guest();
}
