/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PE's state to words and back. Words come from outside: every one is checked
 * before the first is believed. No lock: the PE does not run.
 */
#include "words.h"
#include <arch/esr.h>
#include <lib/bits.h>

/* What SPSR_EL2 never holds, from AArch64 and from AArch32 (DDI0487 C5.2.20). */
#define PSTATE64_RES0 (GENMASK(63, 37) | GENMASK(27, 26) | GENMASK(19, 14) | BIT(5))
#define PSTATE32_RES0 (GENMASK(63, 34) | BIT(32))

#define CONTEXT_WORDS (SDEI_CONTEXT_REGISTERS + 2)

static u32 handler_word(u32 slot)
{
	return SDEI_WORD_HANDLER + 2 * slot;
}

static u32 context_word(enum sdei_priority priority)
{
	return SDEI_WORD_CONTEXT + (u32)priority * CONTEXT_WORDS;
}

static bool is_in(u32 slots, u32 slot)
{
	return slots >> slot & 1;
}

/* The handler of that priority, if one runs, has a context. */
static bool has_context(u32 running, u32 shared, enum sdei_priority priority)
{
	return priority == SDEI_CRITICAL ? running & SDEI_CRITICAL_SLOTS
					 : shared || running & ~(u32)SDEI_CRITICAL_SLOTS;
}

/* ---- get ---- */

static void get_context(const struct sdei_context *c, u64 *words)
{
	for (u32 i = 0; i < SDEI_CONTEXT_REGISTERS; i++)
		words[i] = c->x[i];
	words[SDEI_CONTEXT_REGISTERS] = c->pc;
	words[SDEI_CONTEXT_REGISTERS + 1] = c->pstate;
}

void sdei_get_words(const struct sdei_pe *pe, u64 words[SDEI_NR_WORDS])
{
	for (u32 i = 0; i < SDEI_NR_WORDS; i++)
		words[i] = 0;
	words[SDEI_WORD_PENDING] = atomic_load(&pe->pending);
	words[SDEI_WORD_REGISTERED] = pe->registered;
	words[SDEI_WORD_ENABLED] = pe->enabled;
	words[SDEI_WORD_RUNNING] = pe->running;
	words[SDEI_WORD_SHARED] = pe->shared;
	for (u32 slot = 0; slot < SDEI_NR_PRIVATE; slot++) {
		if (!is_in(pe->registered | pe->running, slot))
			continue;
		words[handler_word(slot)] = pe->handler[slot].entry;
		words[handler_word(slot) + 1] = pe->handler[slot].argument;
	}
	for (enum sdei_priority p = SDEI_NORMAL; p <= SDEI_CRITICAL; p++)
		if (has_context(pe->running, pe->shared, p))
			get_context(&pe->context[p], &words[context_word(p)]);
}

/* ---- set ---- */

static bool all_zero(const u64 *words, u32 n)
{
	u64 any = 0;

	for (u32 i = 0; i < n; i++)
		any |= words[i];
	return !any;
}

static bool at_most_one(u64 bits)
{
	return !(bits & (bits - 1));
}

/* A shared event's handler is a normal one. */
static bool running_valid(u64 running, u64 shared, const struct sdei_limits *may)
{
	u64 normal = running & ~(u64)SDEI_CRITICAL_SLOTS;

	if (shared && shared - SDEI_SHARED >= may->nr_shared) /* wraps below the first */
		return false;
	return at_most_one(running & SDEI_CRITICAL_SLOTS) && at_most_one(normal) &&
	       !(shared && normal);
}

/* EVENT_SIGNAL and the like reach an event that is not registered; a bound
 * interrupt is the guest's own again by then. */
static bool bits_valid(const u64 *words, const struct sdei_limits *may)
{
	u64 pending = words[SDEI_WORD_PENDING], registered = words[SDEI_WORD_REGISTERED];
	u64 enabled = words[SDEI_WORD_ENABLED], running = words[SDEI_WORD_RUNNING];
	u64 slots = may->slots & SDEI_SLOTS, bound = SDEI_SLOTS & GENMASK(63, SDEI_BOUND);

	return !(pending & ~(slots | SDEI_PENDING_SHARED | SDEI_MASKED)) &&
	       !(registered & ~slots) && !(running & ~slots) && !(enabled & ~registered) &&
	       !(pending & bound & ~registered) &&
	       running_valid(running, words[SDEI_WORD_SHARED], may);
}

static bool handlers_valid(const u64 *words)
{
	u32 live = (u32)(words[SDEI_WORD_REGISTERED] | words[SDEI_WORD_RUNNING]);

	for (u32 slot = 0; slot < SDEI_NR_PRIVATE; slot++) {
		const u64 *handler = &words[handler_word(slot)];

		if (is_in(live, slot) ? !sdei_address_valid(handler[0]) : !all_zero(handler, 2))
			return false;
	}
	return true;
}

/* Anything else would be an illegal return, which stays in EL2, or worse a legal one. */
static bool pstate_valid(u64 pstate, const struct sdei_limits *may)
{
	u64 mode = pstate & PSTATE_M_MASK;

	if (pstate & PSTATE_AARCH32)
		return may->aarch32 && mode == 0 && !(pstate & PSTATE32_RES0);
	return (mode == PSTATE_EL0T || mode == PSTATE_EL1T || mode == PSTATE_EL1H) &&
	       !(pstate & PSTATE64_RES0);
}

static bool contexts_valid(const u64 *words, const struct sdei_limits *may)
{
	u32 running = (u32)words[SDEI_WORD_RUNNING], shared = (u32)words[SDEI_WORD_SHARED];

	for (enum sdei_priority p = SDEI_NORMAL; p <= SDEI_CRITICAL; p++) {
		const u64 *context = &words[context_word(p)];

		if (has_context(running, shared, p) ? !pstate_valid(context[CONTEXT_WORDS - 1], may)
						    : !all_zero(context, CONTEXT_WORDS))
			return false;
	}
	return true;
}

static void set_context(struct sdei_context *c, const u64 *words)
{
	for (u32 i = 0; i < SDEI_CONTEXT_REGISTERS; i++)
		c->x[i] = words[i];
	c->pc = words[SDEI_CONTEXT_REGISTERS];
	c->pstate = words[SDEI_CONTEXT_REGISTERS + 1];
}

bool sdei_set_words(struct sdei_pe *pe, const u64 words[SDEI_NR_WORDS],
		    const struct sdei_limits *may)
{
	if (!bits_valid(words, may) || !handlers_valid(words) || !contexts_valid(words, may))
		return false;
	pe->registered = (u32)words[SDEI_WORD_REGISTERED];
	pe->enabled = (u32)words[SDEI_WORD_ENABLED];
	pe->running = (u32)words[SDEI_WORD_RUNNING];
	pe->shared = (u32)words[SDEI_WORD_SHARED];
	for (u32 slot = 0; slot < SDEI_NR_PRIVATE; slot++)
		pe->handler[slot] =
		    (struct sdei_handler){words[handler_word(slot)], words[handler_word(slot) + 1]};
	for (enum sdei_priority p = SDEI_NORMAL; p <= SDEI_CRITICAL; p++)
		set_context(&pe->context[p], &words[context_word(p)]);
	atomic_store(&pe->pending, (u32)words[SDEI_WORD_PENDING]);
	return true;
}
