/* SPDX-License-Identifier: Apache-2.0 */
/* CPU errata that TLB maintenance has to know of: set at boot by el2/cpu/errata.c, before SMP. */
#pragma once

#include <lib/types.h>

/* True on machines with a CPU whose TLBI + DSB must be done twice (Arm
 * Cortex-A76 1286807 and kin). */
extern bool tlb_repeat;

/* True on machines with a CPU that may walk stage 1 by itself while VTTBR_EL2 is another
 * guest's, and keep what it found under that one's VMID (Arm Cortex-A57 1319537 and kin). */
extern bool tlb_walks_ahead;
