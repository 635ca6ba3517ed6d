/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PE's private events and handlers: the state machine of DEN0054C 6.1. Everything
 * is the calling vCPU's own; only pending is shared with those that raise events.
 */
#include <lib/bits.h>
#include <sdei/pe.h>

static inline u32 bit(u32 slot)
{
	return 1u << slot;
}

void sdei_pe_reset(struct sdei_pe *pe)
{
	pe->registered = pe->enabled = pe->running = pe->shared = 0;
	atomic_store(&pe->pending, SDEI_MASKED);
}

u32 sdei_pe_drop(struct sdei_pe *pe)
{
	u32 dropped = pe->running;

	pe->running = pe->shared = 0;
	return dropped;
}

/* What was pending before is not the new handler's. */
long sdei_register(struct sdei_pe *pe, u32 slot, u64 entry, u64 argument)
{
	if ((pe->registered | pe->running) & bit(slot))
		return SDEI_DENIED;
	pe->handler[slot] = (struct sdei_handler){entry, argument};
	pe->registered |= bit(slot);
	atomic_andnot(&pe->pending, bit(slot));
	return SDEI_SUCCESS;
}

long sdei_enable(struct sdei_pe *pe, u32 slot)
{
	if (!(pe->registered & bit(slot)))
		return SDEI_DENIED;
	pe->enabled |= bit(slot);
	return SDEI_SUCCESS;
}

long sdei_disable(struct sdei_pe *pe, u32 slot)
{
	if (!(pe->registered & bit(slot)))
		return SDEI_DENIED;
	pe->enabled &= ~bit(slot);
	return SDEI_SUCCESS;
}

long sdei_unregister(struct sdei_pe *pe, u32 slot)
{
	if (!((pe->registered | pe->running) & bit(slot)))
		return SDEI_DENIED;
	pe->registered &= ~bit(slot);
	pe->enabled &= ~bit(slot);
	atomic_andnot(&pe->pending, bit(slot));
	return pe->running & bit(slot) ? SDEI_PENDING : SDEI_SUCCESS;
}

long sdei_status(const struct sdei_pe *pe, u32 slot)
{
	return (long)((pe->registered >> slot & 1 ? SDEI_STATUS_REGISTERED : 0) |
		      (pe->enabled >> slot & 1 ? SDEI_STATUS_ENABLED : 0) |
		      (pe->running >> slot & 1 ? SDEI_STATUS_RUNNING : 0));
}

long sdei_mask(struct sdei_pe *pe)
{
	return !(atomic_or(&pe->pending, SDEI_MASKED) & SDEI_MASKED);
}

void sdei_unmask(struct sdei_pe *pe)
{
	atomic_andnot(&pe->pending, SDEI_MASKED);
}
