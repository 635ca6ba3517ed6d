/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor: a command line of Tocsin's own, reached by the escape key. It runs in
 * pieces of less than some 6000 instructions, on the console's interrupt and on
 * EL2's timer, and never waits. docs/console.md lists the commands.
 */
#pragma once

#include <el2/audit.h>
#include <lib/types.h>

struct vcpu;

/* Reads what was typed and goes on with the command that is under way. Any CPU; one
 * at a time. No locks held. */
void monitor_run(void);

/* ---- monitor_commands.c ---- */

/* A command under way. */
struct job {
	struct partition *p; /* its arguments */
	struct vcpu *v;
	u32 step; /* how often it ran, or what else it needs to go on */
	u64 at;
	struct walk walk;
	struct audit audit;
};

/* ARG_ANY: a partition, or none, which is all of them. */
enum argument { ARG_NONE, ARG_PARTITION, ARG_VCPU, ARG_MODE, ARG_ANY };

struct command {
	const char *name;
	enum argument argument;
	/* One piece, of at most two lines. True: done. */
	bool (*run)(struct job *j);
	const char *help;
};

/* A command without a name ends the table. */
extern const struct command monitor_commands[];

/* Prints a line of at most 150 characters; what is not printable becomes a dot. */
void monitor_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
