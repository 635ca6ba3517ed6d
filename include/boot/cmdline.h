/* SPDX-License-Identifier: Apache-2.0 */
/* Tocsin's own options, words tocsin.NAME=VALUE in /chosen/bootargs. */
#pragma once

#include <drivers/log.h>
#include <lib/types.h>

enum stop_action { STOP_HALT, STOP_POWER_OFF, STOP_MACHINE_RESET };

struct options {
	u64 vcpus;          /* 0: as many as CPUs */
	u64 load;           /* load address of a raw kernel; ~0: its present address */
	u32 log;            /* enum log_level */
	u32 on_stop, panic; /* enum stop_action */
	u32 mitigations;    /* 1: as the CPU needs, 0: off */
	u32 mpam;           /* 1: MPAM is closed to guests, 0: its registers are not touched */
	u32 sdei;           /* 1: the guest has SDEI, 0: off */
	u64 sdei_private;   /* slots for bindings of PPIs */
	u64 sdei_shared;    /* and of SPIs */
	u32 console;        /* enum terminal_mode */
	u64 escape;         /* byte, or TERMINAL_NO_ESCAPE */
};

#define LOAD_WHERE_IT_IS (~0UL)

/* Sets the defaults, then the options in text. An unknown word tocsin.*, or one with an unknown
 * value, gives a warning that says what was expected. The last of equal options counts. Other words
 * are ignored. */
void cmdline_parse(struct options *o, const char *text);
