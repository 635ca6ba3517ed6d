/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stolen time (DEN0057): for how long a vCPU could have run but did not, whether another vCPU ran
 * or none. Its guest reads it in memory of ours, 64 bytes per vCPU from config->pvtime.ipa, and
 * asks where by PV_TIME_ST. Written by the vCPU's CPU, without a lock.
 */
#pragma once

#include <lib/types.h>

struct partition;
struct vcpu;

/* As the guest sees it: DEN0057 3.2.2 */
struct pvtime {
	u32 revision;   /* 0 */
	u32 attributes; /* 0 */
	u64 stolen_ns;
	u8 reserved[48];
} __attribute__((aligned(64)));

/* Begins to measure, if p's config->pvtime says so; its pa is Tocsin's memory, mapped here. Boot
 * CPU. */
void pvtime_create(struct partition *p);

/* Is there a structure for v? */
bool pvtime_has(const struct vcpu *v);

/* Nothing has been stolen from v in its partition's new life. It does not run. */
void pvtime_reset(const struct vcpu *v);

/* v has waited for the CPU for so long. On v's CPU. */
void pvtime_add(struct vcpu *v, u64 ticks);
