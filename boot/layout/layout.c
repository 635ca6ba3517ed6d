/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans a configured partition: the physical and guest-physical addresses of its memory, and how it
 * is loaded. Its files stay where the loader put them, in memory that is not used otherwise, so
 * that the partition can be started again.
 */
#include <boot/arena.h>
#include <boot/layout.h>
#include <boot/layout_channel.h>
#include <boot/virt_map.h>
#include <drivers/log.h>
#include <el2/sched.h>
#include <lib/fmt.h>
#include <lib/string.h>

/* Lets stage 2 use blocks, if there is enough memory. */
#define MEMORY_ALIGN MIB(2)

_Static_assert((int)SPEC_STOP == (int)ACTION_STOP && (int)SPEC_RESTART == (int)ACTION_RESTART &&
		   (int)SPEC_STOP_ALL == (int)ACTION_STOP_ALL,
	       "the configuration's words mean the same to el2");

/* The memory that the configuration gives, then one range of allocated memory. It is seen where
 * virt has RAM. */
static enum err take_memory(struct partition_config *c, const struct partition_spec *s,
			    struct ranges *free)
{
	struct range piece = {0};
	u32 nr = s->nr_given + (s->memory ? 1 : 0);
	u64 top = VIRT_MAP_RAM;

	c->memory = arena_alloc(nr * sizeof(*c->memory));
	c->memory_pa = arena_alloc(nr * sizeof(*c->memory_pa));
	if (!c->memory || !c->memory_pa)
		return ERR_NO_MEMORY;
	for (; c->nr_memory < s->nr_given; c->nr_memory++) {
		const struct spec_memory *given = &s->given[c->nr_memory];

		c->memory[c->nr_memory] = (struct range){given->ipa, given->pa.size};
		c->memory_pa[c->nr_memory] = given->pa.base;
		top = MAX(top, given->ipa + given->pa.size);
	}
	if (s->memory && !ranges_take(free, s->memory, MEMORY_ALIGN, &piece)) {
		log_error("%s: memory: %lu KiB in one piece are not left; the machine has %lu KiB "
			  "free",
			  s->path, s->memory >> 10, ranges_size(free) >> 10);
		return ERR_NO_MEMORY;
	}
	if (s->memory) {
		c->memory[c->nr_memory] = (struct range){top, piece.size};
		c->memory_pa[c->nr_memory++] = piece.base;
	}
	return OK;
}

/* Affinities are as on virt: 8 or 16 CPUs in a cluster. */
static enum err plan_vcpus(struct partition_config *c, const struct partition_spec *s,
			   const struct machine *m)
{
	u32 cluster = m->gic.version == 2 ? 8 : 16;

	c->nr_vcpus = s->nr_vcpus;
	c->vcpu_cpu = arena_alloc(c->nr_vcpus * sizeof(u32));
	c->vcpu_mpidr = arena_alloc(c->nr_vcpus * sizeof(u64));
	if (!c->vcpu_cpu || !c->vcpu_mpidr)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < c->nr_vcpus; i++) {
		c->vcpu_cpu[i] = s->affinity ? s->affinity[i] : i % m->nr_cpus;
		c->vcpu_mpidr[i] = (i / cluster) << 8 | i % cluster;
	}
	return OK;
}

static enum err plan_windows(struct partition_config *c, const struct partition_spec *s)
{
	struct sched_window *windows = arena_alloc(MAX(s->nr_windows, 1U) * sizeof(*windows));

	if (!windows)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < s->nr_windows; i++)
		windows[i] =
		    (struct sched_window){s->windows[i].offset_us, s->windows[i].length_us};
	c->windows = windows;
	c->nr_windows = s->nr_windows;
	return OK;
}

/* A whole tree stays where it is; for one that is written, free memory is taken. */
static enum err reserve_tree(struct plan *plan, const struct partition_spec *s, struct ranges *free)
{
	u64 size = layout_tree_room(s->nr_vcpus, plan->files.bootargs) +
		   layout_channels_room(&plan->config) + s->tree.range.size;

	plan->tree = s->tree.range;
	if (s->tree_whole || ranges_take(free, size, PAGE_SIZE, &plan->tree))
		return OK;
	log_error("%s: no memory is left for its device tree", s->path);
	return ERR_NO_MEMORY;
}

enum err layout_reserve(struct plan *plan, const struct partition_spec *s, const struct machine *m,
			struct ranges *free)
{
	struct partition_config *c = &plan->config;
	enum err err;

	plan->files =
	    (struct guest_files){s->name, s->kernel.range, s->ramdisk.range, s->tree.range,
				 s->kernel.bootargs ? s->kernel.bootargs : ""};
	c->name = s->name;
	c->priority = s->priority;
	c->donate_slack = s->donate_slack;
	c->on_off = (u8)s->on_off;
	c->on_fault = (u8)s->on_fault;
	c->restart_limit = s->restart_limit;
	c->restart_backoff_ms = s->restart_backoff_ms;
	c->sdei = s->sdei;
	c->sdei_private_slots = s->sdei_private_slots;
	c->sdei_shared_slots = s->sdei_shared_slots;
	err = s->paging.on ? layout_paged_reserve(plan, s, free) : take_memory(c, s, free);
	if (!err)
		err = plan_vcpus(c, s, m);
	if (!err)
		err = plan_windows(c, s);
	if (!err)
		err = layout_platform(c, s, m, free);
	return err ?: reserve_tree(plan, s, free);
}

/* Has all of the partition's memory cleared before anything is loaded there. */
static enum err scrub_first(struct partition_config *c)
{
	u32 nr = c->nr_memory + c->nr_load;
	struct load_segment *load = arena_alloc(nr * sizeof(*load));

	if (!load)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < c->nr_memory; i++)
		load[i] = (struct load_segment){.to = c->memory_pa[i], .fill = c->memory[i].size};
	memcpy(&load[c->nr_memory], c->load, c->nr_load * sizeof(*load));
	c->load = load;
	c->nr_load = nr;
	return OK;
}

enum err layout_plan(struct plan *plan, const struct partition_spec *s, const struct machine *m)
{
	/* The guest's platform, with the GIC version and the timers of the real machine. */
	struct machine platform = {.gic.version = m->gic.version, .uart.driver = &uart_pl011};
	struct partition_config *c = &plan->config;
	struct ranges room = {0};
	const void *part = s->tree.range.size ? (const void *)s->tree.range.base : NULL;
	char uart[32];
	enum err err;

	memcpy(platform.timer, m->timer, sizeof(platform.timer));
	platform.timer_faults = m->timer_faults;
	fmt_snprintf(uart, sizeof(uart), "/pl011@%lx", c->uart.base);
	if (s->vpl011)
		platform.uart_path = uart;
	err = image_parse(&plan->image, (const void *)plan->files.kernel.base,
			  plan->files.kernel.size,
			  (struct raw_place){c->memory[0].base + CONFIG_RAW_OFFSET, s->raw});
	if (err)
		log_error("%s %s", s->name, image_why());
	for (u32 i = 0; !err && i < c->nr_memory; i++)
		err = ranges_add(&room, c->memory[i]);
	if (!err)
		err = plan_load(plan, &platform, part, &room,
				s->tree_whole ? layout_tree_whole : layout_tree_write);
	if (err)
		return err;
	return c->paging ? layout_paged_plan(c) : scrub_first(c);
}
