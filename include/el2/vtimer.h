/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's two timers (DDI0487 D11): its own in hardware while its vCPU is
 * loaded, virtual and physical count alike (CNTVOFF_EL2 is 0).
 */
#pragma once

#include <lib/types.h>

struct vcpu;

/* Moves v's timers out of and into the hardware. */
void vtimer_put(struct vcpu *v);
void vtimer_load(const struct vcpu *v);

/* Timers off, as after reset; v is not loaded. */
void vtimer_reset(struct vcpu *v);

/* When the first of v's timers will want to interrupt; UINT64_MAX: never. v is
 * not loaded. */
u64 vtimer_deadline(const struct vcpu *v);
