/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Costs between two partitions of one CPU, as in bench.h: "front" measures, "back", less
 * important, runs while front waits. They meet in the memory of a channel, and as both
 * have the same counter, one writes down when it begins and the other when it is there.
 */
#include "bench.h"

#include <abi/channel.h>

#define PAGE 0x0b000000UL
#define WINDOW 5 /* the block of addresses where shared memory is seen as memory */
#define BELL 1u
#define NAP_US 400

enum order { SPIN, HEAR, RESTART };

static struct board {
	volatile u64 hello, order, done, stamp, sum;
} * board;

static u32 get(u32 reg)
{
	return io_read32(PAGE + reg);
}

static void answer(u64 now)
{
	board->sum += now - board->stamp;
	board->stamp = 0;
}

/* ---- back ---- */

static void spin(void)
{
	while (!board->stamp && board->order == SPIN)
		;
	if (board->stamp)
		answer(bench_now());
}

static void hear(void)
{
	u64 now;
	u32 iar;

	wfi();
	now = bench_now();
	iar = gic_ack();
	(void)get(TOCSIN_CHANNEL_BELLS);
	if ((iar & 0x3ff) < 1020)
		gic_eoi(iar);
	if (board->stamp)
		answer(now);
}

static _Noreturn void back(void)
{
	if (board->order == RESTART && board->stamp)
		answer(machine.entry_count * NS_PER_TICK);
	board->hello++;
	for (;;) {
		if (board->order == SPIN)
			spin();
		else if (board->order == HEAR)
			hear();
		board->done = board->order;
		if (board->order == RESTART && !board->sum) {
			board->stamp = bench_now();
			hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
		}
	}
}

/* ---- front ---- */

static void timer_in(u64 us)
{
	write_sysreg(CNTV_CVAL_EL0, counter() + us * read_sysreg(CNTFRQ_EL0) / 1000000);
	write_sysreg(CNTV_CTL_EL0, 1);
	isb();
}

static void until_timer(void)
{
	u32 iar;

	while (((iar = gic_ack()) & 0x3ff) >= 1020)
		wfi();
	write_sysreg(CNTV_CTL_EL0, 0);
	gic_eoi(iar);
}

static void nap(u64 us)
{
	timer_in(us);
	until_timer();
}

static void between(const char *name, enum order order, void (*begin)(void))
{
	board->sum = board->stamp = 0;
	board->order = order;
	if (order == HEAR)
		io_write32(PAGE + TOCSIN_CHANNEL_RING, BELL);
	nap(NAP_US);
	for (u32 i = 0; i < ONE_SHOTS; i++) {
		timer_in(NAP_US);
		begin();
		wfi();
		until_timer();
	}
	print("BENCH %s %lu\n", name, board->sum * 100 / ONE_SHOTS);
}

static void go(void)
{
	board->stamp = bench_now();
}

static void ring(void)
{
	board->stamp = bench_now();
	io_write32(PAGE + TOCSIN_CHANNEL_RING, BELL);
}

static void bench(void)
{
	while (!board->hello)
		nap(NAP_US);
	between("partition-switch", SPIN, go);
	between("doorbell", HEAR, ring);
	board->sum = board->stamp = 0;
	board->order = RESTART;
	io_write32(PAGE + TOCSIN_CHANNEL_RING, BELL);
	nap(1000000);
	print("BENCH restart %lu\n", board->sum * 100);
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
	gic_enable(INTID_VTIMER);
	mmu_window(WINDOW, 0);
	board = (struct board *)((u64)WINDOW << 30 | get(TOCSIN_CHANNEL_BASE));
	if (strstr(machine.bootargs, "back")) {
		gic_set_edge(get(TOCSIN_CHANNEL_INTID), true);
		gic_route(get(TOCSIN_CHANNEL_INTID), 0);
		gic_enable(get(TOCSIN_CHANNEL_INTID));
		back();
	}
}

const struct test guest_tests[] = {{"bench", bench, 0}, {0}};
