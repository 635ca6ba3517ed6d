/* SPDX-License-Identifier: Apache-2.0 */
/* Tocsin's own options, words tocsin.NAME=VALUE in /chosen/bootargs. */
#pragma once

#include <drivers/log.h>
#include <lib/types.h>

enum stop_action { STOP_HALT, STOP_POWER_OFF, STOP_MACHINE_RESET };

struct options {
	u64 vcpus;          /* 0: as many as CPUs */
	u64 load;           /* where a raw kernel goes; ~0: where it is */
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

/* Defaults, then what text says. A word tocsin.* that is not known, or whose
 * value is not, is named in a warning with what was expected. The last of equal
 * options counts; other words are none of our business. */
void cmdline_parse(struct options *o, const char *text);
