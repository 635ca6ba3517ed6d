/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pager for tests: memory is its store, and it behaves as the partition that it serves tells it
 * to by a second channel between the two (pagertest.h). Without that it behaves; "latency=N" in
 * bootargs then says how many us a load takes, and "hello=N" how often it says hello again, in us.
 * It also checks what it is asked.
 */
#include "pager/pager.h"
#include "pager/link.h"
#include "pagertest.h"

#define BELL 1u
#define STORM 2000

struct open {
	struct tocsin_pager_request r;
	u64 due;
};

static struct link link, control;
static struct served served;
static struct board lonely, *board = &lonely;
static u8 *store;
static struct open opens[TOCSIN_PAGER_MAX_SLOTS];
static volatile bool awake;
static u64 seed = 20;
static bool heard;
static u64 hello_every, next_hello; /* ticks */
static u32 last_id;                 /* that was completed */

static void on_interrupt(u32 intid)
{
	if (intid == link.intid)
		link_bells(&link);
	else if (control.page && intid == control.intid)
		link_bells(&control);
	else if (intid == INTID_VTIMER)
		write_sysreg(CNTV_CTL_EL0, 0);
	awake = true;
}

static u64 ticks(u64 us)
{
	return us * read_sysreg(CNTFRQ_EL0) / 1000000;
}

/* ---- what is asked ---- */

#define CHECK_REQUEST(cond)                                                                        \
	do {                                                                                       \
		if (!(cond) && !board->wrong)                                                      \
			board->wrong = __LINE__;                                                   \
	} while (0)

static void new_epoch(u32 epoch)
{
	CHECK_REQUEST(epoch);
	board->epoch = epoch;
	memset(board->has, 0, sizeof(board->has));
}

static void note(const struct tocsin_pager_request *r)
{
	if (r->epoch != board->epoch)
		new_epoch(r->epoch);
	CHECK_REQUEST(r->page < BOARD_PAGES);
	CHECK_REQUEST(!board->is_open[r->page]);
	for (u32 i = 0; i < board->open; i++)
		CHECK_REQUEST(TOCSIN_PAGER_SLOT(opens[i].r.id) != TOCSIN_PAGER_SLOT(r->id));
	if (r->op == TOCSIN_PAGER_LOAD)
		CHECK_REQUEST(board->has[r->page]);
	board->loads += r->op == TOCSIN_PAGER_LOAD;
	board->evicts += r->op == TOCSIN_PAGER_EVICT;
	board->drops += r->op == TOCSIN_PAGER_DROP;
}

static void take(void)
{
	struct tocsin_pager_request r;

	if (!heard && served_heard(&served)) {
		heard = true;
		board->hellos++;
	}
	while (served_next(&served, &r)) {
		note(&r);
		board->is_open[r.page] = true;
		opens[board->open++] = (struct open){r, counter() + ticks(board->latency_us)};
		board->most_open = MAX(board->most_open, board->open);
	}
}

/* ---- what is answered ---- */

static void copy_page(void *to, const void *from)
{
	for (u32 i = 0; i < PAGE_SIZE / 8; i++)
		((u64 *)to)[i] = ((const u64 *)from)[i];
}

static u32 carry_out(const struct tocsin_pager_request *r)
{
	u8 *page = store + (u64)r->page * PAGE_SIZE, *slot = served_slot(&served, r->id);

	u32 fail = r->op == TOCSIN_PAGER_LOAD    ? board->fail_loads
		   : r->op == TOCSIN_PAGER_EVICT ? board->fail_evicts
						 : 0;

	if (fail && r->page == board->fail_page)
		return fail;
	if (r->op == TOCSIN_PAGER_LOAD)
		copy_page(slot, page);
	else if (r->op == TOCSIN_PAGER_EVICT)
		copy_page(page, slot);
	if (r->epoch == board->epoch)
		board->has[r->page] = r->op != TOCSIN_PAGER_DROP;
	return 0;
}

static bool is_due(const struct open *o, u64 now)
{
	return o->due <= now && !(board->hold & HOLD(o->r.op));
}

/* One that is due, of several any if they are shuffled; -1: none. */
static int choose(u64 now)
{
	u32 from = board->shuffle && board->open ? (u32)(random_next(&seed) % board->open) : 0;

	for (u32 i = 0; i < board->open; i++)
		if (is_due(&opens[(from + i) % board->open], now))
			return (int)((from + i) % board->open);
	return -1;
}

static void answer(void)
{
	u64 now = counter();
	bool some = false;

	for (int i = choose(now); i >= 0; i = choose(now)) {
		struct tocsin_pager_request r = opens[i].r;

		for (board->open--; (u32)i < board->open; i++)
			opens[i] = opens[i + 1];
		board->is_open[r.page] = false;
		served_complete(&served, r.id, carry_out(&r));
		last_id = r.id;
		some = true;
	}
	if (some)
		link_ring(&link, BELL);
}

/* Wakes when the next one is due. */
static void set_timer(void)
{
	u64 next = hello_every ? next_hello : ~0UL;

	for (u32 i = 0; i < board->open; i++)
		if (!(board->hold & HOLD(opens[i].r.op)))
			next = MIN(next, opens[i].due);
	if (next == ~0UL)
		return;
	write_sysreg(CNTV_CVAL_EL0, next);
	write_sysreg(CNTV_CTL_EL0, 1);
	isb();
}

/* ---- hello ---- */

static void hello(u32 keeps)
{
	u32 latency = board->latency_us;

	heard = false;
	board->open = 0;
	memset(board->is_open, 0, sizeof(board->is_open));
	if (!keeps) {
		memset(board->has, 0, sizeof(board->has));
		board->epoch = 0;
	}
	served_hello(&served, latency ? latency : 1, board->epoch);
	link_ring(&link, BELL);
}

static void hello_again(void)
{
	if (!hello_every || counter() < next_hello)
		return;
	hello(KEEP_ALL);
	next_hello = counter() + hello_every;
}

/* ---- what no pager should do ---- */

static struct tocsin_pager_hello *our_hello(void)
{
	return (void *)(link.memory + TOCSIN_PAGER_HELLO);
}

static void complete_strange(void)
{
	served_complete(&served, (u32)random_next(&seed), 0);
	served_complete(&served, (u32)random_next(&seed), 1);
	served_complete(&served, last_id, 0);
	link_ring(&link, BELL);
}

static void scribble(void)
{
	for (u64 at = 0; at < link.size; at += 8)
		if (at < TOCSIN_PAGER_HELLO || at >= TOCSIN_PAGER_REQUESTS)
			*(volatile u64 *)(link.memory + at) = random_next(&seed);
	link_ring(&link, ~0u);
}

static void set_producer(u32 produced)
{
	__atomic_store_n(&our_hello()->produced, produced, __ATOMIC_RELEASE);
	link_ring(&link, BELL);
}

/* ---- orders ---- */

static void carry_out_order(void)
{
	switch ((enum order)board->order) {
	case ORDER_HELLO:
		hello(board->keeps);
		return;
	case ORDER_RESET:
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
		return;
	case ORDER_OFF:
		hvc_call(PSCI_SYSTEM_OFF, 0, 0, 0);
		return;
	case ORDER_STRANGE:
		complete_strange();
		return;
	case ORDER_AHEAD:
		set_producer(served.completed + 0x1000);
		return;
	case ORDER_BACK:
		set_producer(served.completed);
		return;
	case ORDER_SCRIBBLE:
		scribble();
		return;
	case ORDER_STORM:
		for (u32 i = 0; i < STORM; i++)
			link_ring(&link, BIT(i % 31));
		return;
	case ORDER_VERSION:
		served_hello(&served, 1, 0);
		our_hello()->version = TOCSIN_PAGER_VERSION + 98;
		link_ring(&link, BELL);
		return;
	case ORDER_LOOK:
		return;
	}
}

static void obey(void)
{
	u32 asked = board->asked;

	if (asked == board->obeyed)
		return;
	if (board->order == ORDER_RESET || board->order == ORDER_OFF)
		board->obeyed = asked; /* there is no afterwards */
	carry_out_order();
	__atomic_store_n(&board->obeyed, asked, __ATOMIC_RELEASE);
}

/* ---- the start ---- */

static bool find(void)
{
	struct link l;
	int node;

	if (link_find(-1, "tocsin,pager", &link) < 0)
		return false;
	for (node = link_find(-1, "tocsin,channel", &l); node >= 0;
	     node = link_find(node, "tocsin,channel", &l))
		if (l.page != link.page)
			control = l;
	if (!control.page) {
		store = (u8 *)ALIGN_UP((u64)memory_end, PAGE_SIZE);
		board->latency_us = (u32)bootarg_number("latency=", 0);
		hello_every = ticks(bootarg_number("hello=", 0));
	} else {
		board = (struct board *)control.memory;
		store = control.memory + BOARD_STORE;
		link_listen(&control);
	}
	if (!served_open(&served, link.memory, link.size))
		return false;
	board->slots = served.slots;
	return true;
}

static void run(void)
{
	irq_hook = on_interrupt;
	gic_enable(INTID_VTIMER);
	irq_enable();
	if (!find()) {
		test_fail("nobody is served");
		return;
	}
	link_listen(&link);
	hello(board->keeps);
	for (;;) {
		awake = false;
		obey();
		take();
		answer();
		hello_again();
		set_timer();
		wfi_unless(awake);
	}
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {{"pagertest", run, UNDER_TOCSIN}, {0}};
