/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of async page-not-present share: pages of which a quarter is resident, a control
 * block and a handler for each vCPU, and programs at EL0 that touch what is stored.
 */
#pragma once

#include "sdei.h"
#include <abi/apf.h>

#define EL0_BLOCK 3
#define PAGES 1024 /* four times what is resident */
#define LINE 64
#define BLOCK_SIZE 8192

/* What the handler does. */
enum way { ACCEPT, DECLINE, ACCEPT_AND_COMPLETE, ACCEPT_LATE };

/* A vCPU's; seen is what its handler found. */
struct apf_cpu {
	volatile struct tocsin_apf_notice *notice;
	struct tocsin_apf_consumed *consumed;
	struct tocsin_apf_ring *ring;
	enum way way;
	struct {
		u32 runs, token, produced;
		u64 pc, page, status, vbar;
	} seen;
};

static struct apf_cpu apf_cpu[MAX_CPUS];
static u8 blocks[2 * BLOCK_SIZE] __attribute__((aligned(BLOCK_SIZE)));
static u8 *pages; /* PAGES of them */
static u64 area;
static u32 limit, entries, intid;

static inline struct apf_cpu *mine(void)
{
	return &apf_cpu[me()->index];
}

/* ---- calls ---- */

static inline long apf(u64 fid, u64 x1, u64 x2)
{
	return sdei_call(fid, x1, x2, 0, 0, 0);
}

static inline u64 count(u32 which)
{
	struct regs r = {{TOCSIN_APF_COUNT, which}};

	sdei_regs(&r);
	EXPECT_EQ(r.x[0], 0);
	return r.x[1];
}

static inline u8 *my_block(void)
{
	return blocks + (u64)me()->index * BLOCK_SIZE;
}

static inline void enable(void)
{
	u8 *block = my_block();

	EXPECT_EQ(apf(TOCSIN_APF_ENABLE, (u64)block, 0), 0);
	mine()->notice = (void *)block;
	mine()->consumed = (void *)(block + area);
	mine()->ring = (void *)(block + 2 * area);
}

/* How many tokens were dropped, or the error. */
static inline long disable(void)
{
	struct regs r = {{TOCSIN_APF_DISABLE}};

	sdei_regs(&r);
	return r.x[0] ? (long)r.x[0] : (long)r.x[1];
}

/* ---- memory ---- */

static inline u8 *page_at(u32 page)
{
	return pages + (u64)page * PAGE_SIZE;
}

static inline u64 word_of(u32 page, u32 i)
{
	return (u64)page << 32 | (i * 2654435761u);
}

static inline void write_page(u32 page)
{
	u64 *at = (u64 *)page_at(page);

	for (u32 i = 0; i < PAGE_SIZE / 8; i += LINE / 8)
		at[i] = word_of(page, i);
}

static inline bool page_good(u32 page)
{
	const u64 *at = (const u64 *)page_at(page);

	for (u32 i = 0; i < PAGE_SIZE / 8; i += LINE / 8)
		if (at[i] != word_of(page, i))
			return false;
	return true;
}

/* The last three quarters are written, so that of the first one nothing is resident. */
static inline void push_out_low(void)
{
	for (u32 i = PAGES / 4; i < PAGES; i++)
		write_page(i);
}

/* Pages 0 and up are stored afterwards, and those at the end resident. */
static inline void push_out(void)
{
	for (u32 i = 0; i < PAGES; i++)
		write_page(i);
	push_out_low();
}

/* ---- programs at EL0 ---- */

extern char el0_load[], el0_store[];
__asm__(".pushsection .text\n"
	".global el0_load, el0_store\n"
	"el0_load:\n"
	"	ldr	x1, [x20]\n"
	"	svc	#0\n"
	"el0_store:\n"
	"	str	x21, [x20]\n"
	"	svc	#0\n"
	".popsection");

static inline struct program at_el0(const char *code, u32 page, u64 pstate)
{
	struct program p = program_at((void *)mmu_aliased(EL0_BLOCK, code), PSTATE_EL0T | pstate);

	p.x[20] = mmu_aliased(EL0_BLOCK, page_at(page));
	p.x[21] = 0x1122334455667788;
	return p;
}

static inline void load_at_el0(u32 page)
{
	struct program p = at_el0(el0_load, page, 0);

	program_run(&p);
}

/* ---- the handler ---- */

static inline void handler(struct sdei_entry *e)
{
	struct apf_cpu *m = mine();

	if (e->x[0] != TOCSIN_EVENT_APF)
		return;
	m->seen.runs++;
	m->seen.token = m->notice->token;
	m->seen.page = m->notice->page;
	m->seen.pc = e->x[2];
	m->seen.vbar = e->vbar;
	m->seen.status = (u64)sdei_status(TOCSIN_EVENT_APF);
	if (m->way == ACCEPT_LATE)
		delay_us(5000);
	m->seen.produced = *(volatile u32 *)&m->ring->produced;
	if (m->way != DECLINE)
		m->notice->reply = TOCSIN_APF_ACCEPT;
	if (m->way == ACCEPT || m->way == ACCEPT_LATE) {
		e->call = SDEI_EVENT_COMPLETE_AND_RESUME;
		e->call_x1 = (u64)program_resumed;
	}
}

/* The next token of the ring, after at most some ms; 0: none. */
static inline u32 next_token(void)
{
	struct apf_cpu *m = mine();
	u64 until = counter() + read_sysreg(CNTFRQ_EL0) / 5;
	u32 at = m->consumed->index;

	while (__atomic_load_n(&m->ring->produced, __ATOMIC_ACQUIRE) == at)
		if (counter() > until)
			return 0;
	__atomic_store_n(&m->consumed->index, at + 1, __ATOMIC_RELEASE);
	return m->ring->token[at % entries];
}

/* All of the guest itself is resident, so that nothing but pages takes time. */
static inline void be_resident(void)
{
	for (u64 at = ALIGN_DOWN((u64)image_start, PAGE_SIZE); at < (u64)memory_end;
	     at += PAGE_SIZE)
		*(volatile u8 *)at;
}

/* This vCPU's is enabled, and what its handler needs is resident. */
static inline void begin_here(void)
{
	be_resident();
	sdei_ready(TOCSIN_EVENT_APF);
	sdei_hook = handler;
	mine()->way = ACCEPT;
	enable();
	load_at_el0(PAGES / 2);
	next_token();
	gic_clear_pending(intid);
	memset(&mine()->seen, 0, sizeof(mine()->seen));
}

/* The same, and low pages are stored. */
static inline void begin(void)
{
	push_out();
	begin_here();
}

static inline void end(void)
{
	disable();
	sdei_fresh();
	gic_disable(intid);
	irq_hook = NULL;
}

/* To be called by guest_setup(). */
static inline void apf_setup(void)
{
	struct regs r = {{TOCSIN_APF_INFO}};

	sdei_setup();
	pages = (u8 *)ALIGN_UP((u64)memory_end, MIB(2));
	mmu_alias(EL0_BLOCK, MMU_EL0);
	sdei_regs(&r);
	area = r.x[1] >> 32;
	limit = (u32)r.x[2];
	entries = (u32)(r.x[2] >> 32);
	intid = (u32)(r.x[3] >> 32);
}
