/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole SDEI state of a vCPU as a fixed list of 64-bit words: what a snapshot
 * keeps and a manager reads. No pointers, no addresses of EL2, and nothing left of
 * what is over: the words of a handler or context that means nothing are 0.
 */
#pragma once

#include <lib/err.h>
#include <sdei/pe.h>

enum sdei_word {
	SDEI_WORD_PENDING,    /* by slot; bit 30 a shared event, bit 31 masked */
	SDEI_WORD_REGISTERED, /* by slot, as the next two */
	SDEI_WORD_ENABLED,
	SDEI_WORD_RUNNING,
	SDEI_WORD_SHARED,  /* slot of the shared event that runs here, or 0 */
	SDEI_WORD_HANDLER, /* entry and argument of each private slot */
	/* x0 to x17, PC and PSTATE that a normal, and then a critical handler interrupted */
	SDEI_WORD_CONTEXT = SDEI_WORD_HANDLER + 2 * SDEI_NR_PRIVATE,
	SDEI_NR_WORDS = SDEI_WORD_CONTEXT + 2 * (SDEI_CONTEXT_REGISTERS + 2)
};

/* What words may ask for. */
struct sdei_limits {
	u32 slots;     /* private slots that may be registered, pending or running */
	u32 nr_shared; /* shared slots, from SDEI_SHARED, that may run */
	bool aarch32;  /* EL0 can be in AArch32: on a CPU without, ERET would stay in EL2 */
};

/* The state of pe. On its CPU, or while its vCPU does not run. */
void sdei_get_words(const struct sdei_pe *pe, u64 words[SDEI_NR_WORDS]);

/* Makes pe what words say; words from sdei_get_words() within the limits are always
 * taken. False, and nothing has changed: there is a bit that has no meaning, or a
 * combination that cannot be (enabled, or a bound interrupt pending, without being
 * registered; two handlers of one priority; an entry that EVENT_REGISTER refuses; a
 * context that no guest can have). Whether the partition's state agrees (bindings, the
 * shared event that runs here) is the caller's to check. While its vCPU does not run. */
bool sdei_set_words(struct sdei_pe *pe, const u64 words[SDEI_NR_WORDS],
		    const struct sdei_limits *may) MUST_CHECK;
