/* SPDX-License-Identifier: Apache-2.0 */
/* Checks whether bytes can be A64 code. */
#pragma once

#include <lib/types.h>

struct a64_fault {
	u64 at;     /* offset in the code */
	u32 word;   /* the word there */
	bool leads; /* it is a branch out of the code; else it is no instruction */
};

/*
 * False if a CPU that enters code (size bytes, any alignment) at its first byte is certain to reach
 * a word that is no A64 instruction for a guest, or a branch out of the code; *fault says which.
 * True means only that it may be code. Reads a few dozen words. Pure. DDI0487 C4.1.
 */
bool a64_may_run(const u8 *code, u64 size, struct a64_fault *fault);
