/* SPDX-License-Identifier: Apache-2.0 */
/* Events that another vCPU signals at any moment: into EL0 of both states, between
 * single steps, and into PSTATE that lasts for one instruction only. */
#include "sdei.h"

#define EL0_BLOCK 3     /* the image again, for EL0; below 4 GiB for AArch32's sake */
#define GUARDED_BLOCK 4 /* and again, of which BTI is wanted */
#define MDSCR_SS BIT(0)
#define PSTATE_T BIT(5)
#define PSTATE_Q_GE (BIT(27) | 0xaUL << 16)
#define ROUNDS 20
#define TRIES 20000
#define STEPS 2000

static volatile u32 ready, stop, leave;

static void pest(u64 arg)
{
	(void)arg;
	ready = 1;
	while (!stop) {
		sdei_signal(0);
		for (volatile u32 i = 0; i < 50; i++)
			;
	}
}

static void start(void (*hook)(struct sdei_entry *e))
{
	sdei_ready(E0);
	sdei_hook = hook;
	ready = stop = 0;
	EXPECT_EQ(cpu_start(1, pest, 0), PSCI_SUCCESS);
	EXPECT(wait_for(&ready, 1), "CPU 1 does not start");
}

static void finish(void)
{
	stop = 1;
	cpu_wait_off(1);
}

/* Loops until the word at x20, or r2, is not 0. */
extern char el0_loop[], a32_loop[], t32_loop[];
__asm__(".pushsection .text\n"
	".global el0_loop, a32_loop, t32_loop\n"
	"el0_loop:\n"
	"	ldr	w1, [x20]\n"
	"	cbz	w1, el0_loop\n"
	"	svc	#0\n"
	"a32_loop:\n"
	"	.word	0xe5921000\n" /* ldr r1, [r2] */
	"	.word	0xe3510000\n" /* cmp r1, #0 */
	"	.word	0x0afffffc\n" /* beq a32_loop */
	"	.word	0xef000000\n" /* svc #0 */
	"t32_loop:\n"
	"	.hword	0x6811\n"
	"	.hword	0x2900\n"
	"	.hword	0xd0fc\n"
	"	.hword	0xdf00\n"
	".popsection");

static bool from_el0(const struct sdei_entry *e)
{
	return e->x[3] & PSTATE_AARCH32 || (e->x[3] & PSTATE_M_MASK) == PSTATE_EL0T;
}

/* The first event that finds EL0, and the contexts then. */
static struct sdei_entry caught;
static u64 contexts[SDEI_CONTEXT_REGISTERS];
static volatile bool resume;

static void hook_el0(struct sdei_entry *e)
{
	if (!from_el0(e) || leave)
		return;
	caught = *e;
	for (u32 i = 0; i < ARRAY_SIZE(contexts); i++)
		contexts[i] = (u64)sdei_context(i);
	leave = 1;
	if (resume) {
		e->call = SDEI_EVENT_COMPLETE_AND_RESUME;
		e->call_x1 = (u64)program_resumed;
	}
}

static struct program el0_program(const char *code, u64 pstate)
{
	struct program p =
	    program_at((void *)mmu_aliased(EL0_BLOCK, code), pstate | (has_dit() ? PSTATE_DIT : 0));

	p.x[20] = mmu_aliased(EL0_BLOCK, &leave);
	leave = 0;
	return p;
}

static void expect_caught(const struct program *before, u32 first, u32 last)
{
	u64 code = before->pc;

	EXPECT(caught.x[2] >= code && caught.x[2] < code + 12, "at 0x%lx", caught.x[2]);
	EXPECT_EQ(caught.x[3] & ~PSTATE_NZCV, before->pstate & ~PSTATE_NZCV);
	EXPECT_EQ(caught.pstate & (PSTATE_M_MASK | PSTATE_AARCH32 | PSTATE_DAIF),
		  PSTATE_EL1H | PSTATE_DAIF);
	EXPECT_EQ(caught.pstate & (PSTATE_NZCV | PSTATE_DIT),
		  caught.x[3] & (PSTATE_NZCV | PSTATE_DIT));
	for (u32 i = first; i <= last; i++) {
		EXPECT(i < 4 || caught.x[i] == before->x[i], "x%u is 0x%lx, not 0x%lx", i,
		       caught.x[i], before->x[i]);
		EXPECT(i >= 18 || contexts[i] == before->x[i], "context %u is 0x%lx, not 0x%lx", i,
		       contexts[i], before->x[i]);
	}
}

static void complete_to_el0(void)
{
	start(hook_el0);
	for (u32 i = 0; i < ROUNDS && !test_failed(); i++) {
		struct program p = el0_program(el0_loop, PSTATE_EL0T | 0x50000000), before = p;

		program_run(&p);
		EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
		EXPECT_EQ(ESR_EC(p.esr), EC_SVC64);
		EXPECT_EQ(p.pc, before.pc + 12);
		EXPECT_EQ(p.pstate, before.pstate);
		for (u32 n = 2; n < 31; n++)
			EXPECT_EQ(p.x[n], before.x[n]);
		EXPECT_EQ(p.sp_el0, before.sp_el0);
		expect_caught(&before, 2, 30);
	}
	finish();
}

static void resume_from_el0(void)
{
	start(hook_el0);
	resume = true;
	for (u32 i = 0; i < ROUNDS && !test_failed(); i++) {
		struct program p = el0_program(el0_loop, PSTATE_EL0T | 0x50000000), before = p;

		program_run(&p);
		EXPECT_EQ(p.kind, PROGRAM_RESUMED);
		EXPECT_EQ(p.pc, caught.x[2]);
		EXPECT_EQ(p.pstate, before.pstate);
		EXPECT_EQ(p.live, PSTATE_EL1H | PSTATE_DAIF | 0x50000000);
		EXPECT_EQ(p.sp_el0, before.sp_el0);
		expect_caught(&before, 2, 30);
		program_run(&p);
		EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
		EXPECT_EQ(p.pc, before.pc + 12);
		for (u32 n = 2; n < 31; n++)
			EXPECT_EQ(p.x[n], before.x[n]);
	}
	resume = false;
	finish();
}

/* ---- AArch32 ---- */

static void aarch32(const char *code, u64 size, u64 pstate)
{
	start(hook_el0);
	for (u32 i = 0; i < ROUNDS && !test_failed(); i++) {
		struct program p = el0_program(code, PSTATE_AARCH32 | PSTATE_Q_GE | pstate), before;

		for (u32 n = 0; n < 15; n++)
			p.x[n] &= 0xffffffff;
		p.x[2] = p.x[20];
		resume = i & 1;
		before = p;
		program_run(&p);
		expect_caught(&before, 2, 14);
		if (resume) {
			EXPECT_EQ(p.kind, PROGRAM_RESUMED);
			EXPECT_EQ(p.pstate, caught.x[3]);
			program_run(&p);
		}
		EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0_32);
		EXPECT_EQ(ESR_EC(p.esr), EC_SVC32);
		EXPECT_EQ(p.pc, before.pc + size);
		EXPECT_EQ(p.pstate & ~PSTATE_NZCV, before.pstate);
		for (u32 n = 2; n < 15; n++)
			EXPECT_EQ(p.x[n], before.x[n]);
	}
	resume = false;
	finish();
}

static void a32(void)
{
	if (FIELD_GET(ID_AA64PFR0_EL1_EL0, read_sysreg(ID_AA64PFR0_EL1)) == 2)
		aarch32(a32_loop, 16, 0);
}

static void t32(void)
{
	if (FIELD_GET(ID_AA64PFR0_EL1_EL0, read_sysreg(ID_AA64PFR0_EL1)) == 2)
		aarch32(t32_loop, 8, PSTATE_T);
}

/* ---- single-step ---- */

extern char adds[];
__asm__(".pushsection .text\n"
	".global adds\n"
	"adds:\n"
	"	.rept	64\n"
	"	add	x19, x19, #1\n"
	"	.endr\n"
	".popsection");

static u32 between_steps;

static void hook_steps(struct sdei_entry *e)
{
	between_steps += from_el0(e) && e->x[3] & PSTATE_SS;
	if (from_el0(e))
		EXPECT_EQ(read_sysreg(MDSCR_EL1), MDSCR_SS);
}

/* Each step is one instruction, whatever comes before it is done. */
static void single_step(void)
{
	struct program p = el0_program(adds, PSTATE_EL0T);
	u64 code = p.pc;

	start(hook_steps);
	between_steps = 0;
	write_sysreg(MDSCR_EL1, MDSCR_SS);
	isb();
	p.x[19] = 0;
	for (u32 i = 0; i < (between_steps ? STEPS : TRIES) && !test_failed(); i++) {
		if (p.pc == code + 256)
			p.pc = code;
		p.pstate |= PSTATE_SS;
		program_run(&p);
		EXPECT(ESR_EC(p.esr) == EC_STEP_LOWER, "step %u: esr 0x%lx", i, p.esr);
		EXPECT_EQ(p.x[19], i + 1);
		EXPECT_EQ(p.pc, code + 4 * (i % 64 + 1));
		EXPECT_EQ(p.pstate & ~PSTATE_DIT, PSTATE_EL0T);
	}
	write_sysreg(MDSCR_EL1, 0);
	isb();
	finish();
	print("%u of %u events between ERET and step\n", between_steps, sdei_runs());
}

/* ---- what lasts for one instruction ---- */

static u32 with_il;

static void hook_il(struct sdei_entry *e)
{
	with_il += (e->x[3] & PSTATE_IL) != 0;
}

/* A handler whose PSTATE had IL would not come past its first instruction. */
static void illegal_state(void)
{
	start(hook_il);
	with_il = 0;
	for (u32 i = 0; i < TRIES && with_il < ROUNDS && !test_failed(); i++) {
		struct program p = program_at(el0_loop, PSTATE_EL1H | PSTATE_IL), before = p;

		program_run(&p);
		EXPECT_EQ(ESR_EC(p.esr), EC_ILLEGAL);
		EXPECT_EQ(p.pc, before.pc);
		EXPECT_EQ(p.pstate, before.pstate);
	}
	finish();
	print("%u of %u events with IL set\n", with_il, sdei_runs());
}

/* A branch to itself by register: BTYPE is set before each of them. The handler is
 * in guarded memory and begins with no landing pad. */
extern char branches[], guarded_handler[];
__asm__(".pushsection .text\n"
	".global branches, guarded_handler\n"
	"branches:\n"
	"	br	x20\n"
	"	svc	#0\n"
	"guarded_handler:\n"
	"	nop\n"
	"	adrp	x4, guarded_target\n"
	"	ldr	x4, [x4, #:lo12:guarded_target]\n"
	"	br	x4\n"
	".popsection");
void *guarded_target;

static u32 with_btype;

static void hook_btype(struct sdei_entry *e)
{
	if (e->x[2] != (u64)branches)
		return;
	with_btype += (e->x[3] & PSTATE_BTYPE) != 0;
	e->x[20] = (u64)branches + 4;
}

static void branch_type(void)
{
	if (!has_bti())
		return;
	start(hook_btype);
	sdei_mask();
	guarded_target = sdei_entry;
	EXPECT_EQ(sdei_unregister(E0), 0);
	EXPECT_EQ(sdei_register(E0, (void *)mmu_aliased(GUARDED_BLOCK, guarded_handler), 0), 0);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	with_btype = 0;
	for (u32 i = 0; i < ROUNDS && !test_failed(); i++) {
		struct program p = program_at(branches, PSTATE_EL1H | PSTATE_DAIF);

		p.x[20] = (u64)branches;
		program_run(&p);
		EXPECT_EQ(ESR_EC(p.esr), EC_SVC64);
		EXPECT_EQ(p.pc, (u64)branches + 8);
	}
	finish();
	EXPECT(with_btype > 0, "no event came behind a branch");
}

void guest_setup(void)
{
	sdei_setup();
	mmu_alias(EL0_BLOCK, MMU_EL0);
	if (has_bti())
		mmu_alias(GUARDED_BLOCK, MMU_GUARDED);
}

const struct test guest_tests[] = {
    {"43 complete-to-el0", complete_to_el0, UNDER_TOCSIN | NEEDS_SMP},
    {"64 resume-from-el0", resume_from_el0, UNDER_TOCSIN | NEEDS_SMP},
    {"65 a32", a32, UNDER_TOCSIN | NEEDS_SMP},
    {"65 t32", t32, UNDER_TOCSIN | NEEDS_SMP},
    {"51 single-step", single_step, UNDER_TOCSIN | NEEDS_SMP},
    {"50 illegal-state", illegal_state, UNDER_TOCSIN | NEEDS_SMP},
    {"50 branch-type", branch_type, UNDER_TOCSIN | NEEDS_SMP},
    {0},
};
