/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PE (a vCPU) has of SDEI: its private events and the handlers that run
 * on it (DEN0054C 6). Only its own CPU touches this, without a lock; others set bits
 * of pending, which says in the same word whether the PE is masked, so that one
 * atomic operation both raises an event and tells whether it could be delivered.
 *
 * For a private event (a bit of each word) the state is exactly registered,
 * enabled, running, pending. Unregister-pending is running without registered;
 * enabled is never without registered.
 */
#pragma once

#include <arch/regs.h>
#include <lib/atomic.h>
#include <sdei/event.h>

/* Bits of sdei_pe.pending beside the private slots' */
#define SDEI_PENDING_SHARED (1u << 30) /* a shared event may be waiting for this PE */
#define SDEI_MASKED (1u << 31)
#define SDEI_SLOTS ((1u << SDEI_NR_PRIVATE) - 1)

struct sdei_handler {
	u64 entry;
	u64 argument;
};

/* What a handler has interrupted. */
struct sdei_context {
	u64 x[SDEI_CONTEXT_REGISTERS];
	u64 pc;
	u64 pstate;
};

struct sdei_pe {
	u32 pending; /* atomic */
	u32 registered;
	u32 enabled;
	u32 running;
	u32 shared; /* slot of the shared event whose handler runs here; 0: none */
	struct sdei_handler handler[SDEI_NR_PRIVATE];
	struct sdei_context context[2]; /* by enum sdei_priority of the handler */
};

/* Can it be the address of EL1's code that EVENT_REGISTER's entry and
 * COMPLETE_AND_RESUME's argument name? Not 0, whole instructions, and canonical: bits
 * 63:52 all 0 or all 1, whatever the guest's TCR_EL1 says of the bits below, and of tags. */
static inline bool sdei_address_valid(u64 address)
{
	u64 top = address >> 52;

	return address && !(address & 3) && (top == 0 || top == 0xfff);
}

/* As after reset: nothing registered, nothing pending, masked. */
void sdei_pe_reset(struct sdei_pe *pe);

/* Forgets the handlers that run, as for a PE that loses its context; events that
 * were only running are then unregistered. Returns their private slots. */
u32 sdei_pe_drop(struct sdei_pe *pe);

/* The calls of DEN0054C 5.1 on a private event; the slot is valid, and so are entry
 * and flags. They return what the guest gets. */
long sdei_register(struct sdei_pe *pe, u32 slot, u64 entry, u64 argument);
long sdei_enable(struct sdei_pe *pe, u32 slot);
long sdei_disable(struct sdei_pe *pe, u32 slot);
long sdei_unregister(struct sdei_pe *pe, u32 slot);
long sdei_status(const struct sdei_pe *pe, u32 slot);

/* PE_MASK's result: 1 if the PE was not masked before. */
long sdei_mask(struct sdei_pe *pe);
void sdei_unmask(struct sdei_pe *pe);

/* A handler runs. */
static inline bool sdei_is_running(const struct sdei_pe *pe)
{
	return pe->running || pe->shared;
}

/* What the innermost handler has interrupted; one runs. */
static inline const struct sdei_context *sdei_innermost(const struct sdei_pe *pe)
{
	return &pe->context[pe->running & SDEI_CRITICAL_SLOTS ? SDEI_CRITICAL : SDEI_NORMAL];
}

/* Those bits of pending that can be delivered now: private slots, and
 * SDEI_PENDING_SHARED if a shared event could be. DEN0054C 6.2. */
static inline u32 sdei_deliverable(const struct sdei_pe *pe)
{
	u32 pending = atomic_load_acquire(&pe->pending);
	u32 ready = pending & (pe->enabled | SDEI_PENDING_SHARED);

	if (!ready || pending & SDEI_MASKED || pe->running & SDEI_CRITICAL_SLOTS)
		return 0;
	return sdei_is_running(pe) ? ready & SDEI_CRITICAL_SLOTS : ready;
}

/* Raises a private event. Any CPU. The caller asks the vCPU to look. */
static inline void sdei_raise(struct sdei_pe *pe, u32 slot)
{
	atomic_or(&pe->pending, 1u << slot);
}

/* Withdraws it; false: it was not pending. Any CPU. */
static inline bool sdei_cancel(struct sdei_pe *pe, u32 slot)
{
	return atomic_andnot(&pe->pending, 1u << slot) >> slot & 1;
}
