/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ID registers for guests and the trap registers that follow from them, on
 * values recorded from QEMU 7.2's CPUs.
 * sources: el2/idreg.c el2/trapreg.c
 */
#include <arch/esr.h>
#include <el2/cpu.h>
#include <el2/idreg.h>
#include <el2/trapreg.h>
#include <mm/stage2.h>
#include <string.h>
#include <test.h>

struct recorded {
	const char *name;
	u64 id[NR_IDREG];
};

/* clang-format off */
#define R(reg, value) [IDREG_INDEX(SYS_##reg)] = (value)
static const struct recorded cpus_recorded[] = {
    {"cortex-a53",
     {
    R(ID_PFR0_EL1, 0x131),
    R(ID_ISAR0_EL1, 0x2101110),
    R(ID_ISAR1_EL1, 0x13112111),
    R(ID_ISAR2_EL1, 0x21232042),
    R(ID_ISAR3_EL1, 0x1112131),
    R(ID_ISAR4_EL1, 0x11142),
    R(ID_ISAR5_EL1, 0x11121),
    R(MVFR0_EL1, 0x10110222),
    R(MVFR1_EL1, 0x12111111),
    R(MVFR2_EL1, 0x43),
    R(ID_AA64PFR0_EL1, 0x222),
    R(ID_AA64DFR0_EL1, 0x10305106),
    R(ID_AA64ISAR0_EL1, 0x11120),
    R(ID_AA64MMFR0_EL1, 0x1122),
     }},
    {"cortex-a57",
     {
    R(ID_PFR0_EL1, 0x131),
    R(ID_ISAR0_EL1, 0x2101110),
    R(ID_ISAR1_EL1, 0x13112111),
    R(ID_ISAR2_EL1, 0x21232042),
    R(ID_ISAR3_EL1, 0x1112131),
    R(ID_ISAR4_EL1, 0x11142),
    R(ID_ISAR5_EL1, 0x11121),
    R(MVFR0_EL1, 0x10110222),
    R(MVFR1_EL1, 0x12111111),
    R(MVFR2_EL1, 0x43),
    R(ID_AA64PFR0_EL1, 0x222),
    R(ID_AA64DFR0_EL1, 0x10305106),
    R(ID_AA64ISAR0_EL1, 0x11120),
    R(ID_AA64MMFR0_EL1, 0x1124),
     }},
    {"cortex-a72",
     {
    R(ID_PFR0_EL1, 0x131),
    R(ID_ISAR0_EL1, 0x2101110),
    R(ID_ISAR1_EL1, 0x13112111),
    R(ID_ISAR2_EL1, 0x21232042),
    R(ID_ISAR3_EL1, 0x1112131),
    R(ID_ISAR4_EL1, 0x11142),
    R(ID_ISAR5_EL1, 0x11121),
    R(MVFR0_EL1, 0x10110222),
    R(MVFR1_EL1, 0x12111111),
    R(MVFR2_EL1, 0x43),
    R(ID_AA64PFR0_EL1, 0x222),
    R(ID_AA64DFR0_EL1, 0x10305106),
    R(ID_AA64ISAR0_EL1, 0x11120),
    R(ID_AA64MMFR0_EL1, 0x1124),
     }},
    {"cortex-a76",
     {
    R(ID_PFR0_EL1, 0x10010131),
    R(ID_ISAR0_EL1, 0x2101110),
    R(ID_ISAR1_EL1, 0x13112111),
    R(ID_ISAR2_EL1, 0x21232042),
    R(ID_ISAR3_EL1, 0x1112131),
    R(ID_ISAR4_EL1, 0x10142),
    R(ID_ISAR5_EL1, 0x1011121),
    R(ID_ISAR6_EL1, 0x10),
    R(MVFR0_EL1, 0x10110222),
    R(MVFR1_EL1, 0x13211111),
    R(MVFR2_EL1, 0x43),
    R(ID_AA64PFR0_EL1, 0x1100000010110112),
    R(ID_AA64PFR1_EL1, 0x10),
    R(ID_AA64DFR0_EL1, 0x10305408),
    R(ID_AA64ISAR0_EL1, 0x100010211120),
    R(ID_AA64ISAR1_EL1, 0x100001),
    R(ID_AA64MMFR0_EL1, 0x101122),
    R(ID_AA64MMFR1_EL1, 0x10212122),
    R(ID_AA64MMFR2_EL1, 0x1011),
     }},
    {"neoverse-n1",
     {
    R(ID_PFR0_EL1, 0x10010131),
    R(ID_ISAR0_EL1, 0x2101110),
    R(ID_ISAR1_EL1, 0x13112111),
    R(ID_ISAR2_EL1, 0x21232042),
    R(ID_ISAR3_EL1, 0x1112131),
    R(ID_ISAR4_EL1, 0x10142),
    R(ID_ISAR5_EL1, 0x1011121),
    R(ID_ISAR6_EL1, 0x10),
    R(MVFR0_EL1, 0x10110222),
    R(MVFR1_EL1, 0x13211111),
    R(MVFR2_EL1, 0x43),
    R(ID_AA64PFR0_EL1, 0x1100000010110112),
    R(ID_AA64PFR1_EL1, 0x20),
    R(ID_AA64DFR0_EL1, 0x10305408),
    R(ID_AA64ISAR0_EL1, 0x100010211120),
    R(ID_AA64ISAR1_EL1, 0x100001),
    R(ID_AA64MMFR0_EL1, 0x101125),
    R(ID_AA64MMFR1_EL1, 0x10212122),
    R(ID_AA64MMFR2_EL1, 0x1011),
     }},
    {"max",
     {
    R(ID_PFR0_EL1, 0x11020131),
    R(ID_ISAR0_EL1, 0x2101110),
    R(ID_ISAR1_EL1, 0x13112111),
    R(ID_ISAR2_EL1, 0x21232042),
    R(ID_ISAR3_EL1, 0x1112131),
    R(ID_ISAR4_EL1, 0x11142),
    R(ID_ISAR5_EL1, 0x11011121),
    R(ID_ISAR6_EL1, 0x1111111),
    R(MVFR0_EL1, 0x10110222),
    R(MVFR1_EL1, 0x13211111),
    R(MVFR2_EL1, 0x43),
    R(ID_AA64PFR0_EL1, 0x1201001120110222),
    R(ID_AA64PFR1_EL1, 0x1000021),
    R(ID_AA64DFR0_EL1, 0x10305609),
    R(ID_AA64ISAR0_EL1, 0x1221111110212120),
    R(ID_AA64ISAR1_EL1, 0x11111101211012),
    R(ID_AA64MMFR0_EL1, 0x32310201126),
    R(ID_AA64MMFR1_EL1, 0x11010211122),
    R(ID_AA64MMFR2_EL1, 0x1021011010011011),
     }},
};
/* clang-format on */

#define REG(set, name) ((set)[IDREG_INDEX(SYS_##name)])

u8 stage2_parange(u8 bits)
{
	return bits <= 32   ? 0
	       : bits <= 36 ? 1
	       : bits <= 40 ? 2
	       : bits <= 42 ? 3
	       : bits <= 44 ? 4
			    : 5;
}

static const u64 *recorded(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(cpus_recorded); i++)
		if (!strcmp(cpus_recorded[i].name, name))
			return cpus_recorded[i].id;
	abort();
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
	host_ID_AA64PFR0_EL1 = 0x1201000020110222; /* RAS 2, no AMU */
	host_ID_AA64ISAR0_EL1 = 0x1221111110212120;
	host_ID_ISAR5_EL1 = 0x11011121;
	idreg_init_cpu();
	EXPECT_EQ(REG(idreg_machine, ID_AA64ISAR0_EL1), 0x1221111110212120);
	host_ID_AA64ISAR0_EL1 = 0x11120;
	host_ID_ISAR5_EL1 = 0x11121;
	idreg_init_cpu();
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64ISAR0_EL1, RNDR), 0);
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64ISAR0_EL1, SHA2), 1);
	EXPECT_EQ(REG(idreg_machine, ID_ISAR5_EL1), 0x11121);
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64PFR0_EL1, CSV2), 2);
	/* A feature that is hidden, on any of them, is one to trap. */
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64PFR0_EL1, RAS), 2);
	host_ID_AA64PFR0_EL1 = 0x0000100000000222;
	idreg_init_cpu();
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64PFR0_EL1, RAS), 2);
	EXPECT(IDREG_FIELD(idreg_machine, ID_AA64PFR0_EL1, AMU) != 0);
	EXPECT_EQ(IDREG_FIELD(idreg_machine, ID_AA64PFR0_EL1, CSV2), 0);
}

TEST(trapreg_hcr_values)
{
	u64 a57 = trapreg_hcr(recorded("cortex-a57"), false);
	u64 max = trapreg_hcr(recorded("max"), true);

	EXPECT_EQ(a57, 0x803c0639);
	EXPECT_EQ(max & ~a57,
		  HCR_EL2_TLOR | HCR_EL2_TERR | HCR_EL2_APK | HCR_EL2_API | HCR_EL2_TWI);
	EXPECT(!(max & (HCR_EL2_TGE | HCR_EL2_E2H | HCR_EL2_HCD | HCR_EL2_TWE | HCR_EL2_TSW)));
}

/* Feature by feature: the bit is there if and only if the field is. */
TEST(trapreg_follows_features)
{
	static const struct {
		u32 index;
		u64 field;
		u64 hcr, mdcr, cptr;
	} rows[] = {
#define ROW(reg, field, ...) {IDREG_INDEX(SYS_##reg), reg##_##field, __VA_ARGS__}
	    ROW(ID_AA64PFR0_EL1, RAS, HCR_EL2_TERR, 0, 0),
	    ROW(ID_AA64PFR0_EL1, AMU, 0, 0, CPTR_EL2_TAM),
	    ROW(ID_AA64PFR1_EL1, MTE, HCR_EL2_TID5, 0, 0),
	    ROW(ID_AA64MMFR1_EL1, LO, HCR_EL2_TLOR, 0, 0),
	    ROW(ID_AA64ISAR1_EL1, APA, HCR_EL2_APK | HCR_EL2_API, 0, 0),
	    ROW(ID_AA64ISAR1_EL1, API, HCR_EL2_APK | HCR_EL2_API, 0, 0),
	    ROW(ID_AA64ISAR2_EL1, APA3, HCR_EL2_APK | HCR_EL2_API, 0, 0),
	    ROW(ID_AA64DFR0_EL1, PMUVER, 0, MDCR_EL2_TPM | MDCR_EL2_TPMCR | 6, 0),
	    ROW(ID_AA64DFR0_EL1, PMSVER, 0, MDCR_EL2_TPMS, 0),
	    ROW(ID_AA64DFR0_EL1, TRACEFILT, 0, MDCR_EL2_TTRF, 0),
	    ROW(ID_AA64DFR0_EL1, TRACEVER, 0, 0, CPTR_EL2_TTA),
	    ROW(ID_AA64MMFR0_EL1, FGT, 0, MDCR_EL2_TDCC, 0),
	    ROW(ID_AA64MMFR0_EL1, ECV, 0, 0, 0),
	};
	u64 none[NR_IDREG] = {0};

	EXPECT_EQ(trapreg_cptr(none), 0x33ff);
	EXPECT_EQ(trapreg_mdcr(none, 6), 0xe00);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 id[NR_IDREG] = {0};

		id[rows[i].index] = rows[i].field & -rows[i].field;
		EXPECT_EQ(trapreg_hcr(id, false), trapreg_hcr(none, false) | rows[i].hcr);
		EXPECT_EQ(trapreg_mdcr(id, 6), 0xe00 | rows[i].mdcr);
		EXPECT_EQ(trapreg_cptr(id), 0x33ff | rows[i].cptr);
	}
}

/* Registers that a guest reaches are switched on the CPUs that have them, and only there. */
TEST(trapreg_options_of_each_cpu)
{
	static const struct {
		const char *cpu;
		u32 options;
	} rows[] = {{"cortex-a53", 0},
		    {"cortex-a72", 0},
		    {"cortex-a76", OPTION_RAS},
		    {"neoverse-n1", OPTION_RAS},
		    {"max", OPTION_RAS | OPTION_PAC | OPTION_TPIDR2}};
	u64 id[NR_IDREG];

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(trapreg_options(recorded(rows[i].cpu)), rows[i].options);
	memcpy(id, recorded("max"), sizeof(id));
	REG(id, ID_AA64MMFR0_EL1) |= 1UL << 56; /* finer traps: TPIDR2_EL0 traps */
	EXPECT_EQ(trapreg_options(id), OPTION_RAS | OPTION_PAC);
}

/* A PMU of unknown make has no PMCR_EL0 to ask, and none of its traps. */
TEST(trapreg_init_cpu_writes)
{
	struct cpu c = {0};

	host_ID_AA64DFR0_EL1 = 0xf06;
	host_PMCR_EL0 = 6 << 11;
	host_HFGRTR_EL2 = host_HCRX_EL2 = host_HSTR_EL2 = host_MDSCR_EL1 = ~0UL;
	host_ID_AA64MMFR0_EL1 = host_ID_AA64MMFR1_EL1 = 0;
	host_ID_AA64PFR0_EL1 = 1UL << 28;
	trapreg_init_cpu(&c);
	EXPECT_EQ(c.options, OPTION_RAS);
	EXPECT_EQ(host_MDCR_EL2, 0xe00);
	EXPECT_EQ(host_CNTHCTL_EL2, 3);
	EXPECT_EQ(host_HSTR_EL2, 0);
	EXPECT_EQ(host_MDSCR_EL1, 0);
	EXPECT_EQ(host_HFGRTR_EL2, ~0UL);
	EXPECT_EQ(host_HCRX_EL2, ~0UL);

	host_ID_AA64DFR0_EL1 = 0x506;
	host_ID_AA64MMFR0_EL1 = 1UL << 56;
	host_ID_AA64MMFR1_EL1 = 1UL << 40;
	trapreg_init_cpu(&c);
	EXPECT_EQ(host_MDCR_EL2 & 0x1f, 6);
	EXPECT_EQ(host_HFGRTR_EL2, 0);
	EXPECT_EQ(host_HCRX_EL2, 0);
}
