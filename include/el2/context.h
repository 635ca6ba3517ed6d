/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the hardware for a vCPU besides its general registers. */
#pragma once

#include <lib/types.h>

struct cpu;
struct vcpu;
struct fp_state;

/* Makes v the one whose EL1, FP, timer and GIC state is in this CPU; nothing to
 * do if it is already. */
void context_switch(struct cpu *cpu, struct vcpu *v);

/* v, which is loaded, has tried to use FP/SIMD while another's registers were there. */
void context_take_fp(struct vcpu *v);

/* Takes v's state out of the hardware, if it is there: before a reset. */
void context_evict(struct cpu *cpu, struct vcpu *v);

/* Sets v->el1 to reset values (arch/sysreg.def); v is not in the hardware. */
void context_reset(struct vcpu *v);

/* v, which is loaded, has written one of its debug registers (class PASS). */
void context_save_debug(struct vcpu *v);

/* el2/vcpu/fp.S */
void fp_save(struct fp_state *fp);
void fp_restore(const struct fp_state *fp);
