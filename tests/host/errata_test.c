/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The errata table, with made-up MIDRs and firmware.
 * sources: el2/cpu/errata.c lib/fmt.c
 */
#include <arch/smccc.h>
#include <drivers/log.h>
#include <drivers/psci.h>
#include <drivers/timer.h>
#include <el2/cpu.h>
#include <el2/errata.h>
#include <string.h>
#include <test.h>

bool tlb_repeat, tlb_walks_ahead, cache_clean_unsafe;
struct cpu *cpus;
u32 nr_cpus;

static long firmware[3];
static u64 smc_fid, smc_argument;
static char lines[1024];
static u32 timer_faults;

void timer_distrust(u32 faults)
{
	timer_faults |= faults;
}

struct smc_result smc_call(u64 fid, u64 a1, u64 a2, u64 a3)
{
	(void)a2, (void)a3;
	smc_fid = fid;
	smc_argument = a1;
	return (struct smc_result){{0}};
}

long smccc_arch_features(u32 fid)
{
	return fid == SMCCC_ARCH_WORKAROUND_1   ? firmware[0]
	       : fid == SMCCC_ARCH_WORKAROUND_2 ? firmware[1]
						: firmware[2];
}

void log_line(enum log_level level, const char *format, ...)
{
	size_t used = strlen(lines);
	va_list args;

	(void)level;
	va_start(args, format);
	vsnprintf(lines + used, sizeof(lines) - used, format, args);
	va_end(args);
	strncat(lines, "\n", sizeof(lines) - strlen(lines) - 1);
}

#define MIDR(part, r, p) (0x410f0000UL | (u64)(part) << 4 | (u64)(r) << 20 | (p))
/* What firmware says of workarounds 1 to 3, then ID registers. */
#define FACTS(...) FACTS_(__VA_ARGS__)
#define FACTS_(one, two, three, ...)                                                               \
	(&(const struct errata_facts){                                                             \
	    .workaround_1 = one, .workaround_2 = two, .workaround_3 = three, ##__VA_ARGS__})
#define NO_FIRMWARE -1, -1, -1
#define CSV2(n) .pfr0 = (u64)(n) << 56

TEST(errata_version_ranges)
{
	static const struct {
		u64 midr;
		u32 expected;
	} rows[] = {
	    {MIDR(0xd03, 0, 2), ERRATA_CLEAN_INVALIDATE},
	    {MIDR(0xd03, 0, 3), 0},
	    {MIDR(0xd05, 2, 0), ERRATA_AT_SPECULATION | ERRATA_TLBI_REPEAT},
	    {MIDR(0xd05, 2, 1), ERRATA_TLBI_REPEAT},
	    {MIDR(0xd07, 0, 0), ERRATA_AT_SPECULATION | ERRATA_STAGE2_FAULT | ERRATA_GUEST_HANGS},
	    {MIDR(0xd07, 1, 2),
	     ERRATA_AT_SPECULATION | ERRATA_STAGE2_FAULT | ERRATA_GUEST_HANGS | ERRATA_AES32},
	    {MIDR(0xd07, 1, 3), ERRATA_AT_SPECULATION | ERRATA_AES32},
	    {MIDR(0xd08, 1, 0), ERRATA_AT_SPECULATION | ERRATA_AES32},
	    {MIDR(0xd09, 0, 2), ERRATA_COUNTER},
	    {MIDR(0xd09, 1, 0), 0},
	    {MIDR(0xd0d, 1, 0), ERRATA_TLBI_REPEAT | ERRATA_GUEST_HANGS},
	    {MIDR(0xd0d, 1, 1), ERRATA_TLBI_REPEAT},
	    {MIDR(0xd0b, 2, 0), ERRATA_AT_SPECULATION | ERRATA_TLBI_REPEAT},
	    {MIDR(0xd0b, 3, 1), ERRATA_TLBI_REPEAT},
	    {MIDR(0xd0c, 4, 1), ERRATA_TLBI_REPEAT},
	    {MIDR(0xd46, 1, 1), ERRATA_TLBI_REPEAT},
	    {MIDR(0xd46, 1, 2), 0},
	    {MIDR(0xfff, 0, 0), 0},
	    {MIDR(0xd0b, 0, 0) ^ 0x03000000, 0}, /* somebody else's part of that number */
	};
	u32 mask = ERRATA_AT_SPECULATION | ERRATA_TLBI_REPEAT | ERRATA_CLEAN_INVALIDATE |
		   ERRATA_STAGE2_FAULT | ERRATA_GUEST_HANGS | ERRATA_COUNTER | ERRATA_AES32;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(errata_actions(rows[i].midr, FACTS(NO_FIRMWARE)) & mask,
			  rows[i].expected);
}

/* The architecture field and bits above 31 say nothing of the model. */
TEST(errata_ignores_other_bits)
{
	u64 midr = MIDR(0xd08, 0, 3);

	EXPECT_EQ(errata_actions(midr, FACTS(NO_FIRMWARE)),
		  errata_actions(midr & ~0xf0000UL, FACTS(NO_FIRMWARE)));
	EXPECT_EQ(errata_actions(midr, FACTS(NO_FIRMWARE)),
		  errata_actions(midr | 1UL << 40, FACTS(NO_FIRMWARE)));
}

TEST(errata_loop_counts)
{
	static const struct {
		u16 part;
		u8 loops;
	} rows[] = {{0xd07, 8},  {0xd08, 8},  {0xd0b, 24}, {0xd0c, 24}, {0xd0d, 24},
		    {0xd0e, 24}, {0xd41, 32}, {0xd42, 32}, {0xd49, 32}, {0xd4b, 32},
		    {0xd4c, 32}, {0xd4d, 38}, {0xd81, 38}, {0xd4f, 132}};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 actions = errata_actions(MIDR(rows[i].part, 0, 0), FACTS(NO_FIRMWARE, CSV2(1)));

		EXPECT_EQ(ERRATA_BHB_LOOPS(actions), rows[i].loops);
		EXPECT_EQ(errata_entry(actions), ENTRY_LOOP);
		EXPECT(!(actions & 0x00ff0000)); /* private row bits stay private */
	}
}

TEST(errata_entry_choice)
{
	u64 a72 = MIDR(0xd08, 0, 3), unknown = MIDR(0xd80, 0, 0);

	/* Both weaknesses: firmware's call, the newer one if there is one. */
	EXPECT_EQ(errata_entry(errata_actions(a72, FACTS(0, -1, -1))), ENTRY_CALL_1);
	EXPECT_EQ(errata_entry(errata_actions(a72, FACTS(0, -1, 0))), ENTRY_CALL_3);
	EXPECT_EQ(errata_entry(errata_actions(a72, FACTS(NO_FIRMWARE))), ENTRY_LOOP);
	/* History only: the loop is cheaper than the call. */
	EXPECT_EQ(errata_entry(errata_actions(a72, FACTS(-1, -1, 0, CSV2(1)))), ENTRY_LOOP);
	EXPECT_EQ(errata_entry(errata_actions(unknown, FACTS(-1, -1, 0, CSV2(1)))), ENTRY_CALL_3);
	EXPECT_EQ(
	    errata_entry(errata_actions(unknown, FACTS(NO_FIRMWARE, CSV2(1), .isar2 = 1UL << 28))),
	    ENTRY_CLRBHB);
	EXPECT_EQ(errata_entry(errata_actions(unknown, FACTS(NO_FIRMWARE, CSV2(2)))), ENTRY_PLAIN);
	/* Not affected, by three ways of saying so. */
	EXPECT_EQ(errata_entry(errata_actions(a72, FACTS(NO_FIRMWARE, CSV2(3)))), ENTRY_PLAIN);
	EXPECT_EQ(
	    errata_entry(errata_actions(a72, FACTS(NO_FIRMWARE, CSV2(1), .mmfr1 = 1UL << 60))),
	    ENTRY_PLAIN);
	EXPECT_EQ(errata_entry(errata_actions(a72, FACTS(1, -1, 1))), ENTRY_PLAIN);
	EXPECT_EQ(errata_entry(errata_actions(MIDR(0xd03, 0, 4), FACTS(NO_FIRMWARE))), ENTRY_PLAIN);
	/* An emulator's own CPU. */
	EXPECT_EQ(errata_actions(0x000f0510, FACTS(NO_FIRMWARE)), 0);
}

TEST(errata_answers)
{
	u64 a72 = MIDR(0xd08, 0, 3), a53 = MIDR(0xd03, 0, 4);
	u32 actions;

#define ANSWERS(one, two, three)                                                                   \
	do {                                                                                       \
		EXPECT_EQ(errata_answer(actions, SMCCC_ARCH_WORKAROUND_1), one);                   \
		EXPECT_EQ(errata_answer(actions, SMCCC_ARCH_WORKAROUND_2), two);                   \
		EXPECT_EQ(errata_answer(actions, SMCCC_ARCH_WORKAROUND_3), three);                 \
	} while (0)

	actions = errata_actions(a72, FACTS(NO_FIRMWARE));
	ANSWERS(-1L, -1L, -1L);
	actions = errata_actions(a72, FACTS(0, 0, 0));
	ANSWERS(0L, -2L, 0L);
	actions = errata_actions(a53, FACTS(NO_FIRMWARE));
	ANSWERS(1L, -2L, 1L);
	actions = errata_actions(a72, FACTS(NO_FIRMWARE, CSV2(3), .pfr1 = 2 << 4));
	ANSWERS(1L, -1L, 1L);
	actions = errata_actions(a72, FACTS(-1, -2, -1));
	EXPECT_EQ(errata_answer(actions, SMCCC_ARCH_WORKAROUND_2), -2L);
	EXPECT_EQ(errata_answer(actions, SMCCC_ARCH_SOC_ID), -1L);
}

TEST(errata_boot_and_report)
{
	struct cpu machine[4] = {{0}};

	cpus = machine;
	nr_cpus = 4;
	memset(lines, 0, sizeof(lines));
	for (u32 i = 0; i < 4; i++) {
		host_MIDR_EL1 = i < 2 ? MIDR(0xd03, 0, 4) : MIDR(0xd08, 0, 2);
		firmware[0] = firmware[1] = i < 2 ? 1 : 0;
		firmware[2] = -1;
		smc_fid = 0;
		errata_init_cpu(&machine[i]);
		machine[i].online = true;
		EXPECT_EQ(machine[i].midr, host_MIDR_EL1);
		EXPECT_EQ(smc_fid, i < 2 ? 0 : SMCCC_ARCH_WORKAROUND_2);
	}
	EXPECT_EQ(smc_argument, 1);
	EXPECT(!tlb_repeat && !cache_clean_unsafe);
	errata_report(true);
	EXPECT(!strcmp(lines,
		       "CPU type 0x410fd034 (r0p4): errata 845719/835769/843419\n"
		       "CPU type 0x410fd082 (r0p2): errata 1319367, 1655431; branch injection: "
		       "firmware call 1; store bypass: off by firmware\n"));
	memset(lines, 0, sizeof(lines));
	errata_report(false);
	EXPECT(strstr(lines, "branch injection: not mitigated, as asked"));
}

/* Two types that need the same are two lines. */
TEST(errata_report_same_actions)
{
	struct cpu machine[4] = {
	    {.online = true, .midr = MIDR(0xd0c, 3, 1), .errata = ERRATA_TLBI_REPEAT},
	    {.online = true, .midr = MIDR(0xd0c, 4, 1), .errata = ERRATA_TLBI_REPEAT},
	    {.online = true, .midr = MIDR(0xd0c, 4, 1), .errata = ERRATA_TLBI_REPEAT},
	    {.online = false}, /* it never came up: nothing is known of it */
	};

	cpus = machine;
	nr_cpus = 4;
	memset(lines, 0, sizeof(lines));
	errata_report(true);
	EXPECT(!strcmp(lines, "CPU type 0x413fd0c1 (r3p1): errata 1542419, 4193800\n"
			      "CPU type 0x414fd0c1 (r4p1): errata 4193800\n"));
}

/* What EL2 cannot keep a guest from is a warning of its own. */
TEST(errata_report_hangs)
{
	struct cpu machine[2] = {
	    {.online = true, .midr = MIDR(0xd07, 1, 0), .errata = ERRATA_GUEST_HANGS},
	    {.online = true, .midr = MIDR(0xd0d, 1, 0), .errata = ERRATA_GUEST_HANGS},
	};

	cpus = machine;
	nr_cpus = 2;
	memset(lines, 0, sizeof(lines));
	errata_report(true);
	EXPECT(strstr(lines, "CPU type 0x411fd070: by erratum 832075 a guest can hang the CPU"));
	EXPECT(strstr(lines, "CPU type 0x411fd0d0: by erratum 1508412 a guest can hang the CPU"));
}

TEST(errata_machine_wide)
{
	struct cpu c = {0};

	tlb_repeat = tlb_walks_ahead = cache_clean_unsafe = false;
	host_MIDR_EL1 = MIDR(0xd0c, 3, 1);
	errata_init_cpu(&c);
	EXPECT(tlb_repeat && !tlb_walks_ahead && !cache_clean_unsafe);
	host_MIDR_EL1 = MIDR(0xd03, 0, 1);
	errata_init_cpu(&c);
	EXPECT(tlb_repeat && !tlb_walks_ahead && cache_clean_unsafe);
	host_MIDR_EL1 = MIDR(0xd08, 0, 3);
	errata_init_cpu(&c);
	EXPECT(tlb_walks_ahead && !timer_faults);
	host_MIDR_EL1 = MIDR(0xd09, 0, 1);
	errata_init_cpu(&c);
	EXPECT_EQ(timer_faults, TIMER_ROLLOVER);
}
