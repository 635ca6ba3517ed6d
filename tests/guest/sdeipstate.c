/* SPDX-License-Identifier: Apache-2.0 */
/* PSTATE of a handler, and after COMPLETE_AND_RESUME: as after an exception, bit by
 * bit as far as this CPU has it (DDI0487 D1.3.3). */
#include "sdei.h"

#define EC_STEP_SAME 0x33
#define MDSCR_SS BIT(0)
#define MDSCR_KDE BIT(13)
#define GUARDED_BLOCK 4 /* the image again, of which BTI is wanted */

#define MODE (PSTATE_M_MASK | PSTATE_AARCH32 | PSTATE_DAIF)

static volatile bool resume;

static void hook(struct sdei_entry *e)
{
	if (resume) {
		e->call = SDEI_EVENT_COMPLETE_AND_RESUME;
		e->call_x1 = (u64)program_resumed;
	}
}

/* Interrupts a program that runs with that PSTATE; returns the handler's. */
static u64 handler_pstate(u64 pstate)
{
	struct program p = sdei_program(pstate), before = p;

	sdei_ready(E0);
	program_run(&p);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_last()->x[3], pstate);
	sdei_program_ended(&before, &p);
	return sdei_last()->pstate;
}

/* The same at the label to which COMPLETE_AND_RESUME leads. What C does until then
 * leaves flags like PAN alone. */
static u64 label_pstate(u64 pstate)
{
	struct program p = sdei_program(pstate);

	sdei_ready(E0);
	sdei_hook = hook;
	resume = true;
	program_run(&p);
	resume = false;
	EXPECT_EQ(p.kind, PROGRAM_RESUMED);
	EXPECT_EQ(p.pstate, pstate);
	return p.live | pstate_flags();
}

static void set_sctlr(u64 bit, bool on)
{
	u64 sctlr = read_sysreg(SCTLR_EL1) & ~bit;

	write_sysreg(SCTLR_EL1, on ? sctlr | bit : sctlr);
	isb();
}

/* Every combination of D, A, I, F. */
static void mode_and_masks(void)
{
	for (u64 daif = 0; daif < 16; daif++)
		EXPECT_EQ(handler_pstate(PSTATE_EL1H | daif << 6) & MODE,
			  PSTATE_EL1H | PSTATE_DAIF);
}

static void flags_kept(void)
{
	for (u64 nzcv = 0; nzcv < 16; nzcv++)
		EXPECT_EQ(handler_pstate(PSTATE_EL1H | nzcv << 28) & PSTATE_NZCV, nzcv << 28);
}

static void from_el1t(void)
{
	struct program p = sdei_program(PSTATE_EL1T | PSTATE_DAIF), before = p;

	sdei_ready(E0);
	program_run(&p);
	EXPECT_EQ(sdei_last()->x[3], before.pstate);
	EXPECT_EQ(sdei_last()->pstate & MODE, PSTATE_EL1H | PSTATE_DAIF);
	EXPECT_EQ(sdei_last()->sp, p.sp_el1);
	EXPECT_EQ(sdei_last()->sp_el0, before.sp_el0);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL1T);
	sdei_program_ended(&before, &p);
}

/* Set for every exception unless SPAN says to keep it. */
static void pan(void)
{
	u64 all = has_pan() ? PSTATE_PAN : 0;

	for (u32 i = 0; i < 4; i++) {
		u64 span = i & 1, before = i & 2 ? all : 0, wanted = span ? before : all;

		set_sctlr(SCTLR_EL1_SPAN, span);
		EXPECT_EQ(handler_pstate(PSTATE_EL1H | before) & PSTATE_PAN, wanted);
		EXPECT_EQ(label_pstate(PSTATE_EL1H | before) & PSTATE_PAN, wanted);
	}
	set_sctlr(SCTLR_EL1_SPAN, true);
}

static void uao(void)
{
	u64 flag = has_uao() ? PSTATE_UAO : 0;

	EXPECT_EQ(handler_pstate(PSTATE_EL1H | flag) & PSTATE_UAO, 0);
	EXPECT_EQ(label_pstate(PSTATE_EL1H | flag) & PSTATE_UAO, 0);
}

static void dit(void)
{
	u64 flag = has_dit() ? PSTATE_DIT : 0;

	EXPECT_EQ(handler_pstate(PSTATE_EL1H | flag) & PSTATE_DIT, flag);
	EXPECT_EQ(label_pstate(PSTATE_EL1H | flag) & PSTATE_DIT, flag);
	EXPECT_EQ(handler_pstate(PSTATE_EL1H) & PSTATE_DIT, 0);
}

static void ssbs(void)
{
	u64 flag = has_ssbs() ? PSTATE_SSBS : 0;

	for (u32 i = 0; i < 4; i++) {
		u64 wanted = i & 1 ? flag : 0;

		if (flag)
			set_sctlr(SCTLR_EL1_DSSBS, i & 1);
		EXPECT_EQ(handler_pstate(PSTATE_EL1H | (i & 2 ? flag : 0)) & PSTATE_SSBS, wanted);
		EXPECT_EQ(label_pstate(PSTATE_EL1H | (i & 2 ? flag : 0)) & PSTATE_SSBS, wanted);
	}
	if (flag)
		set_sctlr(SCTLR_EL1_DSSBS, false);
}

/* Set by every exception; guests of Tocsin have no MTE. */
static void tco(void)
{
	EXPECT_EQ(handler_pstate(PSTATE_EL1H) & PSTATE_TCO, has_tco() ? PSTATE_TCO : 0);
}

/* The handler's first instruction is no landing pad, and its memory is guarded: with
 * BTYPE other than 0 it could not run. Then on to the usual handler, by a jump. */
extern char guarded_handler[], branch_to_itself[];
__asm__(".pushsection .text\n"
	".global guarded_handler\n"
	"guarded_handler:\n"
	"	nop\n"
	"	adrp	x4, guarded_target\n"
	"	ldr	x4, [x4, #:lo12:guarded_target]\n"
	"	br	x4\n"
	".popsection");
void *guarded_target;

static void btype(void)
{
	struct program p = sdei_program(PSTATE_EL1H), before = p;

	if (!has_bti())
		return;
	mmu_alias(GUARDED_BLOCK, MMU_GUARDED);
	guarded_target = sdei_entry;
	sdei_fresh();
	EXPECT_EQ(sdei_register(E0, (void *)mmu_aliased(GUARDED_BLOCK, guarded_handler), 0), 0);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	p.pstate |= FIELD_PREP(PSTATE_BTYPE, 2);
	program_run(&p);
	EXPECT_EQ(sdei_runs(), 1);
	/* Whether a call keeps BTYPE is the CPU's choice. */
	before.pstate |= sdei_last()->x[3] & PSTATE_BTYPE;
	EXPECT_EQ(sdei_last()->x[3], before.pstate);
	sdei_program_ended(&before, &p);
}

/* ---- single-step ---- */

/* A step over a call that signals: the step is done when the handler begins, which is
 * not stepped, and its exception comes after COMPLETE. */
static void step_over_signal(void)
{
	struct program p = sdei_program(PSTATE_EL1H | PSTATE_SS), before = p;

	write_sysreg(MDSCR_EL1, MDSCR_SS | MDSCR_KDE);
	isb();
	sdei_ready(E0);
	program_run(&p);
	write_sysreg(MDSCR_EL1, 0);
	isb();
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_last()->x[2], before.pc + 4);
	EXPECT_EQ(sdei_last()->x[3], PSTATE_EL1H);
	EXPECT_EQ(ESR_EC(p.esr), EC_STEP_SAME);
	EXPECT_EQ(p.pc, before.pc + 4);
	EXPECT_EQ(p.x[0], 0);
	EXPECT_EQ(p.x[1], before.x[1]);
}

void guest_setup(void)
{
	sdei_setup();
	print("pstate: PAN %u, UAO %u, DIT %u, SSBS %u, TCO %u, BTYPE %u\n", has_pan(), has_uao(),
	      has_dit(), has_ssbs(), has_tco(), has_bti());
}

const struct test guest_tests[] = {
    {"45 mode-and-masks", mode_and_masks, UNDER_TOCSIN},
    {"45 flags-kept", flags_kept, UNDER_TOCSIN},
    {"46 from-el1t", from_el1t, UNDER_TOCSIN},
    {"47 63 pan", pan, UNDER_TOCSIN},
    {"48 uao", uao, UNDER_TOCSIN},
    {"49 dit", dit, UNDER_TOCSIN},
    {"50 ssbs", ssbs, UNDER_TOCSIN},
    {"50 tco", tco, UNDER_TOCSIN},
    {"50 btype", btype, UNDER_TOCSIN},
    {"51 step-over-signal", step_over_signal, UNDER_TOCSIN},
    {0},
};
