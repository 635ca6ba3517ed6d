/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which vCPU runs on a CPU, by fixed priorities, slices and windows of time
 * (el2/schedule.h). A vCPU alone on its CPU costs nothing.
 */
#pragma once

#include <lib/err.h>
#include <lib/types.h>

struct vcpu;
struct cpu;
struct partition;

/* A partition's time in each major frame. */
struct sched_window {
	u32 offset_us, length_us;
};

/* Length of the machine's major frame; set before sched_add() if there are windows. */
extern u32 sched_major_frame_us;

/* No CPU has a vCPU. Boot CPU, once. */
void sched_init(void);

/* p's vCPUs, whose partition and cpu are set, get their places on their CPUs, and p its
 * windows. ERR_NO_MEMORY; ERR_RANGE, ERR_OVERLAP: windows that cannot be; then no CPU's
 * schedule has changed. Boot CPU, before sched_start() of any. */
enum err sched_add(struct partition *p) MUST_CHECK;

/* Serves v's requests (and, if it must, those of the other vCPUs of its CPU)
 * and returns the vCPU to enter, its context loaded. May wait in WFI for one. */
struct vcpu *sched_serve(struct vcpu *v);

/* cpu, this one, chooses anew at that counter value, if it does not earlier: its current vCPU,
 * which goes on, has begun to wait for something. */
void sched_choose_by(struct cpu *cpu, u64 then);

/* The same for a CPU that has none yet: the end of its bring-up. Enters a guest. */
_Noreturn void sched_start(struct cpu *cpu);
