/* SPDX-License-Identifier: Apache-2.0 */
/* Features of the machine's CPUs that Tocsin does not know how to hide. */
#pragma once

#include <el2/idreg.h>

/* One warning with the fields of these ID registers that are above what a HIDDEN row of
 * arch/sysreg.def knows, or in no row at all; nothing if there are none. */
void features_report(const u64 id[NR_IDREG]);
