/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of partitions that need no memory layout: each one alone, then the names and the CPU time
 * of all together. In a conflict of two partitions the error is the later one's.
 */
#include "config_reader.h"
#include <boot/virt_map.h>
#include <lib/string.h>

#define GICV2_MAX_CPUS 8
#define GICV3_FRAME KIB(128)

/* The most vCPUs that the partition's interrupt controller supports. */
static u64 most_vcpus(const struct machine *m, const struct partition_spec *p)
{
	u64 nr = 0, stride = m->gic.redist_stride ? m->gic.redist_stride : GICV3_FRAME;

	if (m->gic.version == 2)
		return GICV2_MAX_CPUS;
	if (!p->direct_map)
		return VIRT_MAP_GICR_SIZE / GICV3_FRAME;
	for (u32 i = 0; i < m->gic.nr_redist; i++)
		nr += m->gic.redist[i].size / stride;
	return nr;
}

static void check_vcpus(struct config_reader *r)
{
	struct partition_spec *p = r->p;
	u64 most = most_vcpus(r->m, p);

	if (p->nr_vcpus > most)
		config_error(r, NULL, "cpus",
			     "found %u: should be at most %lu, its GICv%u has no room for more",
			     p->nr_vcpus, most, r->m->gic.version);
	if (p->affinity && p->nr_affinity != p->nr_vcpus)
		config_error(r, NULL, "tocsin,cpu-affinity",
			     "found %u cells: should be one for each of its %u vCPUs",
			     p->nr_affinity, p->nr_vcpus);
	if (p->nr_windows && !p->affinity && r->m->nr_cpus > 1)
		config_error(r, NULL, "tocsin,windows",
			     "found %u windows and no CPUs that they are on: should be with "
			     "tocsin,cpu-affinity",
			     p->nr_windows);
}

/* Memory is either given or allocated. If it is given, "memory" may repeat the amount. */
static void check_amount(struct config_reader *r)
{
	struct partition_spec *p = r->p;
	u64 given = config_given_size(p), files = p->kernel.range.size + p->ramdisk.range.size;
	u64 size = p->memory ? p->memory : given;

	if (p->direct_map && !p->given)
		config_error(r, NULL, "direct-map",
			     "found without given memory: should be with xen,static-mem, or "
			     "deleted");
	if (!size && !p->given && !p->broken)
		config_error(r, NULL, "memory",
			     "not found: should be the size of its memory in KiB, <0 0x20000> "
			     "for 128 MiB");
	if (given && p->memory && p->memory != given)
		config_error(r, NULL, "memory",
			     "found %lu KiB: should be %lu KiB, the size of xen,static-mem, or "
			     "deleted",
			     p->memory >> 10, given >> 10);
	if (size && files > size)
		config_error(r, NULL, "memory",
			     "found %lu KiB: should be at least %lu KiB, its kernel and ramdisk "
			     "are that large",
			     size >> 10, ALIGN_UP(files, PAGE_SIZE) >> 10);
	if (given)
		p->memory = 0;
}

static void check_uart(struct config_reader *r)
{
	struct partition_spec *p = r->p;
	u32 intid = config_uart_intid(p, r->m);

	if (p->vpl011 && p->direct_map && !r->m->uart.driver) {
		config_warn(r, NULL, "vpl011",
			    "without effect: a direct-mapped one would be where the machine's "
			    "console is, and that is not known");
		p->vpl011 = false;
	}
	if (p->vpl011 && GIC_SPI_BASE + p->nr_spis <= intid)
		config_error(r, NULL, "nr_spis",
			     "found %u: should be at least %u, vpl011 has SPI %u", p->nr_spis,
			     intid - GIC_SPI_BASE + 1, intid - GIC_SPI_BASE);
}

static void check_watchdog(struct config_reader *r)
{
	const struct partition_spec *p = r->p;
	u32 spi = VIRT_MAP_WATCHDOG_INTID - GIC_SPI_BASE;

	if (p->watchdog && p->nr_spis <= spi)
		config_error(r, NULL, "nr_spis",
			     "found %u: should be at least %u, the watchdog has SPI %u", p->nr_spis,
			     spi + 1, spi);
}

void config_check_alone(struct config_reader *r, int node)
{
	check_vcpus(r);
	check_amount(r);
	check_uart(r);
	check_watchdog(r);
	config_check_paging(r, node);
	for (u32 i = 0; r->p->direct_map && i < r->p->nr_given; i++)
		r->p->given[i].ipa = r->p->given[i].pa.base;
}

static void check_name(struct config_reader *r, const struct partition_spec *before)
{
	if (*before->name && !strcmp(r->p->name, before->name))
		config_error(r, NULL, "tocsin,name",
			     "found \"%s\", which is %s's name: should be another", r->p->name,
			     before->path);
}

/* True if the affinity of one of p's vCPUs is the CPU. */
static bool uses_cpu(const struct partition_spec *p, u32 cpu)
{
	for (u32 i = 0; p->affinity && i < p->nr_affinity; i++)
		if (p->affinity[i] == cpu)
			return true;
	return false;
}

static bool meet(struct spec_window a, struct spec_window b)
{
	return a.offset_us < b.offset_us + b.length_us && b.offset_us < a.offset_us + a.length_us;
}

/* Checks two partitions that both have windows on a shared CPU. */
static bool check_windows(struct config_reader *r, const struct partition_spec *before, u32 cpu)
{
	for (u32 i = 0; i < r->p->nr_windows; i++) {
		for (u32 k = 0; k < before->nr_windows; k++) {
			struct spec_window a = r->p->windows[i], b = before->windows[k];

			if (!meet(a, b))
				continue;
			config_error(r, NULL, "tocsin,windows",
				     "found <%u %u> on CPU %u, over <%u %u> of %s: should be at "
				     "other times",
				     a.offset_us, a.length_us, cpu, b.offset_us, b.length_us,
				     before->path);
			return true;
		}
	}
	return false;
}

/* On a CPU with windows, a partition that has none there runs only in donated slack. */
static bool check_policy(struct config_reader *r, const struct partition_spec *before, u32 cpu)
{
	const struct partition_spec *with = r->p->nr_windows ? r->p : before;
	const struct partition_spec *without = r->p->nr_windows ? before : r->p;

	if (with->donate_slack)
		return false;
	config_error(r, NULL, "tocsin,windows",
		     "on CPU %u %s has windows, %s has none and would never run: both "
		     "should have, or %s tocsin,donate-slack",
		     cpu, with->path, without->path, with->path);
	return true;
}

/* False: there is no error on this CPU. */
static bool check_cpu(struct config_reader *r, const struct partition_spec *before, u32 cpu)
{
	if (r->p->nr_windows && before->nr_windows)
		return check_windows(r, before, cpu);
	if (r->p->nr_windows || before->nr_windows)
		return check_policy(r, before, cpu);
	return false;
}

/* On a machine with one CPU the affinity need not be given. */
static void check_time(struct config_reader *r, const struct partition_spec *before)
{
	if (r->m->nr_cpus == 1) {
		check_cpu(r, before, 0);
		return;
	}
	for (u32 i = 0; r->p->affinity && i < r->p->nr_affinity; i++)
		if (uses_cpu(before, r->p->affinity[i]) && check_cpu(r, before, r->p->affinity[i]))
			return;
}

void config_check_together(struct config_reader *r)
{
	struct config *c = r->c;

	for (u32 i = 0; i < c->nr_partitions; i++) {
		r->p = &c->partitions[i];
		for (u32 k = 0; k < i; k++) {
			check_name(r, &c->partitions[k]);
			check_time(r, &c->partitions[k]);
		}
		config_check_pager(r);
	}
}
