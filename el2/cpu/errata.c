/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU errata and speculation weaknesses: which CPUs have them, what EL2 does,
 * what a guest is told. The words in struct cpu are written once by each CPU
 * as it comes up and only read afterwards.
 *
 * Sources: Arm's errata notices (SDEN) of the cores, and its whitepapers on
 * Cache Speculation Side-channels and Spectre-BHB (loop counts).
 */
#include <arch/smccc.h>
#include <arch/sysreg.h>
#include <drivers/log.h>
#include <drivers/psci.h>
#include <drivers/timer.h>
#include <el2/cpu.h>
#include <el2/errata.h>
#include <lib/fmt.h>
#include <mm/cache.h>
#include <mm/tlb.h>

/* MIDR_EL1: implementer and part say what it is, variant and revision (r, p) which. */
#define MIDR_MODEL 0xff00fff0UL
#define MIDR_VARIANT(midr) ((u32)(midr) >> 20 & 0xf)
#define MIDR_REVISION(midr) ((u32)(midr)&0xf)
#define VERSION(r, p) ((r) << 4 | (p))
#define NEWEST VERSION(0xf, 0xf)

#define ARM(part) (0x41000000u | (part) << 4)

#define CORTEX_A53 ARM(0xd03)
#define CORTEX_A35 ARM(0xd04)
#define CORTEX_A55 ARM(0xd05)
#define CORTEX_A57 ARM(0xd07)
#define CORTEX_A72 ARM(0xd08)
#define CORTEX_A73 ARM(0xd09)
#define CORTEX_A76 ARM(0xd0b)
#define NEOVERSE_N1 ARM(0xd0c)
#define CORTEX_A77 ARM(0xd0d)
#define CORTEX_A76AE ARM(0xd0e)
#define NEOVERSE_V1 ARM(0xd40)
#define CORTEX_A78 ARM(0xd41)
#define CORTEX_A78AE ARM(0xd42)
#define CORTEX_X1 ARM(0xd44)
#define CORTEX_A510 ARM(0xd46)
#define CORTEX_A710 ARM(0xd47)
#define CORTEX_X2 ARM(0xd48)
#define NEOVERSE_N2 ARM(0xd49)
#define CORTEX_A78C ARM(0xd4b)
#define CORTEX_X1C ARM(0xd4c)
#define CORTEX_A715 ARM(0xd4d)
#define CORTEX_X3 ARM(0xd4e)
#define NEOVERSE_V2 ARM(0xd4f)
#define CORTEX_A720 ARM(0xd81)
#define SOFTWARE_MODEL 0u /* implementer 0: an emulator's CPU, which predicts nothing */

/* Not actions: these rows mark cores that lack a weakness, though no ID register says so. */
#define SAFE_TARGET BIT(16)
#define SAFE_HISTORY BIT(17)
#define SAFE_BYPASS BIT(18)
#define SAFE (SAFE_TARGET | SAFE_HISTORY | SAFE_BYPASS)
#define LOOPS(n) ((u32)(n) << 24)

struct erratum {
	u32 model;
	u8 min, max; /* first and last affected version */
	u32 action;
	const char *name; /* NULL: not worth a word */
};

/* A CPU may be in several rows; at most one has a loop count. */
static const struct erratum errata[] = {
    {CORTEX_A53, VERSION(0, 0), VERSION(0, 2), ERRATA_CLEAN_INVALIDATE, "826319/827319/824069"},

    {CORTEX_A55, VERSION(0, 0), VERSION(2, 0), ERRATA_AT_SPECULATION, "1530923"},
    {CORTEX_A57, VERSION(0, 0), NEWEST, ERRATA_AT_SPECULATION, "1319537"},
    {CORTEX_A72, VERSION(0, 0), NEWEST, ERRATA_AT_SPECULATION, "1319367"},
    {CORTEX_A76, VERSION(0, 0), VERSION(2, 0), ERRATA_AT_SPECULATION, "1165522"},

    /* Fixed for every CPU: in vectors.S, by the compiler, by the linker. */
    {CORTEX_A53, VERSION(0, 0), VERSION(0, 4), 0, "845719/835769/843419"},
    {CORTEX_A57, VERSION(0, 0), VERSION(1, 2), ERRATA_STAGE2_FAULT, "834220"},
    {CORTEX_A73, VERSION(0, 0), VERSION(0, 2), ERRATA_COUNTER, "858921"},
    {CORTEX_A57, VERSION(0, 1), NEWEST, ERRATA_AES32, "1742098"},
    {CORTEX_A72, VERSION(0, 0), NEWEST, ERRATA_AES32, "1655431"},
    /* Firmware traps IC IVAU; where EL2 makes code, mm/stage2_page.c's TLBI helps. */
    {NEOVERSE_N1, VERSION(3, 0), VERSION(4, 0), 0, "1542419"},

    {CORTEX_A57, VERSION(0, 0), VERSION(1, 2), ERRATA_GUEST_HANGS, "832075"},
    {CORTEX_A77, VERSION(0, 0), VERSION(1, 0), ERRATA_GUEST_HANGS, "1508412"},

    {CORTEX_A55, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "2441007"},
    {CORTEX_A510, VERSION(0, 0), VERSION(1, 1), ERRATA_TLBI_REPEAT, "2441009"},
    {CORTEX_A76, VERSION(0, 0), VERSION(3, 0), ERRATA_TLBI_REPEAT, "1286807"},
    {CORTEX_A76, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193800"},
    {NEOVERSE_N1, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193800"},
    {CORTEX_A77, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193798"},
    {CORTEX_A78, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193791"},
    {CORTEX_X1, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193791"},
    {NEOVERSE_V1, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193790"},
    {NEOVERSE_N2, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193789"},
    {CORTEX_A710, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193788"},
    {CORTEX_X2, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193788"},
    {NEOVERSE_V2, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193787"},
    {CORTEX_X3, VERSION(0, 0), NEWEST, ERRATA_TLBI_REPEAT, "4193786"},

    {CORTEX_A57, VERSION(0, 0), NEWEST, LOOPS(8), NULL},
    {CORTEX_A72, VERSION(0, 0), NEWEST, LOOPS(8), NULL},
    {CORTEX_A76, VERSION(0, 0), NEWEST, LOOPS(24), NULL},
    {CORTEX_A76AE, VERSION(0, 0), NEWEST, LOOPS(24), NULL},
    {CORTEX_A77, VERSION(0, 0), NEWEST, LOOPS(24), NULL},
    {NEOVERSE_N1, VERSION(0, 0), NEWEST, LOOPS(24), NULL},
    {CORTEX_A78, VERSION(0, 0), NEWEST, LOOPS(32), NULL},
    {CORTEX_A78AE, VERSION(0, 0), NEWEST, LOOPS(32), NULL},
    {CORTEX_A78C, VERSION(0, 0), NEWEST, LOOPS(32), NULL},
    {CORTEX_X1, VERSION(0, 0), NEWEST, LOOPS(32), NULL},
    {CORTEX_X1C, VERSION(0, 0), NEWEST, LOOPS(32), NULL},
    {CORTEX_A710, VERSION(0, 0), NEWEST, LOOPS(32), NULL},
    {CORTEX_X2, VERSION(0, 0), NEWEST, LOOPS(32), NULL},
    {NEOVERSE_N2, VERSION(0, 0), NEWEST, LOOPS(32), NULL},
    {NEOVERSE_V1, VERSION(0, 0), NEWEST, LOOPS(32), NULL},
    {CORTEX_A715, VERSION(0, 0), NEWEST, LOOPS(38), NULL},
    {CORTEX_A720, VERSION(0, 0), NEWEST, LOOPS(38), NULL},
    {CORTEX_X3, VERSION(0, 0), NEWEST, LOOPS(132), NULL},
    {NEOVERSE_V2, VERSION(0, 0), NEWEST, LOOPS(132), NULL},

    {CORTEX_A35, VERSION(0, 0), NEWEST, SAFE, NULL},
    {CORTEX_A53, VERSION(0, 0), NEWEST, SAFE, NULL},
    {CORTEX_A55, VERSION(0, 0), NEWEST, SAFE, NULL},
    {CORTEX_A510, VERSION(0, 0), NEWEST, SAFE_HISTORY, NULL},
    {SOFTWARE_MODEL, VERSION(0, 0), NEWEST, SAFE, NULL},
};

static bool matches(const struct erratum *e, u64 midr)
{
	u32 version = VERSION(MIDR_VARIANT(midr), MIDR_REVISION(midr));
	u64 mask = e->model == SOFTWARE_MODEL ? 0xff000000 : MIDR_MODEL;

	return (midr & mask) == e->model && version >= e->min && version <= e->max;
}

/* The weaknesses that CPU and firmware leave, with the firmware calls that help. */
static u32 weaknesses(u32 rows, const struct errata_facts *f)
{
	u64 csv2 = FIELD_GET(ID_AA64PFR0_EL1_CSV2, f->pfr0);
	bool ssbs = FIELD_GET(ID_AA64PFR1_EL1_SSBS, f->pfr1);
	u32 actions = ssbs ? ERRATA_SSBS : 0;

	if (csv2 == 0 && !(rows & SAFE_TARGET) && f->workaround_1 <= 0)
		actions |= ERRATA_BRANCH_TARGET | (f->workaround_1 == 0 ? ERRATA_CALL_1 : 0);
	if (csv2 < 3 && !FIELD_GET(ID_AA64MMFR1_EL1_ECBHB, f->mmfr1) && !(rows & SAFE_HISTORY) &&
	    f->workaround_3 <= 0) {
		actions |= ERRATA_BRANCH_HISTORY | (f->workaround_3 == 0 ? ERRATA_CALL_3 : 0);
		actions |= FIELD_GET(ID_AA64ISAR2_EL1_CLRBHB, f->isar2) ? ERRATA_CLRBHB : 0;
		actions |= rows & LOOPS(0xff);
	}
	if (!ssbs && !(rows & SAFE_BYPASS) && f->workaround_2 <= 0 &&
	    f->workaround_2 != SMCCC_NOT_REQUIRED)
		actions |= ERRATA_STORE_BYPASS | (f->workaround_2 == 0 ? ERRATA_CALL_2 : 0);
	return actions;
}

u32 errata_actions(u64 midr, const struct errata_facts *facts)
{
	u32 rows = 0;

	for (u32 i = 0; i < ARRAY_SIZE(errata); i++)
		if (matches(&errata[i], midr))
			rows |= errata[i].action;
	return (rows & ~(u32)(SAFE | LOOPS(0xff))) | weaknesses(rows, facts);
}

enum errata_entry errata_entry(u32 actions)
{
	if (actions & ERRATA_BRANCH_TARGET && actions & (ERRATA_CALL_1 | ERRATA_CALL_3))
		return actions & ERRATA_CALL_3 ? ENTRY_CALL_3 : ENTRY_CALL_1;
	if (!(actions & ERRATA_BRANCH_HISTORY))
		return ENTRY_PLAIN;
	if (actions & ERRATA_CLRBHB)
		return ENTRY_CLRBHB;
	if (ERRATA_BHB_LOOPS(actions))
		return ENTRY_LOOP;
	return actions & ERRATA_CALL_3 ? ENTRY_CALL_3 : ENTRY_PLAIN;
}

/* 1: this CPU does not need it. WORKAROUND_2 is never offered: with SSBS the
 * guest has a better way, and otherwise the bypass is off for good. */
long errata_answer(u32 actions, u32 fid)
{
	switch (fid) {
	case SMCCC_ARCH_WORKAROUND_1:
		if (!(actions & ERRATA_BRANCH_TARGET))
			return 1;
		return actions & ERRATA_CALL_1 ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED;
	case SMCCC_ARCH_WORKAROUND_3:
		if (!(actions & ERRATA_BRANCH_HISTORY))
			return 1;
		return actions & ERRATA_CALL_3 ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED;
	case SMCCC_ARCH_WORKAROUND_2:
		if (actions & ERRATA_SSBS ||
		    (actions & (ERRATA_STORE_BYPASS | ERRATA_CALL_2)) == ERRATA_STORE_BYPASS)
			return SMCCC_NOT_SUPPORTED;
		return SMCCC_NOT_REQUIRED;
	default:
		return SMCCC_NOT_SUPPORTED;
	}
}

void errata_init_cpu(struct cpu *c)
{
	struct errata_facts facts = {
	    .pfr0 = read_sysreg(ID_AA64PFR0_EL1),
	    .pfr1 = read_sysreg(ID_AA64PFR1_EL1),
	    .mmfr1 = read_sysreg(ID_AA64MMFR1_EL1),
	    .isar2 = read_sysreg(ID_AA64ISAR2_EL1),
	    .workaround_1 = smccc_arch_features(SMCCC_ARCH_WORKAROUND_1),
	    .workaround_2 = smccc_arch_features(SMCCC_ARCH_WORKAROUND_2),
	    .workaround_3 = smccc_arch_features(SMCCC_ARCH_WORKAROUND_3),
	};

	c->midr = read_sysreg(MIDR_EL1);
	c->errata = errata_actions(c->midr, &facts);
	/* Broadcast maintenance reaches this CPU from all others: both are for
	 * the whole machine. */
	if (c->errata & ERRATA_TLBI_REPEAT)
		tlb_repeat = true;
	if (c->errata & ERRATA_AT_SPECULATION)
		tlb_walks_ahead = true;
	if (c->errata & ERRATA_COUNTER)
		timer_distrust(TIMER_ROLLOVER);
	if (c->errata & ERRATA_CLEAN_INVALIDATE)
		cache_clean_unsafe = true;
	if (c->errata & ERRATA_CALL_2)
		smc_call(SMCCC_ARCH_WORKAROUND_2, 1, 0, 0);
}

/* Text that grows at its end and is cut when it is full. */
struct text {
	char buf[200];
	u32 len;
};

static void add(struct text *t, const char *before, const char *label, const char *word)
{
	if (!word || t->len >= sizeof(t->buf))
		return;
	t->len += (u32)fmt_snprintf(t->buf + t->len, sizeof(t->buf) - t->len, "%s%s%s", before,
				    label, word);
}

static const char *bypass_state(u32 actions)
{
	if (actions & ERRATA_SSBS)
		return "SSBS";
	if (!(actions & ERRATA_STORE_BYPASS))
		return NULL;
	return actions & ERRATA_CALL_2 ? "off by firmware" : "NOT mitigated";
}

static const char *branch_state(u32 actions, bool mitigations)
{
	static const char *const defences[] = {
	    [ENTRY_LOOP] = "loop",
	    [ENTRY_CLRBHB] = "CLRBHB",
	    [ENTRY_CALL_1] = "firmware call 1",
	    [ENTRY_CALL_3] = "firmware call 3",
	};
	enum errata_entry entry = errata_entry(actions);
	u32 targets_open = actions & ERRATA_BRANCH_TARGET && entry < ENTRY_CALL_1;

	if (!(actions & (ERRATA_BRANCH_TARGET | ERRATA_BRANCH_HISTORY)))
		return NULL;
	if (!mitigations)
		return "not mitigated, as asked";
	if (entry == ENTRY_PLAIN)
		return "NOT mitigated";
	return targets_open ? "history only (no firmware call)" : defences[entry];
}

/* There is no isolation from a guest that can do that. */
static void report_hangs(const struct cpu *c)
{
	for (u32 i = 0; i < ARRAY_SIZE(errata); i++)
		if (matches(&errata[i], c->midr) && errata[i].action & ERRATA_GUEST_HANGS)
			log_warn("CPU type 0x%08x: by erratum %s a guest can hang the CPU: run "
				 "none there that is not trusted",
				 (u32)c->midr, errata[i].name);
}

static void report_type(const struct cpu *c, bool mitigations)
{
	struct text t = {.len = 0};

	for (u32 i = 0; i < ARRAY_SIZE(errata); i++)
		if (matches(&errata[i], c->midr))
			add(&t, t.len ? ", " : "errata ", "", errata[i].name);
	add(&t, t.len ? "; " : "", "branch injection: ", branch_state(c->errata, mitigations));
	add(&t, t.len ? "; " : "", "store bypass: ", bypass_state(c->errata));
	log_info("CPU type 0x%08x (r%up%u): %s", (u32)c->midr, MIDR_VARIANT(c->midr),
		 MIDR_REVISION(c->midr), t.len ? t.buf : "no errata known");
	if (c->errata & ERRATA_GUEST_HANGS)
		report_hangs(c);
}

void errata_report(bool mitigations)
{
	for (u32 i = 0; i < nr_cpus; i++) {
		bool seen = false;

		if (!cpus[i].online)
			continue;
		for (u32 j = 0; j < i; j++)
			seen |= cpus[j].online && cpus[j].midr == cpus[i].midr &&
				cpus[j].errata == cpus[i].errata;
		if (!seen)
			report_type(&cpus[i], mitigations);
	}
}
