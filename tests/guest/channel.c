/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pair: partitions "ping" and "pong" with three channels, whose first side is ping's.
 * Number 0 has memory that both may write to, 1 memory that pong may only read, 2 none.
 * Ping tests; pong does what it is told, and prints nothing but its first line.
 */
#include "gic.h"

#include <abi/channel.h>

#define NR_CHANNELS 3
#define PAGES 0x0b000000UL
#define WINDOW 5 /* the block of addresses where shared memory is seen as memory */

/* What ping tells pong by channel 0's memory and this bell. */
#define BELL_ORDER (1u << 0)
#define BELL_DONE (1u << 1)
#define BELL_ECHO (1u << 2)

enum order { WRITE_HERE, WRITE_THERE, HOLD, RESET, OFF };

struct board {
	volatile u32 order, arg, result, hold, hello;
};

static struct board *board;
static u32 waiting[NR_CHANNELS]; /* bells that were read, and not yet looked for */

static u32 get(u32 n, u32 reg)
{
	return io_read32(PAGES + n * PAGE_SIZE + reg);
}

static void ring(u32 n, u32 bells)
{
	dsb(ish);
	io_write32(PAGES + n * PAGE_SIZE + TOCSIN_CHANNEL_RING, bells);
}

static bool peer_runs(u32 n)
{
	return get(n, TOCSIN_CHANNEL_STATUS) & TOCSIN_CHANNEL_PEER_RUNS;
}

/* The memory of a channel, mapped as memory. */
static volatile u32 *memory(u32 n)
{
	return (volatile u32 *)((u64)WINDOW << 30 | get(n, TOCSIN_CHANNEL_BASE));
}

static u32 size(u32 n)
{
	return get(n, TOCSIN_CHANNEL_SIZE);
}

/* ---- bells ---- */

/* Takes one interrupt, if there is any. */
static bool poll(void)
{
	u32 iar = gic_ack();

	if (NOTHING(iar))
		return false;
	for (u32 n = 0; n < NR_CHANNELS; n++)
		if (INTID(iar) == get(n, TOCSIN_CHANNEL_INTID))
			waiting[n] |= get(n, TOCSIN_CHANNEL_BELLS);
	gic_eoi(iar);
	return true;
}

/* Waits some seconds for one of these bells. */
static bool hear(u32 n, u32 bells)
{
	u64 end = counter() + 10 * read_sysreg(CNTFRQ_EL0);
	bool heard;

	while (!(waiting[n] & bells) && counter() < end)
		poll();
	heard = waiting[n] & bells;
	waiting[n] &= ~bells;
	return heard;
}

static void listen(void)
{
	reset();
	for (u32 n = 0; n < NR_CHANNELS; n++) {
		u32 intid = get(n, TOCSIN_CHANNEL_INTID);

		waiting[n] |= get(n, TOCSIN_CHANNEL_BELLS);
		gic_set_edge(intid, true);
		gic_route(intid, 0);
		gic_enable(intid);
	}
	mmu_window(WINDOW, 0);
	board = (struct board *)memory(0);
}

/* ---- pong ---- */

static u32 touch(volatile u32 *at)
{
	struct fault f = try_write((u64)at, 4, *at + 1);

	return f.taken ? ESR_EC(f.esr) : 0;
}

/* Looks away until ping has rung as often as it likes: how many interrupts that was. */
static u32 hold(void)
{
	u32 interrupts = 0;

	board->hold = 1;
	wait_for(&board->hold, 2);
	delay_us(1000);
	for (u32 i = 0; i < 100; i++) {
		interrupts += poll();
		delay_us(10);
	}
	board->arg = (waiting[1] | waiting[2]) & ~TOCSIN_CHANNEL_BELL_STATE;
	waiting[1] = waiting[2] = 0;
	return interrupts;
}

static void obey(void)
{
	switch (board->order) {
	case WRITE_HERE:
		board->result = touch(memory(0) + board->arg);
		break;
	case WRITE_THERE:
		board->result = touch(memory(1) + board->arg);
		break;
	case HOLD:
		board->result = hold();
		break;
	case RESET:
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
		break;
	default:
		hvc_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	}
	ring(0, BELL_DONE);
}

static _Noreturn void pong(void)
{
	listen();
	board->hello++;
	ring(0, BELL_DONE);
	for (;;) {
		if (!poll())
			wfi();
		if (waiting[0] & BELL_ECHO)
			ring(0, BELL_ECHO);
		if (waiting[0] & BELL_ORDER)
			obey();
		waiting[0] = 0;
	}
}

/* ---- ping ---- */

static u32 tell(enum order order, u32 arg)
{
	board->order = order;
	board->arg = arg;
	ring(0, BELL_ORDER);
	EXPECT(hear(0, BELL_DONE), "order %u: no answer", order);
	return board->result;
}

void guest_setup(void)
{
	if (strstr(machine.bootargs, "pong"))
		pong();
	listen();
	wait_for(&board->hello, 1);
	ring(0, BELL_ECHO); /* what pong has rung before may have been too early */
	if (hear(0, BELL_ECHO)) {
		waiting[0] = waiting[1] = waiting[2] = 0;
		return;
	}
	print("FAIL channel-pair: pong is not there\n");
	guest_done();
}

static void test_registers(void)
{
	static const u32 sizes[NR_CHANNELS] = {0x10000, 0x400000, 0};

	for (u32 n = 0; n < NR_CHANNELS; n++) {
		EXPECT_EQ(get(n, TOCSIN_CHANNEL_MAGIC), TOCSIN_CHANNEL_MAGIC_VALUE);
		EXPECT_EQ(get(n, TOCSIN_CHANNEL_STATUS),
			  TOCSIN_CHANNEL_PEER_RUNS | TOCSIN_CHANNEL_MAY_WRITE);
		EXPECT_EQ(get(n, TOCSIN_CHANNEL_PEER_STARTS), 1);
		EXPECT_EQ(size(n), sizes[n]);
		EXPECT_EQ(get(n, TOCSIN_CHANNEL_PEER_NAME), 0x676e6f70); /* "pong" */
		EXPECT_EQ(get(n, TOCSIN_CHANNEL_PEER_NAME + 4), 0);
		EXPECT_EQ(get(n, 0xffc), 0);
		io_write32(PAGES + n * PAGE_SIZE, 0);
	}
	EXPECT_EQ(get(2, TOCSIN_CHANNEL_INTID), 32 + 120); /* as the tree has it */
}

static void test_widths(void)
{
	for (u32 bytes = 1; bytes <= 8; bytes *= 2) {
		bool fault = bytes != 4;

		EXPECT_EQ(try_read(PAGES, bytes, NULL).taken, fault);
		EXPECT_EQ(try_write(PAGES, bytes, 0).taken, fault);
	}
	EXPECT(try_read(PAGES + NR_CHANNELS * PAGE_SIZE, 4, NULL).taken, "a fourth channel");
}

/* The nodes say what the registers say. */
static void test_tree(void)
{
	int node = -1;

	for (u32 n = 0; n < NR_CHANNELS; n++) {
		const u8 *interrupts;
		struct range page;
		u32 len;

		node = fdt_compatible(node, "tocsin,channel");
		EXPECT(node >= 0, "channel %u has no node", n);
		if (node < 0)
			return;
		EXPECT(fdt_reg(node, 0, &page) && page.base == PAGES + n * PAGE_SIZE, "reg of %u",
		       n);
		interrupts = fdt_prop(node, "interrupts", &len);
		EXPECT(interrupts && len == 12, "interrupts of %u", n);
		EXPECT_EQ(fdt_cells(interrupts + 4, 1) + 32, get(n, TOCSIN_CHANNEL_INTID));
		EXPECT(fdt_string_is(node, "tocsin,peer", "pong"), "peer of %u", n);
		EXPECT_EQ(!!fdt_prop(node, "memory-region", &len), !!size(n));
	}
	node = fdt_node("/reserved-memory");
	for (u32 n = 0; n < 2; n++) {
		struct range r;

		node = fdt_next(node);
		EXPECT(fdt_reg(node, 0, &r) && r.base == get(n, TOCSIN_CHANNEL_BASE) &&
			   r.size == size(n),
		       "memory of %u", n);
		EXPECT(fdt_prop(node, "no-map", NULL), "memory of %u may be used", n);
	}
}

/* What pong has not written to is clear. */
static void test_clear(void)
{
	for (u32 n = 0; n < 2; n++)
		for (u32 i = sizeof(*board) / 4; i < size(n) / 4; i++)
			EXPECT(!memory(n)[i], "channel %u, word %u", n, i);
	EXPECT(try_read((u64)memory(0) + size(0), 4, NULL).taken, "more than its size");
}

static void test_memory(void)
{
	for (u32 n = 0; n < 2; n++) {
		u32 last = size(n) / 4 - 1;

		memory(n)[last] = 41;
		EXPECT_EQ(tell(n ? WRITE_THERE : WRITE_HERE, last), n ? EC_DABT_SAME : 0);
		EXPECT_EQ(memory(n)[last], n ? 41 : 42);
	}
}

/* Neither side executes what the other may have written. */
static void test_execute(void)
{
	u64 address = get(0, TOCSIN_CHANNEL_BASE) + size(0) - 8;
	struct fault f;

	memory(0)[size(0) / 4 - 2] = 0xd65f03c0; /* RET */
	dsb(sy);
	mmu_off();
	fault_expect();
	__asm__ volatile("blr %0" ::"r"(address) : "x30", "memory");
	f = fault_end();
	mmu_on();
	EXPECT(f.taken && ESR_EC(f.esr) == EC_IABT_SAME, "executed, or ESR 0x%lx", f.esr);
}

static void test_echo(void)
{
	for (u32 i = 0; i < 1000 && !test_failed(); i++) {
		ring(0, BELL_ECHO);
		EXPECT(hear(0, BELL_ECHO), "%u: no echo", i);
	}
	EXPECT_NOTHING();
}

/* As long as pong does not look, there is one interrupt on each channel, whatever rings. */
static void test_collapse(void)
{
	board->order = HOLD;
	ring(0, BELL_ORDER);
	EXPECT(wait_for(&board->hold, 1), "pong does not wait");
	for (u32 i = 0; i < 3100; i++) {
		ring(1, 1u << i % 15);
		ring(2, 1u << (16 + i % 16)); /* the last of which nobody can ring */
	}
	ring(1, 0);
	board->hold = 2;
	EXPECT(hear(0, BELL_DONE), "no answer");
	EXPECT_EQ(board->result, 2);
	EXPECT_EQ(board->arg, 0x7fff7fff);
	board->hold = 0;
}

/* A bell that rings while it is being answered is another one. */
static void test_again(void)
{
	u64 end = counter() + 10 * read_sysreg(CNTFRQ_EL0);
	u32 intid = get(0, TOCSIN_CHANNEL_INTID), iar;

	ring(0, BELL_ECHO);
	do {
		iar = gic_ack();
	} while (NOTHING(iar) && counter() < end);
	EXPECT_EQ(INTID(iar), intid);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_BELLS), BELL_ECHO);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_BELLS), 0);
	ring(0, BELL_ECHO);
	for (u32 i = 0; i < 1000 && !gic_is_pending(intid); i++)
		delay_us(100);
	EXPECT(gic_is_pending(intid) && gic_is_active(intid), "not pending behind itself");
	gic_eoi(iar);
	EXPECT(hear(0, BELL_ECHO), "lost");
}

/* The memory stays, the bell says that something has happened, the count says what. */
static void test_restart(void)
{
	u64 end = counter() + 10 * read_sysreg(CNTFRQ_EL0);

	memory(0)[100] = 0x1234;
	waiting[0] = 0;
	board->order = RESET;
	ring(0, BELL_ORDER);
	EXPECT(hear(0, TOCSIN_CHANNEL_BELL_STATE), "not told");
	while (get(0, TOCSIN_CHANNEL_PEER_STARTS) != 2 && counter() < end)
		;
	for (u32 n = 0; n < NR_CHANNELS; n++)
		EXPECT_EQ(get(n, TOCSIN_CHANNEL_PEER_STARTS), 2);
	EXPECT(hear(0, BELL_DONE), "pong has not rung");
	EXPECT_EQ(board->hello, 2);
	EXPECT_EQ(memory(0)[100], 0x1234);
	waiting[0] = 0;
	test_echo();
}

static void test_off(void)
{
	poll();
	poll();
	poll();
	waiting[0] = waiting[1] = waiting[2] = 0;
	board->order = OFF;
	ring(0, BELL_ORDER);
	for (u32 n = 0; n < NR_CHANNELS; n++) {
		EXPECT(hear(n, TOCSIN_CHANNEL_BELL_STATE), "%u: not told", n);
		EXPECT(!peer_runs(n), "%u: it runs", n);
		EXPECT_EQ(get(n, TOCSIN_CHANNEL_PEER_STARTS), 2);
		ring(n, BELL_ECHO);
	}
	EXPECT_NOTHING();
	EXPECT_EQ(memory(0)[100], 0x1234);
}

const struct test guest_tests[] = {
    {"channel-registers", test_registers, UNDER_TOCSIN},
    {"channel-widths", test_widths, UNDER_TOCSIN},
    {"channel-tree", test_tree, UNDER_TOCSIN},
    {"channel-clear", test_clear, UNDER_TOCSIN},
    {"channel-memory", test_memory, UNDER_TOCSIN},
    {"channel-execute", test_execute, UNDER_TOCSIN},
    {"channel-echo", test_echo, UNDER_TOCSIN},
    {"channel-collapse", test_collapse, UNDER_TOCSIN},
    {"channel-again", test_again, UNDER_TOCSIN},
    {"channel-restart", test_restart, UNDER_TOCSIN},
    {"channel-off", test_off, UNDER_TOCSIN},
    {0},
};
