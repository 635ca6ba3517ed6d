/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trap registers that follow from the ID registers, and what is said of CPUs that have more
 * than is known.
 * sources: el2/cpu/trapreg.c el2/cpu/idreg.c boot/start/features.c lib/fmt.c
 */
#include <boot/start/features.h>
#include <drivers/log.h>
#include <el2/cpu.h>
#include <el2/trapreg.h>
#include <mm/stage2.h>
#include <recorded_cpus.h>
#include <test.h>

static char said[1024];

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	(void)level;
	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
}

/* el2/cpu/idreg.c's, which is here for idreg_read(). */
u8 stage2_parange(u8 bits)
{
	return bits;
}

TEST(trapreg_hcr_values)
{
	u64 a57 = trapreg_hcr(recorded("cortex-a57"), false);
	u64 max = trapreg_hcr(recorded("max"), true);

	EXPECT_EQ(a57, 0x807c003d);
	EXPECT_EQ(max & ~a57,
		  HCR_EL2_TLOR | HCR_EL2_TERR | HCR_EL2_APK | HCR_EL2_API | HCR_EL2_TWI);
	EXPECT(!(max & (HCR_EL2_TGE | HCR_EL2_E2H | HCR_EL2_HCD | HCR_EL2_TWE | HCR_EL2_FB |
			HCR_EL2_BSU_IS)));
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
	trapreg_init_cpu(&c, true);
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
	host_HFGRTR2_EL2 = ~0UL;
	trapreg_init_cpu(&c, true);
	EXPECT_EQ(host_MDCR_EL2 & 0x1f, 6);
	EXPECT_EQ(host_HFGRTR_EL2, 0);
	EXPECT_EQ(host_HCRX_EL2, 0);
	EXPECT_EQ(host_HFGRTR2_EL2, ~0UL);
	host_ID_AA64MMFR0_EL1 = 2UL << 56;
	host_HFGWTR2_EL2 = host_HFGITR2_EL2 = host_HDFGRTR2_EL2 = host_HDFGWTR2_EL2 = ~0UL;
	trapreg_init_cpu(&c, true);
	EXPECT_EQ(host_HFGRTR2_EL2 | host_HFGWTR2_EL2 | host_HFGITR2_EL2 | host_HDFGRTR2_EL2 |
		      host_HDFGWTR2_EL2,
		  0);
}

/* What is there of MPAM decides; where firmware keeps it to itself nothing is touched. */
TEST(trapreg_closes_mpam)
{
	struct cpu c = {0};
	u64 traps = MPAM2_EL2_TRAPMPAM0EL1 | MPAM2_EL2_TRAPMPAM1EL1;

	host_MPAM2_EL2 = host_MPAMHCR_EL2 = host_MPAM1_EL1 = host_MPAM0_EL1 = 7;
	host_ID_AA64PFR0_EL1 = host_ID_AA64PFR1_EL1 = 0;
	trapreg_init_cpu(&c, true);
	host_ID_AA64PFR0_EL1 = 1UL << 40;
	trapreg_init_cpu(&c, false);
	EXPECT(host_MPAM2_EL2 == 7 && host_MPAMHCR_EL2 == 7 && host_MPAM1_EL1 == 7);
	EXPECT_EQ(said[0], 0);

	host_MPAMIDR_EL1 = 0;
	trapreg_init_cpu(&c, true);
	EXPECT_EQ(host_MPAM2_EL2, traps);
	EXPECT_EQ(host_MPAMHCR_EL2, 7);
	EXPECT_EQ(host_MPAM1_EL1 | host_MPAM0_EL1, 0);
	EXPECT(strstr(said, "tocsin.mpam=off"));
	said[0] = 0;
	host_ID_AA64PFR0_EL1 = 0;
	host_ID_AA64PFR1_EL1 = 1UL << 16; /* version 0.1 */
	host_MPAMIDR_EL1 = BIT(17) | BIT(58);
	trapreg_init_cpu(&c, true);
	EXPECT_EQ(host_MPAM2_EL2, traps | BIT(58));
	EXPECT_EQ(host_MPAMHCR_EL2, BIT(31));
	EXPECT_EQ(said[0], 0); /* once is enough */
}

/* Known CPUs are no news; a version too many, and a field in no row, are. */
TEST(features_above_what_is_known)
{
	u64 id[NR_IDREG];

	said[0] = 0;
	for (u32 i = 0; i < ARRAY_SIZE(cpus_recorded); i++)
		features_report(cpus_recorded[i].id);
	EXPECT_EQ(said[0], 0);
	memcpy(id, recorded("max"), sizeof(id));
	REG(id, ID_AA64PFR0_EL1) |= ID_AA64PFR0_EL1_RAS | 2UL << 40;
	REG(id, ID_AA64MMFR0_EL1) |= 3UL << 56;
	REG(id, ID_AA64PFR2_EL1) = 5UL << 60;
	REG(id, ID_AA64ISAR0_EL1) |= ID_AA64ISAR0_EL1_AES; /* guests see less */
	REG(id, ID_AA64DFR1_EL1) = 0xffffffff;
	features_report(id);
	EXPECT(strstr(said, " ID_AA64PFR0_EL1.RAS 15, ID_AA64PFR0_EL1.MPAM 2, "));
	EXPECT(strstr(said, "ID_AA64PFR2_EL1[63:60] 5"));
	EXPECT(strstr(said, "ID_AA64MMFR0_EL1.FGT 3"));
	EXPECT(!strstr(said, "AES") && !strstr(said, "DFR1"));
	for (u32 i = 0; i < NR_IDREG; i++)
		id[i] = ~0UL;
	features_report(id); /* cut, not too long */
	EXPECT(strlen(said) > 400 && strlen(said) < 500);
}
