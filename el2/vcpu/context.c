/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch of everything that stays in the hardware while a vCPU runs: EL1
 * system registers (the CTX and OPT rows of arch/sysreg.def), FP/SIMD, timers,
 * the GIC's virtual interface, stage 2.
 */
#include <arch/barrier.h>
#include <arch/sysreg.h>
#include <arch/tlb.h>
#include <drivers/timer.h>
#include <el2/context.h>
#include <el2/errata.h>
#include <el2/idreg.h>
#include <el2/panic.h>
#include <el2/partition.h>
#include <el2/sched.h>
#include <el2/trap.h>
#include <el2/trapreg.h>
#include <el2/vtimer.h>
#include <mm/cache.h>
#include <mm/tlb.h>

#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) FOR_##class(name, arg)
#define FOR_EL2(name, arg)
#define FOR_ID(name, arg)
#define FOR_IDRAW(name, arg)
#define FOR_RAZ(name, arg)
#define FOR_EMU(name, arg)
#define FOR_HW(name, arg)
#define FOR_PASS(name, arg)

static void save_el1(struct vcpu *v)
{
#define FOR_CTX(name, arg) v->el1[EL1_##name] = read_sysreg(name);
#define FOR_OPT(name, arg)
#include <arch/sysreg.def>
#undef FOR_CTX
#undef FOR_OPT
}

static void load_el1(const struct vcpu *v)
{
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) FOR_##class(name, arg)
#define FOR_CTX(name, arg) write_sysreg(name, v->el1[EL1_##name]);
#define FOR_OPT(name, arg)
#include <arch/sysreg.def>
#undef FOR_CTX
#undef FOR_OPT
}

/* Rows of one feature follow each other, so the compiler tests each feature once. */
static void save_options(struct vcpu *v, u32 options)
{
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) FOR_##class(name, arg)
#define FOR_CTX(name, arg)
#define FOR_OPT(name, feature)                                                                     \
	if (options & OPTION_##feature)                                                            \
		v->el1[EL1_##name] = read_sysreg(name);
#include <arch/sysreg.def>
#undef FOR_OPT
}

static void load_options(const struct vcpu *v, u32 options)
{
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) FOR_##class(name, arg)
#define FOR_OPT(name, feature)                                                                     \
	if (options & OPTION_##feature)                                                            \
		write_sysreg(name, v->el1[EL1_##name]);
#include <arch/sysreg.def>
#undef FOR_OPT
#undef FOR_CTX
}

/* Debug registers are written rarely and read from the context, so they cost a
 * switch nothing unless one of the two vCPUs uses them. */
static void load_debug(const struct vcpu *v)
{
#undef FOR_PASS
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) FOR_##class(name, arg)
#define FOR_CTX(name, arg)
#define FOR_OPT(name, arg)
#define FOR_PASS(name, arg) write_sysreg(name, v->el1[EL1_##name]);
#include <arch/sysreg.def>
#undef FOR_CTX
#undef FOR_OPT
#undef FOR_PASS
}

void context_save_debug(struct vcpu *v)
{
	u64 any = 0;

#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) FOR_##class(name, arg)
#define FOR_CTX(name, arg)
#define FOR_OPT(name, arg)
#define FOR_PASS(name, arg) any |= v->el1[EL1_##name];
#include <arch/sysreg.def>
#undef FOR_CTX
#undef FOR_OPT
#undef FOR_PASS
	v->debugs = any;
	v->cpu->debugs |= v->debugs;
}

void context_reset(struct vcpu *v)
{
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) FOR_##class(name, arg)
#define FOR_CTX(name, arg) v->el1[EL1_##name] = (arg);
#define FOR_OPT(name, arg) v->el1[EL1_##name] = 0;
#define FOR_PASS(name, arg) v->el1[EL1_##name] = 0;
#include <arch/sysreg.def>
	v->debugs = false;
	v->fp = (struct fp_state){0};
}

/* ---- FP/SIMD ---- */

static void trap_fp(struct cpu *cpu, bool traps)
{
	if (cpu->fp_traps == traps)
		return;
	cpu->fp_traps = traps;
	write_sysreg(CPTR_EL2, read_sysreg(CPTR_EL2) ^ CPTR_EL2_TFP);
}

/* Saves the FP registers; EL2 may touch them from now on. */
static void put_fp(struct cpu *cpu)
{
	trap_fp(cpu, false);
	if (!cpu->fp)
		return;
	isb();
	fp_save(&cpu->fp->fp);
	cpu->fp = NULL;
}

static void load_fp(struct cpu *cpu, struct vcpu *v)
{
	put_fp(cpu);
	fp_restore(&v->fp);
	cpu->fp = v;
}

void context_take_fp(struct vcpu *v)
{
	load_fp(v->cpu, v);
}

/* Between vCPUs of one partition the registers stay until the next vCPU uses FP. Between
 * partitions they are switched at once, so that no speculation can read another partition's
 * registers. */
static void switch_fp(struct cpu *cpu, struct vcpu *v)
{
	if (cpu->fp == v)
		trap_fp(cpu, false);
	else if (cpu->fp && cpu->fp->partition == v->partition)
		trap_fp(cpu, true);
	else
		load_fp(cpu, v);
}

static void put(struct vcpu *v)
{
	save_el1(v);
	if (v->cpu->options)
		save_options(v, v->cpu->options);
	vtimer_put(v);
	vgic_put(v);
}

static __attribute__((noinline)) void charge_serror(struct cpu *cpu, struct vcpu *v)
{
	u64 esr = panic_drain_serror();

	if (!esr)
		return;
	trap_stop(v, esr);
	sched_choose_by(cpu, timer_now()); /* v must be stopped soon, whichever vCPU runs now */
}

/* v has been saved, though its EL1 registers are still in the hardware, and another partition's
 * vCPU may come next. That vCPU must not take an SError of v's last stores. EL2 masks SErrors, so
 * it is pending after the barriers. */
static inline void settle_errors(struct cpu *cpu, struct vcpu *v)
{
	dsb(sy);
	isb();
	if (__builtin_expect(read_sysreg(ISR_EL1) & ISR_EL1_A, 0))
		charge_serror(cpu, v);
}

/*
 * With stage 1 of EL1 half switched, a speculative walk could fill the TLB with
 * a mix of two guests (errata in el2/cpu/errata.c): both halves of stage 1 are
 * closed by TCR_EL1.EPD, which needs the MMU on, until everything else, VMID
 * included, is in place.
 */
static void load(struct cpu *cpu, struct vcpu *v, bool same_partition)
{
	struct partition *p = v->partition;
	bool careful = cpu->errata & ERRATA_AT_SPECULATION;

	if (careful) {
		write_sysreg(TCR_EL1, read_sysreg(TCR_EL1) | TCR_EL1_EPD0 | TCR_EL1_EPD1);
		write_sysreg(SCTLR_EL1, read_sysreg(SCTLR_EL1) | SCTLR_EL1_M);
		isb();
	}
	write_sysreg(VMPIDR_EL2, BIT(31) | v->mpidr);
	if (!same_partition) {
		write_sysreg(VPIDR_EL2, cpu->midr);
		write_sysreg(VTCR_EL2, p->stage2.vtcr);
		write_sysreg(VTTBR_EL2, p->stage2.vttbr);
		isb(); /* HCR_EL2.VM may come on just now */
	}
	write_sysreg(HCR_EL2, v->hcr);
	if (careful) {
		u64 tcr = v->el1[EL1_TCR_EL1], sctlr = v->el1[EL1_SCTLR_EL1];

		isb();
		v->el1[EL1_TCR_EL1] = tcr | TCR_EL1_EPD0 | TCR_EL1_EPD1;
		v->el1[EL1_SCTLR_EL1] = sctlr | SCTLR_EL1_M;
		load_el1(v);
		isb();
		write_sysreg(TCR_EL1, v->el1[EL1_TCR_EL1] = tcr);
		write_sysreg(SCTLR_EL1, v->el1[EL1_SCTLR_EL1] = sctlr);
	} else {
		load_el1(v);
	}
	if (cpu->options)
		load_options(v, cpu->options);
	switch_fp(cpu, v);
	vtimer_load(v);
	vgic_load(v);
}

/* Two vCPUs of one partition share a VMID, but a guest's CPU-local maintenance of TLB and
 * instruction cache assumes that each has its own. With its MMU off, one may even have fetched
 * instructions from memory that the other has newer in caches. */
static void forget_sibling(struct cpu *cpu, struct vcpu *v)
{
	struct vcpu **last = &v->partition->last_vcpu[cpu->index];

	if (*last && *last != v) {
		cache_forget_own_instructions();
		for (int i = 0; i <= tlb_repeat; i++) {
			tlbi_stage1_local();
			dsb(nsh);
		}
	}
	*last = v;
}

void context_switch(struct cpu *cpu, struct vcpu *v)
{
	struct vcpu *from = cpu->current;
	bool same_partition = from && from->partition == v->partition;

	if (from == v)
		return;
	if (from)
		put(from);
	if (from && !same_partition)
		settle_errors(cpu, from);
	load(cpu, v, same_partition);
	if (v->debugs || cpu->debugs) {
		load_debug(v);
		cpu->debugs = v->debugs;
	}
	forget_sibling(cpu, v);
	cpu->current = v;
}

void context_evict(struct cpu *cpu, struct vcpu *v)
{
	if (cpu->fp == v)
		put_fp(cpu);
	if (cpu->current != v)
		return;
	put(v);
	settle_errors(cpu, v); /* later the error could no longer be charged to v */
	cpu->current = NULL;
}
