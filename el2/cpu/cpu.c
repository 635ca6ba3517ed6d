/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's CPUs; boot/start/smp.c makes them. */
#include <el2/cpu.h>

struct cpu boot_cpu;
struct cpu *cpus;
u32 nr_cpus;
