/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which vCPU runs on a CPU. For now: the one that is runnable, round robin by
 * time slices where there are several. A vCPU alone on its CPU costs nothing.
 */
#pragma once

#include <lib/types.h>

struct vcpu;
struct cpu;

/* Serves v's requests (and, if it must, those of the other vCPUs of its CPU)
 * and returns the vCPU to enter, its context loaded. May wait in WFI for one. */
struct vcpu *sched_serve(struct vcpu *v);

/* The same for a CPU that has none yet: the end of its bring-up. Enters a guest. */
_Noreturn void sched_start(struct cpu *cpu);
