/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async page-not-present: when pages and their interrupts come. In exact time, in which a
 * load takes a millisecond, so that each order of things is the only one possible.
 */
#include "apf.h"

#define LOAD_US 1000
#define MANY 1500 /* tokens */

static volatile u32 interrupts, wakes;

static void on_interrupt(u32 id)
{
	interrupts += id == intid;
}

static u32 produced(void)
{
	return __atomic_load_n(&mine()->ring->produced, __ATOMIC_ACQUIRE);
}

/* The ready interrupt comes when it may. */
static void listen(void (*hook)(u32 id))
{
	irq_hook = hook;
	interrupts = wakes = 0;
	gic_enable(intid);
}

/* A token for page, by a program that has ended. */
static u32 told_of(u32 page)
{
	load_at_el0(page);
	return mine()->seen.token;
}

static u32 us_since(u64 start)
{
	return (u32)((counter() - start) * 1000000 / read_sysreg(CNTFRQ_EL0));
}

/* ---- orders ---- */

/* The page comes when the handler is over and before anybody sleeps. */
static void before_sleep(void)
{
	u64 early;
	u32 token;

	begin();
	early = count(TOCSIN_APF_COUNT_EARLY);
	token = told_of(0);
	listen(on_interrupt);
	irq_enable();
	delay_us(2 * LOAD_US);
	irq_disable();
	EXPECT_EQ(interrupts, 1);
	EXPECT_EQ(next_token(), token);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_EARLY), early);
	end();
}

/* Ten come while the interrupt is masked: all of them, in their order, and one interrupt. */
static void in_order(void)
{
	u32 token[10], before;

	begin();
	before = produced();
	for (u32 i = 0; i < ARRAY_SIZE(token); i++)
		token[i] = told_of(i);
	delay_us(10 * LOAD_US);
	EXPECT_EQ(produced(), before + ARRAY_SIZE(token));
	listen(on_interrupt);
	irq_enable();
	delay_us(LOAD_US);
	irq_disable();
	EXPECT_EQ(interrupts, 1);
	for (u32 i = 0; i < ARRAY_SIZE(token); i++)
		EXPECT_EQ(next_token(), token[i]);
	end();
}

static u32 taken[4], nr_taken;

/* The first pass has looked at the ring when another token comes. */
static void on_interrupt_slow(u32 id)
{
	u32 until = produced();
	struct apf_cpu *m = mine();

	if (id != intid)
		return;
	if (!interrupts++)
		delay_us(2 * LOAD_US);
	while (m->consumed->index != until)
		taken[nr_taken++ % ARRAY_SIZE(taken)] = next_token();
}

static void while_in_handler(void)
{
	u32 first, second;

	begin();
	nr_taken = 0;
	first = told_of(0);
	delay_us(LOAD_US / 2);
	second = told_of(1);
	listen(on_interrupt_slow);
	irq_enable();
	delay_us(5 * LOAD_US);
	irq_disable();
	EXPECT_EQ(interrupts, 2);
	EXPECT_EQ(nr_taken, 2);
	EXPECT_EQ(taken[0], first);
	EXPECT_EQ(taken[1], second);
	end();
}

/* ---- who is told ---- */

/* Two threads want a page: each has its token, and the one load serves both. */
static void two_threads(void)
{
	u32 first, second;
	u64 start;
	struct program p;

	begin();
	write_sysreg(TPIDR_EL0, 1);
	first = told_of(0);
	start = counter();
	delay_us(LOAD_US / 2);
	write_sysreg(TPIDR_EL0, 2);
	second = told_of(0);
	EXPECT_EQ(mine()->seen.runs, 2);
	EXPECT(first != second, "token 0x%x twice", first);
	EXPECT_EQ(next_token(), first);
	EXPECT_EQ(next_token(), second);
	EXPECT(us_since(start) < LOAD_US + LOAD_US / 4, "after %u us", us_since(start));
	p = at_el0(el0_load, 0, 0);
	program_run(&p);
	EXPECT_EQ(p.x[1], word_of(0, 0));
	write_sysreg(TPIDR_EL0, 0);
	end();
}

/* A thread that comes again has not gone to sleep: it waits, for what is left of the load. */
static void comes_again(void)
{
	struct program p;
	u64 waits, start;
	u32 token;

	begin();
	waits = count(TOCSIN_APF_COUNT_EL0);
	token = told_of(0);
	start = counter();
	p = at_el0(el0_load, 0, 0);
	program_run(&p);
	EXPECT_EQ(p.kind, PROGRAM_SYNC_EL0);
	EXPECT_EQ(p.x[1], word_of(0, 0));
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT_EQ(count(TOCSIN_APF_COUNT_EL0), waits + 1);
	EXPECT(us_since(start) < LOAD_US + LOAD_US / 4, "after %u us", us_since(start));
	EXPECT_EQ(next_token(), token);
	end();
}

/* It came, and is gone before who waited for it runs. */
static void gone_again(void)
{
	struct program p;
	u32 first, second;

	begin();
	first = told_of(0);
	EXPECT_EQ(next_token(), first);
	push_out_low();
	be_resident();
	second = told_of(0);
	EXPECT_EQ(mine()->seen.runs, 2);
	EXPECT(first != second, "token 0x%x twice", first);
	EXPECT_EQ(next_token(), second);
	p = at_el0(el0_load, 0, 0);
	program_run(&p);
	EXPECT_EQ(p.x[1], word_of(0, 0));
	EXPECT(page_good(0), "page 0 is not what it was");
	end();
}

static int compare_last(const u32 *token, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (token[i] == token[n])
			return false;
	return token[n] && token[n] != TOCSIN_APF_ALL;
}

static void many(void)
{
	static u32 token[MANY];

	begin();
	for (u32 n = 0; n < MANY && !test_failed();) {
		u32 first = n;

		for (u32 i = 0; i < limit && n < MANY; i++, n++) {
			token[n] = told_of(n % PAGES);
			EXPECT(compare_last(token, n), "token %u is 0x%x", n, token[n]);
		}
		for (u32 i = first; i < n; i++)
			EXPECT_EQ(next_token(), token[i]);
	}
	end();
}

/* ---- a guest that writes what it likes ---- */

static void scribble(u64 *seed)
{
	u32 *word = (u32 *)my_block();

	for (u32 i = 0; i < area; i++)
		__atomic_store_n(word + i, (u32)random_next(seed), __ATOMIC_RELAXED);
}

static void garbage(void)
{
	u64 seed = 0x600db10c;
	u32 token;

	begin();
	for (u32 i = 0; i < 3 * limit; i++) {
		struct program p = at_el0(el0_load, i, 0);

		scribble(&seed);
		program_run(&p);
		EXPECT(p.kind == PROGRAM_RESUMED || p.x[1] == word_of(i, 0), "page %u", i);
		delay_us(LOAD_US / 8);
	}
	scribble(&seed);
	EXPECT(disable() >= 0, "it is not enabled");
	enable();
	push_out_low();
	be_resident();
	mine()->seen.runs = 0;
	token = told_of(0);
	EXPECT_EQ(mine()->seen.runs, 1);
	EXPECT_EQ(next_token(), token);
	end();
}

/* What was told to be written is written nowhere once it is disabled. */
static void after_disable(void)
{
	begin();
	for (u32 i = 0; i < 4; i++)
		load_at_el0(i);
	EXPECT_EQ(disable(), 4);
	memset(my_block(), 0xa5, BLOCK_SIZE);
	listen(on_interrupt);
	irq_enable();
	delay_us(3 * LOAD_US);
	irq_disable();
	EXPECT_EQ(interrupts, 0);
	for (u32 i = 0; i < BLOCK_SIZE; i++)
		EXPECT_EQ(my_block()[i], 0xa5);
	for (u32 i = 0; i < 4; i++)
		EXPECT(page_good(i), "page %u is not what it was", i);
	sdei_fresh();
	gic_disable(intid);
}

/* ---- asleep ---- */

static u32 alarms;

static void on_either(u32 id)
{
	interrupts += id == intid;
	if (id != INTID_VTIMER)
		return;
	alarms++;
	write_sysreg(CNTV_CTL_EL0, 0);
	isb();
}

static void alarm_in(u32 us)
{
	alarms = 0;
	write_sysreg(CNTV_CVAL_EL0, counter() + us * read_sysreg(CNTFRQ_EL0) / 1000000);
	write_sysreg(CNTV_CTL_EL0, 1);
	isb();
	gic_enable(INTID_VTIMER);
}

static void sleep(volatile u32 *until)
{
	irq_enable();
	while (!*until) {
		wfi_unless(*until);
		wakes++;
	}
	irq_disable();
}

/* What a thread of the guest waits for ends its idle time, and nothing else does. */
static void idle(void)
{
	u64 start;
	u32 token;

	begin();
	listen(on_interrupt);
	EXPECT_EQ(wakes, 0);
	start = counter();
	token = told_of(0);
	sleep(&interrupts);
	EXPECT_EQ(wakes, 1);
	EXPECT(us_since(start) < LOAD_US + LOAD_US / 4, "after %u us", us_since(start));
	EXPECT_EQ(next_token(), token);
	end();
}

/* A token that the guest does not want to hear of wakes nobody. */
static void idle_disabled(void)
{
	u32 before, token;

	begin();
	irq_hook = on_either;
	interrupts = wakes = 0;
	before = produced();
	alarm_in(5 * LOAD_US);
	token = told_of(0);
	sleep(&alarms);
	/* A vCPU that has its CPU for itself notices what else that CPU is interrupted by. */
	EXPECT(wakes == 1 || (wakes == 2 && nr_cpus == 1), "%u wakes", wakes);
	EXPECT_EQ(interrupts, 0);
	EXPECT_EQ(produced(), before + 1);
	gic_enable(intid);
	sleep(&interrupts);
	EXPECT_EQ(interrupts, 1);
	EXPECT_EQ(next_token(), token);
	gic_disable(INTID_VTIMER);
	end();
}

void guest_setup(void)
{
	apf_setup();
}

const struct test guest_tests[] = {
    {"28 before-sleep", before_sleep, UNDER_TOCSIN},
    {"29 in-order", in_order, UNDER_TOCSIN},
    {"30 while-in-handler", while_in_handler, UNDER_TOCSIN},
    {"33 two-threads", two_threads, UNDER_TOCSIN},
    {"33 comes-again", comes_again, UNDER_TOCSIN},
    {"35 gone-again", gone_again, UNDER_TOCSIN},
    {"36 many", many, UNDER_TOCSIN},
    {"46 47 garbage", garbage, UNDER_TOCSIN},
    {"38 after-disable", after_disable, UNDER_TOCSIN},
    {"54 idle", idle, UNDER_TOCSIN},
    {"55 idle-disabled", idle_disabled, UNDER_TOCSIN},
    {0},
};
