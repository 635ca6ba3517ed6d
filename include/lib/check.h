/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CHECK is for Tocsin's own invariants: a false one is our bug and ends in a
 * panic with registers and backtrace. It is never for a value that came from a
 * guest, a device tree or a device: those are answered, not checked.
 */
#pragma once

#include <lib/types.h>

/* The BRK immediate of a failed CHECK: x0 is the expression, x1 the file (both
 * strings), x2 the line. */
#define CHECK_BRK 0x7c5

/* Reports a failed CHECK by trapping (BRK) into the EL2 vectors, so that no
 * lower layer calls the panic code above it. Any context. Never returns. */
_Noreturn void check_failed(const char *expr, const char *file, u32 line);

#define CHECK(cond) ((cond) ? (void)0 : check_failed(#cond, __FILE__, __LINE__))
