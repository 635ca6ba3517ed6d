/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDEI for guests: the calls, delivery, and what happens to events in a vCPU's
 * life. The state machines are in sdei/; here they meet calls, vCPUs and interrupts.
 */
#pragma once

#include <el2/trap.h>
#include <lib/err.h>
#include <sdei/event.h>

struct vcpu;
struct partition;

/* The calls from SDEI_VERSION to SDEI_SHARED_RESET (DEN0054C 5.1). NOT_SUPPORTED in a
 * partition without SDEI. */
struct verdict vsdei_call(struct vcpu *v, u32 fid);

/* ---- for the owners of events ---- */

/* How a handler ended. */
enum vsdei_end {
	VSDEI_COMPLETED,
	VSDEI_RESUMED,
	VSDEI_DROPPED /* the vCPU has lost its context: CPU_OFF, power-down, reset */
};

/* Callbacks for the code that raises a private event; both on the vCPU's CPU, or NULL. */
struct vsdei_owner {
	void (*delivered)(struct vcpu *v, u32 slot); /* the guest enters its handler next */
	void (*over)(struct vcpu *v, u32 slot, enum vsdei_end end);
};

/* Raises a private event; it stays pending until it can be delivered. Any CPU. */
void vsdei_raise(struct vcpu *v, u32 slot);

/* The same only if it is delivered before v runs another instruction. False: nothing
 * has happened. The first critical event of the table only: nothing can precede it. v's
 * CPU, v loaded and not waiting. Until v is entered the owner can still cancel it. */
bool vsdei_raise_now(struct vcpu *v, u32 slot);

/* Withdraws what has not been delivered; false: there was nothing. Any CPU. */
bool vsdei_cancel(struct vcpu *v, u32 slot);

/* ---- for the scheduler ---- */

/* REQ_SDEI: delivers what can be delivered and ends v's waiting if it does. On v's
 * CPU, v loaded or not. */
void vsdei_serve(struct vcpu *v);

/* ---- life ---- */

/* p's slots, as its config has them, and its vCPUs' state. ERR_NO_MEMORY. Boot CPU. */
enum err vsdei_create(struct partition *p) MUST_CHECK;

/* v goes off, or begins: nothing registered, masked; bound interrupts are the vGIC's
 * again. On v's CPU, before its vGIC is reset. */
void vsdei_vcpu_reset(struct vcpu *v);

/* v loses its context in CPU_SUSPEND: masked, its handlers are dropped,
 * registrations stay. On v's CPU. */
void vsdei_vcpu_suspend(struct vcpu *v);

/* Shared events and bindings as at the start, in steps that begin with the slot *next and leave
 * there where the next one begins; true: that was the last. No vCPU of p runs; before
 * vgic_reset(). */
bool vsdei_reset(struct partition *p, u32 *next);

/* ---- interrupts ---- */

/* A physical interrupt that the vGIC did not take; current is the vCPU in the hardware, or NULL.
 * True: it belongs to an event and stays active until that is completed. False: it belongs to no
 * event. */
bool vsdei_interrupt(struct vcpu *current, u32 intid);
