/* SPDX-License-Identifier: Apache-2.0 */
/* Async page-not-present by every kind of access, and the calls in every form. */
#include "apf.h"

#define MDSCR_SS BIT(0)
#define SCTLR_DZE BIT(14)
#define TABLE_BLOCK 5 /* its translations are in a page */
#define LAST (PAGES - 1)

/* ---- kinds of access: to page 20, which is stored, or its end and page 21 ---- */

extern char el0_exclusive[], el0_pair[], el0_zero[], el0_atomic[];
__asm__(".pushsection .text\n"
	".arch_extension lse\n"
	".global el0_exclusive, el0_pair, el0_zero, el0_atomic\n"
	"el0_exclusive:\n"
	"	ldxr	x1, [x20]\n"
	"	add	x2, x1, #1\n"
	"	stxr	w3, x2, [x20]\n"
	"	cbnz	w3, el0_exclusive\n"
	"	svc	#0\n"
	"el0_pair:\n"
	"	ldp	x1, x2, [x20]\n"
	"	svc	#0\n"
	"el0_zero:\n"
	"	dc	zva, x20\n"
	"	svc	#0\n"
	"el0_atomic:\n"
	"	ldadd	x21, x1, [x20]\n"
	"	svc	#0\n"
	".popsection");

/* Runs p until it comes to its end, telling it of each page that has come; how often. */
static u32 run_told(struct program *p)
{
	struct program before = *p;
	u32 told = 0;

	for (;;) {
		program_run(p);
		if (p->kind != PROGRAM_RESUMED)
			break;
		EXPECT_EQ(p->pc, mine()->seen.pc);
		EXPECT_EQ(p->pstate & ~PSTATE_NZCV, before.pstate);
		EXPECT_EQ(next_token(), mine()->seen.token);
		EXPECT_EQ(mine()->seen.runs, ++told);
		if (told > 4)
			break;
	}
	for (u32 i = 4; i < 31; i++)
		EXPECT_EQ(p->x[i], before.x[i]);
	return told;
}

static struct program accessing(const char *code, u64 offset)
{
	struct program p = at_el0(code, 20, 0);

	p.x[20] += offset;
	return p;
}

static void store(void)
{
	struct program p;

	begin();
	p = accessing(el0_store, 8);
	EXPECT_EQ(run_told(&p), 1);
	EXPECT_EQ(((u64 *)page_at(20))[1], p.x[21]);
	EXPECT(page_good(20), "the page is not what it was");
	end();
}

static void exclusive(void)
{
	struct program p;

	begin();
	p = accessing(el0_exclusive, 0);
	EXPECT_EQ(run_told(&p), 1);
	EXPECT_EQ(p.x[1], word_of(20, 0));
	EXPECT_EQ(*(u64 *)page_at(20), word_of(20, 0) + 1);
	end();
}

static void atomic(void)
{
	struct program p;

	if (!FIELD_GET(GENMASK(23, 20), read_sysreg(ID_AA64ISAR0_EL1)))
		return;
	begin();
	p = accessing(el0_atomic, 0);
	EXPECT_EQ(run_told(&p), 1);
	EXPECT_EQ(p.x[1], word_of(20, 0));
	EXPECT_EQ(*(u64 *)page_at(20), word_of(20, 0) + p.x[21]);
	end();
}

static void zero(void)
{
	u64 sctlr = read_sysreg(SCTLR_EL1);
	struct program p;

	begin();
	write_sysreg(SCTLR_EL1, sctlr | SCTLR_DZE);
	isb();
	p = accessing(el0_zero, 0);
	EXPECT_EQ(run_told(&p), 1);
	EXPECT_EQ(*(u64 *)page_at(20), 0);
	write_sysreg(SCTLR_EL1, sctlr);
	isb();
	end();
}

/* Across the border of two pages, both stored: one after the other. */
static void across(const char *code, u64 before)
{
	u64 *end_of = (u64 *)page_at(21) - 1, first = 0x0123456789abcdef;
	struct program p;

	push_out();
	*end_of = first;
	push_out_low();
	begin_here();
	p = accessing(code, PAGE_SIZE - before);
	EXPECT_EQ(run_told(&p), 2);
	if (before == 8) {
		EXPECT_EQ(p.x[1], first);
		EXPECT_EQ(p.x[2], word_of(21, 0));
	} else {
		EXPECT_EQ(p.x[1], first >> 32 | word_of(21, 0) << 32);
	}
	end();
}

static void pair(void)
{
	across(el0_pair, 8);
}
static void unaligned(void)
{
	across(el0_load, 4);
}

static void fetch(void)
{
	struct program p;

	push_out();
	memcpy(page_at(20), el0_load, 8);
	code_sync(page_at(20), 8);
	push_out_low();
	begin_here();
	p = at_el0((char *)page_at(20), LAST, 0);
	EXPECT_EQ(run_told(&p), 1);
	EXPECT_EQ(mine()->seen.page, (u64)page_at(20));
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(LAST, 0));
	end();
}

/* What is absent is the table by which the address is translated. */
static void walk(void)
{
	u64 *top = (u64 *)read_sysreg(TTBR0_EL1), *table = (u64 *)page_at(20);
	struct program p;

	push_out();
	for (u64 i = 0; i < 512; i++)
		table[i] = top[EL0_BLOCK] + i * MIB(2);
	top[TABLE_BLOCK] = (u64)table | 3;
	__asm__ volatile("dsb ishst; tlbi vmalle1; dsb ish; isb" ::: "memory");
	push_out_low();
	begin_here();
	write_page(LAST);
	p = at_el0(el0_load, LAST, 0);
	p.x[20] = mmu_aliased(TABLE_BLOCK, page_at(LAST));
	EXPECT_EQ(run_told(&p), 1);
	EXPECT_EQ(mine()->seen.page, (u64)table);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(LAST, 0));
	top[TABLE_BLOCK] = 0;
	__asm__ volatile("dsb ishst; tlbi vmalle1; dsb ish; isb" ::: "memory");
	end();
}

/* ---- single steps ---- */

/* The step is the whole instruction, and nobody hears of the page. */
static void single_step(void)
{
	struct program p;

	begin();
	write_sysreg(MDSCR_EL1, MDSCR_SS);
	isb();
	p = at_el0(el0_load, 2, PSTATE_SS);
	program_run(&p);
	write_sysreg(MDSCR_EL1, 0);
	isb();
	EXPECT_EQ(ESR_EC(p.esr), EC_STEP_LOWER);
	EXPECT_EQ(p.pc, mmu_aliased(EL0_BLOCK, el0_load) + 4);
	EXPECT_EQ(p.x[1], word_of(2, 0));
	EXPECT_EQ(mine()->seen.runs, 0);
	end();
}

/* ---- the calls as calls ---- */

static void forms(void)
{
	struct regs r = {{0xdead000000000000 | TOCSIN_APF_INFO}};

	for (u32 fid = TOCSIN_APF_INFO; fid <= TOCSIN_APF_COUNT; fid++) {
		EXPECT_EQ(hvc_call(fid & ~(u32)SMCCC_64, (u64)blocks, 0, 0), -1);
		EXPECT_EQ(smc_call(fid & ~(u32)SMCCC_64, (u64)blocks, 0, 0), -1);
	}
	hvc_regs(&r);
	EXPECT_EQ(r.x[0], 0);
	EXPECT_EQ((u32)r.x[2], limit);
	/* All of x1 is the address, all of x2 the flags. */
	EXPECT_EQ(hvc_call(TOCSIN_APF_ENABLE, (u64)blocks | BIT(63), 0, 0), TOCSIN_APF_INVALID);
	EXPECT_EQ(hvc_call(TOCSIN_APF_ENABLE, (u64)blocks, BIT(32), 0), TOCSIN_APF_INVALID);
	EXPECT_EQ(smc_call(TOCSIN_APF_ENABLE, (u64)blocks, 0, 0), 0);
	EXPECT_EQ(hvc_call(TOCSIN_APF_ENABLE, (u64)blocks, 0, 0), TOCSIN_APF_ALREADY);
	EXPECT_EQ(smc_call(TOCSIN_APF_DISABLE, 0, 0, 0), 0);
	EXPECT_EQ(hvc_call(TOCSIN_APF_DISABLE, 0, 0, 0), TOCSIN_APF_ALREADY);
}

extern char el0_hvc[];
__asm__(".pushsection .text\n"
	".global el0_hvc\n"
	"el0_hvc:\n"
	"	.word	0xd4000002\n" /* hvc #0, which EL0 has not */
	".popsection");

/* Enabled before there is a handler: pages are waited for. */
static void before_registered(void)
{
	struct program p;

	push_out();
	sdei_fresh();
	EXPECT_EQ(sdei_unmask(), 0);
	p = at_el0(el0_hvc, 0, 0);
	p.x[0] = TOCSIN_APF_ENABLE;
	p.x[1] = (u64)blocks;
	p.x[2] = 0;
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(ESR_EC(p.esr), 0);
	EXPECT_EQ(disable(), TOCSIN_APF_ALREADY);
	enable();
	p = at_el0(el0_load, 2, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(2, 0));
	EXPECT_EQ(disable(), 0);
}

void guest_setup(void)
{
	apf_setup();
}

const struct test guest_tests[] = {
    {"9 forms", forms, UNDER_TOCSIN},
    {"10 before-registered", before_registered, UNDER_TOCSIN},
    {"15 store-into", store, UNDER_TOCSIN},
    {"15 exclusive", exclusive, UNDER_TOCSIN},
    {"15 atomic", atomic, UNDER_TOCSIN},
    {"15 zero", zero, UNDER_TOCSIN},
    {"15 pair", pair, UNDER_TOCSIN},
    {"15 unaligned", unaligned, UNDER_TOCSIN},
    {"15 fetch", fetch, UNDER_TOCSIN},
    {"15 walk", walk, UNDER_TOCSIN},
    {"21 single-step", single_step, UNDER_TOCSIN},
    {0},
};
