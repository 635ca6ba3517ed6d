/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second run, at the final place: page pool, final stage-1 map, interrupt
 * controller, CPUs, the partition; then the boot CPU becomes one among others.
 */
#include <arch/sysreg.h>
#include <boot/arena.h>
#include <boot/boot.h>
#include <boot/smp.h>
#include <boot/stop.h>
#include <boot/virt.h>
#include <boot/virt_channel.h>
#include <drivers/console.h>
#include <drivers/log.h>
#include <drivers/psci.h>
#include <el2/errata.h>
#include <el2/irq.h>
#include <el2/panic.h>
#include <el2/partition.h>
#include <el2/sched.h>
#include <el2/terminal.h>
#include <lib/check.h>
#include <mm/pages.h>
#include <mm/stage1.h>

/* What one of each costs the page pool, rounded up generously: the pool is
 * taken once, and a boot that runs out of it says so. */
#define POOL_BASE KIB(192)         /* stage 1, vGIC words, arrays, loading windows */
#define POOL_PER_CPU KIB(44)       /* stacks, struct cpu */
#define POOL_PER_VCPU KIB(8)       /* struct vcpu and its list-register bookkeeping */
#define POOL_PER_PARTITION KIB(48) /* struct partition, tables' roots, vGIC arrays */
#define POOL_PER_CHANNEL KIB(64)   /* at both sides: tables of its memory and page */
#define POOL_PER_RANGE KIB(24)     /* tables at both ends, in stage 2 and in stage 1 */

_Static_assert((int)STOP_HALT == (int)END_HALT && (int)STOP_POWER_OFF == (int)END_OFF &&
		   (int)STOP_MACHINE_RESET == (int)END_RESET && (int)STOP_HALT == (int)PANIC_HALT &&
		   (int)STOP_POWER_OFF == (int)PANIC_OFF &&
		   (int)STOP_MACHINE_RESET == (int)PANIC_RESET,
	       "the command line's words mean the same everywhere");

void stage1_switch(u64 root); /* head.S */

static u64 partition_pool_size(const struct partition_spec *s)
{
	return POOL_PER_PARTITION + s->nr_vcpus * POOL_PER_VCPU +
	       (2 + s->nr_given + s->nr_devices) * POOL_PER_RANGE +
	       s->sdei_shared_slots * sizeof(struct sdei_shared);
}

u64 boot_pool_size(const struct boot *b)
{
	const struct machine *m = &b->machine;
	u64 nr_ranges = m->memory.nr + m->devices.nr + m->reserved.nr + m->nr_modules;
	u64 size = POOL_BASE + m->nr_cpus * POOL_PER_CPU + nr_ranges * POOL_PER_RANGE;

	if (!b->config.nr_partitions)
		return size + b->options.vcpus * POOL_PER_VCPU +
		       b->options.sdei_shared * sizeof(struct sdei_shared);
	for (u32 i = 0; i < b->config.nr_partitions; i++)
		size += partition_pool_size(&b->config.partitions[i]);
	return size + b->channels.nr * POOL_PER_CHANNEL;
}

static void must_map(struct range r, enum stage1_kind kind)
{
	if (r.size && stage1_map(r, kind) != OK)
		boot_stop("no memory for EL2's map of 0x%lx, 0x%lx bytes", r.base, r.size);
}

static struct range between(const char *from, const char *to)
{
	return (struct range){(u64)from, (u64)(to - from)};
}

/* Everything that EL2 may touch, and no more; guards come out in smp_create(). */
static void map_all(const struct machine *m, struct range pool)
{
	must_map(between(image_start, rodata_start), STAGE1_CODE);
	must_map(between(rodata_start, data_start), STAGE1_RODATA);
	must_map(between(data_start, image_end), STAGE1_DATA);
	must_map(boot.tree, STAGE1_DATA);
	must_map(pool, STAGE1_DATA);
	if (m->uart.driver)
		must_map(m->uart.regs, STAGE1_DEVICE);
	must_map(m->gic.dist, STAGE1_DEVICE);
	must_map(m->gic.cpu, STAGE1_DEVICE);
	must_map(m->gic.hyp, STAGE1_DEVICE);
	for (u32 i = 0; i < m->gic.nr_redist; i++)
		must_map(m->gic.redist[i], STAGE1_DEVICE);
}

static void take_place(void)
{
	struct machine *m = &boot.machine;
	u64 pool_base = ALIGN_UP(boot.tree.base + boot.tree.size, PAGE_SIZE);
	struct range pool = {pool_base, boot.kept.base + boot.kept.size - pool_base};
	enum err err;
	u64 root;

	boot_map_early(pool);
	pages_init(pool.base, pool.size);
	root = stage1_begin();
	map_all(m, pool);
	err = smp_create(m);
	if (err)
		boot_stop("%u CPUs cannot be set up", m->nr_cpus);
	stage1_switch(root);
	log_info("image at 0x%lx, memory kept 0x%lx..0x%lx", (u64)image_start, boot.kept.base,
		 boot.kept.base + boot.kept.size - 1);
}

static void start_cpus(void)
{
	struct machine *m = &boot.machine;
	struct irq_config irqs = {.virtual_timer = m->timer[TIMER_VIRTUAL],
				  .hyp_timer = m->timer[TIMER_HYP],
				  .maintenance = m->gic.maintenance,
				  .console = m->uart.driver ? m->uart.intid : 0};

	psci_init(m->psci_smc);
	m->gic.guest_ppis = BIT(m->timer[TIMER_VIRTUAL] % 32) | BIT(m->timer[TIMER_PHYSICAL] % 32);
	m->gic.nr_cpus = nr_cpus;
	m->gic.cpu_redist = object_alloc(nr_cpus * sizeof(u64), 8);
	if (!m->gic.cpu_redist || gic_init(&m->gic) != OK)
		boot_stop("the interrupt controller cannot be used");
	irq_init(&irqs);
	if (cpu_init(&cpus[0]) != OK)
		boot_stop("cpu0 cannot be used");
	m->nr_cpus = smp_start(m);
	errata_report(boot.options.mitigations);
	log_info("%u of %u CPUs, GICv%u", m->nr_cpus, nr_cpus, m->gic.version);
}

/* The files of the guest are in memory that no map has had so far. */
static void map_files(const struct guest_files *f, bool open)
{
	const struct range *ranges[] = {&f->kernel, &f->ramdisk};

	for (u32 i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (!ranges[i]->size)
			continue;
		if (open)
			must_map(*ranges[i], STAGE1_RODATA);
		else
			CHECK(stage1_unmap(*ranges[i]) == OK);
	}
}

/* What a partition is started from stays mapped: several may be loaded from one file at the
 * same time. */
static enum err map_images(const struct partition_config *c)
{
	enum err err = OK;

	for (u32 i = 0; i < c->nr_load && !err; i++)
		if (c->load[i].size)
			err = stage1_map((struct range){c->load[i].from, c->load[i].size},
					 STAGE1_RODATA);
	return err;
}

/* Makes a partition of it; false after a sentence. */
static bool made(struct partition *p, const struct partition_config *c)
{
	enum err err = map_images(c) ?: partition_create(p, c, &boot.machine.gic);

	if (err)
		log_error("partition %s cannot be made: %s", c->name,
			  err == ERR_NO_MEMORY
			      ? "no memory left for its tables"
			      : "an address or interrupt of its devices is not usable");
	return err == OK;
}

/* Memory for s out of free, its files and its tree. NULL after a sentence: it does not run. */
static struct plan *plan_configured(struct partition_spec *s, const struct virt_channels *channels,
				    struct ranges *free)
{
	struct plan *plan = s->broken ? NULL : arena_alloc(sizeof(*plan));
	struct machine *m = &boot.machine;
	enum err err;

	if (!plan ||
	    virt_channels_plan(channels, &plan->config, s, (u32)(s - boot.config.partitions)) !=
		OK ||
	    virt_reserve(plan, s, m, free) != OK)
		return NULL;
	map_files(&plan->files, true);
	must_map(plan->tree, STAGE1_DATA);
	must_map((struct range){plan->config.pvtime.pa, plan->config.pvtime.size}, STAGE1_DATA);
	config_check_kernel(&boot.config, s, (const void *)plan->files.kernel.base, m, config_log,
			    NULL);
	err = s->broken ? ERR_FORMAT : virt_plan(plan, s, m);
	map_files(&plan->files, false);
	CHECK(stage1_unmap(plan->tree) == OK);
	return err ? NULL : plan;
}

/* The one guest of a machine without configuration. */
static void make_guest(void)
{
	struct machine *m = &boot.machine;
	struct plan *plan = &boot.plan;
	const void *tree = (const void *)boot.tree.base;
	struct guest_files found;
	enum err err;

	if (m->initrd.size)
		must_map(m->initrd, STAGE1_RODATA);
	err = modules_choose(m, &plan->files);
	if (err == ERR_NOT_FOUND)
		boot_off();
	if (err)
		boot_stop("the guest's files cannot be used");
	if (m->initrd.size)
		CHECK(stage1_unmap(m->initrd) == OK);
	found = plan->files;
	map_files(&found, true);
	if (plan_retain(plan, m, &boot.options, boot.kept) != OK)
		boot_stop("the guest cannot be loaded");
	must_map(plan->retained, STAGE1_DATA);
	if (plan_partition(plan, m, tree) != OK)
		boot_stop("the guest cannot be set up");
	map_files(&found, false);
	if (plan->retained.size)
		CHECK(stage1_unmap(plan->retained) == OK);

	if (partitions_create((const struct partition_config *[]){&plan->config}, 1) != OK ||
	    !made(&partitions[0], &plan->config))
		boot_stop("there is nothing to run");
}

/* What the configuration asks for, as far as it is sound. */
static void make_configured(void)
{
	struct machine *m = &boot.machine;
	const struct config *c = &boot.config;
	const struct partition_config **configs = arena_alloc(c->nr_partitions * sizeof(*configs));
	struct virt_channels channels;
	struct ranges free;
	u32 nr = 0;

	if (!configs || machine_free(m, boot.kept, &free) != OK ||
	    virt_channels_reserve(&channels, &boot.channels, c, &free) != OK)
		boot_stop("the configuration is too large");
	for (u32 i = 0; i < c->nr_partitions; i++) {
		struct plan *plan = plan_configured(&c->partitions[i], &channels, &free);

		if (plan)
			configs[nr++] = &plan->config;
	}
	sched_major_frame_us = c->major_frame_us;
	if (!nr || partitions_create(configs, nr) != OK)
		boot_stop("none of the %u partitions of the configuration can run",
			  c->nr_partitions);
	for (u32 i = 0; i < nr; i++)
		made(&partitions[i], configs[i]);
}

static void make_partitions(void)
{
	const void *tree = (const void *)boot.tree.base;

	if (config_read(&boot.config, tree, &boot.machine, config_log, NULL) != OK ||
	    config_read_channels(&boot.channels, &boot.config, tree, &boot.machine, config_log,
				 NULL) != OK)
		boot_stop("the configuration is too large");
	if (boot.config.nr_partitions)
		make_configured();
	else
		make_guest();
}

_Noreturn static void continue_on_own_stack(void)
{
	start_cpus();
	make_partitions();
	console_interrupts_on();
	for (u32 i = 0; i < nr_partitions; i++)
		if (partitions[i].nr_vcpus)
			partition_start(&partitions[i]);
	smp_release();
	sched_start(&cpus[0]);
}

void boot_moved(const void *tree, u64 *root, u8 *pages, const u8 *pages_end)
{
	(void)tree;
	boot_early_pages(root, pages, pages_end);
	machine_rebase(&boot.machine, boot.moved_by);
	console_rebase(boot.moved_by);
	if (boot.machine.uart.driver)
		must_map(boot.machine.uart.regs, STAGE1_DEVICE);
	partition_end = (enum partition_end)boot.options.on_stop;
	panic_end = (enum panic_end)boot.options.panic;
	terminal_setup((u32)boot.options.escape, (enum terminal_mode)boot.options.console);
	take_place();
	write_sysreg(TPIDR_EL2, (u64)&cpus[0]);
	__asm__ volatile("mov sp, %0\n\tmov x29, #0\n\tmov x30, #0\n\tbr %1"
			 :
			 : "r"(cpus[0].stack_top), "r"(continue_on_own_stack)
			 : "memory");
	__builtin_unreachable();
}
