/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that is told of absent pages, and the memory that it has: what pages are, which are held,
 * and what the guest knows. For one test program.
 */
#pragma once

#include <test.h>

#define world_expect EXPECT
#define WITH_PAGING

#include <no_pager.h>
#include <sdei_guest.h>

#define NR_PAGES 160
#define RAM GIB(1)
#define BLOCK (RAM + 4 * PAGE_SIZE)
#define EVENT TOCSIN_EVENT_APF
#define ESR_DABT ((u64)EC_DABT_LOWER << 26)

enum { STORED, LOADING, THERE };
static u8 frames[NR_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
static struct paging paging;
static struct paging_config paging_config;
static struct apf apfs[NR_VCPUS];
static u32 state[NR_PAGES], holds[NR_PAGES], nr_objects, done[NR_PAGES], nr_done, pulses;
#define LATER BIT(62) /* ends whatever is loaded */
static u64 now, choose_by;
static bool full;        /* nothing can be loaded */
static u32 while_asking; /* one in so many arrives before its fault is answered */
static u32 nr_loading;

static bool one_in(u32 n)
{
	return n && test_random() % n == 0;
}

/* Accepted, and not read in the ring. */
static struct {
	u32 token, page;
	bool came;
} list[APF_LIMIT];
static u32 nr_list;

/* ---- the world around ---- */

u64 timer_now(void)
{
	return now += 10;
}
u64 timer_frequency(void)
{
	return 62500000;
}
void vcpu_wait(struct vcpu *v)
{
	v->waiting = true;
}
void sched_choose_by(struct cpu *cpu, u64 then)
{
	EXPECT(cpu == world.vcpus->cpu);
	choose_by = then;
}
void *boot_alloc(size_t size, size_t align)
{
	(void)align;
	EXPECT(size == sizeof(struct apf) && nr_objects < NR_VCPUS);
	return &apfs[nr_objects++];
}
void vgic_pulse_private(struct vcpu *v, u32 intid)
{
	EXPECT(v == world.vcpus && intid == APF_INTID);
	pulses++;
}

static void arrive(u32 page)
{
	EXPECT_EQ(state[page], LOADING);
	state[page] = THERE;
	nr_loading--;
	for (u32 i = 0; i < nr_list; i++)
		list[i].came |= list[i].page == page;
	done[nr_done++] = page;
	paging_step(&world.vcpus[1], now);
	EXPECT_EQ(nr_done, 0);
}

enum paged_answer paged_fault(struct paged *p, u32 page, const struct paged_access *a, u64 at,
			      u32 *frame)
{
	(void)a, (void)at;
	EXPECT(page < p->config.nr_pages);
	if (state[page] == THERE) {
		holds[ *frame = page]++;
		return PAGED_THERE;
	}
	if (state[page] == STORED && full)
		return PAGED_ROOM;
	nr_loading += state[page] == STORED;
	state[page] = LOADING;
	if (one_in(while_asking))
		arrive(page);
	return PAGED_WAIT;
}
void paged_release(struct paged *p, u32 frame)
{
	(void)p;
	EXPECT(holds[frame]);
	holds[frame]--;
}
bool paged_done(struct paged *p, u64 at, struct paged_done *d)
{
	(void)p, (void)at;
	if (!nr_done)
		return false;
	*d = (struct paged_done){.page = done[--nr_done]};
	return true;
}
bool paged_is_loading(struct paged *p)
{
	(void)p;
	return nr_loading;
}
u64 paged_next(const struct paged *p)
{
	(void)p;
	return nr_loading ? LATER : UINT64_MAX;
}
void paged_renew(struct paged *p)
{
	(void)p;
	abort();
}

void paged_reset(struct paged *p, u32 first, u32 n)
{
	(void)p, (void)first, (void)n;
}
enum err paged_create(struct paged *p, const struct paged_config *c, struct stage2 *s,
		      struct store *t)
{
	(void)s, (void)t;
	p->config = *c;
	return OK;
}
void far_init(struct far *f, const struct far_config *c, void *m, u32 n, struct far_load *h, u32 r,
	      u64 hz)
{
	(void)f, (void)c, (void)m, (void)n, (void)h, (void)r, (void)hz;
}
void stage2_flush_tlb(struct stage2 *s)
{
	(void)s;
}

/* ---- what the guest knows ---- */

static u32 position; /* position: what it has read of the ring */
static bool handles;
static u32 told, told_page;
static u64 voided;   /* handlers in which the guest has disabled */
static u64 heard_of; /* tokens that an interrupt came for */

static u8 *block(u32 area)
{
	return frames[4] + area * 1024;
}
static struct tocsin_apf_notice *notice(void)
{
	return (void *)block(0);
}
static struct tocsin_apf_consumed *consumer(void)
{
	return (void *)block(1);
}
static struct tocsin_apf_ring *ring(void)
{
	return (void *)block(2);
}

static struct vcpu *begin_world(void)
{
	struct vcpu *v = world_init();

	memset(&paging, 0, sizeof(paging));
	memset(apfs, 0, sizeof(apfs));
	memset(holds, 0, sizeof(holds));
	memset(state, 0, sizeof(state));
	nr_objects = nr_done = nr_list = position = nr_loading = 0;
	handles = full = false;
	voided = heard_of = pulses = while_asking = 0;
	host_CTR_EL0 = 4UL << 24;
	paging_config.paged =
	    (struct paged_config){.ipa = RAM, .nr_pages = NR_PAGES, .frames = frames};
	world.config.paging = &paging_config;
	world.partition.paging = &paging;
	paging.paged.config = paging_config.paged;
	paging.paged.store = &paging.far.store;
	for (u32 i = 0; i < NR_VCPUS; i++)
		EXPECT_EQ(apf_create(&world.vcpus[i]), OK);
	return v;
}

static u64 apf_call(struct vcpu *v, u32 fid, u64 a1, u64 a2)
{
	v->regs = guest();
	v->regs.x[0] = fid;
	v->regs.x[1] = a1;
	v->regs.x[2] = a2;
	if (fid == TOCSIN_APF_ENABLE)
		apf_enable(v, fid);
	else
		apf_disable(v, fid);
	return v->regs.x[0];
}

/* As the scheduler does before v is entered. */
static void serve(struct vcpu *v)
{
	for (u32 i = 0; i < 8; i++) {
		if (v->requests & REQ_SDEI)
			world_serve(v);
		if (paging_ready(v) == 0)
			paging_step(v, now);
	}
	v->requests = 0;
	EXPECT(paging_ready(v));
	EXPECT_EQ(v->waiting, v->paging.absent != ABSENT_NOTHING);
}

static void enable(struct vcpu *v)
{
	state[4] = THERE;
	EXPECT_EQ(apf_call(v, TOCSIN_APF_ENABLE, BLOCK, 0), TOCSIN_APF_SUCCESS);
	for (u32 i = 0; i < PAGE_SIZE; i++)
		EXPECT(!frames[4][i]);
	position = 0;
}

static void start(struct vcpu *v)
{
	begin(v, EVENT);
	EXPECT_EQ(CALL(v, SDEI_PE_UNMASK), 0);
	enable(v);
}

/* The handler has been entered. */
static void hear(void)
{
	told = notice()->token;
	told_page = (notice()->page - RAM) >> PAGE_SHIFT;
	EXPECT(told && told != TOCSIN_APF_ALL && notice()->reply == 0);
	for (u32 i = 0; i < nr_list; i++)
		EXPECT(list[i].token != told);
	handles = true;
}
