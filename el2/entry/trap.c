/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the vectors (guest_sync) to a decision and back: a handler from the table
 * decides, trap_finish() acts.
 */
#include <arch/esr.h>
#include <arch/sysreg.h>
#include <drivers/log.h>
#include <el2/abort.h>
#include <el2/context.h>
#include <el2/inject.h>
#include <el2/panic.h>
#include <el2/partition.h>
#include <el2/report.h>
#include <el2/smccc.h>
#include <el2/sysreg.h>
#include <el2/trap.h>

/* Trapped only where several vCPUs share a CPU. WFE is not trapped: a guest
 * that spins loses its slice in time. */
static struct verdict trap_wfx(struct vcpu *v, u64 esr)
{
	vcpu_wait(v);
	return VERDICT(SKIP);
}

/* Trapped while the registers are those of another vCPU. */
static struct verdict trap_fp(struct vcpu *v, u64 esr)
{
	context_take_fp(v);
	return VERDICT(RESUME);
}

static struct verdict trap_unlisted(struct vcpu *v, u64 esr)
{
	return VERDICT(UNDEF);
}

/* Exceptions that the guest would have taken to EL1 by itself do not come here.
 * What is not listed is something it is not offered. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const trap_fn trap_table[64] = {
    [0 ... 63] = trap_unlisted,   [EC_WFX] = trap_wfx,          [EC_FP] = trap_fp,
    [EC_HVC64] = trap_hvc64,      [EC_SMC64] = trap_smc64,      [EC_SYSREG] = trap_sysreg,
    [EC_IABT_LOWER] = trap_abort, [EC_DABT_LOWER] = trap_abort,
};
#pragma GCC diagnostic pop

/* The IT block of a T32 instruction goes on with its next condition (DDI0487
 * G1.8, ITAdvance); IT[7:2] and IT[1:0] are apart in an AArch32 PSTATE. */
static u64 advance_it(u64 pstate)
{
	u64 it = FIELD_GET(PSTATE32_IT_HIGH, pstate) << 2 | FIELD_GET(PSTATE32_IT_LOW, pstate);

	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	pstate &= ~(PSTATE32_IT_HIGH | PSTATE32_IT_LOW);
	return pstate | FIELD_PREP(PSTATE32_IT_HIGH, it >> 2) | FIELD_PREP(PSTATE32_IT_LOW, it & 3);
}

static inline void skip_a64(struct vcpu *v)
{
	v->regs.pc += 4;
	v->regs.pstate &= ~(PSTATE_BTYPE | PSTATE_SS); /* single-stepped, it is done */
}

static void skip_a32(struct vcpu *v, u64 esr)
{
	v->regs.pc += esr & ESR_IL ? 4 : 2;
	v->regs.pstate = advance_it(v->regs.pstate) & ~PSTATE_SS;
}

void trap_stop(struct vcpu *v, u64 esr)
{
	if (partition_stop(v->partition, STOP_FAULT))
		report_fault(v, esr);
}

static __attribute__((noinline)) void act(struct vcpu *v, u64 esr, enum action action)
{
	switch (action) {
	case ACT_RESUME:
		return;
	case ACT_SKIP:
		skip_a32(v, esr);
		return;
	case ACT_UNDEF:
		inject_undefined(v);
		return;
	case ACT_ABORT:
		if (inject_abort(v, esr))
			return;
		break;
	case ACT_STOP:
		break;
	}
	trap_stop(v, esr);
}

void trap_finish(struct vcpu *v, u64 esr, struct verdict verdict)
{
	if (verdict.action == ACT_SKIP && !(v->regs.pstate & PSTATE_AARCH32))
		skip_a64(v);
	else
		act(v, esr, verdict.action);
}

/* Everything is in Group 1 and comes as IRQ. An FIQ is an interrupt that firmware left in Group 0,
 * which EL2 cannot acknowledge, so it would come for ever. */
void exit_fiq(struct vcpu *v)
{
	panic("FIQ at EL2 while vCPU %u ran: firmware left an interrupt in Group 0", v->index);
}

/* An asynchronous error while a guest ran is taken to be its own doing: devices
 * that it was given are the likely source. */
void exit_serror(struct vcpu *v)
{
	trap_stop(v, read_sysreg(ESR_EL2));
}
