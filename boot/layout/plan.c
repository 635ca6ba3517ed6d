/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zero-configuration partition. Its memory is computed with sets of ranges. The guest gets all
 * RAM except Tocsin's. Files may be placed in all of that except reserved memory and memory that is
 * in use already.
 */
#include <boot/arena.h>
#include <boot/guest_tree.h>
#include <boot/plan.h>
#include <boot/tree.h>
#include <drivers/log.h>
#include <lib/string.h>

/* Ranges beyond the machine's, for holes in a bank. */
#define SPARE_RANGES 8

#define GICV2_MAX_CPUS 8
#define GICV3_FRAME KIB(128)
/* INTIDs that a distributor can have: 1020 on are special. */
#define NR_INTIDS 1020

static const struct range everywhere = {0, BIT(48)};

static u64 pages(u64 size)
{
	return ALIGN_UP(size, PAGE_SIZE);
}

u32 plan_nr_vcpus(const struct machine *m, const struct options *o)
{
	u64 nr = o->vcpus ? o->vcpus : m->nr_cpus, limit = 0;

	for (u32 i = 0; i < m->gic.nr_redist; i++)
		limit += m->gic.redist[i].size / (m->gic.redist_stride ?: GICV3_FRAME);
	if (m->gic.version == 2)
		limit = GICV2_MAX_CPUS;
	limit = MAX(limit, 1UL);
	if (nr <= limit)
		return (u32)nr;
	log_warn("%lu vCPUs are more than this machine's GICv%u has room for: there will be %lu",
		 nr, m->gic.version, limit);
	return (u32)limit;
}

enum err plan_retain(struct plan *plan, const struct machine *m, const struct options *o,
		     struct range tocsin)
{
	const struct guest_files *files = &plan->files;
	struct raw_place raw = {o->load, o->load != LOAD_WHERE_IT_IS};
	u64 file_pages = pages(files->kernel.size) + pages(files->ramdisk.size), tree_pages;
	struct ranges free;
	pa_t at;

	/* The offset in an archive has no meaning; code runs from whole pages. */
	if (!raw.asked)
		raw.at =
		    IS_ALIGNED(files->kernel.base, PAGE_SIZE) ? files->kernel.base : RAW_ANYWHERE;
	plan->tocsin = tocsin;
	plan->config.nr_vcpus = (u32)o->vcpus;
	plan->config.sdei = o->sdei;
	plan->config.sdei_private_slots = (u8)o->sdei_private;
	plan->config.sdei_shared_slots = (u16)o->sdei_shared;
	if (image_parse(&plan->image, (const void *)files->kernel.base, files->kernel.size, raw)) {
		log_error("%s %s", files->name, image_why());
		return ERR_FORMAT;
	}
	tree_pages = pages(guest_tree_room(m, plan->config.nr_vcpus, m->memory.nr + SPARE_RANGES,
					   files->bootargs));
	if (ranges_copy(&free, &m->memory) || ranges_subtract(&free, &m->reserved) ||
	    ranges_remove(&free, tocsin) ||
	    ranges_remove(&free, range_pages_around(files->kernel)) ||
	    ranges_remove(&free, range_pages_around(files->ramdisk)) ||
	    (!plan->image.floating && ranges_remove(&free, range_pages_around(plan->image.span))))
		return ERR_NO_MEMORY;
	plan->moved = ranges_highest(&free, everywhere, file_pages + tree_pages, PAGE_SIZE, &at);
	if (!plan->moved && !ranges_highest(&free, everywhere, tree_pages, PAGE_SIZE, &at)) {
		log_error("too little RAM for the guest's device tree (%lu KiB)", tree_pages >> 10);
		return ERR_NO_MEMORY;
	}
	plan->retained = (struct range){at, (plan->moved ? file_pages : 0) + tree_pages};
	plan->tree = (struct range){at + plan->retained.size - tree_pages, tree_pages};
	return OK;
}

/* Copies one file to *at and moves on by whole pages. */
static void retain(struct range *file, pa_t *at)
{
	memcpy((void *)*at, (const void *)file->base, file->size);
	file->base = *at;
	*at += pages(file->size);
}

/* The guest's RAM in memory, and the part of it where files can be placed in room. */
static enum err divide_memory(struct plan *plan, const struct machine *m, struct ranges *memory,
			      struct ranges *room)
{
	enum err err = ranges_copy(memory, &m->memory);

	if (!err)
		err = ranges_remove(memory, plan->tocsin);
	if (!err)
		err = ranges_remove(memory, plan->retained);
	if (!err && !plan->moved)
		err = ranges_remove(memory, range_pages_around(plan->files.kernel));
	if (!err && !plan->moved)
		err = ranges_remove(memory, range_pages_around(plan->files.ramdisk));
	if (!err)
		err = ranges_copy(room, memory);
	if (!err)
		err = ranges_subtract(room, &m->reserved);
	return err;
}

/* An affinity that no CPU and no earlier vCPU has. Aff0 is at most 15, as GICv3's SGI target lists
 * require. */
static u64 make_up_mpidr(const struct machine *m, u32 *next)
{
	for (;;) {
		u64 n = (*next)++;
		u64 mpidr = (n & 15) | (n >> 4 & 0xff) << 8 | (n >> 12 & 0xff) << 16;
		bool taken = false;

		for (u32 i = 0; i < m->nr_cpus; i++)
			taken |= m->cpus[i].mpidr == mpidr;
		if (!taken)
			return mpidr;
	}
}

static enum err plan_vcpus(struct partition_config *config, const struct machine *m)
{
	u32 next = 0;

	config->vcpu_cpu = arena_alloc(config->nr_vcpus * sizeof(u32));
	config->vcpu_mpidr = arena_alloc(config->nr_vcpus * sizeof(u64));
	if (!config->vcpu_cpu || !config->vcpu_mpidr)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < config->nr_vcpus; i++) {
		config->vcpu_cpu[i] = i % m->nr_cpus;
		config->vcpu_mpidr[i] = i < m->nr_cpus ? m->cpus[i].mpidr : make_up_mpidr(m, &next);
	}
	return OK;
}

/* The interrupt controller is where the machine's is. */
static void plan_gic(struct partition_config *config, const struct gic_config *from)
{
	config->gicd = from->dist;
	config->gicc = from->cpu;
	config->gicr = from->redist;
	config->nr_gicr = from->nr_redist;
	config->gicr_stride = from->redist_stride;
}

/* All shared interrupts but the console's. */
static enum err plan_interrupts(struct partition_config *config, const struct machine *m)
{
	u32 words = (NR_INTIDS + 31) / 32;

	config->nr_intids = NR_INTIDS;
	config->spi_owned = arena_alloc(words * sizeof(u32));
	if (!config->spi_owned)
		return ERR_NO_MEMORY;
	memset(&config->spi_owned[GIC_SPI_BASE / 32], 0xff, (words - 1) * sizeof(u32));
	config->spi_owned[words - 1] &= (u32)GENMASK((NR_INTIDS - 1) % 32, 0);
	if (m->uart.intid >= GIC_SPI_BASE)
		config->spi_owned[m->uart.intid / 32] &= ~(1U << m->uart.intid % 32);
	if (m->uart.driver) {
		config->uart = (struct range){ALIGN_DOWN(m->uart.regs.base, PAGE_SIZE), PAGE_SIZE};
		config->uart_intid = m->uart.intid;
	}
	return OK;
}

static u64 top_of(const struct ranges *set)
{
	return set->nr ? set->at[set->nr - 1].base + set->at[set->nr - 1].size : 0;
}

/* The end of all addresses that the guest can access. */
static u64 top_address(const struct machine *m, const struct ranges *memory)
{
	u64 top = MAX(top_of(memory), top_of(&m->devices));

	top = MAX(top, m->gic.dist.base + m->gic.dist.size);
	top = MAX(top, m->gic.cpu.base + m->gic.cpu.size);
	top = MAX(top, m->uart.regs.base + m->uart.regs.size);
	for (u32 i = 0; i < m->gic.nr_redist; i++)
		top = MAX(top, m->gic.redist[i].base + m->gic.redist[i].size);
	return top;
}

enum err plan_partition(struct plan *plan, const struct machine *m, const void *fdt)
{
	struct partition_config *config = &plan->config;
	struct ranges memory, room;
	pa_t at = plan->retained.base;
	enum err err;

	if (plan->moved) {
		retain(&plan->files.kernel, &at);
		retain(&plan->files.ramdisk, &at);
	}
	err = divide_memory(plan, m, &memory, &room);
	if (!err)
		err = plan_vcpus(config, m);
	if (!err)
		err = plan_interrupts(config, m);
	if (err)
		return err;
	config->name = arena_text("guest", 5); /* a literal would be freed with boot code */
	if (!config->name)
		return ERR_NO_MEMORY;
	plan_gic(config, &m->gic);
	config->memory = memory.at;
	config->nr_memory = memory.nr;
	config->devices = m->devices.at;
	config->nr_devices = m->devices.nr;
	config->ipa_bits = stage2_bits_for(top_address(m, &memory));
	return plan_load(plan, m, fdt, &room, guest_tree_write);
}
