/* SPDX-License-Identifier: Apache-2.0 */
/* Exception syndromes (DDI0487 D24.2.40) and PSTATE as SPSR holds it. */
#pragma once

#include <lib/bits.h>

#define ESR_EC(esr) ((u32)((esr) >> 26) & 0x3f)
#define ESR_IL BIT(25)
#define ESR_ISS(esr) ((u32)(esr)&0x1ffffff)

enum esr_ec {
	EC_UNKNOWN = 0x00,
	EC_WFX = 0x01,
	EC_CP15_32 = 0x03,
	EC_CP15_64 = 0x04,
	EC_CP14_32 = 0x05,
	EC_CP14_LS = 0x06,
	EC_FP = 0x07,
	EC_VMRS = 0x08,
	EC_PAUTH = 0x09,
	EC_CP14_64 = 0x0c,
	EC_BTI = 0x0d,
	EC_ILLEGAL = 0x0e,
	EC_SVC32 = 0x11,
	EC_HVC32 = 0x12,
	EC_SMC32 = 0x13,
	EC_SVC64 = 0x15,
	EC_HVC64 = 0x16,
	EC_SMC64 = 0x17,
	EC_SYSREG = 0x18,
	EC_SVE = 0x19,
	EC_ERET = 0x1a,
	EC_SME = 0x1d,
	EC_IABT_LOWER = 0x20,
	EC_IABT_SAME = 0x21,
	EC_PC_ALIGN = 0x22,
	EC_DABT_LOWER = 0x24,
	EC_DABT_SAME = 0x25,
	EC_SP_ALIGN = 0x26,
	EC_FP64 = 0x2c,
	EC_SERROR = 0x2f,
	EC_BREAK_LOWER = 0x30,
	EC_STEP_LOWER = 0x32,
	EC_WATCH_LOWER = 0x34,
	EC_BRK64 = 0x3c,
};

/* EC_SYSREG */
#define ESR_SYSREG_READ BIT(0)
#define ESR_SYSREG_RT(esr) ((u32)((esr) >> 5) & 31)
#define ESR_SYSREG_ENCODING(esr) ((u32)(esr)&0x3ffc1eU)

/* EC_DABT_LOWER, EC_IABT_LOWER */
#define ESR_ABT_ISV BIT(24)
#define ESR_ABT_SAS(esr) ((u32)((esr) >> 22) & 3)
#define ESR_ABT_SSE BIT(21)
#define ESR_ABT_SRT(esr) ((u32)((esr) >> 16) & 31)
#define ESR_ABT_SF BIT(15)
#define ESR_ABT_FNV BIT(10)
#define ESR_ABT_EA BIT(9)
#define ESR_ABT_CM BIT(8)
#define ESR_ABT_S1PTW BIT(7)
#define ESR_ABT_WNR BIT(6)
#define ESR_ABT_FSC(esr) ((u32)(esr)&0x3f)
/* Fault status without its level */
#define FSC_TYPE(fsc) ((fsc)&0x3c)
#define FSC_TRANSLATION 0x04
#define FSC_ACCESS_FLAG 0x08
#define FSC_PERMISSION 0x0c
#define FSC_EXTERNAL 0x10
#define FSC_EXTERNAL_WALK 0x14

/* EC_WFX */
#define ESR_WFX_WFE BIT(0)

/* EC_HVC64, EC_SMC64 */
#define ESR_IMM16(esr) ((u32)(esr)&0xffff)

/* PSTATE as in SPSR_EL2, which has SS and DIT here for AArch32, too, unlike CPSR */
#define PSTATE_M_MASK 0xfUL
#define PSTATE_EL0T 0x0UL
#define PSTATE_EL1T 0x4UL
#define PSTATE_EL1H 0x5UL
#define PSTATE_EL2H 0x9UL
#define PSTATE_AARCH32 BIT(4)
#define PSTATE_F BIT(6)
#define PSTATE_I BIT(7)
#define PSTATE_A BIT(8)
#define PSTATE_D BIT(9)
#define PSTATE_DAIF (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)
#define PSTATE_BTYPE GENMASK(11, 10)
#define PSTATE_SSBS BIT(12)
#define PSTATE_IL BIT(20)
#define PSTATE_SS BIT(21)
#define PSTATE_PAN BIT(22)
#define PSTATE_UAO BIT(23)
#define PSTATE_DIT BIT(24)
#define PSTATE_TCO BIT(25)
#define PSTATE_NZCV GENMASK(31, 28)
/* With PSTATE_AARCH32 */
#define PSTATE32_IT_HIGH GENMASK(15, 10)
#define PSTATE32_IT_LOW GENMASK(26, 25)
