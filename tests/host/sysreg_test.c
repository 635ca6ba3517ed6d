/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trapped system registers: every encoding there is, both directions.
 * sources: el2/entry/sysreg.c
 */
#include <arch/esr.h>
#include <el2/context.h>
#include <el2/partition.h>
#include <el2/sysreg.h>
#include <string.h>
#include <test.h>

static struct partition partition;
static struct vcpu vcpu;
static u32 emulated;

/* A level that is in doubt. */
static bool doubtful;

bool vgic_settle(struct vcpu *v)
{
	bool was = doubtful;

	(void)v;
	doubtful = false;
	return was;
}

struct verdict sysreg_sgi1r(struct vcpu *v, u64 *value, bool read)
{
	(void)v;
	emulated++;
	EXPECT(read || *value == 0x1234 || *value == 0);
	*value = 77;
	return read ? VERDICT(UNDEF) : VERDICT(SKIP);
}

struct verdict sysreg_asgi1r(struct vcpu *v, u64 *value, bool read)
{
	return sysreg_sgi1r(v, value, read);
}

struct verdict sysreg_sgi0r(struct vcpu *v, u64 *value, bool read)
{
	return sysreg_sgi1r(v, value, read);
}

/* mm/cache.c */
static u64 operand;

void cache_hand_out_set_way(u64 value)
{
	operand = value;
	emulated++;
}

/* el2/vcpu/context.c */
void context_save_debug(struct vcpu *v)
{
	v->debugs = true;
}

static void reset(void)
{
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.partition = &partition;
	for (u32 i = 0; i < NR_IDREG; i++)
		partition.idreg[i] = i < 8 ? 0 : 0xabc0000 + i;
	for (u32 i = 0; i < 31; i++)
		vcpu.regs.x[i] = 0x1234;
}

static struct verdict trap(u32 encoding, u32 rt, bool read)
{
	return trap_sysreg(&vcpu, encoding | rt << 5 | read | (u64)EC_SYSREG << 26 | ESR_IL);
}

TEST(sysreg_id_reads)
{
	for (u32 crm = 1; crm < 8; crm++)
		for (u32 op2 = 0; op2 < 8; op2++) {
			u32 encoding = SYS_ENCODE(3, 0, 0, crm, op2);

			reset();
			EXPECT_EQ(trap(encoding, 5, true).action, ACT_SKIP);
			EXPECT_EQ(vcpu.regs.x[5], partition.idreg[IDREG_INDEX(encoding)]);
			EXPECT_EQ(vcpu.regs.x[4], 0x1234);
			EXPECT_EQ(trap(encoding, 31, true).action, ACT_SKIP);
			EXPECT_EQ(vcpu.regs.pc, 0); /* where x31 would be */
			EXPECT_EQ(trap(encoding, 5, false).action, ACT_UNDEF);
		}
}

static bool is_class(u32 encoding, const char *wanted)
{
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg)                                          \
	if (encoding == SYS_##name)                                                                \
		return !strcmp(#class, wanted);
#include <arch/sysreg.def>
	return false;
}

/* All 2^16 encodings: what is not listed is UNDEFINED and changes nothing. */
TEST(sysreg_every_encoding)
{
	for (u32 e = 0; e < 1 << 16; e++) {
		u32 encoding = SYS_ENCODE(e >> 14, e >> 11 & 7, e >> 7 & 15, e >> 3 & 15, e & 7);
		bool id = (encoding & SYS_ENCODE(3, 7, 15, 8, 0)) == SYS_ENCODE(3, 0, 0, 0, 0);
		bool raz = is_class(encoding, "RAZ"), emu = is_class(encoding, "EMU");
		bool pass = is_class(encoding, "PASS");

		reset();
		emulated = 0;
		EXPECT_EQ(trap(encoding, 30, false).action,
			  raz || emu || pass ? ACT_SKIP : ACT_UNDEF);
		EXPECT_EQ(vcpu.debugs, pass);
		EXPECT_EQ(vcpu.regs.x[30], 0x1234);
		EXPECT_EQ(emulated, emu);
		EXPECT_EQ(trap(encoding, 30, true).action,
			  raz || id || pass ? ACT_SKIP : ACT_UNDEF);
		if (!id && !pass)
			EXPECT_EQ(vcpu.regs.x[30], raz ? 0 : 0x1234);
		EXPECT_EQ(vcpu.regs.pc, 0);
	}
}

TEST(sysreg_set_way)
{
	static const u32 encodings[] = {SYS_DC_ISW, SYS_DC_CSW, SYS_DC_CISW};

	for (u32 i = 0; i < ARRAY_SIZE(encodings); i++) {
		reset();
		operand = 0;
		vcpu.regs.x[7] = 0x40000042;
		EXPECT_EQ(trap(encodings[i], 7, false).action, ACT_SKIP);
		EXPECT_EQ(operand, 0x40000042);
		EXPECT_EQ(trap(encodings[i], 31, false).action, ACT_SKIP);
		EXPECT_EQ(operand, 0);
	}
	/* Those of memory tagging, which is hidden. */
	EXPECT_EQ(trap(SYS_ENCODE(1, 0, 7, 14, 4), 7, false).action, ACT_UNDEF);
}

/* XZR is a source of 0 and a sink. */
TEST(sysreg_xzr)
{
	reset();
	vcpu.regs.pc = 0xdead0000;
	EXPECT_EQ(trap(SYS_ICC_SGI1R_EL1, 31, false).action, ACT_SKIP);
	EXPECT_EQ(trap(SYS_ACTLR_EL1, 31, true).action, ACT_SKIP);
	EXPECT_EQ(trap(SYS_ACTLR_EL1, 31, false).action, ACT_SKIP);
	EXPECT_EQ(vcpu.regs.pc, 0xdead0000);
}

/* What may be written of a PASS register is kept, in the context and the hardware. */
TEST(sysreg_pass)
{
	reset();
	vcpu.regs.x[1] = ~0UL;
	EXPECT_EQ(trap(SYS_MDSCR_EL1, 1, false).action, ACT_SKIP);
	EXPECT_EQ(host_MDSCR_EL1, 0xb001);
	EXPECT_EQ(vcpu.el1[EL1_MDSCR_EL1], 0xb001);
	host_MDSCR_EL1 = 0; /* another vCPU's turn: reads are of the context */
	EXPECT_EQ(trap(SYS_MDSCR_EL1, 2, true).action, ACT_SKIP);
	EXPECT_EQ(vcpu.regs.x[2], 0xb001);
	EXPECT_EQ(trap(SYS_DBGBVR0_EL1, 1, false).action, ACT_SKIP);
	EXPECT_EQ(host_DBGBVR0_EL1, ~3UL);
}

/* While a level is in doubt the CPU interface traps: the access is made again, once. */
TEST(the_interface_traps_in_doubt)
{
	reset();
	doubtful = true;
	EXPECT_EQ(trap(SYS_ICC_IAR1_EL1, 5, true).action, ACT_RESUME);
	EXPECT_EQ(trap(SYS_ICC_IAR1_EL1, 5, true).action, ACT_UNDEF);
}
