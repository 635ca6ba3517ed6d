/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a trap handler decides. It changes no PC, injects nothing and stops
 * nobody: trap_finish() in el2/trap.c does, in one place.
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

/* From vectors.S, for the four kinds of exception of a guest; each returns the
 * vCPU to enter. */
struct vcpu *exit_sync(struct vcpu *v);
struct vcpu *exit_irq(struct vcpu *v);
struct vcpu *exit_fiq(struct vcpu *v);
struct vcpu *exit_serror(struct vcpu *v);

/* Handles one exception class; esr is ESR_EL2. Interrupts masked. */
typedef struct verdict (*trap_fn)(struct vcpu *v, u64 esr);
