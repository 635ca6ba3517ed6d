/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Costs of paged memory, as in bench.h. EL0 goes through pages in a row: they are filled,
 * and others evicted; loads from pages in far memory end in the event's handler, and a
 * program that spins is interrupted when they have come. Its partition has 4 of 32 MiB
 * resident, and a store that is slow enough for notices.
 */
#include "bench.h"

#include "program.h"
#include <abi/apf.h>
#include <abi/tocsin.h>
#include <arch/sdei.h>

#define EL0_BLOCK 3

/* Pages, by what they are for: filled while there are frames, to have none left, and to be
 * evicted with their contents; then pages that stay zero, in their place. */
#define FRESH 512
#define WRITTEN 2048
#define STORED 3072
#define ZERO 4096
#define PAGES 5120
#define RECENT (PAGES - 1000) /* resident at the end, most of them */

static u8 *pages;
static u8 blocks[16384] __attribute__((aligned(8192)));
static struct tocsin_apf_notice *notice;
static struct tocsin_apf_consumed *consumed;
static struct tocsin_apf_ring *ring;

static u64 call(u64 fid, u64 x1, u64 x2, u64 *result)
{
	struct regs r = {{fid, x1, x2}};

	hvc_regs(&r);
	if (result)
		*result = r.x[1];
	return r.x[0];
}

static u64 count(enum tocsin_apf_count which)
{
	u64 n = 0;

	EXPECT_EQ(call(TOCSIN_APF_COUNT, which, 0, &n), 0);
	return n;
}

/* ---- programs at EL0 ---- */

/* x20: a page; x22: how many. */
extern char el0_write[], el0_read[], el0_time[], el0_load[], el0_spin[];
__asm__("el0_write:\n"
	"1:	str	x20, [x20]\n"
	"	add	x20, x20, #4096\n"
	"	subs	x22, x22, #1\n"
	"	b.ne	1b\n"
	"	svc	#0\n"
	"el0_read:\n"
	"1:	ldr	x1, [x20]\n"
	"	add	x20, x20, #4096\n"
	"	subs	x22, x22, #1\n"
	"	b.ne	1b\n"
	"	svc	#0\n"
	/* x21: the time */
	"el0_time:\n"
	"	bl	bench_now\n"
	"	mov	x21, x0\n"
	"	svc	#0\n"
	"el0_load:\n"
	"	bl	bench_now\n"
	"	mov	x21, x0\n"
	"	ldr	x1, [x20]\n"
	"	svc	#0\n"
	/* x21: the last tick */
	"el0_spin:\n"
	"1:	mrs	x21, cntvct_el0\n"
	"	b	1b\n");

static struct program at_el0(const char *code, u32 page, u32 n)
{
	struct program p = program_at((void *)mmu_aliased(EL0_BLOCK, code), PSTATE_EL0T);

	p.x[20] = mmu_aliased(EL0_BLOCK, pages + (u64)page * PAGE_SIZE);
	p.x[22] = n;
	return p;
}

/* Nanoseconds for pages [from, to). */
static u64 go_through(const char *code, u32 from, u32 to)
{
	struct program p = at_el0(code, from, to - from);
	u64 start = bench_now();

	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	return bench_now() - start;
}

static void per(const char *name, u64 ns, u64 n)
{
	if (tracing)
		return;
	EXPECT(n, "no %s", name);
	print("BENCH %s %lu\n", name, n ? ns * 100 / n : 0);
}

/* What a touch has come to: the page was there, but for a flag; or was made, in a frame that
 * was free, or that others were evicted for. */
enum touch { OTHER, THERE, MADE, EVICTING };
static u64 there, resident, stored;

static void begin_touch(void)
{
	there = count(TOCSIN_APF_COUNT_THERE);
	resident = count(TOCSIN_APF_COUNT_RESIDENT);
	stored = count(TOCSIN_APF_COUNT_STORED);
}

static enum touch end_touch(void)
{
	if (count(TOCSIN_APF_COUNT_THERE) != there + 1)
		return OTHER;
	if (count(TOCSIN_APF_COUNT_STORED) != stored)
		return EVICTING;
	return count(TOCSIN_APF_COUNT_RESIDENT) == resident ? THERE : MADE;
}

/* One load of EL1 that is what the row is of: the last one that is traced counts. */
static void trace_touch(const char *name, u32 page, enum touch wanted)
{
	enum touch found = OTHER;

	for (u32 i = 0; tracing && found != wanted; i++) {
		EXPECT(i < PAGES - RECENT, "no %s", name);
		wait_for_tracer(name);
		begin_touch();
		trace_begin();
		(void)*(volatile u64 *)(pages + (u64)(page + i) * PAGE_SIZE);
		trace_end();
		found = end_touch();
		print("TRACED\n");
	}
}

/* ---- pages that EL2 makes or finds by itself ---- */

/* Nanoseconds more than when it is there with its flag, and of how many pages. */
static void flags(void)
{
	u64 ns = 0, n = 0;

	for (u32 page = RECENT; page < PAGES; page++) {
		u64 first;

		begin_touch();
		first = go_through(el0_read, page, page + 1);
		if (end_touch() != THERE)
			continue;
		ns += first - go_through(el0_read, page, page + 1);
		n++;
	}
	per("page-there", ns, n);
}

static void fills(void)
{
	u64 plain, ns, evicted = count(TOCSIN_APF_COUNT_STORED);

	trace_touch("page-zero", FRESH, MADE);
	ns = go_through(el0_write, 0, FRESH);
	plain = go_through(el0_write, 0, FRESH);
	per("page-zero", ns - plain, FRESH);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_STORED), evicted);
	ns = (ns - plain) / FRESH;

	go_through(el0_write, FRESH, WRITTEN);
	evicted = count(TOCSIN_APF_COUNT_STORED);
	per("page-evict",
	    go_through(el0_write, WRITTEN, STORED) - (STORED - WRITTEN) * (ns + plain / FRESH),
	    count(TOCSIN_APF_COUNT_STORED) - evicted);

	trace_touch("page-evict", PAGES, EVICTING);
	go_through(el0_read, STORED, ZERO);
	evicted = count(TOCSIN_APF_COUNT_STORED);
	per("page-evict-zero",
	    go_through(el0_read, ZERO, PAGES) - (PAGES - ZERO) * (ns + plain / FRESH),
	    count(TOCSIN_APF_COUNT_STORED) - evicted);

	/* The clock has gone over some of them. */
	trace_touch("page-there", RECENT, THERE);
	flags();
}

/* ---- notices ---- */

static u64 heard_ns;

void bench_notice(u64 now);
void bench_notice(u64 now)
{
	trace_end();
	heard_ns = now;
	notice->reply = TOCSIN_APF_ACCEPT;
}

/* Three instructions until the time. */
extern char bench_handler[];
__asm__("bench_handler:\n"
	"	mov	x16, x30\n"
	"	nop\n"
	"	bl	bench_now\n"
	"	str	x16, [sp, #-16]!\n"
	"	bl	bench_notice\n"
	"	ldr	x30, [sp], #16\n"
	"	movz	x0, #0x0026\n" /* SDEI_EVENT_COMPLETE_AND_RESUME */
	"	movk	x0, #0xc400, lsl #16\n"
	"	adr	x1, program_resumed\n"
	"	hvc	#0\n");

/* Instructions of bench_now, and from the exception that ends a program to the time. */
static u64 reading, ending;

static void calibrate(void)
{
	struct program p = at_el0(el0_time, 0, 0);
	u64 start = bench_now(), end;

	reading = bench_now() - start - 2;
	program_run(&p);
	p = at_el0(el0_time, 0, 0);
	program_run(&p);
	end = bench_now();
	ending = end - p.x[21] - reading - 2; /* the move, SVC */
}

static u64 until_notice(u32 page)
{
	struct program p = at_el0(el0_load, page, 0);

	heard_ns = 0;
	trace_begin();
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_RESUMED);
	EXPECT(heard_ns, "no notice");
	return heard_ns - p.x[21] - reading - 1 - 3;
}

/* To within the tick in which the load ends. */
static u64 until_ready(void)
{
	struct program p = at_el0(el0_spin, 0, 0);
	u64 now;
	u32 iar;

	program_run(&p);
	now = bench_now();
	EXPECT_EQ(p.kind, PROGRAM_IRQ_EL0);
	iar = gic_ack();
	consumed->index = ring->produced;
	gic_eoi(iar);
	return now - ending - p.x[21] * NS_PER_TICK;
}

/* The last one that is traced counts: it has found a frame free. */
static void trace_notice(void)
{
	u64 evicted;
	u32 page = STORED;

	do {
		wait_for_tracer("page-notice");
		evicted = count(TOCSIN_APF_COUNT_STORED);
		until_notice(--page);
		evicted -= count(TOCSIN_APF_COUNT_STORED);
		print("TRACED\n");
		until_ready();
	} while (evicted && page > WRITTEN);
}

/* Frames are freed several at a time: the cheapest notice is one that found one free. */
static void notices(void)
{
	u64 info, least = UINT64_MAX, ready = 0, good = 0;

	EXPECT_EQ(call(TOCSIN_APF_INFO, 0, 0, &info), 0);
	EXPECT_EQ(call(TOCSIN_APF_ENABLE, (u64)blocks, 0, NULL), 0);
	notice = (void *)blocks;
	consumed = (void *)(blocks + (info >> 32));
	ring = (void *)(blocks + 2 * (info >> 32));
	EXPECT_EQ(call(SDEI_EVENT_REGISTER, TOCSIN_EVENT_APF, (u64)bench_handler, NULL), 0);
	EXPECT_EQ(call(SDEI_EVENT_ENABLE, TOCSIN_EVENT_APF, 0, NULL), 0);
	EXPECT_EQ(call(SDEI_PE_UNMASK, 0, 0, NULL), 0);
	for (u32 i = 0; i < ONE_SHOTS; i++) {
		u64 waits = count(TOCSIN_APF_COUNT_EL1);
		u64 ns = until_notice(FRESH + 4 * i), back = until_ready();

		if (tracing && i == ONE_SHOTS / 2)
			trace_notice();
		if (waits != count(TOCSIN_APF_COUNT_EL1))
			continue; /* what this needs itself had been evicted */
		least = MIN(least, ns);
		ready += back;
		good++;
	}
	per("page-notice", least, 1);
	per("page-ready", ready, good);
}

static void bench(void)
{
	tracing = strstr(machine.bootargs, "trace");
	fills();
	calibrate();
	notices();
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
	gic_enable(20);
	pages = (u8 *)ALIGN_UP((u64)memory_end, MIB(2));
	mmu_alias(EL0_BLOCK, MMU_EL0);
	__asm__ volatile("msr cntkctl_el1, %0; isb" ::"r"(3UL));
}

const struct test guest_tests[] = {{"benchpaging", bench, UNDER_TOCSIN}, {0}};
