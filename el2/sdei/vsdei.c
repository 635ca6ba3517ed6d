/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDEI for guests (DEN0054C): the 19 calls, delivery, and the interface for code that raises
 * events. No lock is taken here, because a vCPU's events are its own. Bound interrupts and shared
 * events are in el2/sdei/vsdei_bound.c.
 *
 * Delivery rewrites the registers with which the guest is entered next, so that nothing can come
 * between: at the end of a call that made an event deliverable, or when the scheduler serves
 * REQ_SDEI for one that was raised elsewhere.
 */
#include "vsdei_bound.h"
#include <abi/tocsin.h>
#include <arch/nospec.h>
#include <el2/alarm.h>
#include <el2/apf.h>
#include <el2/inject.h>
#include <el2/partition.h>
#include <el2/smccc.h>
#include <sdei/handler.h>

#define VERSION_1_1 (FIELD_PREP(SDEI_VERSION_MAJOR, 1) | FIELD_PREP(SDEI_VERSION_MINOR, 1))

static const struct vsdei_owner owner_guest;    /* a vCPU that signals gets no callback */
static const struct vsdei_owner owner_watchdog; /* the watchdog polls the event's state */

static const struct vsdei_owner *const owners[SDEI_BOUND] = {
#define EVENT(name, number, priority, signalable, owner) [SDEI_##name] = &owner_##owner,
#include <sdei/event.def>
};

static u32 slot_of(const struct vcpu *v, u64 number)
{
	return sdei_slot(&v->partition->sdei, (u32)number);
}

/* ---- delivery ---- */

static struct verdict deliver_again(struct vcpu *v);

static struct verdict deliver_private(struct vcpu *v, u32 slots)
{
	u64 pstate = inject_entry_pstate(v);
	u32 slot = lowest_bit(slots);

	if (!sdei_enter(&v->sdei, slot, &v->regs, pstate))
		return deliver_again(v);
	if (slot < SDEI_BOUND && owners[slot]->delivered)
		owners[slot]->delivered(v, slot);
	return VERDICT(RESUME);
}

static __attribute__((noinline)) struct verdict deliver_shared(struct vcpu *v)
{
	return vsdei_shared_enter(v, inject_entry_pstate(v)) ? VERDICT(RESUME) : deliver_again(v);
}

/* Delivers what is ready: a critical event, else a private one, else a shared one. The end of
 * calls that made something deliverable. */
static inline struct verdict deliver(struct vcpu *v)
{
	u32 ready = sdei_deliverable(&v->sdei);

	if (!ready)
		return VERDICT(RESUME);
	if (ready & SDEI_SLOTS)
		return deliver_private(v, ready & SDEI_CRITICAL_SLOTS ?: ready & SDEI_SLOTS);
	return deliver_shared(v);
}

/* What was ready is gone: cancelled, or taken by another PE. */
static __attribute__((noinline)) struct verdict deliver_again(struct vcpu *v)
{
	return deliver(v);
}

void vsdei_serve(struct vcpu *v)
{
	if (atomic_load(&v->power) == POWER_ON && !atomic_load(&v->paging.absent)) {
		u32 running = v->sdei.running, shared = v->sdei.shared;

		deliver(v);
		if (v->sdei.running != running || v->sdei.shared != shared)
			v->waiting = false;
	}
	if (atomic_load(&v->sdei.pending) & SDEI_PENDING_SHARED)
		vsdei_shared_pass(v);
}

/* ---- owners ---- */

void vsdei_raise(struct vcpu *v, u32 slot)
{
	if (atomic_load(&v->power) != POWER_ON)
		return;
	sdei_raise(&v->sdei, slot);
	vcpu_request(v, REQ_SDEI);
}

bool vsdei_raise_now(struct vcpu *v, u32 slot)
{
	u32 ready;

	if (atomic_or(&v->sdei.pending, 1u << slot) >> slot & 1)
		return false;
	ready = sdei_deliverable(&v->sdei);
	/* Nothing that would be delivered first. */
	if ((ready & SDEI_CRITICAL_SLOTS ?: ready) << (31 - slot) == 1u << 31) {
		atomic_or(&v->requests, REQ_SDEI);
		return true;
	}
	sdei_cancel(&v->sdei, slot);
	return false;
}

bool vsdei_cancel(struct vcpu *v, u32 slot)
{
	return sdei_cancel(&v->sdei, slot);
}

static __attribute__((noinline)) void over_bound(struct vcpu *v, u32 slot)
{
	if (slot >= SDEI_SHARED)
		vsdei_shared_over(v, slot);
	else if (v->sdei.registered >> slot & 1)
		vsdei_bound_again(v, slot);
	else
		vsdei_bound_gone(v, slot);
}

/* The handler of the event in slot ran on v and is over. */
static inline void over(struct vcpu *v, u32 slot, enum vsdei_end end)
{
	if (slot >= SDEI_BOUND)
		over_bound(v, slot);
	else if (owners[slot]->over)
		owners[slot]->over(v, slot, end);
}

/* ---- calls on events ---- */

/* DEN0054C 5.1.3. The affinity of a private event, and RM_PE, mean nothing. */
static struct verdict event_register(struct vcpu *v)
{
	const struct sdei_handler handler = {v->regs.x[2], v->regs.x[3]};
	u64 flags = v->regs.x[4];
	u32 slot = slot_of(v, v->regs.x[1]);

	if (slot == SDEI_NO_SLOT || !sdei_address_valid(handler.entry) ||
	    flags & ~SDEI_REGISTER_RM_PE)
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	if (slot >= SDEI_SHARED)
		return smccc_return(v,
				    vsdei_shared_register(v, slot, &handler, flags, v->regs.x[5]));
	if (sdei_status(&v->sdei, slot) || (slot >= SDEI_BOUND && !vsdei_bound_get(v, slot)))
		return smccc_return(v, SDEI_DENIED);
	sdei_register(&v->sdei, slot, handler.entry, handler.argument);
	if (slot >= SDEI_BOUND)
		vsdei_bound_take(v, slot);
	return smccc_return(v, SDEI_SUCCESS);
}

static struct verdict event_enable(struct vcpu *v)
{
	u32 slot = slot_of(v, v->regs.x[1]);

	if (slot == SDEI_NO_SLOT)
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	smccc_return(v, slot < SDEI_SHARED ? sdei_enable(&v->sdei, slot)
					   : vsdei_shared_enable(v, slot));
	return deliver(v);
}

static struct verdict event_disable(struct vcpu *v)
{
	u32 slot = slot_of(v, v->regs.x[1]);

	if (slot == SDEI_NO_SLOT)
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	return smccc_return(v, slot < SDEI_SHARED ? sdei_disable(&v->sdei, slot)
						  : vsdei_shared_disable(v, slot));
}

static long unregister(struct vcpu *v, u32 slot)
{
	long result = sdei_unregister(&v->sdei, slot);

	if (result == SDEI_SUCCESS && slot >= SDEI_BOUND)
		vsdei_bound_gone(v, slot);
	return result;
}

static struct verdict event_unregister(struct vcpu *v)
{
	u32 slot = slot_of(v, v->regs.x[1]);

	if (slot == SDEI_NO_SLOT)
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	return smccc_return(v, slot < SDEI_SHARED ? unregister(v, slot)
						  : vsdei_shared_unregister(v, slot));
}

static struct verdict event_status(struct vcpu *v)
{
	u32 slot = slot_of(v, v->regs.x[1]);

	if (slot == SDEI_NO_SLOT)
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	return smccc_return(v, slot < SDEI_SHARED ? sdei_status(&v->sdei, slot)
						  : vsdei_shared_status(v, slot));
}

static struct verdict event_get_info(struct vcpu *v)
{
	u32 slot = slot_of(v, v->regs.x[1]), info = (u32)v->regs.x[2];

	if (slot == SDEI_NO_SLOT)
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	switch (info) {
	case SDEI_INFO_TYPE:
		return smccc_return(v, slot < SDEI_SHARED ? SDEI_TYPE_PRIVATE : SDEI_TYPE_SHARED);
	case SDEI_INFO_SIGNALED:
		return smccc_return(v, !sdei_signalable(slot));
	case SDEI_INFO_PRIORITY:
		return smccc_return(v, slot < SDEI_NR_PRIVATE && SDEI_CRITICAL_SLOTS >> slot & 1
					   ? SDEI_CRITICAL
					   : SDEI_NORMAL);
	case SDEI_INFO_ROUTING_MODE:
	case SDEI_INFO_ROUTING_AFFINITY:
		if (slot >= SDEI_SHARED)
			return smccc_return(v, vsdei_shared_info(v, slot, info));
	}
	return smccc_return(v, SDEI_INVALID_PARAMETERS);
}

static struct verdict event_routing_set(struct vcpu *v)
{
	u32 slot = slot_of(v, v->regs.x[1]);

	if (slot == SDEI_NO_SLOT || slot < SDEI_SHARED)
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	return smccc_return(v, vsdei_routing_set(v, slot, v->regs.x[2], v->regs.x[3]));
}

static struct verdict interrupt_bind(struct vcpu *v)
{
	return smccc_return(v, vsdei_bind(v, (u32)v->regs.x[1]));
}

static struct verdict interrupt_release(struct vcpu *v)
{
	u32 slot = slot_of(v, v->regs.x[1]);

	if (slot == SDEI_NO_SLOT || slot < SDEI_BOUND)
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	return smccc_return(v, vsdei_release(v, slot));
}

/* 5.1.16. What the handler reads is what the caller wrote before: raising releases,
 * looking acquires. */
static struct verdict event_signal(struct vcpu *v)
{
	u32 slot = slot_of(v, v->regs.x[1]);
	struct vcpu *target = v;

	if ((v->regs.x[2] & MPIDR_AFFINITY) != v->mpidr)
		target = partition_vcpu(v->partition, v->regs.x[2]);
	if (slot == SDEI_NO_SLOT || !sdei_signalable(slot) || !target)
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	smccc_return(v, SDEI_SUCCESS);
	if (target == v) {
		sdei_raise(&v->sdei, slot);
		return deliver(v);
	}
	vsdei_raise(target, slot);
	return VERDICT(RESUME);
}

/* ---- calls in handlers ---- */

static struct verdict event_context(struct vcpu *v)
{
	u64 n = (u32)v->regs.x[1];

	if (!index_check(&n, SDEI_CONTEXT_REGISTERS))
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	if (!sdei_is_running(&v->sdei))
		return smccc_return(v, SDEI_DENIED);
	return smccc_return(v, (long)sdei_innermost(&v->sdei)->x[n]);
}

/* The handler's result (x1) changes nothing. */
static struct verdict event_complete(struct vcpu *v)
{
	if (!sdei_is_running(&v->sdei))
		return smccc_return(v, SDEI_DENIED);
	over(v, sdei_complete(&v->sdei, &v->regs), VSDEI_COMPLETED);
	return deliver(v);
}

/* 5.2.2: as if what was interrupted had taken a synchronous exception to there. */
static struct verdict event_complete_and_resume(struct vcpu *v)
{
	u64 resume = v->regs.x[1];
	u32 slot;

	if (!sdei_is_running(&v->sdei))
		return smccc_return(v, SDEI_DENIED);
	if (!sdei_address_valid(resume))
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	slot = sdei_complete(&v->sdei, &v->regs);
	write_sysreg(ELR_EL1, v->regs.pc);
	write_sysreg(SPSR_EL1, v->regs.pstate);
	v->regs.pstate = inject_entry_pstate(v);
	v->regs.pc = resume;
	over(v, slot, VSDEI_RESUMED);
	return deliver(v);
}

/* ---- calls on the PE and the whole ---- */

static struct verdict version(struct vcpu *v)
{
	return smccc_return(v, (long)(VERSION_1_1 | TOCSIN_SDEI_VENDOR));
}

static struct verdict features(struct vcpu *v)
{
	const struct sdei_domain *d = &v->partition->sdei;

	switch ((u32)v->regs.x[1]) {
	case SDEI_FEATURE_BIND_SLOTS:
		return smccc_return(v, d->nr_private | d->nr_shared << 16);
	case SDEI_FEATURE_RELATIVE_MODE:
		return smccc_return(v, 0);
	default:
		return smccc_return(v, SDEI_INVALID_PARAMETERS);
	}
}

static struct verdict pe_mask(struct vcpu *v)
{
	return smccc_return(v, sdei_mask(&v->sdei));
}

static struct verdict pe_unmask(struct vcpu *v)
{
	sdei_unmask(&v->sdei);
	smccc_return(v, SDEI_SUCCESS);
	return deliver(v);
}

/* v stays masked. An event that runs is unregistered when its handler is over. */
static struct verdict private_reset(struct vcpu *v)
{
	long result = SDEI_SUCCESS;

	FOR_EACH_BIT (slot, v->sdei.registered | v->sdei.running)
		if (unregister(v, slot) != SDEI_SUCCESS)
			result = SDEI_DENIED;
	return smccc_return(v, result);
}

static struct verdict shared_reset(struct vcpu *v)
{
	long result;

	if (vsdei_shared_reset(v, &result))
		return smccc_return(v, result);
	v->regs.pc -= 4; /* some are left */
	return VERDICT(RESUME);
}

/* SDEI has 32 numbers; the first is a multiple of that. */
#define INDEX(fid) ((fid)&31)
#define CALL(fid) [INDEX(fid)]

static struct verdict (*const calls[32])(struct vcpu *v) = {
    CALL(SDEI_VERSION) = version,
    CALL(SDEI_EVENT_REGISTER) = event_register,
    CALL(SDEI_EVENT_ENABLE) = event_enable,
    CALL(SDEI_EVENT_DISABLE) = event_disable,
    CALL(SDEI_EVENT_CONTEXT) = event_context,
    CALL(SDEI_EVENT_COMPLETE) = event_complete,
    CALL(SDEI_EVENT_COMPLETE_AND_RESUME) = event_complete_and_resume,
    CALL(SDEI_EVENT_UNREGISTER) = event_unregister,
    CALL(SDEI_EVENT_STATUS) = event_status,
    CALL(SDEI_EVENT_GET_INFO) = event_get_info,
    CALL(SDEI_EVENT_ROUTING_SET) = event_routing_set,
    CALL(SDEI_PE_MASK) = pe_mask,
    CALL(SDEI_PE_UNMASK) = pe_unmask,
    CALL(SDEI_INTERRUPT_BIND) = interrupt_bind,
    CALL(SDEI_INTERRUPT_RELEASE) = interrupt_release,
    CALL(SDEI_EVENT_SIGNAL) = event_signal,
    CALL(SDEI_FEATURES) = features,
    CALL(SDEI_PRIVATE_RESET) = private_reset,
    CALL(SDEI_SHARED_RESET) = shared_reset,
};

struct verdict vsdei_call(struct vcpu *v, u32 fid)
{
	if (!v->partition->sdei.on)
		return smccc_return(v, SDEI_NOT_SUPPORTED);
	return calls[INDEX(fid)](v);
}

/* ---- life ---- */

/* v forgets its handlers. */
static void drop(struct vcpu *v)
{
	u32 shared = v->sdei.shared;
	u32 dropped = sdei_pe_drop(&v->sdei);

	if (shared)
		over(v, shared, VSDEI_DROPPED);
	FOR_EACH_BIT (slot, dropped)
		over(v, slot, VSDEI_DROPPED);
}

void vsdei_vcpu_suspend(struct vcpu *v)
{
	sdei_mask(&v->sdei);
	drop(v);
}

void vsdei_vcpu_reset(struct vcpu *v)
{
	drop(v);
	FOR_EACH_BIT (slot, v->sdei.registered >> SDEI_BOUND << SDEI_BOUND)
		vsdei_bound_gone(v, slot);
	sdei_pe_reset(&v->sdei);
	v->alarms.heard = v->alarms.over = 0;
	/* A shared event may have waited all the time: it is looked for once. */
	if (v->partition->sdei.nr_shared) {
		atomic_or(&v->sdei.pending, SDEI_PENDING_SHARED);
		vsdei_shared_pass(v);
	}
}

enum err vsdei_create(struct partition *p)
{
	p->sdei.on = p->config->sdei;
	for (u32 i = 0; i < p->nr_vcpus; i++)
		sdei_pe_reset(&p->vcpus[i].sdei);
	return vsdei_bound_create(p);
}

bool vsdei_reset(struct partition *p, u32 *next)
{
	return vsdei_bound_reset(p, next);
}
