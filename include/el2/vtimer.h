/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's two timers (DDI0487 D11): its own in hardware while its vCPU is
 * loaded, virtual and physical count alike (CNTVOFF_EL2 is 0).
 */
#pragma once

#include <arch/sysreg.h>
#include <el2/vcpu.h>

/* The virtual timer's PPI. Boot CPU. */
void vtimer_init(u32 virtual_intid);

/* Moves v's timers out of and into the hardware. */
void vtimer_put(struct vcpu *v);
void vtimer_load(const struct vcpu *v);

/* Timers off, as after reset; v is not loaded. */
void vtimer_reset(struct vcpu *v);

/* When the first of v's timers will interrupt v; UINT64_MAX: never, or not in vgic_listens(). v is
 * not loaded. */
u64 vtimer_armed_deadline(const struct vcpu *v);

static inline u64 vtimer_deadline(const struct vcpu *v)
{
	if (!((v->vtimer.ctl | v->ptimer.ctl) & CNTV_CTL_EL0_ENABLE))
		return UINT64_MAX;
	return vtimer_armed_deadline(v);
}
