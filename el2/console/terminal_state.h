/* SPDX-License-Identifier: Apache-2.0 */
/* What terminal.c (input, occasions) and terminal_output.c share. */
#pragma once

#include <el2/terminal.h>
#include <lib/lock.h>

struct terminals {
	struct lock lock;
	u32 mode;                /* enum terminal_mode */
	struct partition *focus; /* NULL: the first that has a UART */
	u32 monitor;             /* it has the input and the console, for that time; 0: not */
};
extern struct terminals terminals;

/* Moves a piece of output to the console, and has the rest continued. Under the lock. */
void terminal_pump(void);

/* Lets one partition retry output that was refused. False: there is no such partition. No lock
 * held. */
bool terminal_retry(void);
