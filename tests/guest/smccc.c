/* SPDX-License-Identifier: Apache-2.0 */
/* The SMC Calling Convention (DEN0028): every owner, hostile arguments. */
#include "guest.h"
#include <abi/apf.h>
#include <abi/tocsin.h>

#define CALLS_PER_OWNER 200
#define UNKNOWN_FUNCTION 0x7ff0
#define HVC(imm) (0xd4000002u | (u32)(imm) << 5)
#define SMC(imm) (0xd4000003u | (u32)(imm) << 5)

typedef void (*conduit_fn)(struct regs *);

static u64 seed = 0x5eed0123456789ab;

static void fill(struct regs *r, u64 fid)
{
	r->x[0] = fid;
	for (u32 i = 1; i < 18; i++)
		r->x[i] = random_next(&seed);
}

/* x1-x17 come back; with results in x0 to x3, only from x4 on. */
static void expect_preserved(const struct regs *before, const struct regs *after, u32 from)
{
	for (u32 i = from; i < 18; i++)
		EXPECT(before->x[i] == after->x[i], "fid 0x%lx: x%u 0x%lx became 0x%lx",
		       before->x[0], i, before->x[i], after->x[i]);
}

static void unknown_everywhere(conduit_fn conduit)
{
	for (u32 owner = 0; owner < 64; owner++) {
		for (u32 kind = 0; kind < 4; kind++) {
			struct regs r, before;

			fill(&r, (u64)kind << 30 | owner << 24 | UNKNOWN_FUNCTION);
			before = r;
			conduit(&r);
			EXPECT(r.x[0] == ~0UL, "fid 0x%lx answers 0x%lx", before.x[0], r.x[0]);
			expect_preserved(&before, &r, 1);
		}
	}
}

static void unknown_by_hvc(void)
{
	unknown_everywhere(hvc_regs);
}

static void unknown_by_smc(void)
{
	unknown_everywhere(smc_regs);
}

/* What may stop, start or suspend this CPU or machine is not for random calls. */
static bool has_effect(u32 fid)
{
	u32 number = fid & 0xffff;

	return SMCCC_OWNER(fid) == SMCCC_OWNER_STANDARD && number < 0x50 && (fid & SMCCC_FAST);
}

static bool has_results(u32 fid)
{
	u32 owner = SMCCC_OWNER(fid);

	return owner == SMCCC_OWNER_STANDARD || owner == SMCCC_OWNER_VENDOR_HYP;
}

static void random_calls(conduit_fn conduit)
{
	for (u32 owner = 0; owner < 64; owner++) {
		for (u32 i = 0; i < CALLS_PER_OWNER; i++) {
			u64 x = random_next(&seed);
			u32 number = i & 1 ? x & 0xffff : x & 0x1f;
			u32 fid = (u32)(x >> 32 & 0xc0ff0000) | owner << 24 | number;
			struct regs r, before;

			if (has_effect(fid))
				continue;
			fill(&r, (x & 0xffff0000) << 32 | fid);
			before = r;
			conduit(&r);
			expect_preserved(&before, &r, has_results(fid) ? 4 : 1);
		}
	}
}

static void random_by_hvc(void)
{
	random_calls(hvc_regs);
}

static void random_by_smc(void)
{
	random_calls(smc_regs);
}

static void expect_undef(u32 insn)
{
	u64 x0 = PSCI_VERSION;
	struct fault f = run_insn(insn, &x0);

	EXPECT(f.taken && ESR_EC(f.esr) == EC_UNKNOWN, "insn 0x%x: esr 0x%lx", insn, f.esr);
	EXPECT(x0 == PSCI_VERSION, "insn 0x%x: x0 0x%lx", insn, x0);
}

static void immediates(void)
{
	for (u32 bit = 0; bit < 16; bit++) {
		expect_undef(HVC(BIT(bit)));
		expect_undef(SMC(BIT(bit)));
	}
	expect_undef(HVC(0xea1));  /* Xen's */
	expect_undef(HVC(0x4a48)); /* Jailhouse's */
}

static void hvc_returns_after(void)
{
	u64 x0 = SMCCC_VERSION;
	struct fault f = run_insn(HVC(0), &x0);

	EXPECT(!f.taken, "HVC #0: esr 0x%lx", f.esr);
	EXPECT(x0 >= 0x10002, "version 0x%lx", x0);
	x0 = SMCCC_VERSION;
	f = run_insn(SMC(0), &x0);
	EXPECT(!f.taken, "SMC #0: esr 0x%lx", f.esr);
	EXPECT(x0 >= 0x10002, "version 0x%lx", x0);
}

static void preserves(void)
{
	static const u32 fids[] = {PSCI_VERSION, PSCI_FEATURES, SMCCC_VERSION, SMCCC_ARCH_FEATURES,
				   PSCI_AFFINITY_INFO};

	for (u32 i = 0; i < ARRAY_SIZE(fids); i++) {
		struct regs r, before;

		fill(&r, fids[i]);
		before = r;
		hvc_regs(&r);
		expect_preserved(&before, &r, 1);
	}
}

static void sve_hint(void)
{
	EXPECT_EQ(hvc_call(PSCI_VERSION | SMCCC_SVE_HINT, 0, 0, 0), 0x10001);
	EXPECT(hvc_call(SMCCC_VERSION | SMCCC_SVE_HINT, 0, 0, 0) >= 0x10002, "not ignored");
}

static void upper_half(void)
{
	EXPECT_EQ(hvc_call(0xabcdef0100000000 | PSCI_VERSION, 0, 0, 0), 0x10001);
}

static void version(void)
{
	long v = hvc_call(SMCCC_VERSION, 0, 0, 0);

	EXPECT(v >= 0x10002 && v < 0x20000, "0x%lx", v);
}

static void arch_features(void)
{
	EXPECT(hvc_call(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0) >= 0, "no VERSION");
	EXPECT(hvc_call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0) >= 0, "no ARCH_FEATURES");
	EXPECT_EQ(hvc_call(SMCCC_ARCH_FEATURES, 0x8000ffff, 0, 0), SMCCC_NOT_SUPPORTED);
	EXPECT_EQ(hvc_call(SMCCC_ARCH_FEATURES, 0, 0, 0), SMCCC_NOT_SUPPORTED);
	EXPECT_EQ(hvc_call(SMCCC_ARCH_FEATURES, 0xdead0000 << 8, 0, 0), SMCCC_NOT_SUPPORTED);
}

/* A workaround that is said to be there can be called. */
static void workarounds(void)
{
	static const u32 fids[] = {SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_2,
				   SMCCC_ARCH_WORKAROUND_3};

	for (u32 i = 0; i < ARRAY_SIZE(fids); i++) {
		long r = hvc_call(SMCCC_ARCH_FEATURES, fids[i], 0, 0);

		EXPECT(r >= -2 && r <= 1, "0x%x: %ld", fids[i], r);
		if (r == 0)
			EXPECT(hvc_call(fids[i], 0, 0, 0) == 0, "0x%x fails", fids[i]);
	}
}

static void vendor_uid(void)
{
	struct regs a = {{VENDOR_HYP_UID}}, b = {{VENDOR_HYP_UID}};

	hvc_regs(&a);
	hvc_regs(&b);
	for (u32 i = 0; i < 4; i++) {
		EXPECT_EQ(a.x[i], b.x[i]);
		EXPECT(a.x[i] >> 32 == 0, "x%u has an upper half", i);
	}
	EXPECT(a.x[0] != 0xffffffff && (a.x[0] | a.x[1] | a.x[2] | a.x[3]), "no UID");
	/* Not KVM's: Linux would take us for it. */
	EXPECT(a.x[0] != 0xb66fb428, "KVM's UID");
}

/* ---- TRNG: DEN0098 ---- */

static void trng(void)
{
	bool rndr = read_sysreg(ID_AA64ISAR0_EL1) >> 60;
	long v = hvc_call(TRNG_VERSION, 0, 0, 0);
	struct regs r = {{PSCI64(TRNG_RND), 192}}, s = {{PSCI64(TRNG_RND), 192}};

	if (!rndr) {
		EXPECT_EQ(v, SMCCC_NOT_SUPPORTED);
		return;
	}
	EXPECT_EQ(v, 0x10000);
	EXPECT(hvc_call(TRNG_FEATURES, TRNG_RND, 0, 0) >= 0, "no RND");
	EXPECT(hvc_call(TRNG_FEATURES, PSCI64(TRNG_RND), 0, 0) >= 0, "no RND64");
	EXPECT_EQ(hvc_call(TRNG_FEATURES, PSCI_VERSION, 0, 0), SMCCC_NOT_SUPPORTED);
	hvc_regs(&r);
	hvc_regs(&s);
	EXPECT_EQ(r.x[0], 0);
	EXPECT(r.x[1] != s.x[1] && r.x[2] != s.x[2] && r.x[3] != s.x[3], "not random");
	EXPECT(hvc_call(PSCI64(TRNG_RND), 193, 0, 0) == -2, "193 bits");
	EXPECT(hvc_call(PSCI64(TRNG_RND), 0, 0, 0) == -2, "0 bits");
	EXPECT(hvc_call(TRNG_RND, 97, 0, 0) == -2, "97 bits");
	EXPECT(hvc_call(PSCI64(TRNG_RND), ~0UL, 0, 0) == -2, "2^64-1 bits");
}

/* Bits that were not asked for are zero: x3 has the lowest. */
static void trng_masks(void)
{
	if (!(read_sysreg(ID_AA64ISAR0_EL1) >> 60))
		return;
	for (u32 bits = 1; bits <= 192; bits++) {
		struct regs r = {{PSCI64(TRNG_RND), bits}};

		hvc_regs(&r);
		EXPECT_EQ(r.x[0], 0);
		for (u32 word = 0; word < 3; word++) {
			u32 have = bits > 64 * word ? MIN(bits - 64 * word, 64u) : 0;
			u64 mask = have == 64 ? ~0UL : BIT(have) - 1;

			EXPECT(!(r.x[3 - word] & ~mask), "%u bits: x%u is 0x%lx", bits, 3 - word,
			       r.x[3 - word]);
		}
	}
}

/* All memory of this partition is resident. */
static void no_apf(void)
{
	EXPECT(!(hvc_call(TOCSIN_FEATURES, 0, 0, 0) & TOCSIN_FEATURE_APF), "a feature");
	for (u32 fid = TOCSIN_APF_INFO; fid <= TOCSIN_APF_COUNT; fid++) {
		EXPECT_EQ(hvc_call(fid, 0, 0, 0), TOCSIN_APF_NOT_SUPPORTED);
		EXPECT_EQ(smc_call(fid, 0, 0, 0), TOCSIN_APF_NOT_SUPPORTED);
	}
}

void guest_setup(void)
{
}

const struct test guest_tests[] = {
    {"smccc-version", version, UNDER_TOCSIN},
    {"smccc-unknown-hvc", unknown_by_hvc, 0},
    {"smccc-unknown-smc", unknown_by_smc, UNDER_TOCSIN},
    {"smccc-random-hvc", random_by_hvc, 0},
    {"smccc-random-smc", random_by_smc, UNDER_TOCSIN},
    {"smccc-preserves", preserves, 0},
    {"smccc-immediates", immediates, UNDER_TOCSIN},
    {"smccc-returns-after", hvc_returns_after, UNDER_TOCSIN},
    {"smccc-sve-hint", sve_hint, UNDER_TOCSIN},
    {"smccc-upper-half", upper_half, UNDER_TOCSIN},
    {"smccc-arch-features", arch_features, UNDER_TOCSIN},
    {"smccc-workarounds", workarounds, UNDER_TOCSIN},
    {"smccc-vendor-uid", vendor_uid, UNDER_TOCSIN},
    {"1 no-apf", no_apf, UNDER_TOCSIN},
    {"smccc-trng", trng, UNDER_TOCSIN},
    {"smccc-trng-masks", trng_masks, UNDER_TOCSIN},
    {0},
};
