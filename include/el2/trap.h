/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a trap handler decides. It changes no PC, injects nothing and stops no partition;
 * trap_finish() in el2/entry/trap.c does so, in one place.
 */
#pragma once

#include <lib/types.h>

struct vcpu;

/* A struct, so that an SMCCC result cannot be returned by mistake. */
struct verdict {
	enum action {
		ACT_RESUME, /* go on at PC: HVC, or try the instruction again */
		ACT_SKIP,   /* step over the trapped instruction */
		ACT_UNDEF,  /* Unknown-reason exception to EL1 at PC */
		ACT_ABORT,  /* synchronous external abort to EL1 for this access */
		ACT_STOP    /* the partition cannot go on: report and stop it */
	} action;
};

#define VERDICT(a) ((struct verdict){ACT_##a})

/* Handles one exception class; esr is ESR_EL2. Interrupts masked. */
typedef struct verdict (*trap_fn)(struct vcpu *v, u64 esr);

/* One for each exception class; vectors.S calls them. */
extern const trap_fn trap_table[64];

/* Acts on a verdict other than RESUME; esr is that of the trap. */
void trap_finish(struct vcpu *v, u64 esr, struct verdict verdict);

/* v's fault stops its partition, and is reported, unless something else has stopped it before.
 * v's EL1 registers are in the hardware. */
void trap_stop(struct vcpu *v, u64 esr);

/* From vectors.S: what should not come from a guest. */
void exit_fiq(struct vcpu *v);
void exit_serror(struct vcpu *v);
