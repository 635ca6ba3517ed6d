/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SDEI costs, in instructions; bench.c tells how. Rows that end in a handler
 * are timed in assembler, to the instruction: bench_now() is called at known
 * distances before and behind the operation.
 */
#include "bench.h"

#include <arch/sdei.h>

/* What one shot is made of; its layout is known to the assembler below. */
struct shot {
	u64 call, x1, x2;          /* the call whose handler runs */
	u64 end, resume;           /* the call that ends the handler, its x1 */
	u64 before, within, after; /* functions for the tracer */
	u64 start, cost;           /* times: before the call; of reading the time */
	u64 handler, leave, back;
};

void bench_shot(struct shot *shot);
extern char bench_handler[], bench_resume[];

/* x19: the shot. bench_now() uses x0 to x15; what the handler writes to x18-x30 stays. */
__asm__(".globl bench_shot\n"
	"bench_shot:\n\t"
	"stp x29, x30, [sp, #-80]!; stp x19, x20, [sp, #16]; stp x21, x22, [sp, #32]\n\t"
	"stp x23, x24, [sp, #48]; stp x25, x26, [sp, #64]\n\t"
	"mov x19, x0\n\t"
	"ldr x16, [x19, #40]; blr x16\n\t"
	"bl bench_now\n\t"
	"mov x20, x0\n\t"
	"bl bench_now\n\t"
	"sub x20, x0, x20; str x20, [x19, #72]\n\t"
	"ldp x21, x22, [x19]; ldr x23, [x19, #16]\n\t"
	"bl bench_now\n\t"
	"mov x20, x0; mov x0, x21; mov x1, x22; mov x2, x23\n\t"
	"hvc #0\n\t"
	"bl bench_now\n\t"
	"str x0, [x19, #96]; str x20, [x19, #64]\n\t"
	"ldr x16, [x19, #56]; blr x16\n\t"
	"ldp x23, x24, [sp, #48]; ldp x25, x26, [sp, #64]\n\t"
	"ldp x19, x20, [sp, #16]; ldp x21, x22, [sp, #32]; ldp x29, x30, [sp], #80\n\t"
	"ret\n"
	".globl bench_handler\n"
	"bench_handler:\n\t"
	"mov x24, x30; bl bench_now\n\t"
	"str x0, [x19, #80]\n\t"
	"ldr x16, [x19, #48]; blr x16\n\t"
	"ldp x25, x26, [x19, #24]\n\t"
	"bl bench_now\n\t"
	"str x0, [x19, #88]; mov x30, x24; mov x0, x25; mov x1, x26\n\t"
	"hvc #0\n\t"
	"brk #1\n"
	".globl bench_resume\n"
	"bench_resume:\n\t"
	"mov x24, x30; bl bench_now\n\t"
	"str x0, [x19, #96]\n\t"
	"ldr x16, [x19, #56]; blr x16\n\t"
	"mov x30, x24\n\t"
	"eret\n");

static void nothing(void)
{
}

static u64 sdei(u64 call, u64 x1, u64 x2, u64 x3)
{
	struct regs r = {{call, x1, x2, x3}};

	hvc_regs(&r);
	return r.x[0];
}

static void expect(u64 result)
{
	EXPECT_EQ(result, SDEI_SUCCESS);
}

/* From the call, included, to the handler's first instruction: behind the reading of the
 * start come 4 moves, before that of the end a move and a branch. */
static u64 until_handler(const struct shot *s)
{
	return s->handler - s->start - (s->cost - 2) - 4 - 2;
}

/* From the end's call, included, until the interrupted instruction, which is a branch to
 * bench_now. */
static u64 until_back(const struct shot *s)
{
	return s->back - s->leave - (s->cost - 2) - 4 - 1;
}

/* The same to the address given. */
static u64 until_resumed(const struct shot *s)
{
	return s->back - s->leave - (s->cost - 2) - 4 - 2;
}

static struct shot shot_of(u64 call, u64 x1, u64 x2)
{
	return (struct shot){
	    .call = call,
	    .x1 = x1,
	    .x2 = x2,
	    .end = SDEI_EVENT_COMPLETE,
	    .before = (u64)nothing,
	    .within = (u64)nothing,
	    .after = (u64)nothing,
	};
}

/* One traced part of a shot: 0: until the handler, 1: from its end. */
static void trace_shot(const char *name, struct shot s, u32 part)
{
	if (part)
		s.within = (u64)trace_begin, s.after = (u64)trace_end;
	else
		s.before = (u64)trace_begin, s.within = (u64)trace_end;
	wait_for_tracer(name);
	bench_shot(&s);
	print("TRACED\n");
}

static void signal_and_complete(void)
{
	struct shot s = shot_of(SDEI_EVENT_SIGNAL, SDEI_EVENT_SOFTWARE, me()->mpidr), r = s;

	r.end = SDEI_EVENT_COMPLETE_AND_RESUME;
	r.resume = (u64)bench_resume;
	for (u32 i = 0; i < 2; i++) {
		bench_shot(&s);
		bench_shot(&r);
	}
	if (tracing) {
		trace_shot("sdei-signal", s, 0);
		trace_shot("sdei-complete", s, 1);
		trace_shot("sdei-resume", r, 1);
		return;
	}
	print("BENCH sdei-signal %lu\n", until_handler(&s) * 100);
	print("BENCH sdei-complete %lu\n", until_back(&s) * 100);
	print("BENCH sdei-resume %lu\n", until_resumed(&r) * 100);
}

static void unmask(void)
{
	struct shot s = shot_of(SDEI_PE_UNMASK, 0, 0);

	sdei(SDEI_PE_MASK, 0, 0, 0);
	expect(sdei(SDEI_EVENT_SIGNAL, SDEI_EVENT_SOFTWARE, me()->mpidr, 0));
	if (tracing) {
		trace_shot("sdei-unmask", s, 0);
	} else {
		bench_shot(&s);
		print("BENCH sdei-unmask %lu\n", until_handler(&s) * 100);
	}
}

static void register_here(char *handler, u64 argument)
{
	expect(sdei(SDEI_EVENT_REGISTER, SDEI_EVENT_SOFTWARE, (u64)handler, argument));
	expect(sdei(SDEI_EVENT_ENABLE, SDEI_EVENT_SOFTWARE, 0, 0));
	expect(sdei(SDEI_PE_UNMASK, 0, 0, 0));
}

static void alone(void)
{
	register_here(bench_handler, 0);
	empty_ticks = LOOP("", 0);
	ROW_AFTER("sdei-status", "mov x1, #0", "hvc #0", SDEI_EVENT_STATUS);
	ROW_AFTER("sdei-enable", "mov x1, #0", "hvc #0", SDEI_EVENT_ENABLE);
	signal_and_complete();
	unmask();
}

/* ---- two vCPUs of one CPU ---- */

extern char bench_heard[];
static volatile u64 heard_ns;

void bench_hear(u64 now);
void bench_hear(u64 now)
{
	trace_end();
	heard_ns = now - 2;
}

/* The handler of the second vCPU, which sleeps: a move and a branch until the time. */
__asm__(".globl bench_heard\n"
	"bench_heard:\n\t"
	"mov x24, x30; bl bench_now\n\t"
	"bl bench_hear\n\t"
	"mov x30, x24\n\t"
	"movz x0, #0x0025; movk x0, #0xc400, lsl #16; mov x1, #0\n\t"
	"hvc #0\n");

static void second(u64 arg)
{
	(void)arg;
	register_here(bench_heard, 0);
	me()->online = 2;
	for (;;)
		__asm__ volatile("wfi" ::: "x24", "memory");
}

/* From the call to the other's handler: the caller then waits, or its slice would. */
static u64 to_sibling(void)
{
	u64 start, cost, to = percpu[1].mpidr;

	heard_ns = 0;
	dsb(sy);
	start = bench_now();
	cost = bench_now() - start;
	trace_begin();
	start = bench_now();
	hvc_call(SDEI_EVENT_SIGNAL, SDEI_EVENT_SOFTWARE, to, 0);
	while (!heard_ns)
		wfi();
	return heard_ns - start - cost;
}

/* The timer that brought the caller back from WFI; interrupts are masked. */
static void quiet(void)
{
	write_sysreg(CNTV_CTL_EL0, 0);
	isb();
	gic_eoi(gic_ack());
}

static u64 one_call(void)
{
	u64 cost;

	write_sysreg(CNTV_CVAL_EL0, counter() + 20000);
	write_sysreg(CNTV_CTL_EL0, 1);
	cost = to_sibling();
	wfi();
	quiet();
	return cost;
}

static void sibling(void)
{
	u64 sum = 0;

	cpu_start(1, second, 0);
	wait_for(&percpu[1].online, 2);
	gic_enable(INTID_VTIMER);
	irq_disable();
	for (u32 i = 0; i < ONE_SHOTS; i++)
		sum += one_call();
	if (tracing) {
		wait_for_tracer("sdei-sibling");
		one_call();
		print("TRACED\n");
	} else {
		print("BENCH sdei-sibling %lu\n", sum * 100 / ONE_SHOTS);
	}
}

static void bench(void)
{
	tracing = strstr(machine.bootargs, "trace");
	if (nr_cpus == 1)
		alone();
	else
		sibling();
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {{"benchsdei", bench, 0}, {0}};
