/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of the registers that decide what a guest does without EL2. A bit
 * is set because a comment in el2/cpu/trapreg.c says what it traps; control bits
 * that a CPU does not have stay 0. id is the set of ID registers of the CPU
 * concerned (el2/idreg.h). All but the last are pure.
 */
#pragma once

#include <el2/idreg.h>
#include <lib/types.h>

struct cpu;

/* Features whose registers a guest reaches though not every CPU has them: class OPT in
 * arch/sysreg.def. */
enum trapreg_option {
	OPTION_PAC = 1 << 0,    /* pointer authentication */
	OPTION_RAS = 1 << 1,    /* deferred errors */
	OPTION_TPIDR2 = 1 << 2, /* SME, without the finer trap that hides it */
};

/* HCR_EL2 of a vCPU; shares_cpu: others may run on its CPU, so WFI is trapped. */
u64 trapreg_hcr(const u64 id[NR_IDREG], bool shares_cpu);

/* nr_counters: PMCR_EL0.N. */
u64 trapreg_mdcr(const u64 id[NR_IDREG], u32 nr_counters);
u64 trapreg_cptr(const u64 id[NR_IDREG]);
u64 trapreg_cnthctl(void);

/* The options that a CPU has. */
u32 trapreg_options(const u64 id[NR_IDREG]);

/* Writes all of them but HCR_EL2, and 0 to the finer traps, on the calling CPU, c, and says in
 * it which options there are. mpam: MPAM's registers, too, which firmware may keep to itself. The
 * caller's next ERET makes them count. */
void trapreg_init_cpu(struct cpu *c, bool mpam);
