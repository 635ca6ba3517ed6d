/* SPDX-License-Identifier: Apache-2.0 */
/* The one report that a partition's end by a fault leaves: in the log, and kept with
 * the partition for the monitor. */
#pragma once

#include <arch/regs.h>
#include <mm/stage2.h>

struct vcpu;
struct partition;

/* What is known of a partition's last fault. */
struct crash {
	bool happened;
	u32 vcpu;
	struct regs regs;
	u64 esr, far, ipa;
	struct stage2_entry at_ipa;
	u64 vbar, elr, esr_el1, far_el1;
};

/* Logs what v did: partition, vCPU, PC, syndrome in words, addresses and the
 * stage-2 walk of the IPA. v is loaded; esr is of its last exit. */
void report_fault(const struct vcpu *v, u64 esr);

#define REPORT_LINES 12

/* Line 0 to REPORT_LINES - 1 of the report about c, which p left; empty if it has
 * nothing to say. */
void report_line(const struct partition *p, const struct crash *c, u32 line, char *text,
		 size_t size);
