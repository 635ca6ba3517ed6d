/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a partition is made of. Its stages of life are in el2/lifecycle.c.
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
#include <mm/pages.h>

struct partition *partitions;
u32 nr_partitions;

static enum err map_memory(struct partition *p)
{
	const struct partition_config *c = p->config;
	enum err err = stage2_create(&p->stage2, c->ipa_bits);

	for (u32 i = 0; !err && i < c->nr_memory; i++)
		err = stage2_map_memory(&p->stage2, c->memory[i].base,
					c->memory_pa ? c->memory_pa[i] : c->memory[i].base,
					c->memory[i].size);
	for (u32 i = 0; !err && i < c->nr_devices; i++)
		err = stage2_map_device(&p->stage2, c->devices[i].base, c->devices[i].base,
					c->devices[i].size);
	if (!err && c->pvtime.size)
		err = stage2_map_shared(&p->stage2, c->pvtime.ipa, c->pvtime.pa, c->pvtime.size,
					false);
	return err;
}

/* Emulated devices: the virtual GIC's regions and the console. */
static enum err add_devices(struct partition *p, const struct gic_config *hw)
{
	const struct partition_config *c = p->config;
	enum err err = vgic_create(p);

	p->mmio = object_alloc((vgic_nr_regions(c) + c->nr_channels + 1) * sizeof(*p->mmio), 8);
	if (!err && !p->mmio)
		err = ERR_NO_MEMORY;
	if (err)
		return err;
	p->nr_mmio = vgic_regions(p, p->mmio);
	p->nr_mmio += channel_regions(p, p->mmio + p->nr_mmio);
	if (c->uart.size) {
		vpl011_init(&p->uart, p, c->uart_intid);
		p->mmio[p->nr_mmio++] = (struct mmio_region){range_pages_around(c->uart),
							     vpl011_access, &p->uart, "pl011"};
	}
	for (u32 i = 0; !err && i < p->nr_mmio; i++)
		err = stage2_note_mmio(&p->stage2, p->mmio[i].range.base, p->mmio[i].range.size, i);
	if (!err && hw->version == 2)
		err = stage2_map_device(&p->stage2, c->gicc.base, hw->vcpu.base,
					MIN(c->gicc.size, hw->vcpu.size));
	for (u32 i = 0; i < p->nr_vcpus; i++)
		p->vcpus[i].mmio_last = p->mmio;
	return err;
}

static enum err add_vcpus(struct partition *p)
{
	const struct partition_config *c = p->config;

	p->nr_vcpus = c->nr_vcpus;
	p->vcpus = object_alloc(c->nr_vcpus * sizeof(*p->vcpus), 64);
	p->last_vcpu = object_alloc(nr_cpus * sizeof(*p->last_vcpu), 8);
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
		v->hcr = trapreg_hcr(idreg_machine, cpu->room > 1);
		sched_bind(v);
	}
	return OK;
}

enum err partitions_create(const struct partition_config *const *configs, u32 nr)
{
	partitions = object_alloc(nr * sizeof(*partitions), 64);
	if (!partitions)
		return ERR_NO_MEMORY;
	nr_partitions = nr;
	return sched_create(configs, nr);
}

enum err partition_create(struct partition *p, const struct partition_config *c,
			  const struct gic_config *hw)
{
	enum err err;

	p->config = c;
	p->state = PARTITION_STOPPED;
	idreg_sanitise(p->idreg, idreg_machine, hw->version, c->ipa_bits);
	inject_prepare(p);
	err = map_memory(p);
	if (!err)
		err = channel_create(p);
	if (!err)
		err = add_vcpus(p);
	if (!err)
		err = add_devices(p, hw);
	if (!err)
		err = vsdei_create(p);
	if (!err)
		pvtime_create(p);
	if (err)
		p->nr_vcpus = 0; /* what is bound to CPUs stays off for ever */
	return err;
}
