/* SPDX-License-Identifier: Apache-2.0 */
/* Whether bytes can be A64 code. */
#pragma once

#include <lib/types.h>

struct a64_fault {
	u64 at;     /* offset in the code */
	u32 word;   /* what is there */
	bool leads; /* it is a branch that leads out of the code; else no instruction at all */
};

/*
 * False if a CPU that enters code (size bytes, any alignment) at its first byte certainly
 * comes to a word that is no A64 instruction for a guest, or to a branch out of the code; which
 * one is in *fault. True means only that it may be code. Looks at a few dozen words. Pure.
 * DDI0487 C4.1.
 */
bool a64_may_run(const u8 *code, u64 size, struct a64_fault *fault);
