/* SPDX-License-Identifier: Apache-2.0 */
/* COMPLETE_AND_RESUME: the interrupted program takes an exception to an address of
 * the handler's choice. */
#include "sdei.h"

#define FLAGS 0x60000000UL            /* Z and C */
#define UNMAPPED 0xffffff8000000000UL /* canonical; there is no upper half */

static volatile u64 resume_at;
static volatile u32 signals; /* to itself, in the handler */

static void hook_resume(struct sdei_entry *e)
{
	for (u32 i = 0; i < signals; i++)
		EXPECT_EQ(sdei_signal(me()->index), 0);
	if (sdei_runs() == 0) {
		write_sysreg(ELR_EL1, 0xbad);
		write_sysreg(SPSR_EL1, 0xbad);
		e->call = SDEI_EVENT_COMPLETE_AND_RESUME;
		e->call_x1 = resume_at;
	}
	signals = 0;
}

/* A program that signals, and whose handler resumes it at address. */
static struct program resumed_at(u64 address, u64 pstate, struct program *before)
{
	struct program p = sdei_program(pstate);

	*before = p;
	resume_at = address;
	sdei_ready(E0);
	sdei_hook = hook_resume;
	program_run(&p);
	return p;
}

/* At the label: an exception from the interrupted place. */
static void expect_exception(const struct program *before, const struct program *p)
{
	EXPECT_EQ(p->kind, PROGRAM_RESUMED);
	EXPECT_EQ(p->pc, before->pc + 4);
	EXPECT_EQ(p->pstate, before->pstate);
	EXPECT_EQ(p->live, PSTATE_EL1H | PSTATE_DAIF | (before->pstate & PSTATE_NZCV));
	EXPECT_EQ(p->x[0], 0);
	for (u32 i = 1; i < 31; i++)
		EXPECT(p->x[i] == before->x[i], "x%u is 0x%lx, not 0x%lx", i, p->x[i],
		       before->x[i]);
	EXPECT_EQ(sdei_status(E0), 3);
	EXPECT_EQ(sdei_context(0), SDEI_DENIED);
}

/* ERET from there goes on where the event came. */
static void expect_goes_on(const struct program *before, struct program *p)
{
	program_run(p);
	sdei_program_ended(before, p);
}

static void at_label(void)
{
	static const u64 from[] = {PSTATE_EL1H, PSTATE_EL1H | FLAGS | PSTATE_A,
				   PSTATE_EL1H | PSTATE_DAIF};

	for (u32 i = 0; i < ARRAY_SIZE(from); i++) {
		struct program before, p;

		signals = 0;
		p = resumed_at((u64)program_resumed, from[i], &before);
		EXPECT_EQ(sdei_runs(), 1);
		expect_exception(&before, &p);
		expect_goes_on(&before, &p);
	}
}

static void from_el1t(void)
{
	struct program before, p;

	p = resumed_at((u64)program_resumed, PSTATE_EL1T | FLAGS, &before);
	expect_exception(&before, &p);
	expect_goes_on(&before, &p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL1T);
}

/* An event that waits interrupts the label's first instruction. */
static void next_event_at_label(void)
{
	struct program before, p;

	signals = 2;
	p = resumed_at((u64)program_resumed, PSTATE_EL1H | FLAGS, &before);
	EXPECT_EQ(sdei_runs(), 2);
	EXPECT_EQ(sdei_last()->x[2], (u64)program_resumed);
	EXPECT_EQ(sdei_last()->x[3], PSTATE_EL1H | PSTATE_DAIF | FLAGS);
	expect_exception(&before, &p);
	expect_goes_on(&before, &p);
}

static void hook_masked(struct sdei_entry *e)
{
	EXPECT_EQ(sdei_mask(), 1);
	hook_resume(e);
}

static void while_masked(void)
{
	struct program p = sdei_program(PSTATE_EL1H), before = p;

	sdei_ready(E0);
	sdei_hook = hook_masked;
	resume_at = (u64)program_resumed;
	program_run(&p);
	expect_exception(&before, &p);
	EXPECT_EQ(sdei_mask(), 0);
	expect_goes_on(&before, &p);
}

static void hook_bad_address(struct sdei_entry *e)
{
	static const u64 bad[] = {0, BIT(63), BIT(52), BIT(55), 0x7ffffffffffffffc};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		long r = sdei1(SDEI_EVENT_COMPLETE_AND_RESUME, bad[i]);

		EXPECT(r == SDEI_INVALID_PARAMETERS, "0x%lx: %ld", bad[i], r);
	}
	for (u32 i = 1; i < 4; i++)
		EXPECT_EQ(sdei1(SDEI_EVENT_COMPLETE_AND_RESUME, (u64)program_resumed + i),
			  SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_status(E0), 7);
	EXPECT_EQ(sdei_context(1), E0);
	EXPECT_EQ(read_sysreg(ELR_EL1), e->elr);
	EXPECT_EQ(read_sysreg(SPSR_EL1), e->spsr);
}

/* A refused address leaves everything as it is: then COMPLETE, then another one. */
static void bad_address(void)
{
	struct program p = sdei_program(PSTATE_EL1H | FLAGS), before = p;

	sdei_ready(E0);
	sdei_hook = hook_bad_address;
	program_run(&p);
	EXPECT_EQ(sdei_runs(), 1);
	sdei_program_ended(&before, &p);
}

static void hook_bad_then_good(struct sdei_entry *e)
{
	hook_bad_address(e);
	hook_resume(e);
}

static void bad_then_good(void)
{
	struct program p = sdei_program(PSTATE_EL1H | FLAGS), before = p;

	sdei_ready(E0);
	sdei_hook = hook_bad_then_good;
	resume_at = (u64)program_resumed;
	program_run(&p);
	expect_exception(&before, &p);
	expect_goes_on(&before, &p);
}

/* As tf-a-tests do: no ERET ever; the program runs on with interrupts masked. */
static void at_interrupted_pc(void)
{
	struct program before, p;
	u64 pc = sdei_program(0).pc + 4;

	p = resumed_at(pc, PSTATE_EL1H | FLAGS, &before);
	EXPECT_EQ(p.kind, PROGRAM_SYNC);
	EXPECT_EQ(p.pc, pc + 4);
	EXPECT_EQ(p.pstate, PSTATE_EL1H | PSTATE_DAIF | FLAGS);
	EXPECT_EQ(p.x[0], 0);
	for (u32 i = 1; i < 18; i++)
		EXPECT_EQ(p.x[i], before.x[i]);
	EXPECT_EQ(sdei_status(E0), 3);
}

/* The entry is not mapped: the guest gets the abort, in a handler that runs. From
 * the abort's handler COMPLETE_AND_RESUME leads out. */
static void unmapped_entry(void)
{
	struct program p = sdei_program(PSTATE_EL1H | FLAGS), before = p, way_out;

	sdei_fresh();
	EXPECT_EQ(sdei_register(E0, (void *)UNMAPPED, 0), 0);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC);
	EXPECT_EQ(ESR_EC(p.esr), EC_IABT_SAME);
	EXPECT_EQ(p.pc, UNMAPPED);
	EXPECT_EQ(p.far, UNMAPPED);
	EXPECT_EQ(p.pstate, PSTATE_EL1H | PSTATE_DAIF | FLAGS);
	EXPECT_EQ(p.x[2], before.pc + 4);
	EXPECT_EQ(sdei_status(E0), 7);
	EXPECT_EQ(sdei_unregister(E0), SDEI_PENDING);
	way_out = program_at((void *)before.pc, PSTATE_EL1H);
	way_out.x[0] = SDEI_EVENT_COMPLETE_AND_RESUME;
	way_out.x[1] = (u64)program_resumed;
	program_run(&way_out);
	EXPECT_EQ(way_out.kind, PROGRAM_RESUMED);
	EXPECT_EQ(way_out.pc, before.pc + 4);
	EXPECT_EQ(way_out.pstate, before.pstate);
	for (u32 i = 1; i < 18; i++)
		EXPECT_EQ(way_out.x[i], before.x[i]);
	EXPECT_EQ(sdei_status(E0), 0);
}

void guest_setup(void)
{
	sdei_setup();
}

const struct test guest_tests[] = {
    {"62 at-label", at_label, UNDER_TOCSIN},
    {"62 from-el1t", from_el1t, UNDER_TOCSIN},
    {"60 62 next-event-at-label", next_event_at_label, UNDER_TOCSIN},
    {"66 while-masked", while_masked, UNDER_TOCSIN},
    {"67 bad-address", bad_address, UNDER_TOCSIN},
    {"67 bad-then-good", bad_then_good, UNDER_TOCSIN},
    {"68 at-interrupted-pc", at_interrupted_pc, UNDER_TOCSIN},
    {"104 unmapped-entry", unmapped_entry, UNDER_TOCSIN},
    {0},
};
