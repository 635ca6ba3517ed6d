/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU errata and speculation weaknesses that concern EL2 itself, as one table
 * {MIDR range, name, action} in el2/cpu/errata.c.
 */
#pragma once

#include <lib/types.h>

struct cpu;

/* What a CPU needs of us; struct cpu has a word of them. */
enum errata_action {
	/* A speculative AT or table walk may fill the TLB from a half-switched
	 * EL1 context: set TCR_EL1.EPD0/1, and ISB, around the switch, and where
	 * mm/stage2.c borrows VTTBR_EL2. */
	ERRATA_AT_SPECULATION = 1 << 0,
	/* TLBI; DSB has to be done twice. */
	ERRATA_TLBI_REPEAT = 1 << 1,
	/* DC CVAC and CVAU may lose a line: use DC CIVAC. */
	ERRATA_CLEAN_INVALIDATE = 1 << 2,
	/* Branch targets can be injected from a lower exception level (CVE-2017-5715). */
	ERRATA_BRANCH_TARGET = 1 << 3,
	/* ... or selected by its branch history (CVE-2022-23960). */
	ERRATA_BRANCH_HISTORY = 1 << 4,
	/* The CPU has the instruction CLRBHB. */
	ERRATA_CLRBHB = 1 << 5,
	/* Stores can be bypassed (CVE-2018-3639), and there is no PSTATE.SSBS. */
	ERRATA_STORE_BYPASS = 1 << 6,
	/* The CPU has PSTATE.SSBS. */
	ERRATA_SSBS = 1 << 7,
	/* Firmware implements the ARCH_WORKAROUND call, and it helps here. */
	ERRATA_CALL_1 = 1 << 8,
	ERRATA_CALL_2 = 1 << 9,
	ERRATA_CALL_3 = 1 << 10,
	/* A translation fault of stage 2 may be one of stage 1: ask AT before HPFAR_EL2 is
	 * believed. */
	ERRATA_STAGE2_FAULT = 1 << 11,
	/* A guest can hang the CPU, and EL2 cannot keep it from that: said at boot. */
	ERRATA_GUEST_HANGS = 1 << 12,
	/* A read of the counter may be wrong: drivers/timer.c reads it with care. */
	ERRATA_COUNTER = 1 << 13,
	/* An interrupt between two AES instructions of AArch32 may lose one: el2/cpu/idreg.c hides
	 * them. */
	ERRATA_AES32 = 1 << 14,
};
/* Iterations of the loop that overwrites the branch history; 0: no loop is known. */
#define ERRATA_BHB_LOOPS(actions) ((u32)(actions) >> 24)

/* What the CPU and its firmware say, beside MIDR. */
struct errata_facts {
	u64 pfr0, pfr1, mmfr1, isar2;                  /* ID_AA64..._EL1 */
	long workaround_1, workaround_2, workaround_3; /* firmware's SMCCC_ARCH_FEATURES */
};

/* The actions that a CPU needs. Pure. */
u32 errata_actions(u64 midr, const struct errata_facts *facts);

/* How the vectors that guests come in by must begin. */
enum errata_entry {
	ENTRY_PLAIN,
	ENTRY_LOOP,   /* ERRATA_BHB_LOOPS() branches */
	ENTRY_CLRBHB, /* CLRBHB; ISB */
	ENTRY_CALL_1, /* SMC ARCH_WORKAROUND_1 */
	ENTRY_CALL_3  /* SMC ARCH_WORKAROUND_3, which does all that 1 does */
};
enum errata_entry errata_entry(u32 actions);

/* What SMCCC_ARCH_FEATURES answers a guest on a CPU with these actions for
 * ARCH_WORKAROUND_1, _2 and _3 (DEN0070). Pure. */
long errata_answer(u32 actions, u32 fid);

/* Fills in the calling CPU's midr and errata, tells mm of TLBI and cleaning, and
 * turns store bypassing off for good where firmware does that. Once on each CPU, after psci_init().
 */
void errata_init_cpu(struct cpu *c);

/* mitigations: whether the vectors were chosen by errata_entry(), or plain. One log line per type
 * of CPU with the names of what was found. After all CPUs have called errata_init_cpu(). */
void errata_report(bool mitigations);
