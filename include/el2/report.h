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
	bool watchdog; /* that was it: vCPU vcpu was there when it expired */
	u32 vcpu;
	struct regs regs;
	u64 esr, far, ipa;
	struct stage2_entry at_ipa;
	u64 vbar, elr, esr_el1, far_el1;
	struct cpu *reporter; /* the CPU that prints the report; NULL: it is out */
	u32 line;             /* the next one to be printed */
};

/* Writes down what v did: partition, vCPU, PC, syndrome in words, addresses and the
 * stage-2 walk of the IPA; and has it printed, for which the partition's stop waits. Its
 * partition_stop() was the one that counted. v is loaded; esr is of its last exit. */
void report_fault(const struct vcpu *v, u64 esr);

/* The same for a vCPU of a partition that its watchdog stops: the first one that stops is
 * written down, the place of each other one logged. On v's CPU, v loaded or not. */
void report_watchdog(const struct vcpu *v);

/* Prints the next line of the report about p, if that is this CPU's to print: el2/cpu_timer.h.
 * After the last one p's stop goes on. */
void report_timer(struct partition *p, u64 now);

/* Prints a line. */
typedef void print_fn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints line 0, 1, ... of the report about p's crash, if that has something to say.
 * False: it is the last. */
bool report_line(const struct partition *p, u32 line, print_fn *print);
