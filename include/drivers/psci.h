/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's firmware, by SMC: PSCI (DEN0022) and plain SMCCC calls. */
#pragma once

#include <lib/types.h>

/* One fast call to EL3; x0-x3 in place. Only smc.S holds an SMC instruction.
 * Safe on machines without EL3 only if the tree names method "smc". */
struct smc_result {
	u64 x[4];
};
struct smc_result smc_call(u64 fid, u64 a1, u64 a2, u64 a3);

/* Notes that the tree has a PSCI node with method smc; without it every call
 * below answers NOT_SUPPORTED without an SMC. Boot. */
void psci_init(bool present);

/* Starts the CPU with that MPIDR at entry (EL2, MMU off) with context in x0.
 * Returns PSCI codes. */
long psci_cpu_on(u64 mpidr, u64 entry, u64 context);

/* Powers the machine off or resets it. Return only if the firmware refuses. */
void psci_system_off(void);
void psci_system_reset(void);

/* What firmware says of SMCCC_ARCH_FEATURES(fid): -1 not supported, else as DEN0028. */
long smccc_arch_features(u32 fid);
