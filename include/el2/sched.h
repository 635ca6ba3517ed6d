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

/* Adds p's vCPUs, whose partition and cpu are set, and p's windows to the schedules of their CPUs.
 * ERR_NO_MEMORY; ERR_RANGE, ERR_OVERLAP: impossible windows. After an error no CPU's schedule has
 * changed. Boot CPU, before any sched_start(). */
enum err sched_add(struct partition *p) MUST_CHECK;

/* Serves v's requests (and, if it must, those of the other vCPUs of its CPU)
 * and returns the vCPU to enter, its context loaded. May wait in WFI for one. */
struct vcpu *sched_serve(struct vcpu *v);

/* Makes cpu, this one, choose again at the counter value then, or earlier. The current vCPU runs
 * on, but something that it waits for is due then. */
void sched_choose_by(struct cpu *cpu, u64 then);

/* The same for a CPU that has none yet: the end of its bring-up. Enters a guest. */
_Noreturn void sched_start(struct cpu *cpu);
