/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async page-not-present as an event: among those of other priorities, what its handler can
 * ask, and where it goes on.
 */
#include "apf.h"

/* ---- among other events ---- */

static struct program inner;
static struct sdei_entry order[4];
static u32 nr_order, inner_runs;

static void note(struct sdei_entry *e)
{
	if (nr_order < ARRAY_SIZE(order))
		order[nr_order++] = *e;
}

/* In the handler of the page a normal event is signalled; it has to wait. */
static void hook_signals(struct sdei_entry *e)
{
	note(e);
	if (e->x[0] == TOCSIN_EVENT_APF)
		sdei_signal(0);
	handler(e);
}

static void normal_after(enum way how)
{
	struct program p;

	begin();
	sdei_add(E0);
	mine()->way = how;
	sdei_hook = hook_signals;
	nr_order = 0;
	p = at_el0(el0_load, 2, 0);
	program_run(&p);
	EXPECT_EQ(nr_order, 2);
	EXPECT_EQ(order[0].x[0], TOCSIN_EVENT_APF);
	EXPECT_EQ(order[0].x[2], mmu_aliased(EL0_BLOCK, el0_load));
	EXPECT_EQ(order[1].x[0], E0);
	EXPECT_EQ(order[1].x[2], how == ACCEPT ? (u64)program_resumed : order[0].x[2]);
	EXPECT_EQ(order[1].x[3] & PSTATE_M_MASK, how == ACCEPT ? PSTATE_EL1H : PSTATE_EL0T);
	EXPECT_EQ(p.kind, how == ACCEPT ? PROGRAM_RESUMED : PROGRAM_SYNC_EL0);
	EXPECT_EQ(next_token(), mine()->seen.token);
	end();
}

static void critical_then_normal(void)
{
	normal_after(ACCEPT);
	normal_after(ACCEPT_AND_COMPLETE);
}

/* A handler of its own runs EL0, which touches page 2. */
static void hook_runs_el0(struct sdei_entry *e)
{
	if (e->x[0] == TOCSIN_EVENT_APF) {
		handler(e);
		return;
	}
	inner = at_el0(el0_load, 2, 0);
	program_run(&inner);
	inner_runs = mine()->seen.runs;
}

static void within(u64 event, u32 runs)
{
	begin();
	sdei_add(event);
	sdei_hook = hook_runs_el0;
	EXPECT_EQ(event == E0 ? sdei_signal(0) : sdei_ring(0, 0), 0);
	EXPECT_EQ(inner_runs, runs);
	EXPECT_EQ(inner.kind, runs ? PROGRAM_RESUMED : PROGRAM_SYNC_EL0);
	if (runs)
		EXPECT_EQ(next_token(), mine()->seen.token);
	else
		EXPECT_EQ(inner.x[1], word_of(2, 0));
	end();
}

/* It preempts a normal handler, and none that is critical. */
static void within_handlers(void)
{
	within(E0, 1);
	within(ALARM, 0);
}

static void hook_touches(struct sdei_entry *e)
{
	handler(e);
	if (e->x[0] == E0)
		EXPECT(page_good(2), "page 2 is not what it was");
}

static void handler_at_el1(void)
{
	u64 waits;

	begin();
	sdei_add(E0);
	sdei_hook = hook_touches;
	waits = count(TOCSIN_APF_COUNT_EL1);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT(count(TOCSIN_APF_COUNT_EL1) > waits, "EL1 has not waited");
	EXPECT_EQ(mine()->seen.runs, 0);
	end();
}

/* ---- in the handler ---- */

static u64 contexts[SDEI_CONTEXT_REGISTERS];
static long unregistered, status_then;

static void hook_contexts(struct sdei_entry *e)
{
	for (u32 i = 0; i < ARRAY_SIZE(contexts); i++)
		contexts[i] = (u64)sdei_context(i);
	handler(e);
}

static void context_calls(void)
{
	struct program p, before;

	begin();
	sdei_hook = hook_contexts;
	before = p = at_el0(el0_load, 2, 0);
	program_run(&p);
	EXPECT_EQ(mine()->seen.runs, 1);
	for (u32 i = 0; i < ARRAY_SIZE(contexts); i++)
		EXPECT_EQ(contexts[i], before.x[i]);
	for (u32 i = 0; i < 31; i++)
		EXPECT_EQ(p.x[i], before.x[i]);
	end();
}

static void hook_unregisters(struct sdei_entry *e)
{
	unregistered = sdei_unregister(TOCSIN_EVENT_APF);
	status_then = sdei_status(TOCSIN_EVENT_APF);
	handler(e);
}

/* The token of the handler that ran is good; there are no more. */
static void unregister_running(void)
{
	struct program p;

	begin();
	sdei_hook = hook_unregisters;
	load_at_el0(2);
	EXPECT_EQ(unregistered, SDEI_PENDING);
	EXPECT_EQ(status_then, SDEI_STATUS_RUNNING);
	EXPECT_EQ(sdei_status(TOCSIN_EVENT_APF), 0);
	EXPECT_EQ(next_token(), mine()->seen.token);
	p = at_el0(el0_load, 3, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(mine()->seen.runs, 1);
	end();
}

static void private_reset(void)
{
	struct program p;
	u32 token[3];

	begin();
	for (u32 i = 0; i < ARRAY_SIZE(token); i++) {
		load_at_el0(i);
		token[i] = mine()->seen.token;
	}
	EXPECT_EQ(sdei1(SDEI_PRIVATE_RESET, 0), SDEI_SUCCESS);
	p = at_el0(el0_load, 3, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(mine()->seen.runs, 3);
	for (u32 i = 0; i < ARRAY_SIZE(token); i++)
		EXPECT_EQ(next_token(), token[i]);
	end();
}

/* ---- where it goes on ---- */

static u64 offset;

/* As Linux does: where an interrupt of EL0 goes to. */
static void hook_to_vector(struct sdei_entry *e)
{
	handler(e);
	e->call_x1 = e->vbar + offset;
}

static void to_vector(struct program *p, u64 vector, u64 kind)
{
	struct program before = *p;

	offset = vector;
	sdei_hook = hook_to_vector;
	program_run(p);
	EXPECT_EQ(p->kind, kind);
	EXPECT_EQ(p->pc, before.pc);
	EXPECT_EQ(p->pstate, before.pstate);
	EXPECT_EQ(p->live & (PSTATE_DAIF | PSTATE_M_MASK), PSTATE_DAIF | PSTATE_EL1H);
	EXPECT_EQ(p->live & PSTATE_NZCV, before.pstate & PSTATE_NZCV);
	EXPECT_EQ(p->sp_el0, before.sp_el0);
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT_EQ(next_token(), mine()->seen.token);
}

static void resume_at_vector(void)
{
	struct program p, before;

	begin();
	before = p = at_el0(el0_load, 2, 0x50000000);
	to_vector(&p, 0x480, PROGRAM_IRQ_EL0);
	for (u32 i = 0; i < 31; i++)
		EXPECT_EQ(p.x[i], before.x[i]);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(2, 0));
	end();
}

extern char a32_load[];
__asm__(".pushsection .text\n"
	".global a32_load\n"
	"a32_load:\n"
	"	.word	0xe5921000\n" /* ldr r1, [r2] */
	"	.word	0xef000000\n" /* svc #0 */
	".popsection");

static void aarch32(void)
{
	struct program p, before;

	if (FIELD_GET(ID_AA64PFR0_EL1_EL0, read_sysreg(ID_AA64PFR0_EL1)) != 2)
		return;
	begin();
	p = at_el0(a32_load, 2, PSTATE_AARCH32 | 0x50000000);
	for (u32 i = 0; i < 15; i++)
		p.x[i] &= 0xffffffff;
	p.x[2] = p.x[20] + 64;
	before = p;
	to_vector(&p, 0x680, PROGRAM_SYNC_EL0_32 + 1);
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ(p.x[i], before.x[i]);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0_32);
	EXPECT_EQ(p.x[1], (u32)word_of(2, 8));
	end();
}

void guest_setup(void)
{
	apf_setup();
}

const struct test guest_tests[] = {
    {"20 critical-then-normal", critical_then_normal, UNDER_TOCSIN},
    {"20 within-handlers", within_handlers, UNDER_TOCSIN},
    {"20 handler-at-el1", handler_at_el1, UNDER_TOCSIN},
    {"24 resume-at-vector", resume_at_vector, UNDER_TOCSIN},
    {"25 aarch32", aarch32, UNDER_TOCSIN},
    {"70 context-calls", context_calls, UNDER_TOCSIN},
    {"71 unregister-running", unregister_running, UNDER_TOCSIN},
    {"72 private-reset", private_reset, UNDER_TOCSIN},
    {0},
};
