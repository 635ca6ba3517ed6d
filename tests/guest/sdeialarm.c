/* SPDX-License-Identifier: Apache-2.0 */
/* The critical event: how it nests with the normal one, and the calls that ring it. */
#include "sdei.h"

#define FLAGS 0xa0000000UL
#define RUNS 8

/* Which handler began when, on which nesting level, and over which PC. */
static struct {
	u32 event, depth;
	u64 pc;
} log[RUNS];
static u32 begun, depth;

/* What handlers do, by event and by how often it was entered. */
static void (*script)(u64 event, u32 nth, struct sdei_entry *e);

static void hook_log(struct sdei_entry *e)
{
	u32 nth = 0;

	for (u32 i = 0; i < begun; i++)
		nth += log[i].event == e->x[0];
	if (begun == RUNS) {
		test_fail("a handler too many");
		return;
	}
	log[begun].event = (u32)e->x[0];
	log[begun].depth = depth;
	log[begun++].pc = e->x[2];
	EXPECT_EQ(e->x[1], sdei_argument(e->x[0]));
	depth++;
	if (script)
		script(e->x[0], nth, e);
	depth--;
}

static void start(void (*what)(u64 event, u32 nth, struct sdei_entry *e))
{
	sdei_fresh();
	sdei_add(E0);
	sdei_add(ALARM);
	sdei_hook = hook_log;
	script = what;
	begun = depth = 0;
	EXPECT_EQ(sdei_unmask(), 0);
}

static void expect_log(u32 n, u32 event, u32 level)
{
	EXPECT(begun > n && log[n].event == event && log[n].depth == level,
	       "handler %u of %u: event 0x%x on level %u", n, begun, log[n].event, log[n].depth);
}

/* ---- nesting ---- */

static u64 normal_pc, normal_x[18];

/* Contexts: of the normal handler's victim, of the normal handler, and again. */
static void preempting(u64 event, u32 nth, struct sdei_entry *e)
{
	(void)nth;
	if (event == E0) {
		normal_pc = e->x[2];
		for (u32 i = 0; i < 18; i++)
			normal_x[i] = (u64)sdei_context(i);
		EXPECT_EQ(sdei_ring(0, 0), 0);
		EXPECT_EQ(sdei_runs(), 1);
		for (u32 i = 0; i < 18; i++)
			EXPECT_EQ(sdei_context(i), normal_x[i]);
		return;
	}
	EXPECT_EQ(sdei_status(E0), 7);
	EXPECT_EQ(sdei_status(ALARM), 7);
	/* Interrupted: the wrapper, right after the call that rang. */
	EXPECT_EQ(sdei_context(0), 0);
	EXPECT_EQ(sdei_context(1), percpu[0].mpidr);
	EXPECT_EQ(sdei_context(2), 0);
	for (u32 i = 4; i < 18; i++)
		EXPECT_EQ(sdei_context(i), e->x[i]);
	EXPECT(e->x[2] != normal_pc, "PC of the outer one");
	EXPECT_EQ(e->x[3] & (PSTATE_M_MASK | PSTATE_DAIF), PSTATE_EL1H | PSTATE_DAIF);
}

static void critical_preempts(void)
{
	struct program p = sdei_program(PSTATE_EL1H | FLAGS), before = p;

	start(preempting);
	program_run(&p);
	EXPECT_EQ(begun, 2);
	expect_log(0, E0, 0);
	expect_log(1, ALARM, 1);
	EXPECT_EQ(log[0].pc, before.pc + 4);
	for (u32 i = 1; i < 18; i++)
		EXPECT_EQ(normal_x[i], before.x[i]);
	sdei_program_ended(&before, &p);
	EXPECT_EQ(sdei_status(E0), 3);
	EXPECT_EQ(sdei_status(ALARM), 3);
}

/* The normal event is signalled in the critical handler, which runs on top of one of
 * the normal event's: it comes when both are over. */
static void normal_in_both(u64 event, u32 nth, struct sdei_entry *e)
{
	(void)e;
	if (nth)
		return;
	if (event == E0)
		EXPECT_EQ(sdei_ring(0, 0), 0);
	else
		EXPECT_EQ(sdei_signal(0), 0);
}

static void normal_waits(void)
{
	struct program p = sdei_program(PSTATE_EL1H | FLAGS), before = p;

	start(normal_in_both);
	program_run(&p);
	EXPECT_EQ(begun, 3);
	expect_log(0, E0, 0);
	expect_log(1, ALARM, 1);
	expect_log(2, E0, 0);
	EXPECT_EQ(log[2].pc, log[0].pc);
	sdei_program_ended(&before, &p);
}

/* In a critical handler alone: neither event preempts it. */
static void both_in_critical(u64 event, u32 nth, struct sdei_entry *e)
{
	(void)e;
	if (event != ALARM || nth)
		return;
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_ring(0, 0), 0);
	EXPECT_EQ(sdei_ring(0, 0), 0);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_status(E0), 3);
}

static void nothing_preempts_critical(void)
{
	start(both_in_critical);
	EXPECT_EQ(sdei_ring(0, 0), 0);
	EXPECT_EQ(begun, 3);
	expect_log(0, ALARM, 0);
	expect_log(1, ALARM, 0);
	expect_log(2, E0, 0);
	EXPECT_EQ(log[1].pc, log[0].pc);
	EXPECT_EQ(log[2].pc, log[0].pc);
}

static void masking(u64 event, u32 nth, struct sdei_entry *e)
{
	(void)e;
	if (event != E0)
		return;
	EXPECT_EQ(sdei_mask(), 1);
	EXPECT_EQ(sdei_ring(0, 0), 0);
	EXPECT_EQ(sdei_runs(), nth * 2);
	if (nth == 0) { /* then delivered here; the second time, after COMPLETE */
		EXPECT_EQ(sdei_unmask(), 0);
		EXPECT_EQ(sdei_runs(), 1);
	}
}

static void mask_blocks_critical(void)
{
	start(masking);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(begun, 2);
	expect_log(1, ALARM, 1);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(begun, 3);
	expect_log(2, E0, 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(begun, 4);
	expect_log(3, ALARM, 0);
}

/* ---- as Linux leaves both handlers when it panics in the inner one ---- */

static struct program inner;

/* The normal handler runs a program, which rings. */
static void resuming(u64 event, u32 nth, struct sdei_entry *e)
{
	(void)nth;
	if (event == ALARM) {
		EXPECT_EQ(sdei_mask(), 1);
	} else {
		inner = sdei_program(PSTATE_EL1H | PSTATE_DAIF);
		inner.x[0] = TOCSIN_ALARM;
		inner.x[1] = me()->mpidr;
		inner.x[2] = 0;
		normal_pc = inner.pc + 4;
		program_run(&inner);
		EXPECT_EQ(sdei_status(ALARM), 3);
		EXPECT_EQ(sdei_status(E0), 7);
	}
	e->call = SDEI_EVENT_COMPLETE_AND_RESUME;
	e->call_x1 = (u64)program_resumed;
}

static void unwind(void)
{
	struct program p = sdei_program(PSTATE_EL1H | FLAGS), before = p;

	start(resuming);
	program_run(&p);
	EXPECT_EQ(begun, 2);
	EXPECT_EQ(inner.kind, PROGRAM_RESUMED);
	EXPECT_EQ(inner.pc, normal_pc);
	EXPECT_EQ(inner.pstate, PSTATE_EL1H | PSTATE_DAIF);
	EXPECT_EQ(p.kind, PROGRAM_RESUMED);
	EXPECT_EQ(p.pc, before.pc + 4);
	EXPECT_EQ(p.pstate, before.pstate);
	for (u32 i = 1; i < 18; i++)
		EXPECT_EQ(p.x[i], before.x[i]);
	EXPECT_EQ(sdei_status(E0), 3);
	EXPECT_EQ(sdei_context(0), SDEI_DENIED);
	EXPECT_EQ(sdei_mask(), 0);
}

/* ---- two at once ---- */

/* Both run before the next instruction: the critical one first, or the normal one
 * and the critical one on its first instruction. */
static void both_pending(void)
{
	struct program p = sdei_program(PSTATE_EL1H | FLAGS), before = p;

	start(NULL);
	sdei_mask();
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_ring(0, 0), 0);
	EXPECT_EQ(begun, 0);
	p.x[0] = SDEI_PE_UNMASK;
	program_run(&p);
	EXPECT_EQ(begun, 2);
	expect_log(0, ALARM, 0);
	expect_log(1, E0, 0);
	EXPECT_EQ(log[1].pc, before.pc + 4);
	EXPECT(log[0].pc == before.pc + 4 || log[0].pc == (u64)sdei_entry, "over 0x%lx", log[0].pc);
	sdei_program_ended(&before, &p);
}

/* ---- two normal events: the second is that of the bound physical timer ---- */

static u64 clock;

static void set_timer(bool on)
{
	write_sysreg(CNTP_CVAL_EL0, 0);
	write_sysreg(CNTP_CTL_EL0, on);
	isb();
}

static void start_clock(void (*what)(u64 event, u32 nth, struct sdei_entry *e))
{
	start(what);
	clock = (u64)sdei1(SDEI_INTERRUPT_BIND, INTID_PTIMER);
	sdei_add(clock);
}

static void stop_clock(void)
{
	EXPECT_EQ(sdei_unregister(clock), 0);
	EXPECT_EQ(sdei1(SDEI_INTERRUPT_RELEASE, clock), 0);
}

/* In each one's handler the other one comes, and waits; the alarm does not. */
static void normals(u64 event, u32 nth, struct sdei_entry *e)
{
	u32 before = begun;

	(void)e;
	if (event == clock) {
		set_timer(false);
		EXPECT_EQ(sdei_signal(0), 0);
		EXPECT_EQ(begun, before);
	} else if (event == E0 && nth == 0) {
		set_timer(true);
		delay_us(300);
		EXPECT_EQ(begun, before);
		EXPECT_EQ(sdei_ring(0, 0), 0);
		EXPECT_EQ(begun, before + 1);
	}
}

static void normal_and_normal(void)
{
	start_clock(normals);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(begun, 4);
	expect_log(0, E0, 0);
	expect_log(1, ALARM, 1);
	expect_log(2, (u32)clock, 0);
	expect_log(3, E0, 0);
	EXPECT_EQ(log[2].pc, log[0].pc);
	EXPECT_EQ(log[3].pc, log[0].pc);
	stop_clock();
}

static void silencing(u64 event, u32 nth, struct sdei_entry *e)
{
	(void)nth;
	(void)e;
	if (event == clock)
		set_timer(false);
}

static void two_normals_pending(void)
{
	struct program p = sdei_program(PSTATE_EL1H | FLAGS), before = p;

	start_clock(silencing);
	sdei_mask();
	EXPECT_EQ(sdei_signal(0), 0);
	set_timer(true);
	delay_us(300);
	EXPECT_EQ(begun, 0);
	p.x[0] = SDEI_PE_UNMASK;
	program_run(&p);
	EXPECT_EQ(begun, 2);
	EXPECT_EQ((u64)log[0].event + log[1].event, E0 + clock);
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(log[i].depth, 0);
		EXPECT_EQ(log[i].pc, before.pc + 4);
	}
	sdei_program_ended(&before, &p);
	stop_clock();
}

/* ---- the calls ---- */

static struct regs alarm_status(u32 cpu)
{
	struct regs r = {{TOCSIN_ALARM_STATUS, percpu[cpu].mpidr}};

	sdei_regs(&r);
	EXPECT_EQ(r.x[0], 0);
	return r;
}

static long cancel(u32 cpu)
{
	return sdei1(TOCSIN_ALARM_CANCEL, percpu[cpu].mpidr);
}

static void ring_now(void)
{
	start(NULL);
	EXPECT_EQ(sdei_ring(0, TOCSIN_ALARM_NOW), 0);
	EXPECT_EQ(begun, 1);
	EXPECT_EQ(sdei_disable(ALARM), 0);
	EXPECT_EQ(sdei_ring(0, TOCSIN_ALARM_NOW), SDEI_DENIED);
	EXPECT_EQ(sdei_enable(ALARM), 0);
	EXPECT_EQ(begun, 1);
	sdei_mask();
	EXPECT_EQ(sdei_ring(0, TOCSIN_ALARM_NOW), SDEI_DENIED);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(begun, 1);
	EXPECT_EQ(sdei_unregister(ALARM), 0);
	EXPECT_EQ(sdei_ring(0, TOCSIN_ALARM_NOW), SDEI_DENIED);
	sdei_add(ALARM);
	EXPECT_EQ(begun, 1);
}

static void now_in_handlers(u64 event, u32 nth, struct sdei_entry *e)
{
	(void)e;
	(void)nth;
	EXPECT_EQ(sdei_ring(0, TOCSIN_ALARM_NOW), event == E0 ? 0 : SDEI_DENIED);
}

static void ring_now_in_handlers(void)
{
	start(now_in_handlers);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(begun, 2);
	expect_log(1, ALARM, 1);
}

static void ring_bad(void)
{
	start(NULL);
	EXPECT_EQ(sdei_ring(0, 2), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_ring(0, BIT(32)), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei1(TOCSIN_ALARM, 0xff00ff00), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei1(TOCSIN_ALARM_CANCEL, 0xff00ff00), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei1(TOCSIN_ALARM_STATUS, 0xff00ff00), SDEI_INVALID_PARAMETERS);
	if (nr_cpus > 1)
		EXPECT_EQ(sdei_ring(1, TOCSIN_ALARM_NOW), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(begun, 0);
	EXPECT_EQ(sdei1(TOCSIN_ALARM, read_sysreg(MPIDR_EL1)), 0);
	EXPECT_EQ(begun, 1);
}

static void cancelling(void)
{
	start(NULL);
	EXPECT_EQ(cancel(0), 0);
	sdei_mask();
	EXPECT_EQ(sdei_ring(0, 0), 0);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(cancel(0), 1);
	EXPECT_EQ(cancel(0), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(begun, 1);
	expect_log(0, E0, 0);
}

static void counting_over(u64 event, u32 nth, struct sdei_entry *e)
{
	struct regs r = alarm_status(0);

	(void)event;
	(void)nth;
	(void)e;
	EXPECT_EQ(r.x[1], r.x[2] + 1);
}

static void counting(void)
{
	struct regs before, after;

	start(counting_over);
	before = alarm_status(0);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(sdei_ring(0, 0), 0);
	after = alarm_status(0);
	EXPECT_EQ(after.x[1], before.x[1] + 3);
	EXPECT_EQ(after.x[2], before.x[2] + 3);
}

static void features(void)
{
	EXPECT_EQ((u64)hvc_call(TOCSIN_FEATURES, 0, 0, 0) >> 1 & 7, 7);
}

void guest_setup(void)
{
	sdei_setup();
}

const struct test guest_tests[] = {
    {"118 critical-preempts", critical_preempts, UNDER_TOCSIN},
    {"119 normal-waits", normal_waits, UNDER_TOCSIN},
    {"119 120 nothing-preempts-critical", nothing_preempts_critical, UNDER_TOCSIN},
    {"121 mask-blocks-critical", mask_blocks_critical, UNDER_TOCSIN},
    {"122 unwind", unwind, UNDER_TOCSIN},
    {"76 both-pending", both_pending, UNDER_TOCSIN},
    {"119 normal-and-normal", normal_and_normal, UNDER_TOCSIN},
    {"76 two-normals-pending", two_normals_pending, UNDER_TOCSIN},
    {"alarm-now", ring_now, UNDER_TOCSIN},
    {"alarm-now-in-handlers", ring_now_in_handlers, UNDER_TOCSIN},
    {"alarm-bad", ring_bad, UNDER_TOCSIN},
    {"alarm-cancel", cancelling, UNDER_TOCSIN},
    {"alarm-count", counting, UNDER_TOCSIN},
    {"alarm-features", features, UNDER_TOCSIN},
    {0},
};
