/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start and the end of handlers (DEN0054C 5.2.1, 6.2): what they change in a PE and
 * in the registers with which its guest is entered next. Inline, because these are the
 * instructions that are counted. On the PE's CPU.
 */
#pragma once

#include <sdei/pe.h>

/* Unrolled, in loads and stores of pairs. */
static inline void sdei_copy(u64 *to, const u64 *from)
{
#pragma GCC unroll 9
	for (u32 i = 0; i < SDEI_CONTEXT_REGISTERS; i += 2) {
		u64 even = from[i], odd = from[i + 1];

		to[i] = even;
		to[i + 1] = odd;
	}
}

/* The handler finds its event, its argument, and where it has interrupted what. */
static inline void sdei_start(struct sdei_context *c, u32 number,
			      const struct sdei_handler *handler, struct regs *regs, u64 pstate)
{
	sdei_copy(c->x, regs->x);
	c->pc = regs->pc;
	c->pstate = regs->pstate;
	regs->x[0] = number;
	regs->x[1] = handler->argument;
	regs->x[2] = regs->pc;
	regs->x[3] = regs->pstate;
	regs->pc = handler->entry;
	regs->pstate = pstate;
}

/* Starts the handler of a private event, one of sdei_deliverable(). pstate is what an
 * exception to EL1 would set. False: it has been cancelled meanwhile, by the one that raised
 * it; nothing has changed. */
static inline bool sdei_enter(struct sdei_pe *pe, u32 slot, struct regs *regs, u64 pstate)
{
	u32 priority = SDEI_CRITICAL_SLOTS >> slot & 1 ? SDEI_CRITICAL : SDEI_NORMAL;

	if (!(atomic_andnot(&pe->pending, 1u << slot) >> slot & 1))
		return false;
	pe->running |= 1u << slot;
	sdei_start(&pe->context[priority], sdei_number(slot), &pe->handler[slot], regs, pstate);
	return true;
}

/* The same for a shared event, which its domain says is to run here. */
static inline void sdei_enter_shared(struct sdei_pe *pe, u32 slot,
				     const struct sdei_handler *handler, struct regs *regs,
				     u64 pstate)
{
	pe->shared = slot;
	sdei_start(&pe->context[SDEI_NORMAL], sdei_number(slot), handler, regs, pstate);
}

/* Ends the innermost handler, one runs: regs are again what it interrupted, but for
 * x18-x30, which belong to the handler. Returns the slot of its event. */
static inline u32 sdei_complete(struct sdei_pe *pe, struct regs *regs)
{
	const struct sdei_context *c = sdei_innermost(pe);
	u32 critical = pe->running & SDEI_CRITICAL_SLOTS;
	u32 slot = pe->shared;

	sdei_copy(regs->x, c->x);
	regs->pc = c->pc;
	regs->pstate = c->pstate;
	if (slot && !critical) {
		pe->shared = 0;
		return slot;
	}
	slot = (u32)__builtin_ctz(critical ?: pe->running);
	pe->running &= ~(1u << slot);
	return slot;
}
