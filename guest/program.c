/* SPDX-License-Identifier: Apache-2.0 */
/* What programs are given, and which PSTATE bits there are to give. */
#include "program.h"

_Static_assert(offsetof(struct program, sp_el0) == PROGRAM_SP_EL0, "");
_Static_assert(offsetof(struct program, pc) == PROGRAM_PC, "");
_Static_assert(offsetof(struct program, pstate) == PROGRAM_PSTATE, "");
_Static_assert(offsetof(struct program, sp_el1) == PROGRAM_SP_EL1, "");
_Static_assert(offsetof(struct program, kind) == PROGRAM_KIND, "");
_Static_assert(offsetof(struct program, esr) == PROGRAM_ESR, "");
_Static_assert(offsetof(struct program, far) == PROGRAM_FAR, "");
_Static_assert(offsetof(struct program, live) == PROGRAM_LIVE, "");

struct program program_at(const void *pc, u64 pstate)
{
	static u64 seed = 0x5de15de15de15de1;
	struct program p = {.pc = (u64)pc, .pstate = pstate};

	for (u32 i = 0; i < ARRAY_SIZE(p.x); i++)
		p.x[i] = random_next(&seed);
	p.sp_el0 = 0x1234567890;
	return p;
}

bool has_pan(void)
{
	return read_sysreg(ID_AA64MMFR1_EL1) & ID_AA64MMFR1_EL1_PAN;
}
bool has_uao(void)
{
	return read_sysreg(ID_AA64MMFR2_EL1) & ID_AA64MMFR2_EL1_UAO;
}
bool has_dit(void)
{
	return read_sysreg(ID_AA64PFR0_EL1) & ID_AA64PFR0_EL1_DIT;
}
/* FEAT_MTE2: with instructions only there is no TCO to be seen. */
bool has_tco(void)
{
	return FIELD_GET(ID_AA64PFR1_EL1_MTE, read_sysreg(ID_AA64PFR1_EL1)) >= 2;
}
/* FEAT_SSBS2: MRS and MSR know it. */
bool has_ssbs(void)
{
	return FIELD_GET(ID_AA64PFR1_EL1_SSBS, read_sysreg(ID_AA64PFR1_EL1)) >= 2;
}
bool has_bti(void)
{
	return read_sysreg(ID_AA64PFR1_EL1) & ID_AA64PFR1_EL1_BT;
}

#define PSTATE_FIELD(name)                                                                         \
	({                                                                                         \
		u64 v_;                                                                            \
		__asm__ volatile("mrs %0, " name : "=r"(v_));                                      \
		v_;                                                                                \
	})

u64 pstate_flags(void)
{
	return (has_pan() ? PSTATE_FIELD("S3_0_C4_C2_3") : 0) |
	       (has_uao() ? PSTATE_FIELD("S3_0_C4_C2_4") : 0) |
	       (has_dit() ? PSTATE_FIELD("S3_3_C4_C2_5") : 0) |
	       (has_ssbs() ? PSTATE_FIELD("S3_3_C4_C2_6") : 0) |
	       (has_tco() ? PSTATE_FIELD("S3_3_C4_C2_7") : 0);
}
