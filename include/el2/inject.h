/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions that Tocsin makes a guest take, as the architecture enters EL1. */
#pragma once

#include <lib/types.h>

struct vcpu;

/* Unknown-reason exception (an UNDEFINED instruction) at v's PC. v's EL1 context
 * is in the hardware. DDI0487 D1.3.5. */
void inject_undefined(struct vcpu *v);

/* Synchronous external abort for the stage-2 abort described by esr and v->far.
 * Returns false, changing nothing, if EL1 could not even fetch the vector: the
 * abort was for that very fetch. */
bool inject_abort(struct vcpu *v, u64 esr);

/* Makes v take a synchronous exception to its EL1 with that syndrome. */
void inject_sync(struct vcpu *v, u64 esr, u64 far, bool far_valid);
