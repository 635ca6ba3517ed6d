/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of the registers that decide what a guest does without EL2. A bit
 * is set because a comment in el2/trapreg.c says what it traps; control bits
 * that a CPU does not have stay 0. id is the set of ID registers of the CPU
 * concerned (el2/idreg.h). All but the last are pure.
 */
#pragma once

#include <el2/idreg.h>
#include <lib/types.h>

/* HCR_EL2 of a vCPU; shares_cpu: others may run on its CPU, so WFI is trapped. */
u64 trapreg_hcr(const u64 id[NR_IDREG], bool shares_cpu);

/* nr_counters: PMCR_EL0.N. */
u64 trapreg_mdcr(const u64 id[NR_IDREG], u32 nr_counters);
u64 trapreg_cptr(const u64 id[NR_IDREG]);
u64 trapreg_cnthctl(void);

/* Writes all of them but HCR_EL2, and 0 to the finer traps, on the calling CPU.
 * The caller's next ERET makes them count. */
void trapreg_init_cpu(void);
