/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning a partition with memory of its own: where in the machine that is, where
 * the guest sees what, and how it is loaded. Its files stay where the loader put
 * them, which is nobody's memory, so that the partition can be started again.
 */
#include <boot/arena.h>
#include <boot/virt.h>
#include <boot/virt_channel.h>
#include <boot/virt_map.h>
#include <drivers/log.h>
#include <el2/pvtime.h>
#include <el2/sched.h>
#include <lib/string.h>

/* Where there is enough, stage 2 can use blocks. */
#define MEMORY_ALIGN MIB(2)
/* A raw image goes where QEMU puts one. */
#define RAW_OFFSET KIB(512)

#define GICR_STRIDE KIB(128)
#define UART_PATH "/pl011@9000000"

_Static_assert((int)SPEC_STOP == (int)ACTION_STOP && (int)SPEC_RESTART == (int)ACTION_RESTART &&
		   (int)SPEC_STOP_ALL == (int)ACTION_STOP_ALL,
	       "the configuration's words mean the same to el2");

static const struct range everywhere = {0, BIT(48)};

/* Takes size bytes out of free. */
static bool take(struct ranges *free, u64 size, u64 align, struct range *at)
{
	at->size = ALIGN_UP(size, PAGE_SIZE);
	return (ranges_highest(free, everywhere, at->size, align, &at->base) ||
		ranges_highest(free, everywhere, at->size, PAGE_SIZE, &at->base)) &&
	       ranges_remove(free, *at) == OK;
}

/* One piece from where virt has RAM, or what the configuration gives. */
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
	if (s->memory && !take(free, s->memory, MEMORY_ALIGN, &piece)) {
		log_error("%s: memory: %lu KiB in one piece are not left; the machine has %lu KiB "
			  "free",
			  s->path, s->memory >> 10, ranges_size(free) >> 10);
		return ERR_NO_MEMORY;
	}
	if (s->memory) {
		c->memory[c->nr_memory] = (struct range){top, piece.size};
		c->memory_pa[c->nr_memory++] = piece.base;
		top += piece.size;
	}
	c->ipa_bits = stage2_bits_for(top);
	return OK;
}

/* Affinities as on virt: 8 or 16 CPUs in a cluster. */
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

static enum err plan_platform(struct partition_config *c, const struct partition_spec *s,
			      const struct machine *m)
{
	struct range *gicr = arena_alloc(sizeof(*gicr));
	u32 words;

	c->gicd = (struct range){VIRT_MAP_GICD, VIRT_MAP_GICD_SIZE};
	c->gicc = (struct range){VIRT_MAP_GICC, MIN(VIRT_MAP_GICC_SIZE, m->gic.vcpu.size)};
	if (s->vpl011) {
		c->uart = (struct range){VIRT_MAP_UART, VIRT_MAP_UART_SIZE};
		c->uart_intid = VIRT_MAP_UART_INTID;
	}
	c->nr_intids = ALIGN_UP(MAX(GIC_SPI_BASE + s->nr_spis, VIRT_MAP_UART_INTID + 1U), 32);
	c->nr_intids = MAX(c->nr_intids, ALIGN_UP(virt_channels_intids(c), 32));
	words = c->nr_intids / 32;
	c->spi_owned = arena_alloc(words * sizeof(u32));
	if (!gicr || !c->spi_owned)
		return ERR_NO_MEMORY;
	*gicr = (struct range){VIRT_MAP_GICR, c->nr_vcpus * GICR_STRIDE};
	c->gicr = gicr;
	c->nr_gicr = 1;
	c->gicr_stride = GICR_STRIDE;
	return virt_channels_interrupts(c);
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

/* Where the vCPUs of the partition read their stolen time. */
static enum err plan_pvtime(struct partition_config *c, struct ranges *free)
{
	struct range page;

	if (!take(free, c->nr_vcpus * sizeof(struct pvtime), PAGE_SIZE, &page))
		return ERR_NO_MEMORY;
	c->pvtime.ipa = VIRT_MAP_PVTIME;
	c->pvtime.pa = page.base;
	c->pvtime.size = page.size;
	return OK;
}

enum err virt_reserve(struct plan *plan, const struct partition_spec *s, const struct machine *m,
		      struct ranges *free)
{
	struct partition_config *c = &plan->config;
	enum err err;

	if (s->direct_map) {
		log_error("%s: direct-map: this version runs only partitions that see QEMU virt's "
			  "map; it is not started",
			  s->path);
		return ERR_UNSUPPORTED;
	}
	plan->files = (struct guest_files){s->name, s->kernel.range, s->ramdisk.range,
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
	err = take_memory(c, s, free);
	if (!err)
		err = plan_vcpus(c, s, m);
	if (!err)
		err = plan_windows(c, s);
	if (!err)
		err = plan_platform(c, s, m);
	if (!err)
		err = plan_pvtime(c, free);
	if (!err &&
	    !take(free, virt_tree_room(c->nr_vcpus, plan->files.bootargs) + virt_channels_room(c),
		  PAGE_SIZE, &plan->tree)) {
		log_error("%s: no memory is left for its device tree", s->path);
		err = ERR_NO_MEMORY;
	}
	return err;
}

/* All of its memory is cleared before anything is put there. */
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

enum err virt_plan(struct plan *plan, const struct partition_spec *s, const struct machine *m)
{
	/* The guest's machine: virt, with the version and the timers of the real one. */
	struct machine platform = {
	    .gic.version = m->gic.version, .uart.driver = &uart_pl011, .uart_path = UART_PATH};
	struct partition_config *c = &plan->config;
	struct ranges room = {0};
	enum err err;

	memcpy(platform.timer, m->timer, sizeof(platform.timer));
	if (!s->vpl011)
		platform.uart_path = NULL;
	err = image_parse(&plan->image, s->name, (const void *)plan->files.kernel.base,
			  plan->files.kernel.size, c->memory[0].base + RAW_OFFSET);
	for (u32 i = 0; !err && i < c->nr_memory; i++)
		err = ranges_add(&room, c->memory[i]);
	if (!err)
		err = plan_load(plan, &platform, NULL, &room, virt_tree_write);
	return err ?: scrub_first(c);
}
