/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System-register access and field constants, generated from sysreg.def.
 *
 * For every SYSREG row X there is SYS_X (its encoding as ISS of a trapped
 * MSR/MRS has it, DDI0487 D24.2.40 order Op0 Op2 Op1 CRn CRm), and for every
 * FIELD row X_F (a mask). read_sysreg(X) and write_sysreg(X, v) compile to one
 * MRS or MSR. The host tests have a header of the same name with a register
 * array behind it.
 */
#pragma once

#include <lib/bits.h>
#include <lib/types.h>

/* One encoding as a number: bits of ESR_EL2.ISS for EC 0x18 without Rt and direction. */
#define SYS_ENCODE(op0, op1, crn, crm, op2)                                                        \
	((u32)(op0) << 20 | (u32)(op2) << 17 | (u32)(op1) << 14 | (u32)(crn) << 10 |               \
	 (u32)(crm) << 1)

enum sysreg_encoding {
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg)                                          \
	SYS_##name = SYS_ENCODE(op0, op1, crn, crm, op2),
#include <arch/sysreg.def>
};

/* Masks are 64-bit: enumerators of that width are a GNU extension. */
enum sysreg_field_mask {
#define FIELD(reg, name, hi, lo) reg##_##name = GENMASK(hi, lo),
#include <arch/sysreg.def>
};

#define SYSREG(name, op0, op1, crn, crm, op2, class, arg)                                          \
	static inline __attribute__((always_inline)) u64 sysreg_read_##name(void)                  \
	{                                                                                          \
		u64 v;                                                                             \
		__asm__ volatile("mrs %0, S" #op0 "_" #op1 "_C" #crn "_C" #crm "_" #op2            \
				 : "=r"(v)::"memory");                                             \
		return v;                                                                          \
	}                                                                                          \
	static inline __attribute__((always_inline)) void sysreg_write_##name(u64 v)               \
	{                                                                                          \
		__asm__ volatile("msr S" #op0 "_" #op1 "_C" #crn "_C" #crm "_" #op2 ", %x0"        \
				 :                                                                 \
				 : "rZ"(v)                                                         \
				 : "memory");                                                      \
	}
#include <arch/sysreg.def>

#define read_sysreg(name) sysreg_read_##name()
#define write_sysreg(name, v) sysreg_write_##name(v)
