/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the vectors to a decision and back. A handler from the table decides,
 * trap_finish() acts, and whatever else could delay the return to the guest is
 * a bit of v->requests, looked at once.
 */
#include <arch/esr.h>
#include <arch/sysreg.h>
#include <drivers/log.h>
#include <el2/abort.h>
#include <el2/inject.h>
#include <el2/irq.h>
#include <el2/partition.h>
#include <el2/report.h>
#include <el2/sched.h>
#include <el2/smccc.h>
#include <el2/sysreg.h>
#include <el2/trap.h>

/* Trapped only where several vCPUs share a CPU. WFE is not trapped: a guest
 * that spins loses its slice in time. */
static struct verdict trap_wfx(struct vcpu *v, u64 esr)
{
	(void)esr;
	vcpu_wait(v);
	return VERDICT(SKIP);
}

/* Exceptions that the guest would have taken to EL1 by itself do not come here.
 * What is not listed is something it is not offered: UNDEFINED. */
static const trap_fn trap_table[64] = {
    [EC_WFX] = trap_wfx,       [EC_HVC64] = trap_hvc64,      [EC_SMC64] = trap_smc64,
    [EC_SYSREG] = trap_sysreg, [EC_IABT_LOWER] = trap_abort, [EC_DABT_LOWER] = trap_abort,
};

static void skip_instruction(struct vcpu *v, u64 esr)
{
	v->pc += esr & ESR_IL ? 4 : 2;
	v->pstate &= ~PSTATE_BTYPE;
}

static void trap_finish(struct vcpu *v, u64 esr, struct verdict verdict)
{
	switch (verdict.action) {
	case ACT_RESUME:
		return;
	case ACT_SKIP:
		skip_instruction(v, esr);
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
	report_fault(v, esr);
	partition_stop(v->partition, STOP_FAULT);
}

struct vcpu *exit_sync(struct vcpu *v)
{
	u64 esr = read_sysreg(ESR_EL2);
	u32 ec = ESR_EC(esr);
	trap_fn handler = trap_table[ec];

	v->exits[ec]++;
	trap_finish(v, esr, handler ? handler(v, esr) : VERDICT(UNDEF));
	if (__builtin_expect(atomic_load(&v->requests) != 0, 0))
		return sched_serve(v);
	return v;
}

struct vcpu *exit_irq(struct vcpu *v)
{
	v->exits[0]++;
	irq_handle(v->cpu);
	if (__builtin_expect(atomic_load(&v->requests) != 0, 0))
		return sched_serve(v);
	return v;
}

/* Group 1 interrupts come as IRQ. Firmware that leaves one in Group 0 would get
 * us here; it is counted and left pending for the firmware. */
struct vcpu *exit_fiq(struct vcpu *v)
{
	if (v->cpu->fiqs++ == 0)
		log_error("cpu%u: FIQ at EL2: an interrupt is in Group 0", v->cpu->index);
	return exit_irq(v);
}

/* An asynchronous error while a guest ran is taken to be its own doing: devices
 * that it was given are the likely source. */
struct vcpu *exit_serror(struct vcpu *v)
{
	report_fault(v, read_sysreg(ESR_EL2));
	partition_stop(v->partition, STOP_FAULT);
	return sched_serve(v);
}
