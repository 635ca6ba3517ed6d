/* SPDX-License-Identifier: Apache-2.0 */
/* Every encoding of MRS and MSR: it works, or it is UNDEFINED; it never hangs,
 * stops the guest or lets it out. And the ID registers say what is there. */
#include "encoding.h"

#define BATCH 1024
#define CRN_MASK GENMASK(13, 10) /* in the syndrome */

static struct accessors code[BATCH] __attribute__((aligned(4096)));
static u8 readable[ENCODINGS / 8], writable[ENCODINGS / 8];
static u32 readable_count, writable_count;

/* Undefined; bare, a register of a feature that is merely off traps to EL1. */
static bool is_undef(struct fault f)
{
	u32 ec = ESR_EC(f.esr);

	if (ec == EC_UNKNOWN)
		return true;
	/* FEAT_IDST: reads in the feature ID space say which register it was. */
	if (ec == EC_SYSREG && (f.esr & ESR_SYSREG_READ) && (f.esr & CRN_MASK) == 0)
		return true;
	return !machine.tocsin && (ec == EC_SYSREG || ec == EC_SVE || ec == EC_SME);
}

static void batch(u32 first)
{
	for (u32 i = 0; i < BATCH; i++)
		code[i] = accessors_of(nth_encoding(first + i));
	code_sync(code, sizeof(code));
}

static void report(struct fault f, u32 n, const char *what)
{
	struct encoding e = nth_encoding(n);

	if (f.taken && !is_undef(f))
		test_fail("%s S%u_%u_C%u_C%u_%u: esr 0x%lx", what, e.op0, e.op1, e.crn, e.crm,
			  e.op2, f.esr);
}

/* A register whose own value may not simply be written back. */
static bool is_special(struct encoding e)
{
	if (e.op0 != 3 || e.op1 != 0)
		return false;
	/* Interrupt acknowledgement and EOI; SPSel and the like under our feet. */
	return e.crn == 12 && (e.crm == 8 || e.crm == 12) && e.op2 <= 2;
}

static void every_encoding(void)
{
	for (u32 n = 0; n < ENCODINGS; n++) {
		struct accessors *c = &code[n % BATCH];
		struct fault f;
		u64 value;

		if (n % BATCH == 0)
			batch(n);
		fault_expect();
		value = call_at((u64)c->read, 0);
		f = fault_end();
		report(f, n, "read");
		if (!f.taken) {
			readable[n / 8] |= (u8)BIT(n % 8);
			readable_count++;
		} else {
			value = 0;
		}
		if (is_special(nth_encoding(n)))
			continue;
		fault_expect();
		call_at((u64)c->write, value);
		f = fault_end();
		report(f, n, "write");
		if (!f.taken) {
			writable[n / 8] |= (u8)BIT(n % 8);
			writable_count++;
		}
	}
	print("sysregs: %u readable, %u writable\n", readable_count, writable_count);
	EXPECT(readable_count > 100, "only %u registers can be read", readable_count);
}

static bool reads(u32 op0, u32 op1, u32 crn, u32 crm, u32 op2)
{
	u32 n = (op0 & 1) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;

	return readable[n / 8] >> n % 8 & 1;
}

/* Encodings reserved for ID registers read as zero, not UNDEFINED. */
static void id_space(void)
{
	for (u32 crm = 1; crm < 8; crm++) {
		for (u32 op2 = 0; op2 < 8; op2++)
			EXPECT(reads(3, 0, 0, crm, op2), "S3_0_C0_C%u_%u is undefined", crm, op2);
	}
}

/* Nothing of EL2 and EL3 (op1 4, 5, 6) but SP_EL1 and friends can be read. */
static void higher_levels(void)
{
	for (u32 n = 0; n < ENCODINGS; n++) {
		struct encoding e = nth_encoding(n);

		if (e.op0 == 3 && (e.op1 == 4 || e.op1 == 5 || e.op1 == 6))
			EXPECT(!(readable[n / 8] >> n % 8 & 1), "S3_%u_C%u_C%u_%u can be read",
			       e.op1, e.crn, e.crm, e.op2);
	}
}

struct hidden {
	const char *name;
	u8 id_crm, id_op2, shift; /* the ID field that must be 0 */
	struct encoding reg;      /* and a register that must be undefined */
};

static const struct hidden hidden[] = {
    {"SVE", 4, 0, 32, {3, 0, 1, 2, 0}},         {"SME", 4, 1, 24, {3, 0, 1, 2, 6}},
    {"MTE", 4, 1, 8, {3, 0, 1, 0, 6}},          {"RAS", 4, 0, 28, {3, 0, 5, 3, 0}},
    {"AMU", 4, 0, 44, {3, 3, 13, 2, 0}},        {"MPAM", 4, 0, 40, {3, 0, 10, 5, 0}},
    {"PMU", 5, 0, 8, {3, 3, 9, 12, 0}},         {"EL2", 4, 0, 8, {3, 4, 1, 1, 0}},
    {"EL3", 4, 0, 12, {3, 6, 1, 1, 0}},         {"trace", 5, 0, 4, {2, 1, 0, 1, 0}},
    {"SPE", 5, 0, 32, {3, 0, 9, 10, 0}},        {"VHE", 7, 1, 8, {3, 5, 1, 0, 0}},
    {"LOR", 7, 1, 16, {3, 0, 10, 4, 0}},        {"TRF", 5, 0, 40, {3, 0, 1, 2, 1}},
    {"PMU (CCNTR)", 5, 0, 8, {3, 3, 9, 13, 0}}, {"PMU (INTEN)", 5, 0, 8, {3, 0, 9, 14, 1}},
};

static u64 read_id(u32 crm, u32 op2)
{
	u64 v = 0;

	run_insn(MRS_X0(encode((struct encoding){3, 0, 0, (u8)crm, (u8)op2})), &v);
	return v;
}

static void hidden_features(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(hidden); i++) {
		const struct hidden *h = &hidden[i];
		u64 field = read_id(h->id_crm, h->id_op2) >> h->shift & 15;
		u64 x0 = 0;
		struct fault f = run_insn(MRS_X0(encode(h->reg)), &x0);

		/* PMUVer 15 is "not by the architecture": none, too. */
		EXPECT(field == 0 || (h->id_crm == 5 && h->shift == 8 && field == 15),
		       "%s shows as %lu", h->name, field);
		EXPECT(f.taken && ESR_EC(f.esr) == EC_UNKNOWN, "%s: not undefined (esr 0x%lx)",
		       h->name, f.taken ? f.esr : 0);
	}
}

/* Instructions of features that are hidden. */
static void hidden_instructions(void)
{
	static const struct {
		const char *name;
		u32 insn;
	} insns[] = {
	    {"SVE: rdvl x0, #1", 0x04bf5020},
	    {"SVE: ptrue p0.b", 0x2518e3e0},
	    {"SME: rdsvl x0, #1", 0x04bf5820},
	    {"SME: smstart", 0xd503477f},
	    {"EL2: tlbi alle2", 0xd50c871f},
	    {"EL2: at s1e2r, x0", 0xd50c7800},
	    {"EL3: tlbi alle3", 0xd50e871f},
	    {"EL2: tlbi vmalls12e1", 0xd50c87df},
	    {"udf #0", 0},
	};

	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		u64 x0 = 0;
		struct fault f = run_insn(insns[i].insn, &x0);

		EXPECT(f.taken && ESR_EC(f.esr) == EC_UNKNOWN, "%s: esr 0x%lx", insns[i].name,
		       f.taken ? f.esr : 0);
	}
}

/* Reads of ID registers give the same on every try and change no other register. */
static void id_stable(void)
{
	for (u32 crm = 0; crm < 8; crm++) {
		for (u32 op2 = 0; op2 < 8; op2++) {
			if (!reads(3, 0, 0, crm, op2))
				continue;
			EXPECT(read_id(crm, op2) == read_id(crm, op2), "CRm %u op2 %u changes", crm,
			       op2);
		}
	}
}

/* Writes to ID registers and to read-only ones are undefined. */
static void id_writes(void)
{
	for (u32 crm = 1; crm < 8; crm++) {
		for (u32 op2 = 0; op2 < 8; op2++) {
			u64 x0 = ~0UL;
			struct encoding e = {3, 0, 0, (u8)crm, (u8)op2};
			struct fault f = run_insn(MSR_X0(encode(e)), &x0);

			EXPECT(f.taken && ESR_EC(f.esr) == EC_UNKNOWN,
			       "write of S3_0_C0_C%u_%u: esr 0x%lx", crm, op2, f.esr);
		}
	}
}

/* The destination may be any register, xzr included. */
static void any_destination(void)
{
	u64 want = read_sysreg(ID_AA64MMFR0_EL1), got;

	__asm__ volatile("mrs x17, id_aa64mmfr0_el1\n\tmov %0, x17" : "=r"(got)::"x17");
	EXPECT_EQ(got, want);
	__asm__ volatile("mrs x30, id_aa64mmfr0_el1\n\tmov %0, x30" : "=r"(got)::"x30");
	EXPECT_EQ(got, want);
	__asm__ volatile("mrs xzr, id_aa64mmfr0_el1\n\tmov %0, xzr" : "=r"(got));
	EXPECT_EQ(got, 0);
}

static void pauth(void)
{
	bool there = (read_sysreg(ID_AA64ISAR1_EL1) & 0xff0) || (read_id(6, 2) & 0xf000);
	u64 pointer = 0x40001000, modifier = 42, out = pointer;

	if (!there)
		return;
	write_sysreg(APIAKEYLO_EL1, 0x0123456789abcdef);
	write_sysreg(APIAKEYHI_EL1, 0xfedcba9876543210);
	write_sysreg(SCTLR_EL1, read_sysreg(SCTLR_EL1) | BIT(31));
	isb();
	__asm__ volatile("mov x17, %0\n\tmov x16, %1\n\thint #8\n\tmov %0, x17" /* pacia1716 */
			 : "+r"(out)
			 : "r"(modifier)
			 : "x16", "x17");
	EXPECT(out != pointer, "PACIA signs nothing");
	hvc_call(PSCI_VERSION, 0, 0, 0); /* keys survive an exit */
	__asm__ volatile("mov x17, %0\n\tmov x16, %1\n\thint #12\n\tmov %0, x17" /* autia1716 */
			 : "+r"(out)
			 : "r"(modifier)
			 : "x16", "x17");
	EXPECT_EQ(out, pointer);
	write_sysreg(SCTLR_EL1, read_sysreg(SCTLR_EL1) & ~BIT(31));
	isb();
}

static void no_gic_in_v2(void)
{
	EXPECT_EQ(read_sysreg(ID_AA64PFR0_EL1) >> 24 & 15, 0);
	EXPECT(!reads(3, 0, 12, 12, 5), "ICC_SRE_EL1 can be read");
	EXPECT(!reads(3, 0, 4, 6, 0), "ICC_PMR_EL1 can be read");
}

static void identity(void)
{
	EXPECT_EQ(read_sysreg(MPIDR_EL1) & 0xff00ffffff, percpu[0].mpidr);
	EXPECT(read_sysreg(MPIDR_EL1) & BIT(31), "MPIDR bit 31 is clear");
}

/* As boot loaders do it: every line of every cache, and some that there are not. */
static void set_way_loop(void)
{
	u64 clidr = read_sysreg(CLIDR_EL1);

	fault_expect();
	for (u64 level = 0; level < 7; level++) {
		u64 ccsidr, sets, ways;
		u32 way_at;

		if ((clidr >> 3 * level & 7) < 2)
			continue;
		write_sysreg(CSSELR_EL1, level << 1);
		isb();
		ccsidr = read_sysreg(CCSIDR_EL1);
		ways = (ccsidr >> 3 & 0x3ff) + 1;
		sets = (ccsidr >> 13 & 0x7fff) + 1;
		way_at = ways > 1 ? (u32)__builtin_clz((u32)ways - 1) : 31;
		for (u64 way = 0; way < ways; way++)
			for (u64 set = 0; set < sets; set++)
				__asm__ volatile("dc cisw, %0" ::"r"(
				    way << way_at | set << (4 + (ccsidr & 7)) | level << 1));
		EXPECT_EQ(read_sysreg(CSSELR_EL1), level << 1);
	}
	for (u32 bit = 0; bit < 64; bit++) {
		__asm__ volatile("dc isw, %0" ::"r"(BIT(bit) | 0xe));
		__asm__ volatile("dc csw, %0" ::"r"(~BIT(bit)));
	}
	EXPECT(!fault_end().taken, "DC CISW faults");
}

/* Set/way maintenance and cache walks work or are emulated; none may hang. */
static void cache_operations(void)
{
	fault_expect();
	__asm__ volatile("dc isw, xzr" ::: "memory");
	EXPECT(!fault_end().taken, "DC ISW faults");
	fault_expect();
	__asm__ volatile("dc cisw, xzr" ::: "memory");
	EXPECT(!fault_end().taken, "DC CISW faults");
	fault_expect();
	__asm__ volatile("ic iallu" ::: "memory");
	EXPECT(!fault_end().taken, "IC IALLU faults");
	fault_expect();
	__asm__ volatile("tlbi vmalle1is; dsb ish" ::: "memory");
	EXPECT(!fault_end().taken, "TLBI VMALLE1IS faults");
	write_sysreg(CSSELR_EL1, 0);
	isb();
	fault_expect();
	(void)read_id(0, 0);
	__asm__ volatile("mrs xzr, ccsidr_el1");
	EXPECT(!fault_end().taken, "CCSIDR faults");
}

void guest_setup(void)
{
	/* Nothing of EL1's own traps SVE and SME: ZEN and SMEN. */
	write_sysreg(CPACR_EL1, read_sysreg(CPACR_EL1) | GENMASK(17, 16) | GENMASK(25, 24));
	isb();
}

const struct test guest_tests[] = {
    {"sysreg-every-encoding", every_encoding, 0},
    {"sysreg-id-space", id_space, 0},
    {"sysreg-id-stable", id_stable, 0},
    {"sysreg-id-writes", id_writes, 0},
    {"sysreg-any-destination", any_destination, 0},
    {"sysreg-higher-levels", higher_levels, UNDER_TOCSIN},
    {"sysreg-hidden", hidden_features, UNDER_TOCSIN},
    {"sysreg-hidden-instructions", hidden_instructions, UNDER_TOCSIN},
    {"sysreg-identity", identity, 0},
    {"sysreg-gicv2-has-none", no_gic_in_v2, NEEDS_GICV2},
    {"sysreg-pauth", pauth, 0},
    {"sysreg-set-way", set_way_loop, 0},
    {"sysreg-cache-operations", cache_operations, 0},
    {0},
};
