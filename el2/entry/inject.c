/* SPDX-License-Identifier: Apache-2.0 */
/* Exception entry to EL1 done by hand: DDI0487 D1.3.3 and the pseudocode
 * AArch64.TakeException. No locks; only the running vCPU's own registers. */
#include <arch/esr.h>
#include <arch/sysreg.h>
#include <el2/inject.h>
#include <el2/partition.h>

static u64 vector_offset(u64 pstate)
{
	if (pstate & PSTATE_AARCH32)
		return 0x600;
	switch (pstate & PSTATE_M_MASK) {
	case PSTATE_EL0T:
		return 0x400;
	case PSTATE_EL1H:
		return 0x200;
	default:
		return 0;
	}
}

static bool has(const struct partition *p, u32 encoding, u64 field)
{
	return p->idreg[IDREG_INDEX(encoding)] & field;
}

void inject_prepare(struct partition *p)
{
	p->entry.pan = has(p, SYS_ID_AA64MMFR1_EL1, ID_AA64MMFR1_EL1_PAN) ? PSTATE_PAN : 0;
	p->entry.ssbs = has(p, SYS_ID_AA64PFR1_EL1, ID_AA64PFR1_EL1_SSBS) ? PSTATE_SSBS : 0;
	p->entry.keep = PSTATE_NZCV | p->entry.pan;
	if (has(p, SYS_ID_AA64PFR0_EL1, ID_AA64PFR0_EL1_DIT))
		p->entry.keep |= PSTATE_DIT;
}

void inject_sync(struct vcpu *v, u64 esr, u64 far, bool far_valid)
{
	write_sysreg(ESR_EL1, esr);
	if (far_valid)
		write_sysreg(FAR_EL1, far);
	write_sysreg(SPSR_EL1, v->regs.pstate);
	write_sysreg(ELR_EL1, v->regs.pc);
	v->regs.pc = read_sysreg(VBAR_EL1) + vector_offset(v->regs.pstate);
	v->regs.pstate = inject_entry_pstate(v);
}

void inject_undefined(struct vcpu *v)
{
	inject_sync(v, (u64)EC_UNKNOWN << 26 | ESR_IL, 0, false);
}

bool inject_abort(struct vcpu *v, u64 esr)
{
	bool fetch = ESR_EC(esr) == EC_IABT_LOWER;
	bool from_el0 =
	    (v->regs.pstate & PSTATE_M_MASK) == PSTATE_EL0T || v->regs.pstate & PSTATE_AARCH32;
	u64 ec = (fetch ? EC_IABT_LOWER : EC_DABT_LOWER) + (from_el0 ? 0U : 1U);
	u64 vector = read_sysreg(VBAR_EL1) + vector_offset(v->regs.pstate);
	u64 fsc;

	if (fetch && v->regs.pc == vector)
		return false;
	/* On a stage-1 walk the level is that of the descriptor, which only another
	 * walk would tell: level 0 stands for all. */
	fsc = esr & ESR_ABT_S1PTW ? FSC_EXTERNAL_WALK : FSC_EXTERNAL;
	inject_sync(v, ec << 26 | (esr & (ESR_IL | ESR_ABT_WNR | ESR_ABT_CM)) | fsc, v->far, true);
	return true;
}
