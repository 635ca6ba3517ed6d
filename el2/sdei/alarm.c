/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alarm: what EVENT_SIGNAL is for normal priority, for critical. Its use is to
 * reach a vCPU that is stuck in a normal event's handler, as when a kernel stops its
 * CPUs in a panic. No lock: what it counts is the rung vCPU's own.
 */
#include <abi/tocsin.h>
#include <el2/alarm.h>
#include <el2/partition.h>
#include <el2/smccc.h>

static void heard(struct vcpu *v, u32 slot)
{
	atomic_store(&v->alarms.heard, v->alarms.heard + 1);
}

static void over(struct vcpu *v, u32 slot, enum vsdei_end end)
{
	atomic_store(&v->alarms.over, v->alarms.over + 1);
}

const struct vsdei_owner owner_alarm = {heard, over};

/* The target vCPU of a call, or NULL after the error was returned to the caller. */
static struct vcpu *target_of(struct vcpu *v)
{
	struct vcpu *target = partition_vcpu(v->partition, v->regs.x[1]);
	long error = v->partition->config->sdei ? SDEI_INVALID_PARAMETERS : SDEI_NOT_SUPPORTED;

	if (target && v->partition->config->sdei)
		return target;
	smccc_return(v, error);
	return NULL;
}

struct verdict alarm_ring(struct vcpu *v, u32 fid)
{
	struct vcpu *target = target_of(v);
	u64 flags = v->regs.x[2];

	if (!target)
		return VERDICT(RESUME);
	if (flags & ~(u64)TOCSIN_ALARM_NOW || (flags && target != v))
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	if (!flags)
		vsdei_raise(target, SDEI_ALARM);
	else if (!vsdei_raise_now(v, SDEI_ALARM))
		return smccc_return(v, SDEI_DENIED);
	return smccc_return(v, SDEI_SUCCESS);
}

struct verdict alarm_cancel(struct vcpu *v, u32 fid)
{
	struct vcpu *target = target_of(v);

	if (!target)
		return VERDICT(RESUME);
	return smccc_return(v, vsdei_cancel(target, SDEI_ALARM));
}

struct verdict alarm_status(struct vcpu *v, u32 fid)
{
	const struct vcpu *target = target_of(v);

	if (!target)
		return VERDICT(RESUME);
	v->regs.x[1] = atomic_load(&target->alarms.heard);
	v->regs.x[2] = atomic_load(&target->alarms.over);
	return smccc_return(v, SDEI_SUCCESS);
}
