/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that assembler files need, as lines "->NAME value" in this file's
 * assembler output, from which the build makes gen/offsets.h. Never linked.
 */
#include <arch/smccc.h>
#include <el2/cpu.h>
#include <el2/panic.h>
#include <el2/vcpu.h>
#include <lib/layout.h>
#include <mm/stage1.h>

/* What vectors.S takes for granted: pairs that one LDP or STP moves, and its reach. */
LAYOUT(struct regs, x, 0);
LAYOUT(struct regs, pc, 31 * 8);
LAYOUT(struct regs, pstate, 32 * 8);
LAYOUT(struct vcpu, regs.pc, offsetof(struct vcpu, regs.x) + 31 * 8);
REQUIRE(offsetof(struct vcpu, regs) + 32 * 8 <= 504);
REQUIRE(offsetof(struct vcpu, stack_top) % 8 == 0);
REQUIRE(offsetof(struct vcpu, exits) + 63 * 8 <= 32760);
REQUIRE(ARRAY_SIZE(((struct vcpu *)0)->exits) >= 64); /* one for each ESR_EL2.EC */
REQUIRE(sizeof(((struct vcpu *)0)->exits[0]) == 8);
LAYOUT(struct el2_frame, x, 0);
LAYOUT(struct el2_frame, sp, 31 * 8);
LAYOUT(struct el2_frame, spsr, offsetof(struct el2_frame, elr) + 8);
LAYOUT(struct el2_frame, far, offsetof(struct el2_frame, esr) + 8);
REQUIRE(sizeof(struct el2_frame) % 16 == 0);
/* fp.S */
LAYOUT(struct fp_state, q, 0);
LAYOUT(struct fp_state, fpcr, 512);
LAYOUT(struct fp_state, fpsr, 520);

#define EMIT(name, value) __asm__ volatile("\n.ascii \"->" #name " %0\"" ::"i"((u64)(value)))

/* SCTLR_EL2: RES1 bits of ARMv8.0, the rest as named */
#define SCTLR_RES1 0x30c50830UL
#define SCTLR_ON (SCTLR_RES1 | SCTLR_EL2_M | SCTLR_EL2_C | SCTLR_EL2_SA | SCTLR_EL2_I)

/* TCR_EL2: 48-bit input, 4 KiB granule, walks inner shareable write-back */
#define TCR_BASE (1UL << 31 | 1UL << 23 | 3UL << 12 | 1UL << 10 | 1UL << 8 | 16)

void offsets(void);
void offsets(void)
{
	EMIT(VCPU_X, offsetof(struct vcpu, regs.x));
	EMIT(VCPU_PC, offsetof(struct vcpu, regs.pc));
	EMIT(VCPU_EXITS, offsetof(struct vcpu, exits));
	EMIT(VCPU_IRQS, offsetof(struct vcpu, exits[EXIT_IRQ]));
	EMIT(VCPU_REQUESTS, offsetof(struct vcpu, requests));
	EMIT(VCPU_CPU, offsetof(struct vcpu, cpu));
	EMIT(VCPU_STACK, offsetof(struct vcpu, stack_top));
	EMIT(FP_Q, offsetof(struct fp_state, q));
	EMIT(FP_FPCR, offsetof(struct fp_state, fpcr));

	EMIT(CPU_PANIC_STACK, offsetof(struct cpu, panic_stack_top));
	EMIT(CPU_BRANCH_LOOPS, offsetof(struct cpu, branch_loops));
	EMIT(CPU_BRANCH_CALL, offsetof(struct cpu, branch_call));
	EMIT(BOOT_CPU, offsetof(struct cpu_boot, cpu));
	EMIT(BOOT_ROOT, offsetof(struct cpu_boot, root));
	EMIT(BOOT_STACK, offsetof(struct cpu_boot, stack_top));
	EMIT(BOOT_LEVEL, offsetof(struct cpu_boot, level));

	EMIT(FRAME_SIZE, sizeof(struct el2_frame));
	EMIT(FRAME_SP, offsetof(struct el2_frame, sp));
	EMIT(FRAME_ELR, offsetof(struct el2_frame, elr));
	EMIT(FRAME_ESR, offsetof(struct el2_frame, esr));

	EMIT(MAIR, MAIR_VALUE);
	EMIT(TCR_EL2_BASE, TCR_BASE);
	EMIT(SCTLR_EL2_OFF, SCTLR_RES1);
	EMIT(SCTLR_EL2_ON, SCTLR_ON);
	EMIT(SCTLR_EL2_FINAL, SCTLR_ON | SCTLR_EL2_WXN);
	/* 32-bit stage 2 at level 1: what it says matters only to be defined. */
	EMIT(VTCR_EL2_IDLE, 1UL << 31 | 1UL << 6 | 32);
	EMIT(EARLY_BLOCK, 1UL << 10 | 3UL << 8 | 1UL << 6 | MAIR_INDEX_NORMAL << 2 | 1UL);
}
