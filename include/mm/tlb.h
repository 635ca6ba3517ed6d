/* SPDX-License-Identifier: Apache-2.0 */
/* A CPU erratum that TLB maintenance has to know of. */
#pragma once

#include <lib/types.h>

/* True on machines with a CPU whose TLBI + DSB must be done twice (Arm
 * Cortex-A76 1286807 and kin). Set at boot by el2/errata.c, before SMP. */
extern bool tlb_repeat;
