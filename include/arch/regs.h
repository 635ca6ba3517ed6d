/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of a guest that every exception to EL2 saves. */
#pragma once

#include <lib/types.h>

struct regs {
	u64 x[31];
	u64 pc;
	u64 pstate; /* as SPSR_EL2 holds it */
};
