/* SPDX-License-Identifier: Apache-2.0 */
/* Guest timers across a switch; while loaded they need no help from EL2. */
#include <arch/barrier.h>
#include <arch/sysreg.h>
#include <el2/vcpu.h>
#include <el2/vtimer.h>

#define CTL_ENABLE CNTV_CTL_EL0_ENABLE
#define CTL_IMASK CNTV_CTL_EL0_IMASK

static u32
    virtual_ppi; /* bit of its PPI; the other PPI of vgic_listens() is the physical timer's */

void vtimer_init(u32 virtual_intid)
{
	virtual_ppi = 1U << virtual_intid % 32;
}

void vtimer_put(struct vcpu *v)
{
	v->vtimer.ctl = read_sysreg(CNTV_CTL_EL0);
	v->vtimer.cval = read_sysreg(CNTV_CVAL_EL0);
	v->ptimer.ctl = read_sysreg(CNTP_CTL_EL0);
	v->ptimer.cval = read_sysreg(CNTP_CVAL_EL0);
	if (!((v->vtimer.ctl | v->ptimer.ctl) & CTL_ENABLE))
		return;
	write_sysreg(CNTV_CTL_EL0, 0);
	write_sysreg(CNTP_CTL_EL0, 0);
	isb(); /* their lines are low before the GIC belongs to another vCPU */
}

void vtimer_load(const struct vcpu *v)
{
	write_sysreg(CNTV_CVAL_EL0, v->vtimer.cval);
	write_sysreg(CNTV_CTL_EL0, v->vtimer.ctl);
	write_sysreg(CNTP_CVAL_EL0, v->ptimer.cval);
	write_sysreg(CNTP_CTL_EL0, v->ptimer.ctl);
}

void vtimer_reset(struct vcpu *v)
{
	v->vtimer = v->ptimer = (struct vtimer){0};
}

static u64 deadline(const struct vtimer *t, u32 heard)
{
	return heard && (t->ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE ? t->cval : UINT64_MAX;
}

u64 vtimer_armed_deadline(const struct vcpu *v)
{
	u32 ppis = vgic_listens(v);

	return MIN(deadline(&v->vtimer, ppis & virtual_ppi),
		   deadline(&v->ptimer, ppis & ~virtual_ppi));
}
