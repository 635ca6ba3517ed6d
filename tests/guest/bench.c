/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Costs in instructions, under -icount shift=0,sleep=off: one instruction is one
 * nanosecond of virtual time, 16 of them one tick of the 62.5 MHz counter. Prints
 * "BENCH row instructions-times-100" lines; tools/bench reads them.
 *
 * "trace" in bootargs: instead of measuring, each operation waits for a byte from
 * tools/bench and runs once between trace_begin() and trace_end().
 */
#include "bench.h"

#define SGI 3
#define PONG 4

static void calls(void)
{
	u64 d = machine.gicd.base;

	empty_ticks = LOOP("", 0);
	ROW("hvc-psci-version", "hvc #0", PSCI_VERSION);
	if (machine.tocsin)
		ROW("smc-psci-version", "smc #0", PSCI_VERSION);
	ROW("hvc-smccc-version", "hvc #0", SMCCC_VERSION);
	ROW("hvc-unknown", "hvc #0", 0xc600fff0);
	ROW("mrs-id-aa64pfr0", "mrs x1, id_aa64pfr0_el1", 0);
	ROW("read-gicd-typer", "ldr w1, [x9, #4]", d);
	ROW("read-gicd-iidr", "ldr w1, [x9, #8]", d);
	ROW("read-gicd-isenabler1", "ldr w1, [x9, #0x104]", d);
	if (machine.gic == 3) {
		ROW("read-gicr-waker", "ldr w1, [x9, #0x14]", gic_redist(0));
		ROW("write-gicr-isenabler0", "str wzr, [x9, #0x100]", gic_sgi_base());
	}
	ROW("read-uart-fr", "ldr w1, [x9, #0x18]", machine.uart.base);
}

/* ---- rows until a handler's first instruction ---- */

static volatile u64 handler_ns;

__asm__(/* Exceptions for these rows: nothing but interrupts. 14 instructions come
	 * before bench_now's first. */
	".balign 0x800\n"
	".globl bench_vectors\n"
	"bench_vectors:\n\t"
	".skip 0x280\n\t"
	"sub sp, sp, #176\n\t"
	"stp x0, x1, [sp]; stp x2, x3, [sp, #16]; stp x4, x5, [sp, #32]\n\t"
	"stp x6, x7, [sp, #48]; stp x8, x9, [sp, #64]; stp x10, x11, [sp, #80]\n\t"
	"stp x12, x13, [sp, #96]; stp x14, x15, [sp, #112]; stp x16, x17, [sp, #128]\n\t"
	"stp x18, x19, [sp, #144]; stp x29, x30, [sp, #160]\n\t"
	"bl bench_now\n\t"
	"bl bench_irq\n\t"
	"ldp x0, x1, [sp]; ldp x2, x3, [sp, #16]; ldp x4, x5, [sp, #32]\n\t"
	"ldp x6, x7, [sp, #48]; ldp x8, x9, [sp, #64]; ldp x10, x11, [sp, #80]\n\t"
	"ldp x12, x13, [sp, #96]; ldp x14, x15, [sp, #112]; ldp x16, x17, [sp, #128]\n\t"
	"ldp x18, x19, [sp, #144]; ldp x29, x30, [sp, #160]\n\t"
	"add sp, sp, #176\n\t"
	"eret\n");
extern char bench_vectors[];
#define BEFORE_NOW 13 /* sub, 11 stp, bl */

void bench_irq(u64 now);
void bench_irq(u64 now)
{
	u32 iar;

	trace_end();
	write_sysreg(CNTV_CTL_EL0, 0);
	iar = gic_ack();
	gic_eoi(iar);
	handler_ns = now - BEFORE_NOW;
}

static u64 timer_deadline(void)
{
	u64 deadline = counter() + 400;

	handler_ns = 0;
	write_sysreg(CNTV_CVAL_EL0, deadline);
	write_sysreg(CNTV_CTL_EL0, 1);
	isb();
	return deadline * NS_PER_TICK;
}

static u64 timer_spinning(void)
{
	u64 due = timer_deadline();

	trace_begin();
	while (!handler_ns)
		;
	return handler_ns - due;
}

static u64 timer_waiting(void)
{
	u64 due = timer_deadline();

	trace_begin();
	while (!handler_ns)
		wfi();
	return handler_ns - due;
}

/* From the instruction that sends, included, to the handler's first. */
static u64 self_sgi(void)
{
	u64 start, cost;

	handler_ns = 0;
	dsb(sy);
	start = bench_now();
	cost = bench_now() - start; /* of reading the time */
	if (machine.gic == 3) {
		u64 v = (u64)SGI << 24 | 1;

		trace_begin();
		start = bench_now();
		write_sysreg(ICC_SGI1R_EL1, v);
	} else {
		u64 a = machine.gicd.base + GICD_SGIR;

		trace_begin();
		start = bench_now();
		io_write32(a, 2u << 24 | SGI);
	}
	while (!handler_ns)
		;
	return handler_ns - start - cost;
}

static void one_shots(const char *name, u64 (*measure)(void))
{
	u64 sum = 0;

	for (u32 i = 0; i < ONE_SHOTS; i++)
		sum += measure();
	if (tracing) {
		irq_disable();
		wait_for_tracer(name);
		irq_enable();
		measure();
		print("TRACED\n");
	} else {
		print("BENCH %s %lu\n", name, sum * 100 / ONE_SHOTS);
	}
}

static void interrupts(void)
{
	u64 old = read_sysreg(VBAR_EL1);

	gic_enable(INTID_VTIMER);
	gic_enable(SGI);
	write_sysreg(VBAR_EL1, (u64)bench_vectors);
	isb();
	irq_enable();
	one_shots("self-sgi", self_sgi);
	one_shots("timer-spinning", timer_spinning);
	one_shots("timer-wfi", timer_waiting);
	irq_disable();
	write_sysreg(VBAR_EL1, old);
	isb();
}

/* ---- two vCPUs of one CPU ---- */

static volatile u32 rounds;

static void answer(u32 to)
{
	u32 iar;

	while (((iar = gic_ack()) & 0x3ff) >= 1020)
		wfi();
	gic_eoi(iar);
	gic_send_sgi(PONG, to);
}

static void second(u64 arg)
{
	(void)arg;
	gic_cpu_init();
	gic_enable(PONG);
	me()->online = 2;
	for (;;)
		answer(0);
}

static void one_round(void)
{
	u32 iar;

	gic_send_sgi(PONG, 1);
	while (((iar = gic_ack()) & 0x3ff) >= 1020)
		wfi();
	gic_eoi(iar);
}

static void ping_pong(void)
{
	u64 start;

	if (nr_cpus < 2)
		return;
	gic_enable(PONG);
	cpu_start(1, second, 0);
	wait_for(&percpu[1].online, 2);
	delay_us(20);
	for (rounds = 0; rounds < 50; rounds++)
		one_round();
	if (tracing) {
		wait_for_tracer("ping-pong");
		trace_begin();
		one_round();
		trace_end();
		print("TRACED\n");
		return;
	}
	start = counter();
	for (rounds = 0; rounds < 1000; rounds++)
		one_round();
	print("BENCH ping-pong %lu\n", (counter() - start) * NS_PER_TICK / 10);
}

static void bench(void)
{
	print("BENCH entry %lu\n", machine.entry_count * NS_PER_TICK * 100);
	tracing = strstr(machine.bootargs, "trace");
	if (nr_cpus == 1) {
		calls();
		interrupts();
	}
	ping_pong();
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {{"bench", bench, 0}, {0}};
