/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions that Tocsin makes a guest take, as the architecture enters EL1. */
#pragma once

#include <arch/esr.h>
#include <arch/sysreg.h>
#include <el2/partition.h>

/* Works out which flags of PSTATE p's CPUs have; its ID registers are set. */
void inject_prepare(struct partition *p);

/* PSTATE after an exception from where v is to EL1: SPAN and DSSBS decide about PAN
 * and SSBS; flags that the CPU does not have stay clear. v's CPU, loaded or not.
 * DDI0487 D1.3.3, AArch64.TakeException. */
static inline u64 inject_entry_pstate(const struct vcpu *v)
{
	const struct pstate_rules *rules = &v->partition->entry;
	u64 sctlr = v->cpu->current == v ? read_sysreg(SCTLR_EL1) : v->el1[EL1_SCTLR_EL1];
	u64 pstate = PSTATE_EL1H | PSTATE_DAIF | (v->regs.pstate & rules->keep);

	if (!(sctlr & SCTLR_EL1_SPAN))
		pstate |= rules->pan;
	if (sctlr & SCTLR_EL1_DSSBS)
		pstate |= rules->ssbs;
	return pstate;
}

/* Unknown-reason exception (an UNDEFINED instruction) at v's PC. v's EL1 context
 * is in the hardware. DDI0487 D1.3.5. */
void inject_undefined(struct vcpu *v);

/* Synchronous external abort for the stage-2 abort described by esr and v->far.
 * Returns false, changing nothing, if EL1 could not even fetch the vector: the
 * abort was for that very fetch. */
bool inject_abort(struct vcpu *v, u64 esr);

/* Makes v take a synchronous exception to its EL1 with that syndrome. */
void inject_sync(struct vcpu *v, u64 esr, u64 far, bool far_valid);
