/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: el2/apf.c el2/apf_call.c el2/paging.c el2/vsdei.c el2/alarm.c el2/inject.c
 * sources: sdei/pe.c sdei/event.c
 *
 * Tokens, ring and calls of async page-not-present, a million steps of a guest that keeps to
 * the rules or not, beside a list of what is outstanding. Pages come on another CPU:
 * before v is told, before its handler, in it, and after.
 */
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
void *object_alloc(size_t size, size_t align)
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
void stage2_forget(struct stage2 *s)
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

static void fault(struct vcpu *v, u32 page, bool before)
{
	static const u64 states[] = {PSTATE_EL1H, PSTATE_I, PSTATE_SS, PSTATE_EL1H | PSTATE_I};
	u64 pstate = one_in(8) ? states[test_random() % 4] : 0;
	u64 cancelled = v->apf->counts.cancelled, limit = v->apf->counts.limit;
	u32 other = 8 + test_random() % (NR_PAGES - 8);
	bool ours;

	v->regs = guest();
	v->regs.pstate = pstate;
	v->regs.pc = PC + 4 * (test_random() % 8);
	host_SP_EL1 = test_random() % 256;
	choose_by = 0;
	EXPECT_EQ(paging_fault(v, ESR_DABT, RAM + page * PAGE_SIZE).action, ACT_RESUME);
	ours = v->apf->noticed != APF_LIMIT;
	EXPECT_EQ(choose_by, ours ? LATER : 0);
	EXPECT(!ours || !pstate);
	if (before && state[page] == LOADING)
		arrive(page);
	else if (one_in(4) && other != page && state[other] == LOADING)
		arrive(other); /* which is no reason to cancel */
	serve(v);
	if (in_handler(v, EVENT) || v->regs.pc == ENTRY)
		hear();
	EXPECT_EQ(handles, ours && !before);
	/* Only when all are outstanding, as far as the guest says. */
	EXPECT(v->apf->counts.limit == limit || nr_list == APF_LIMIT ||
	       consumer()->index != position);
	EXPECT(!(ours && before) || v->apf->counts.cancelled == cancelled + 1);
}

static void end_handler(struct vcpu *v)
{
	u32 how = test_random() % 8;
	bool accept = how < 5;

	if (one_in(8) && state[told_page] == LOADING)
		arrive(told_page);
	serve(v);
	EXPECT_EQ(ring()->produced - position, v->apf->produced - position);
	notice()->reply = accept ? TOCSIN_APF_ACCEPT : one_in(2) ? 0 : test_random() | 2;
	if (accept) {
		list[nr_list].token = told;
		list[nr_list].page = told_page;
		list[nr_list++].came = state[told_page] != LOADING;
	}
	if (how == 4) {
		vsdei_vcpu_suspend(v);
		EXPECT_EQ(CALL(v, SDEI_PE_UNMASK), 0);
		nr_list--; /* its reply does not count */
	} else
		CALL(v, one_in(2) ? SDEI_EVENT_COMPLETE : SDEI_EVENT_COMPLETE_AND_RESUME, RESUME);
	handles = false;
	serve(v);
}

static void read_ring(void)
{
	u32 produced = ring()->produced;

	EXPECT(produced - position <= APF_LIMIT);
	for (; position != produced; position++) {
		u32 i = 0, entry = ring()->token[position % APF_RING];

		while (i < nr_list && list[i].token != entry)
			i++;
		EXPECT(i < nr_list && list[i].came);
		if (i < nr_list)
			list[i] = list[--nr_list];
	}
	consumer()->index = position;
}

/* What cannot be is as if nothing had been said. */
static void lie(struct vcpu *v)
{
	u32 room = v->apf->produced - v->apf->consumed;

	consumer()->index = one_in(2) ? v->apf->consumed - 1 - test_random() % 1000
				      : v->apf->produced + 1 + test_random() % 1000;
	EXPECT(consumer()->index - v->apf->consumed > room);
}

static void stop(struct vcpu *v, bool off)
{
	if (off) {
		vsdei_vcpu_reset(v);
		paging_forget(v);
		v->waiting = false;
	} else {
		u32 posted = ring()->produced - position;

		EXPECT_EQ(apf_call(v, TOCSIN_APF_DISABLE, 0, 0), TOCSIN_APF_SUCCESS);
		EXPECT_EQ(v->regs.x[1], nr_list - posted);
	}
	EXPECT(!v->apf->used && !v->apf->waiting && !v->apf->came && !v->apf->accepted);
	EXPECT(!holds[4] || !off);
	EXPECT(!(v->sdei.pending >> SDEI_APF & 1) && v->apf->noticed == APF_LIMIT && !v->apf->on);
	nr_list = 0;
	memset(frames[4], 0xee, PAGE_SIZE);
	for (u32 i = 8; i < NR_PAGES; i++)
		if (state[i] == LOADING)
			arrive(i);
	serve(v);
	for (u32 i = 0; i < PAGE_SIZE; i++)
		EXPECT_EQ(frames[4][i], 0xee);
	if (handles && !off)
		CALL(v, SDEI_EVENT_COMPLETE);
	voided += handles && !off;
	handles = false;
	if (off) {
		for (u32 i = 0; i < NR_PAGES; i++)
			EXPECT(!holds[i]);
		EXPECT(!v->apf->counts.notified);
		voided = heard_of = 0;
		start(v);
	} else
		enable(v);
}

static void check(const struct vcpu *v)
{
	const struct apf *a = v->apf;
	const struct apf_counts *c = &a->counts;
	u32 left = 0, posted = a->produced - position;

	EXPECT(!((a->waiting | a->came | a->accepted) & ~a->used) && !(a->waiting & a->came));
	EXPECT_EQ(a->noticed != APF_LIMIT, handles);
	EXPECT_EQ(c->notified, c->accepted + c->declined + handles + voided);
	EXPECT(c->early <= c->ready && c->ready <= c->accepted);
	EXPECT_EQ(posted + (u32)__builtin_popcountl(a->accepted), nr_list);
	EXPECT_EQ(ring()->produced, a->produced);
	EXPECT(c->ready == heard_of || pulses);
	heard_of = c->ready;
	pulses = 0;
	for (u32 i = 0; i < APF_LIMIT; i++)
		if (a->accepted >> i & 1)
			EXPECT(a->waiting >> i & 1 && state[a->page[i]] == LOADING);
	for (u32 i = 0; i < NR_PAGES; i++)
		left += holds[i];
	EXPECT_EQ(left, v->paging.nr_held + a->nr_frames);
	if (v->paging.absent >= ABSENT_PAGE)
		EXPECT_EQ(state[v->paging.absent - ABSENT_PAGE], LOADING);
	EXPECT(v->paging.absent != ABSENT_CAME && (v->paging.absent != ABSENT_ROOM || nr_loading));
	EXPECT(!lock_held(&a->lock));
}

static void some_page_comes(struct vcpu *v)
{
	u32 page = 8 + test_random() % (NR_PAGES - 8);

	if (state[page] == THERE && !holds[page])
		state[page] = STORED;
	if (state[page] != LOADING)
		return;
	arrive(page);
	serve(v);
}

static void step(struct vcpu *v, u32 rate)
{
	u32 what = test_random() % 64, page = 8 + test_random() % (NR_PAGES - 8);

	if (v->paging.absent >= ABSENT_PAGE && one_in(4)) {
		arrive(v->paging.absent - ABSENT_PAGE);
		serve(v);
	} else if (what < rate)
		some_page_comes(v);
	else if (one_in(8000))
		stop(v, handles || v->waiting || one_in(2));
	else if (handles && one_in(500))
		stop(v, false);
	else if (handles)
		end_handler(v);
	else if (what < 60 && !v->waiting && (state[page] != LOADING || one_in(2)))
		fault(v, page, one_in(8));
	else if (what < 62)
		read_ring();
	else
		lie(v);
	check(v);
}

TEST(apf_million_steps)
{
	struct vcpu *v = begin_world();
	u64 notified = 0, limit = 0, cancelled = 0, early = 0;

	start(v);
	for (u32 i = 0; i < 1000000; i++) {
		struct apf_counts before = v->apf->counts;

		full = i / 1000 % 8 == 7;
		while_asking = i / 4000 % 2 ? 16 : 0;
		step(v, i / 8192 % 2 ? 4 : 50);
		if (v->apf->counts.notified < before.notified) {
			notified += before.notified;
			limit += before.limit;
			cancelled += before.cancelled;
			early += before.early;
		}
	}
	EXPECT(notified > 20000 && limit > 100 && cancelled > 8000 && early > 1000);
	printf("  %lu notices, %lu at the limit, %lu cancelled, %lu early\n", notified, limit,
	       cancelled, early);
}

TEST(apf_enable_any)
{
	struct vcpu *v = begin_world();

	for (u32 i = 0; i < NR_PAGES; i++)
		state[i] = THERE;
	for (u32 i = 0; i < 200000; i++) {
		u64 ipa = RAM + (test_random() % (NR_PAGES + 16) - 8) * PAGE_SIZE;
		u64 flags = one_in(4) ? BIT(test_random() % 64) : 0;
		u32 nr_pages = NR_PAGES - test_random() % 2; /* an odd one: half a block */
		u64 block_pages;
		bool good;

		paging.paged.config.nr_pages = nr_pages;

		if (one_in(3))
			ipa += one_in(2) ? BIT(test_random() % 64) : test_random() % PAGE_SIZE;
		host_CTR_EL0 = (test_random() % 10) << 24;
		block_pages = (host_CTR_EL0 >> 24) % 9 ? 1 : 2;
		good = !flags && IS_ALIGNED(ipa, block_pages * PAGE_SIZE) && ipa >= RAM &&
		       ipa < RAM + ALIGN_DOWN(nr_pages, block_pages) * PAGE_SIZE;
		EXPECT_EQ((long)apf_call(v, TOCSIN_APF_ENABLE, ipa, flags),
			  good ? TOCSIN_APF_SUCCESS : TOCSIN_APF_INVALID);
		EXPECT_EQ(v->apf->on, good);
		EXPECT_EQ((long)apf_call(v, TOCSIN_APF_DISABLE, 0, 0),
			  good ? TOCSIN_APF_SUCCESS : TOCSIN_APF_ALREADY);
		for (u32 p = 0; p < NR_PAGES; p++)
			EXPECT(!holds[p]);
	}
}
