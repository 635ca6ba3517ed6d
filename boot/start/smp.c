/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUs: their stacks, the start of the secondary ones, and the setup of each before it runs guests.
 * Every CPU, the boot CPU included, does the same steps in cpu_init().
 */
#include "smp.h"
#include <arch/barrier.h>
#include <arch/smccc.h>
#include <boot/boot.h>
#include <boot/stop.h>
#include <drivers/gic.h>
#include <drivers/log.h>
#include <drivers/psci.h>
#include <drivers/timer.h>
#include <el2/errata.h>
#include <el2/handover.h>
#include <el2/idreg.h>
#include <el2/irq.h>
#include <el2/panic.h>
#include <el2/trapreg.h>
#include <lib/atomic.h>
#include <lib/check.h>
#include <mm/cache.h>
#include <mm/pages.h>
#include <mm/stage1.h>
#include <mm/stage2.h>

/* guard, panic stack, guard, stack */
#define PANIC_STACK_PAGES 2
#define STACK_PAGES 4
#define START_SECONDS 2

static u32 nr_started; /* CPUs that firmware was asked to start, and the boot CPU */

extern char el2_vectors[], el2_vectors_hardened[];
void cpu_entry(void); /* head.S */
_Noreturn void cpu_main(struct cpu *cpu);

/* The stage-1 table is not in use yet, so guard pages can be unmapped without splitting a live
 * block. */
static enum err add_stacks(struct cpu *cpu)
{
	const size_t n = 2 + PANIC_STACK_PAGES + STACK_PAGES;
	u64 base = (u64)pages_alloc(n);
	struct range guard1 = {base, PAGE_SIZE};
	struct range guard2 = {base + (1 + PANIC_STACK_PAGES) * PAGE_SIZE, PAGE_SIZE};

	if (!base)
		return ERR_NO_MEMORY;
	cpu->panic_stack_top = guard2.base;
	cpu->stack_top = base + n * PAGE_SIZE;
	return stage1_unmap(guard1) ?: stage1_unmap(guard2);
}

enum err smp_create(struct machine *m)
{
	u64 own = read_sysreg(MPIDR_EL1) & MPIDR_AFFINITY;
	enum err err = OK;

	cpus = boot_alloc(m->nr_cpus * sizeof(*cpus), 64);
	if (!cpus)
		return ERR_NO_MEMORY;
	nr_cpus = m->nr_cpus;
	for (u32 i = 0; i < nr_cpus; i++) {
		struct machine_cpu boot_one = m->cpus[i];

		if (boot_one.mpidr != own)
			continue;
		m->cpus[i] = m->cpus[0];
		m->cpus[0] = boot_one;
		break;
	}
	if (m->cpus[0].mpidr != own) {
		log_error("the boot CPU, MPIDR 0x%lx, is not in the device tree", own);
		return ERR_NOT_FOUND;
	}
	for (u32 i = 0; !err && i < nr_cpus; i++) {
		cpus[i].index = i;
		cpus[i].mpidr = m->cpus[i].mpidr;
		err = add_stacks(&cpus[i]);
	}
	return err;
}

/* Chooses the vectors for exceptions from guests, and their first steps. */
static void choose_vectors(struct cpu *cpu)
{
	char *vectors = el2_vectors_hardened;

	switch (boot.options.mitigations ? errata_entry(cpu->errata) : ENTRY_PLAIN) {
	case ENTRY_PLAIN:
		vectors = el2_vectors;
		break;
	case ENTRY_CLRBHB:
		cpu->branch_loops = 1; /* CLRBHB precedes the loop, whatever its count */
		break;
	case ENTRY_LOOP:
		cpu->branch_loops = ERRATA_BHB_LOOPS(cpu->errata);
		break;
	case ENTRY_CALL_1:
		cpu->branch_call = SMCCC_ARCH_WORKAROUND_1;
		break;
	case ENTRY_CALL_3:
		cpu->branch_call = SMCCC_ARCH_WORKAROUND_3;
		break;
	}
	write_sysreg(VBAR_EL2, (u64)vectors);
	isb();
}

enum err cpu_init(struct cpu *cpu)
{
	enum err err;
	u64 serror;

	write_sysreg(TPIDR_EL2, (u64)cpu);
	errata_init_cpu(cpu);
	choose_vectors(cpu);
	idreg_init_cpu(cpu);
	stage2_init_cpu();
	trapreg_init_cpu(cpu, boot.options.mpam);
	timer_set(UINT64_MAX);
	err = gic_cpu_init(cpu->index, cpu->mpidr);
	if (err)
		return err;
	irq_init_cpu(cpu);
	serror = panic_drain_serror();
	if (serror) /* caused by firmware, not by a guest */
		log_warn("cpu%u: an SError was pending at entry, esr 0x%lx: ignored", cpu->index,
			 serror);
	return OK;
}

void cpu_main(struct cpu *cpu)
{
	if (cpu_init(cpu) != OK)
		for (;;)
			wfi();
	handover_join(cpu);
}

/* False, after a message: the CPU stays off. */
static bool start(const struct machine *m, struct cpu *cpu, struct cpu_boot *b)
{
	long result;

	if (!m->cpus[cpu->index].psci) {
		log_error("CPU with MPIDR 0x%lx: its enable-method is not psci: it stays off",
			  cpu->mpidr);
		return false;
	}
	b->cpu = cpu;
	b->root = read_sysreg(TTBR0_EL2);
	b->stack_top = cpu->stack_top;
	cache_clean_for_uncached(b, sizeof(*b));
	result = psci_cpu_on(cpu->mpidr, (u64)cpu_entry, (u64)b);
	if (result != 0)
		log_error("CPU with MPIDR 0x%lx: firmware answered CPU_ON with %ld: it stays off",
			  cpu->mpidr, result);
	return result == 0;
}

static bool wait_online(const struct cpu *cpu, u64 deadline)
{
	while (!atomic_load_acquire(&cpu->online))
		if (timer_now() > deadline)
			return false;
	return true;
}

/* The next CPU takes the place of one that firmware refuses. With a configuration, which numbers
 * CPUs as the tree does, the CPUs after it stay off instead. */
static u32 start_all(struct machine *m, struct cpu_boot *b)
{
	u32 started = 1;

	for (u32 i = 1; i < nr_cpus && m->psci_smc; i++) {
		m->cpus[started] = m->cpus[i];
		cpus[started].mpidr = m->cpus[i].mpidr;
		if (start(m, &cpus[started], &b[started]))
			started++;
		else if (boot.config.nr_partitions)
			break;
	}
	return started;
}

u32 smp_start(struct machine *m)
{
	struct cpu_boot *b = boot_alloc(nr_cpus * sizeof(*b), 64);
	u64 deadline = timer_now() + START_SECONDS * timer_frequency();
	u32 started;

	CHECK(b);
	started = start_all(m, b);
	nr_started = started;
	for (u32 i = 1; i < started; i++) {
		if (wait_online(&cpus[i], deadline))
			continue;
		log_error("cpu%u, MPIDR 0x%lx: did not come up in %u s (entered at EL%lu)", i,
			  cpus[i].mpidr, START_SECONDS, b[i].level ? b[i].level : 2);
		return i;
	}
	return started;
}

bool smp_complete(void)
{
	for (u32 i = 1; i < nr_started; i++)
		if (!atomic_load_acquire(&cpus[i].online))
			return false;
	return true;
}
