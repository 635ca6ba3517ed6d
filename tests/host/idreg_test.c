/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ID registers for guests, on values recorded from CPUs.
 * sources: el2/cpu/idreg.c
 */
#include <el2/cpu.h>
#include <el2/errata.h>
#include <el2/idreg.h>
#include <mm/stage2.h>
#include <recorded_cpus.h>
#include <test.h>

u8 stage2_parange(u8 bits)
{
	return bits <= 32   ? 0
	       : bits <= 36 ? 1
	       : bits <= 40 ? 2
	       : bits <= 42 ? 3
	       : bits <= 44 ? 4
			    : 5;
}

TEST(idreg_index_is_a_bijection)
{
	bool seen[NR_IDREG] = {false};

	for (u32 crm = 0; crm < 8; crm++)
		for (u32 op2 = 0; op2 < 8; op2++) {
			u32 index = IDREG_INDEX(SYS_ENCODE(3, 0, 0, crm, op2) | 31 << 5 | 1);

			EXPECT(index < NR_IDREG && !seen[index]);
			seen[index % NR_IDREG] = true;
		}
}

/* No guest sees more than its CPU has, nor a feature that is not switched. */
TEST(idreg_hides_on_every_cpu)
{
	for (u32 i = 0; i < ARRAY_SIZE(cpus_recorded); i++) {
		const u64 *id = cpus_recorded[i].id;
		u64 guest[NR_IDREG];

		idreg_sanitise(guest, id, 3, 40);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, EL0), 2);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, EL1), 1);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, EL2), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, EL3), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, RAS), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, SVE), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, AMU), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, MPAM), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR1_EL1, MTE), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR1_EL1, SME), 0);
		EXPECT_EQ(REG(guest, ID_AA64DFR0_EL1), 6);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64MMFR0_EL1, ECV), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64MMFR0_EL1, FGT), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64MMFR1_EL1, VH), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64MMFR1_EL1, LO), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64MMFR1_EL1, HCX), 0);
		EXPECT_EQ(IDREG_FIELD(guest, ID_AA64MMFR0_EL1, PARANGE),
			  MIN(IDREG_FIELD(id, ID_AA64MMFR0_EL1, PARANGE), 2));
		EXPECT_EQ(REG(guest, ID_ISAR5_EL1), REG(id, ID_ISAR5_EL1));
		for (u32 crm0 = 0; crm0 < 8; crm0++)
			EXPECT_EQ(guest[crm0], 0);
	}
}

/* Whole registers, worked out by hand from the recorded values. */
TEST(idreg_exact_values)
{
	u64 guest[NR_IDREG];

	idreg_sanitise(guest, recorded("cortex-a57"), 3, 44);
	EXPECT_EQ(REG(guest, ID_AA64PFR0_EL1), 0x0012);
	EXPECT_EQ(REG(guest, ID_AA64ISAR0_EL1), 0x11120);
	EXPECT_EQ(REG(guest, ID_AA64MMFR0_EL1), 0x1124);
	EXPECT_EQ(REG(guest, ID_PFR0_EL1), 0x131);

	idreg_sanitise(guest, recorded("max"), 3, 48);
	EXPECT_EQ(REG(guest, ID_AA64PFR0_EL1), 0x1101000000110012);
	EXPECT_EQ(REG(guest, ID_AA64PFR1_EL1), 0x21);
	EXPECT_EQ(REG(guest, ID_AA64ISAR0_EL1), 0x1221111110212120);
	EXPECT_EQ(REG(guest, ID_PFR0_EL1), 0x1010131);
}

TEST(idreg_gic_field_follows_the_partition)
{
	u64 host[NR_IDREG], guest[NR_IDREG];

	memcpy(host, recorded("cortex-a72"), sizeof(host));
	REG(host, ID_AA64PFR0_EL1) |= ID_AA64PFR0_EL1_GIC & (3UL << 24);
	idreg_sanitise(guest, host, 3, 40);
	EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, GIC), 1);
	idreg_sanitise(guest, host, 2, 40);
	EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, GIC), 0);
}

/* In signed fields 0xf is less than 0: neither a ceiling nor a merge lifts it. */
TEST(idreg_signed_fields)
{
	u64 host[NR_IDREG], other[NR_IDREG], guest[NR_IDREG];

	memcpy(host, recorded("cortex-a72"), sizeof(host));
	REG(host, ID_AA64PFR0_EL1) |= ID_AA64PFR0_EL1_FP | ID_AA64PFR0_EL1_ADVSIMD;
	REG(host, ID_AA64MMFR0_EL1) |= ID_AA64MMFR0_EL1_TGRAN64;
	REG(host, ID_AA64MMFR0_EL1) |= 1UL << 28;
	idreg_sanitise(guest, host, 3, 40);
	EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, FP), 0xf);
	EXPECT_EQ(IDREG_FIELD(guest, ID_AA64MMFR0_EL1, TGRAN64), 0xf);
	EXPECT_EQ(IDREG_FIELD(guest, ID_AA64MMFR0_EL1, TGRAN4), 0);

	REG(host, ID_AA64PFR0_EL1) ^= 7UL << 20; /* ADVSIMD 8: as negative as can be */
	idreg_sanitise(guest, host, 3, 40);
	EXPECT_EQ(IDREG_FIELD(guest, ID_AA64PFR0_EL1, ADVSIMD), 8);

	memcpy(other, recorded("max"), sizeof(other));
	idreg_merge(other, host);
	EXPECT_EQ(IDREG_FIELD(other, ID_AA64PFR0_EL1, FP), 0xf);
	memcpy(other, recorded("max"), sizeof(other));
	idreg_merge(host, other);
	EXPECT_EQ(IDREG_FIELD(host, ID_AA64PFR0_EL1, FP), 0xf);
}

TEST(idreg_without_aarch32)
{
	u64 host[NR_IDREG], guest[NR_IDREG];

	memcpy(host, recorded("neoverse-n1"), sizeof(host));
	REG(host, ID_AA64PFR0_EL1) &= ~0xfUL;
	REG(host, ID_AA64PFR0_EL1) |= 1;
	idreg_sanitise(guest, host, 3, 40);
	for (u32 crm = 1; crm <= 3; crm++)
		for (u32 op2 = 0; op2 < 8; op2++)
			EXPECT_EQ(guest[IDREG_INDEX(SYS_ENCODE(3, 0, 0, crm, op2))], 0);
	EXPECT(REG(guest, ID_AA64ISAR0_EL1) != 0);
}

/* A guest of random hardware sees nothing outside the listed fields, and a
 * merge in either order gives the same. */
TEST(idreg_random_hardware)
{
	test_seed(7);
	for (int round = 0; round < 2000; round++) {
		u64 a[NR_IDREG], b[NR_IDREG], ab[NR_IDREG], ba[NR_IDREG], guest[NR_IDREG];
		u64 allowed[NR_IDREG] = {0};

		for (u32 i = 0; i < NR_IDREG; i++) {
			a[i] = test_random();
			b[i] = test_random();
		}
		memcpy(ab, a, sizeof(a));
		idreg_merge(ab, b);
		memcpy(ba, b, sizeof(b));
		idreg_merge(ba, a);
#define IDFIELD(reg, name, hi, lo, sign, ceiling)                                                  \
	allowed[IDREG_INDEX(SYS_##reg)] |= GENMASK(hi, lo);                                        \
	EXPECT_EQ(IDREG_FIELD(ab, reg, name), IDREG_FIELD(ba, reg, name));
#include <arch/sysreg.def>
		idreg_sanitise(guest, ab, round & 1 ? 2 : 3, 36);
		for (u32 i = IDREG_INDEX(SYS_ID_AA64PFR0_EL1); i < NR_IDREG; i++)
			EXPECT_EQ(guest[i] & ~allowed[i], 0);
#define IDFIELD(reg, name, hi, lo, sign, ceiling)                                                  \
	if (*#sign == 'U')                                                                         \
		EXPECT(IDREG_FIELD(guest, reg, name) <= ceiling &&                                 \
		       IDREG_FIELD(guest, reg, name) <= IDREG_FIELD(a, reg, name) &&               \
		       IDREG_FIELD(guest, reg, name) <= IDREG_FIELD(b, reg, name));
#include <arch/sysreg.def>
	}
}

/* idreg_machine is the least of the CPUs that came up, in any order. */
TEST(idreg_machine_of_two_kinds)
{
	struct cpu c = {0};

	host_ID_AA64PFR0_EL1 = 0x1201000020110222; /* RAS 2, no AMU */
	host_ID_AA64ISAR0_EL1 = 0x1221111110212120;
	host_ID_ISAR5_EL1 = 0x11011121;
	idreg_init_cpu(&c);
	EXPECT_EQ(REG(idreg_machine, ID_AA64ISAR0_EL1), 0x1221111110212120);
	host_ID_AA64ISAR0_EL1 = 0x11120;
	host_ID_ISAR5_EL1 = 0x11121;
	idreg_init_cpu(&c);
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64ISAR0_EL1, RNDR), 0);
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64ISAR0_EL1, SHA2), 1);
	EXPECT_EQ(REG(idreg_machine, ID_ISAR5_EL1), 0x11121);
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64PFR0_EL1, CSV2), 2);
	/* A feature that is hidden, on any of them, is one to trap. */
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64PFR0_EL1, RAS), 2);
	host_ID_AA64PFR0_EL1 = 0x0000100000000222;
	idreg_init_cpu(&c);
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64PFR0_EL1, RAS), 2);
	EXPECT(IDREG_FIELD(idreg_machine, ID_AA64PFR0_EL1, AMU) != 0);
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64PFR0_EL1, CSV2), 0);
	/* One of them cannot have AES of AArch32 interrupted. */
	EXPECT_EQ(REG(idreg_machine, ID_ISAR5_EL1) >> 4 & 0xf, 2);
	c.errata = ERRATA_AES32;
	idreg_init_cpu(&c);
	EXPECT_EQ(REG(idreg_machine, ID_ISAR5_EL1), 0x11101);
}
