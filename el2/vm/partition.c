/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a partition is made of. Making one is a transaction: the steps that can fail come
 * first, and touch nothing that undo() does not put back; the last gives its vCPUs their
 * CPUs. Its stages of life are in el2/vm/lifecycle.c. Boot CPU alone, no lock.
 */
#include <drivers/log.h>
#include <el2/channel.h>
#include <el2/idreg.h>
#include <el2/inject.h>
#include <el2/partition.h>
#include <el2/pvtime.h>
#include <el2/sched.h>
#include <el2/trapreg.h>
#include <el2/vsdei.h>
#include <lib/boot.h>
#include <lib/check.h>
#include <lib/string.h>
#include <mm/pages.h>

struct partition *partitions;
u32 nr_partitions;

static u32 max_partitions;

static BOOT_CODE enum err map_memory(struct partition *p)
{
	const struct partition_config *c = p->config;
	enum err err = stage2_create(&p->stage2, (u16)(p - partitions + 1), c->ipa_bits);

	for (u32 i = 0; !err && !c->paging && i < c->nr_memory; i++)
		err = stage2_map_memory(&p->stage2, c->memory[i].base,
					c->memory_pa ? c->memory_pa[i] : c->memory[i].base,
					c->memory[i].size);
	for (u32 i = 0; !err && i < c->nr_devices; i++)
		err = stage2_map_device(&p->stage2, c->devices[i].base,
					c->devices_pa ? c->devices_pa[i] : c->devices[i].base,
					c->devices[i].size);
	if (!err && c->pvtime.size)
		err = stage2_map_shared(&p->stage2, c->pvtime.ipa, c->pvtime.pa, c->pvtime.size,
					false);
	return err;
}

static BOOT_CODE enum err add_vcpus(struct partition *p)
{
	const struct partition_config *c = p->config;

	p->nr_vcpus = c->nr_vcpus;
	p->vcpus = boot_alloc(c->nr_vcpus * sizeof(*p->vcpus), 64);
	p->last_vcpu = boot_alloc(nr_cpus * sizeof(*p->last_vcpu), 8);
	if (!p->vcpus || !p->last_vcpu)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < c->nr_vcpus; i++) {
		struct cpu *cpu = &cpus[c->vcpu_cpu[i]];
		struct vcpu *v = &p->vcpus[i];

		v->index = i;
		v->partition = p;
		v->cpu = cpu;
		v->stack_top = cpu->stack_top;
		v->mpidr = c->vcpu_mpidr[i];
	}
	return OK;
}

/* Emulated devices: the virtual GIC's regions, channels, watchdog and console. */
static BOOT_CODE enum err add_devices(struct partition *p)
{
	const struct partition_config *c = p->config;
	enum err err = OK;

	p->mmio = boot_alloc((vgic_nr_regions(c) + c->nr_channels + 3) * sizeof(*p->mmio), 8);
	if (!p->mmio)
		return ERR_NO_MEMORY;
	p->nr_mmio = vgic_regions(p, p->mmio);
	p->nr_mmio += channel_regions(p, p->mmio + p->nr_mmio);
	p->nr_mmio += vwatchdog_regions(p, p->mmio + p->nr_mmio);
	if (c->uart.size) {
		vpl011_init(&p->uart, p, c->uart_intid);
		p->mmio[p->nr_mmio++] = (struct mmio_region){range_pages_around(c->uart),
							     vpl011_access, &p->uart, "pl011"};
	}
	for (u32 i = 0; !err && i < p->nr_mmio; i++)
		err = stage2_annotate_mmio(&p->stage2, p->mmio[i].range.base, p->mmio[i].range.size,
					   i);
	if (!err && gic.version == 2)
		err = stage2_map_device(&p->stage2, c->gicc.base, gic.config->vcpu.base,
					MIN(c->gicc.size, gic.config->vcpu.size));
	for (u32 i = 0; i < p->nr_vcpus; i++)
		p->vcpus[i].mmio_last = p->mmio;
	return err;
}

/* ---- the transaction ---- */

static const struct step {
	const char *what;
	enum err (*make)(struct partition *p);
} steps[] BOOT_DATA = {
    {"memory", map_memory},
    {"channels", channel_create},
    {"vCPUs", add_vcpus},
    {"paged memory", paging_create},
    {"interrupt controller", vgic_create},
    {"devices", add_devices},
    {"SDEI events", vsdei_create},
    {"time on its CPUs", sched_add},
};

static BOOT_CODE void complain(const struct partition *p, const char *what, enum err err)
{
	static const char *const reasons[] BOOT_DATA = {
	    [-ERR_RANGE] = "out of range",
	    [-ERR_OVERLAP] = "another partition has it",
	    [-ERR_UNSUPPORTED] = "more than this machine can do",
	};

	if (err == ERR_NO_MEMORY)
		log_error("partition %s: its %s: no %lu KiB of Tocsin's memory in one piece; %lu "
			  "KiB are free",
			  p->config->name, what, pages_refused() * PAGE_SIZE >> 10,
			  pages_left() * PAGE_SIZE >> 10);
	else
		log_error("partition %s: its %s: %s", p->config->name, what, reasons[-err]);
}

/* Whatever step failed: of those after it there is nothing to undo. */
static BOOT_CODE void undo(struct partition *p)
{
	vgic_destroy(p);
	channel_destroy(p);
	stage2_flush_tlb(&p->stage2);
	pages_release();
	memset(p, 0, sizeof(*p));
}

/* No step fails from here on. WFI traps where vCPUs share a CPU, which may now be true for other
 * partitions' vCPUs, too. */
static BOOT_CODE void commit(struct partition *p)
{
	for (u32 i = 0; i < nr_cpus; i++)
		for (struct schedule_entry *e = cpus[i].schedule.entries; e != cpus[i].schedule.end;
		     e++)
			e->vcpu->hcr = trapreg_hcr(idreg_machine, cpus[i].nr_vcpus > 1);
	pvtime_create(p);
	nr_partitions++;
}

BOOT_CODE enum err partitions_create(u32 nr)
{
	partitions = boot_alloc(nr * sizeof(*partitions), 64);
	if (!partitions)
		return ERR_NO_MEMORY;
	max_partitions = nr;
	sched_init();
	return vgic_init();
}

BOOT_CODE enum err partition_create(const struct partition_config *c)
{
	struct partition *p = &partitions[nr_partitions];

	CHECK(nr_partitions < max_partitions);
	pages_mark();
	p->config = c;
	p->state = PARTITION_STOPPED;
	idreg_sanitise(p->idreg, idreg_machine, gic.version, c->ipa_bits);
	inject_prepare(p);
	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		enum err err = steps[i].make(p);

		if (!err)
			continue;
		complain(p, steps[i].what, err);
		undo(p);
		return err;
	}
	commit(p);
	return OK;
}
