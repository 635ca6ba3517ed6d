/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a piece of code with every register and PSTATE as told, at EL1 or EL0, until
 * an exception ends it, and says what its registers were then. So it is known to the
 * last bit what an event interrupted, and what came back.
 */
#pragma once

/* Offsets of struct program, for assembly. */
#define PROGRAM_SP_EL0 248
#define PROGRAM_PC 256
#define PROGRAM_PSTATE 264
#define PROGRAM_SP_EL1 272
#define PROGRAM_KIND 280
#define PROGRAM_ESR 288
#define PROGRAM_FAR 296
#define PROGRAM_LIVE 304

#ifndef __ASSEMBLER__
#include "guest.h"

/* What ended it: the exception's vector, 0x80 bytes each, or program_resumed. */
enum program_kind {
	PROGRAM_SYNC_EL1T = 0,
	PROGRAM_SYNC = 4, /* from EL1h */
	PROGRAM_IRQ = 5,
	PROGRAM_SYNC_EL0 = 8,
	PROGRAM_IRQ_EL0 = 9,
	PROGRAM_SYNC_EL0_32 = 12,
	PROGRAM_RESUMED = 16
};

struct program {
	u64 x[31];
	u64 sp_el0;
	u64 pc, pstate; /* where and how to begin; afterwards ELR_EL1 and SPSR_EL1 */
	u64 sp_el1;     /* afterwards: the stack pointer of EL1 that it ran with */
	u64 kind, esr, far;
	u64 live; /* NZCV, DAIF, EL and SPSel after the exception, as in SPSR */
};

/* Runs p; its code must leave SP_EL1 as it was. The caller's vectors, DAIF and SP_EL0
 * are in force again afterwards. */
void program_run(struct program *p);

/* Ends the program that runs as an exception would: an address for
 * COMPLETE_AND_RESUME. */
extern char program_resumed[];

/* A program that ends with an SVC: pc, and registers of no meaning but known. */
struct program program_at(const void *pc, u64 pstate);

/* PSTATE bits that are not in live, of those this CPU has: PAN, UAO, DIT, TCO, SSBS. */
u64 pstate_flags(void);
bool has_pan(void);
bool has_uao(void);
bool has_dit(void);
bool has_tco(void);
bool has_ssbs(void);
bool has_bti(void);

#endif
