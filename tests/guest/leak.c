/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does what one partition leaves in a system register reach another, or its own next life?
 * Two partitions on one CPU run this and take turns by a word in a channel's memory. In
 * its turn each writes every register that can be written, with the complement of what the
 * other writes, and in its next turn all must read as it left them. What is not written, or
 * not compared, has a row that says why. Boot argument "second": begins in the second turn,
 * and at last resets itself with everything written.
 */
#include "encoding.h"

#include <abi/channel.h>

#define BATCH 512
#define MOST 1024 /* registers that exist */
#define ANY 0xff
#define PATTERN 0x5a5a5a5a5a5a5a5aUL
#define ROUNDS 2

/* Only these bits of a register are written, and only those compared. */
static const struct rule {
	struct encoding reg; /* op2 may be ANY */
	u64 writes, compares;
	bool held; /* what the test itself stands on: written last, put back first */
} rules[] = {
    /* Of SCTLR_EL1 what concerns EL0 alone: UCI, nTWE, nTWI, UCT, DZE, UMA. */
    {{3, 0, 1, 0, 0}, BIT(26) | BIT(18) | GENMASK(16, 14) | BIT(9), ~0UL, false},
    /* Of TTBR0_EL1 the ASID, which no page here has. */
    {{3, 0, 2, 0, 0}, GENMASK(63, 48), ~0UL, false},
    /* Of TCR_EL1 the attributes of TTBR1_EL1's walks, of which there are none. */
    {{3, 0, 2, 0, 2}, GENMASK(29, 24), ~0UL, false},
    /* Of MAIR_EL1 what no page uses. */
    {{3, 0, 10, 2, 0}, GENMASK(63, 16), ~0UL, false},
    /* Of ICC_SRE_EL1 not SRE, without which there are no ICC registers. */
    {{3, 0, 12, 12, 5}, BIT(2) | BIT(1), ~0UL, false},
    /* Of ICC_BPR0_EL1 and ICC_BPR1_EL1 what leads to no value below the least, which depends on
     * the CPU; of such QEMU shows sometimes the value, sometimes the least. */
    {{3, 0, 12, 8, 3}, BIT(2), ~0UL, false},
    {{3, 0, 12, 12, 3}, BIT(2), ~0UL, false},
    {{3, 0, 1, 0, 2}, ~0UL, ~0UL, true},  /* CPACR_EL1 */
    {{3, 0, 12, 0, 0}, ~0UL, ~0UL, true}, /* VBAR_EL1 */
    {{3, 0, 13, 0, 4}, ~0UL, ~0UL, true}, /* TPIDR_EL1 */
    /* PSTATE, which an exception saves and ERET restores: SPSel, CurrentEL, PAN, UAO;
     * ALLINT; NZCV, DAIF, DIT, SSBS, TCO. */
    {{3, 0, 4, 2, ANY}, 0, ~0UL, false},
    {{3, 0, 4, 3, ANY}, 0, ~0UL, false},
    {{3, 3, 4, 2, ANY}, 0, ~(u64)PSTATE_NZCV, false},
    /* Time goes on: CNTPCT, CNTVCT, and both self-synchronised; what is left until CNTP_CVAL
     * and CNTV_CVAL, which are written themselves. */
    {{3, 3, 14, 0, 1}, 0, 0, false},
    {{3, 3, 14, 0, 2}, 0, 0, false},
    {{3, 3, 14, 0, 5}, 0, 0, false},
    {{3, 3, 14, 0, 6}, 0, 0, false},
    {{3, 3, 14, 2, 0}, 0, 0, false},
    {{3, 3, 14, 3, 0}, 0, 0, false},
    /* Random numbers: RNDR, RNDRRS. */
    {{3, 3, 2, 4, 0}, 0, 0, false},
    {{3, 3, 2, 4, 1}, 0, 0, false},
};
static const struct rule no_rule = {{0, 0, 0, 0, 0}, ~0UL, ~0UL, false};

/* Every register that can be read or written. */
static struct reg {
	struct encoding e;
	bool readable, writable;
	const struct rule *rule;
	u64 first; /* before anything was written */
	u64 left;  /* when the turn ended */
} regs[MOST];
static u32 nr_regs;
static struct accessors code[MOST] __attribute__((aligned(64)));

/* What both see. */
static volatile struct shared {
	u32 turn;  /* 0: the first's; 1: the second's */
	u32 lives; /* of the second */
	u32 nr;
	u64 first[MOST]; /* the second's regs[].first */
} * shared;
static u32 second; /* 1: this is it */

static const struct rule *rule_of(struct encoding e)
{
	for (u32 i = 0; i < ARRAY_SIZE(rules); i++) {
		struct encoding r = rules[i].reg;

		if (r.op2 == ANY)
			r.op2 = e.op2;
		if (encode(r) == encode(e) && r.op0 == e.op0)
			return &rules[i];
	}
	return &no_rule;
}

static u64 get(u32 i)
{
	return call_at((u64)code[i].read, 0);
}

static void put(u32 i, u64 value)
{
	call_at((u64)code[i].write, value);
	isb();
}

/* ---- which are there ---- */

static bool try_call(const u32 *function, u64 *x0)
{
	u64 result;

	fault_expect();
	result = call_at((u64)function, *x0);
	*x0 = result;
	return !fault_end().taken;
}

/* A write of what was read, or of 0, changes nothing. */
static void try_encoding(struct encoding e, const struct accessors *a)
{
	struct reg r = {.e = e, .rule = rule_of(e)};

	r.readable = try_call(a->read, &r.first);
	if (!r.readable)
		r.first = 0;
	r.writable = r.rule->writes && try_call(a->write, &(u64){r.first});
	if (!r.readable && !r.writable)
		return;
	EXPECT(nr_regs < MOST, "more than %u registers", MOST);
	if (nr_regs < MOST)
		regs[nr_regs++] = r;
}

static void find_registers(void)
{
	static struct accessors batch[BATCH] __attribute__((aligned(64)));

	/* Nothing of EL1's own traps SVE and SME, where they are: ZEN and SMEN. */
	write_sysreg(CPACR_EL1, read_sysreg(CPACR_EL1) | GENMASK(17, 16) | GENMASK(25, 24));
	isb();
	for (u32 n = 0; n < ENCODINGS; n++) {
		for (u32 i = 0; n % BATCH == 0 && i < BATCH; i++)
			batch[i] = accessors_of(nth_encoding(n + i));
		if (n % BATCH == 0)
			code_sync(batch, sizeof(batch));
		try_encoding(nth_encoding(n), &batch[n % BATCH]);
	}
	for (u32 i = 0; i < nr_regs; i++)
		code[i] = accessors_of(regs[i].e);
	code_sync(code, sizeof(code));
	for (u32 i = 0; i < nr_regs; i++)
		if (regs[i].readable)
			regs[i].first = get(i);
}

static void find_shared(void)
{
	int node = fdt_compatible(-1, "tocsin,channel");
	struct range page;

	if (node < 0 || !fdt_reg(node, 0, &page))
		return;
	shared = (void *)(u64)io_read32(page.base + TOCSIN_CHANNEL_BASE);
}

/* ---- turns: no exception is taken here, as it would change registers ---- */

static void fill(u64 pattern, bool held)
{
	for (u32 i = 0; i < nr_regs; i++) {
		const struct rule *rule = regs[i].rule;

		if (regs[i].writable && rule->held == held)
			put(i, (regs[i].first & ~rule->writes) | (pattern & rule->writes));
	}
}

static void note(bool held)
{
	for (u32 i = 0; i < nr_regs; i++)
		if (regs[i].readable && regs[i].rule->held == held)
			regs[i].left = get(i);
}

static void report(const struct reg *r, u64 now, u64 wanted)
{
	print("S%u_%u_C%u_C%u_%u: 0x%lx, not 0x%lx\n", r->e.op0, r->e.op1, r->e.crn, r->e.crm,
	      r->e.op2, now, wanted);
	test_fail("S%u_%u_C%u_C%u_%u has changed", r->e.op0, r->e.op1, r->e.crn, r->e.crm,
		  r->e.op2);
}

static u64 now[MOST];

static void look(bool held)
{
	for (u32 i = 0; i < nr_regs; i++)
		if (regs[i].readable && regs[i].rule->held == held)
			now[i] = get(i);
}

static void judge(void)
{
	for (u32 i = 0; i < nr_regs; i++)
		if (regs[i].readable && (now[i] ^ regs[i].left) & regs[i].rule->compares)
			report(&regs[i], now[i], regs[i].left);
}

/* The other's turn comes, and then ours again. */
static void give_turn(void)
{
	shared->turn = !second;
	while (shared->turn != second)
		;
}

static void leave(u64 pattern)
{
	fill(pattern, false);
	note(false);
	fill(pattern, true);
	note(true);
}

static void come_back(void)
{
	look(true);
	for (u32 i = 0; i < nr_regs; i++)
		if (regs[i].rule->held)
			put(i, regs[i].first);
	look(false);
}

/* ---- tests ---- */

static u64 pattern_of(u32 round)
{
	return (round + second) % 2 ? ~PATTERN : PATTERN;
}

static void neighbour(void)
{
	u32 readable = 0, writable = 0;

	for (u32 i = 0; i < nr_regs; i++) {
		readable += regs[i].readable;
		writable += regs[i].writable;
	}
	print("leak: %u registers can be read, %u written\n", readable, writable);
	EXPECT(readable > 60 && writable > 30, "that is too few");
	while (shared->turn != second)
		;
	for (u32 round = 0; round < ROUNDS; round++) {
		leave(pattern_of(round));
		give_turn();
		come_back();
		judge();
	}
	shared->turn = !second; /* once more, so that it can look, too */
}

/* The second's: its next life finds what its first has found. */
static void reset(void)
{
	shared->nr = nr_regs;
	for (u32 i = 0; i < nr_regs; i++)
		shared->first[i] = regs[i].first;
	shared->lives = 1;
	leave(pattern_of(0));
	hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
}

static void next_life(void)
{
	EXPECT_EQ(nr_regs, shared->nr);
	for (u32 i = 0; i < nr_regs; i++)
		if (regs[i].readable && (regs[i].first ^ shared->first[i]) & regs[i].rule->compares)
			report(&regs[i], regs[i].first, shared->first[i]);
}

static void run(void)
{
	find_registers();
	if (second && shared->lives)
		next_life();
	else
		neighbour();
	if (second && !shared->lives && !test_failed())
		reset();
}

void guest_setup(void)
{
	second = strstr(machine.bootargs, "second") != NULL;
	find_shared();
}

const struct test guest_tests[] = {{"leak", run, UNDER_TOCSIN}, {0}};
