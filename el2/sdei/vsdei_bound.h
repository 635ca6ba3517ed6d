/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between el2/sdei/vsdei.c (calls, private events) and el2/sdei/vsdei_bound.c (bound
 * interrupts, shared events).
 */
#pragma once

#include <el2/vsdei.h>

struct sdei_handler;

/* ---- private events of bound PPIs; v is the caller, slot from SDEI_BOUND ---- */

/* Counts v in before it registers; false: not bound. The caller of vsdei_bound_gone()
 * counts it out. */
bool vsdei_bound_get(struct vcpu *v, u32 slot);
/* v has registered: its vGIC lets the interrupt go. */
void vsdei_bound_take(struct vcpu *v, u32 slot);
/* v's event is neither registered nor running any more: the interrupt is the vGIC's
 * again, disabled and inactive; v is counted out. */
void vsdei_bound_gone(struct vcpu *v, u32 slot);
/* v's handler is over and the event is registered: the interrupt may come again. */
void vsdei_bound_again(struct vcpu *v, u32 slot);

/* ---- calls: results as the guest gets them; slot from SDEI_SHARED ---- */

long vsdei_bind(struct vcpu *v, u32 intid);
long vsdei_release(struct vcpu *v, u32 slot);
long vsdei_shared_register(struct vcpu *v, u32 slot, const struct sdei_handler *handler, u64 flags,
			   u64 affinity);
long vsdei_shared_enable(struct vcpu *v, u32 slot);
long vsdei_shared_disable(struct vcpu *v, u32 slot);
long vsdei_shared_unregister(struct vcpu *v, u32 slot);
long vsdei_shared_status(struct vcpu *v, u32 slot);
/* ROUTING_MODE or ROUTING_AFFINITY. */
long vsdei_shared_info(struct vcpu *v, u32 slot, enum sdei_info info);
long vsdei_routing_set(struct vcpu *v, u32 slot, u64 mode, u64 affinity);
/* False: some events are left, the call is to be made again. */
bool vsdei_shared_reset(struct vcpu *v, long *result);

/* ---- delivery ---- */

/* SDEI_PENDING_SHARED can be delivered on v: if a shared event is for it, starts its
 * handler. pstate is that of the handler's entry. False: there was none. */
bool vsdei_shared_enter(struct vcpu *v, u64 pstate);
/* v was asked about a shared event (REQ_SDEI) and cannot take one now: others may. */
void vsdei_shared_pass(struct vcpu *v);
/* The handler of that shared event on v is over. */
void vsdei_shared_over(struct vcpu *v, u32 slot);

/* ---- life: as in el2/vsdei.h ---- */

enum err vsdei_bound_create(struct partition *p) MUST_CHECK;
bool vsdei_bound_reset(struct partition *p, u32 *next);
