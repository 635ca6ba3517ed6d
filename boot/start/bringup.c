/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second run, at the final place: page pool, final stage-1 map, interrupt controller, CPUs,
 * partitions. Then the boot CPU runs guests like the others.
 */
#include "features.h"
#include "smp.h"
#include <arch/sysreg.h>
#include <boot/arena.h>
#include <boot/boot.h>
#include <boot/partitions.h>
#include <boot/stop.h>
#include <drivers/console.h>
#include <drivers/log.h>
#include <drivers/psci.h>
#include <drivers/timer.h>
#include <el2/errata.h>
#include <el2/handover.h>
#include <el2/idreg.h>
#include <el2/irq.h>
#include <el2/panic.h>
#include <el2/partition.h>
#include <el2/sched.h>
#include <el2/terminal.h>
#include <lib/atomic.h>
#include <lib/check.h>
#include <lib/lock.h>
#include <mm/pages.h>
#include <mm/stage1.h>

/* Bytes of page pool per object, rounded up generously. The pool is allocated once, and a boot that
 * uses it up logs that. */
#define POOL_BASE KIB(128)         /* stage 1, vGIC words, arrays; later boot's memory is added */
#define POOL_PER_CPU KIB(44)       /* stacks, struct cpu */
#define POOL_PER_VCPU KIB(8)       /* struct vcpu and its list-register bookkeeping */
#define POOL_PER_PARTITION KIB(48) /* struct partition, tables' roots, vGIC arrays */
#define POOL_PER_CHANNEL KIB(64)   /* on both sides: tables for its memory and page */
#define POOL_PER_RANGE KIB(24)     /* tables at both ends, in stage 2 and in stage 1 */

_Static_assert((int)STOP_HALT == (int)END_HALT && (int)STOP_POWER_OFF == (int)END_OFF &&
		   (int)STOP_MACHINE_RESET == (int)END_RESET && (int)STOP_HALT == (int)PANIC_HALT &&
		   (int)STOP_POWER_OFF == (int)PANIC_OFF &&
		   (int)STOP_MACHINE_RESET == (int)PANIC_RESET,
	       "the command line's words mean the same everywhere");

void stage1_switch(u64 root); /* head.S */

static u64 partition_pool_size(const struct partition_spec *s)
{
	/* Tables down to the last level; struct paged_frame, and as much again for loads and
	 * tokens; a pager's slots, and two bytes and two bits for each page. */
	u64 paged = s->paging.on ? s->memory / 512 + s->memory / KIB(256) +
				       s->paging.resident / 256 + KIB(32) + s->nr_vcpus * KIB(8)
				 : 0;

	if (s->paging.on && s->paging.pager)
		paged += s->memory / KIB(16) + s->memory / KIB(2) +
			 s->paging.pager_slots * (sizeof(struct pager_slot) + 8);

	return paged + POOL_PER_PARTITION + s->nr_vcpus * POOL_PER_VCPU +
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

/* Maps all that EL2 may access, and no more; smp_create() unmaps the guard pages. */
static void map_all(const struct machine *m, struct range pool)
{
	must_map(between(image_start, boot_rodata_start), STAGE1_BOOT_CODE);
	must_map(between(boot_rodata_start, text_start), STAGE1_RODATA);
	must_map(between(text_start, rodata_start), STAGE1_CODE);
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

static void take_target(void)
{
	struct machine *m = &boot.machine;
	u64 pool_base = ALIGN_UP(boot.tree.base + boot.tree.size, PAGE_SIZE);
	struct range pool = {pool_base, boot.kept.base + boot.kept.size - pool_base};
	enum err err;
	u64 root;

	boot_map_early(pool);
	pages_init(boot.kept.base, boot.kept.size, pool.base - boot.kept.base);
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
	timer_distrust(m->timer_faults);
	m->gic.guest_ppis =
	    1U << m->timer[TIMER_VIRTUAL] % 32 | 1U << m->timer[TIMER_PHYSICAL] % 32;
	m->gic.nr_cpus = nr_cpus;
	m->gic.cpu_redist = boot_alloc(nr_cpus * sizeof(u64), 8);
	if (!m->gic.cpu_redist || gic_init(&m->gic) != OK)
		boot_stop("the interrupt controller cannot be used");
	irq_init(&irqs);
	if (cpu_init(&cpus[0]) != OK)
		boot_stop("cpu0 cannot be used");
	atomic_store_release(&cpus[0].online, true);
	m->nr_cpus = smp_start(m);
	if (!boot.vcpus_asked)
		boot.options.vcpus = MIN(boot.options.vcpus, (u64)m->nr_cpus);
	/* A CPU that comes up late has not been checked. */
	spin_lse = smp_complete() && IDREG_FIELD(idreg_machine, ID_AA64ISAR0_EL1, ATOMIC) >= 2;
	errata_report(boot.options.mitigations);
	features_report(idreg_machine);
	log_info("%u of %u CPUs, GICv%u", m->nr_cpus, nr_cpus, m->gic.version);
}

/* Memory that is not needed after boot: its code and constants; the end of the arena, the early
 * map, the first stacks, the tree. Returns the number of ranges. */
static u32 spent(struct range *at)
{
	if (!smp_complete()) {
		log_warn("boot code stays: a CPU that did not come up may still enter it");
		return 0;
	}
	at[0] = between(image_start, text_start);
	at[1] = (struct range){arena_end(), boot.tree.base + boot.tree.size - arena_end()};
	at[1].size = ALIGN_UP(at[1].size, PAGE_SIZE);
	return 2;
}

_Noreturn static void continue_on_own_stack(void)
{
	struct range ranges[2];

	start_cpus();
	partitions_make();
	console_interrupts_on();
	terminal_poll();
	for (u32 i = 0; i < nr_partitions; i++)
		partition_start(&partitions[i]);
	handover(&cpus[0], ranges, spent(ranges));
}

void boot_moved(const void *tree, u64 *root, u8 *pages, const u8 *pages_end)
{
	boot_early_pages(root, pages, pages_end);
	machine_rebase(&boot.machine, boot.moved_by);
	console_rebase(boot.moved_by);
	if (boot.machine.uart.driver)
		must_map(boot.machine.uart.regs, STAGE1_DEVICE);
	partition_end = (enum partition_end)boot.options.on_stop;
	panic_end = (enum panic_end)boot.options.panic;
	terminal_setup((u32)boot.options.escape, (enum terminal_mode)boot.options.console);
	take_target();
	write_sysreg(TPIDR_EL2, (u64)&cpus[0]);
	__asm__ volatile("mov sp, %0\n\tmov x29, #0\n\tmov x30, #0\n\tbr %1"
			 :
			 : "r"(cpus[0].stack_top), "r"(continue_on_own_stack)
			 : "memory");
	__builtin_unreachable();
}
