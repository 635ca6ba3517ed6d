/* SPDX-License-Identifier: Apache-2.0 */
/* A physical CPU. TPIDR_EL2 points at it. */
#pragma once

#include <arch/sysreg.h>
#include <el2/schedule.h>
#include <lib/types.h>

struct vcpu;

/* Users of a CPU's timer: el2/cpu_timer.h. */
enum cpu_timer_user {
	CPU_TIMER_TERMINAL,
	CPU_TIMER_CONSOLE,
	CPU_TIMER_WATCHDOG,
	CPU_TIMER_PARTITION,
	CPU_TIMER_REPORT,
	NR_CPU_TIMER_USERS
};

struct cpu {
	u64 stack_top;        /* vectors.S: the stack of every entry from a guest */
	u64 panic_stack_top;  /* vectors.S: for exceptions taken from EL2 itself */
	struct vcpu *current; /* whose EL1 context is in the hardware, or NULL */
	u64 mpidr;            /* affinity bits only */
	u64 midr;
	u32 errata;       /* enum errata_action and more: el2/errata.h */
	u32 options;      /* enum trapreg_option */
	u64 branch_loops; /* vectors.S: branch-history loop length; 0: firmware call */
	u64 branch_call;  /* vectors.S: its function identifier */
	u32 index;        /* boot CPU is 0 */
	bool online;
	struct vcpu *fp; /* whose FP/SIMD registers are in the hardware, or NULL */
	bool fp_traps;   /* ... which is not current */
	bool debugs;     /* debug registers (class PASS) hold something */
	bool draining;   /* in panic_drain_serror() */
	u64 drained;     /* ... the syndrome that came */
	bool kicked;     /* another CPU set a request for a vCPU here (under IPI) */

	u32 nr_vcpus;
	u64 alarm; /* what EL2's timer is set to while a guest runs; in the past: it has come */
	u64 timer_first;                    /* the first of timers; 0: none */
	u64 timers[NR_CPU_TIMER_USERS];     /* el2/cpu_timer.h: when; 0: nothing */
	u32 timer_next[NR_CPU_TIMER_USERS]; /* the partition at which a round goes on; 0: none is
					 under way */
	struct schedule schedule;           /* which of them runs: entries in the same order */
};

/* What a secondary CPU needs before it has an MMU; cleaned to memory for it. */
struct cpu_boot {
	struct cpu *cpu;
	u64 root; /* TTBR0_EL2 */
	u64 stack_top;
	u64 level; /* written back by a CPU that did not start at EL2 */
} __attribute__((aligned(64)));

/* The boot CPU's, until cpus exists. */
extern struct cpu boot_cpu;

/* All CPUs of the machine, sized from the device tree at boot. */
extern struct cpu *cpus;
extern u32 nr_cpus;

static inline struct cpu *this_cpu(void)
{
	return (struct cpu *)read_sysreg(TPIDR_EL2);
}
