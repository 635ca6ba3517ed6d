/* SPDX-License-Identifier: Apache-2.0 */
/* CPU errata that TLB maintenance depends on. el2/cpu/errata.c sets them at boot, before SMP. */
#pragma once

#include <lib/types.h>

/* True on machines with a CPU whose TLBI + DSB must be done twice (Arm
 * Cortex-A76 1286807 and kin). */
extern bool tlb_repeat;

/* True on machines with a CPU that may walk stage 1 speculatively while VTTBR_EL2 is another
 * guest's, and cache the result under that guest's VMID (Arm Cortex-A57 1319537 and kin). */
extern bool tlb_walks_ahead;
