/* SPDX-License-Identifier: Apache-2.0 */
/* Address translation in host tests: the test supplies it, and fills in PAR_EL1. */
#pragma once

#include <lib/types.h>

void at_stage1(u64 va, bool el0, bool write);
