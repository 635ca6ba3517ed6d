/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vCPUs whose pages a pager keeps: who looks when it rings, when it is rung, and what follows
 * when a page cannot be had. The memory itself and the pager say what they are told to.
 * sources: el2/paging/paging.c
 */
#include <arch/esr.h>
#include <el2/channel.h>
#include <el2/partition.h>
#include <string.h>
#include <test.h>

#define NR 3
#define MANY 60 /* in some tests */
#define RAM GIB(1)
#define ESR_DABT ((u64)EC_DABT_LOWER << 26)

static struct vcpu vcpus[MANY];
static struct apf apfs[MANY];
static struct paging paging;
static struct channel_end ends[2];
static struct paging_config paging_config;
static struct partition_config config;
static struct partition part;
static struct cpu cpu;

static enum paged_answer answer;
static u64 next;
static bool asked, any_done;
static u32 rung, offers, bells;
static u32 next_frame, nr_released, released[64];

/* ---- the memory ---- */

enum paged_answer paged_fault(struct paged *p, u32 page, const struct paged_access *a, u64 now,
			      u32 *frame)
{
	(void)now, (void)a;
	EXPECT(p == &paging.paged && page == 3);
	*frame = next_frame++;
	asked |= answer == PAGED_WAIT;
	return answer;
}

bool paged_done(struct paged *p, u64 now, struct paged_done *d)
{
	(void)p, (void)now;
	*d = (struct paged_done){.page = 3};
	return any_done;
}

u64 paged_next(const struct paged *p)
{
	(void)p;
	return next;
}

bool paged_is_loading(struct paged *p)
{
	(void)p;
	return true;
}

void paged_release(struct paged *p, u32 frame)
{
	(void)p;
	released[nr_released++] = frame;
}

void paged_reset(struct paged *p, u32 first, u32 n)
{
	(void)p, (void)first, (void)n;
}

/* ---- the pager, and its end of the channel ---- */

void pager_rung(struct pager *p)
{
	EXPECT(p == &paging.pager);
	rung++;
}

void paged_renew(struct paged *p)
{
	EXPECT(p == &paging.paged);
	offers++;
}

bool pager_must_ring(struct pager *p)
{
	bool was = asked;

	EXPECT(p == &paging.pager);
	asked = false;
	return was;
}

void channel_ring(struct channel_end *e, u32 bell)
{
	EXPECT(e == &ends[0] && bell == 1);
	bells++;
}

/* ---- the rest ---- */

u64 timer_now(void)
{
	return 1000;
}

void vcpu_request(struct vcpu *v, u32 requests)
{
	EXPECT_EQ(requests, REQ_RESCHED);
	v->requests |= requests;
}

void vcpu_wait(struct vcpu *v)
{
	v->waiting = true;
}

void stage2_flush_tlb(struct stage2 *s)
{
	(void)s;
}

bool apf_notify(struct vcpu *v, u32 page)
{
	(void)v, (void)page;
	return false;
}

bool apf_arrived(struct vcpu *v, u32 page)
{
	(void)v;
	EXPECT_EQ(page, 3);
	return false;
}

void apf_serve(struct vcpu *v)
{
	(void)v;
}

/* Under that name for the linker, whatever its type. */
#define NOT_CALLED(name)                                                                           \
	void not_called_##name(void) __asm__(#name);                                               \
	void not_called_##name(void)                                                               \
	{                                                                                          \
		printf("%s is called\n", #name);                                                   \
		abort();                                                                           \
	}

NOT_CALLED(apf_create)
NOT_CALLED(apf_forget)
NOT_CALLED(apf_withdraw)
NOT_CALLED(far_init)
NOT_CALLED(boot_alloc)
NOT_CALLED(paged_create)
NOT_CALLED(pager_init)
NOT_CALLED(sched_choose_by)
NOT_CALLED(timer_frequency)

static void set_up(void)
{
	memset(vcpus, 0, sizeof(vcpus));
	memset(apfs, 0, sizeof(apfs));
	memset(&paging, 0, sizeof(paging));
	ends[0] = (struct channel_end){.other = &ends[1], .intid = 80};
	ends[1] = (struct channel_end){.other = &ends[0], .tocsins = true, .partition = &part};
	paging_config = (struct paging_config){.pager = &ends[1]};
	config = (struct partition_config){.paging = &paging_config};
	part = (struct partition){
	    .config = &config, .paging = &paging, .vcpus = vcpus, .nr_vcpus = NR};
	paging.paged.config = (struct paged_config){.ipa = RAM, .nr_pages = 16};
	paging.paged.store = &paging.pager.store;
	for (u32 i = 0; i < MANY; i++) {
		vcpus[i].partition = &part;
		vcpus[i].cpu = &cpu;
		vcpus[i].apf = &apfs[i];
	}
	rung = offers = bells = next_frame = nr_released = 0;
	asked = any_done = false;
	next = UINT64_MAX;
}

static u32 who(void)
{
	u32 set = 0;

	for (u32 i = 0; i < NR; i++) {
		if (vcpus[i].requests)
			set |= 1U << i;
		vcpus[i].requests = 0;
	}
	return set;
}

TEST(those_who_wait_look)
{
	set_up();
	for (u32 i = 0; i < NR; i++)
		vcpus[i].power = POWER_ON;
	vcpus[1].paging.absent = ABSENT_PAGE + 3;
	vcpus[2].apf->waiting = 1;
	paging_rung(&part);
	EXPECT_EQ(who(), 6);
	EXPECT(rung == 1 && !offers);
	for (u32 i = 0; i < NR; i++)
		EXPECT(!vcpus[i].paging.news);
	next = 0;
	EXPECT_EQ(paging_ready(&vcpus[0]), UINT64_MAX);
	EXPECT_EQ(paging_ready(&vcpus[1]), 0);
}

/* Else the hello would not be heard before somebody needs a page. */
TEST(somebody_looks_if_nobody_waits)
{
	set_up();
	paging_renew(&part);
	EXPECT(who() == 0 && !rung && offers == 1);
	paging_rung(&part);
	EXPECT(who() == 0 && rung == 1 && offers == 1);
	rung = 0;
	vcpus[1].power = vcpus[2].power = POWER_ON;
	vcpus[1].waiting = true; /* for an interrupt */
	paging_rung(&part);
	EXPECT_EQ(who(), 2);
	EXPECT_EQ(paging_ready(&vcpus[1]), 0);
	next = 0; /* as long as there is more */
	paging_step(&vcpus[1], 1000);
	EXPECT_EQ(paging_ready(&vcpus[1]), 0);
	next = 5000;
	paging_step(&vcpus[1], 1000);
	EXPECT_EQ(paging_ready(&vcpus[1]), UINT64_MAX);
	EXPECT(vcpus[1].waiting);
}

/* The pager may have rung while the partition was loaded. */
TEST(the_first_one_looks_at_the_start)
{
	u64 at = 0;

	set_up();
	paging_reset_step(&part, &at);
	EXPECT(paging_is_reset(&part, at) && vcpus[0].paging.news && !vcpus[1].paging.news);
	paging_config.pager = NULL;
	vcpus[0].paging.news = false;
	at = 0;
	paging_reset_step(&part, &at);
	EXPECT(!vcpus[0].paging.news);
}

TEST(the_pager_hears_what_is_asked)
{
	struct vcpu *v = &vcpus[0];

	set_up();
	answer = PAGED_WAIT;
	EXPECT_EQ(paging_fault(v, ESR_DABT, RAM + 3 * PAGE_SIZE).action, ACT_RESUME);
	EXPECT(bells == 1 && v->waiting && v->paging.absent == ABSENT_PAGE + 3);
	asked = true; /* asked anew, in a new session */
	paging_step(v, 2000);
	EXPECT(bells == 2 && v->waiting);
	any_done = true;
	paging_step(v, 2000);
	EXPECT(bells == 2 && !v->waiting && !v->paging.absent);
	EXPECT_EQ(v->paging.counts.longest, 1000);
}

TEST(what_a_loss_comes_to)
{
	struct vcpu *v = &vcpus[0];

	set_up();
	answer = PAGED_LOST;
	EXPECT_EQ(paging_fault(v, ESR_DABT, RAM + 3 * PAGE_SIZE).action, ACT_ABORT);
	EXPECT(!v->waiting && !v->paging.absent);
	paging_config.loss_stops = true;
	EXPECT_EQ(paging_fault(v, ESR_DABT, RAM + 3 * PAGE_SIZE).action, ACT_STOP);
	EXPECT(!v->waiting && !v->paging.absent && !bells);
}

/* The frames that an instruction was given last stay: those that it needs, however many faults it
 * takes. At another one they go. */
TEST(the_oldest_frame_goes_first)
{
	struct vcpu *v = &vcpus[0];

	set_up();
	answer = PAGED_THERE;
	for (u32 i = 0; i < 2 * PAGED_HELD + 5; i++) {
		EXPECT_EQ(paging_fault(v, ESR_DABT, RAM + 3 * PAGE_SIZE).action, ACT_RESUME);
		EXPECT_EQ(nr_released, i < PAGED_HELD ? 0 : i + 1 - PAGED_HELD);
	}
	for (u32 i = 0; i < nr_released; i++)
		EXPECT_EQ(released[i], i);
	v->regs.pc += 4;
	EXPECT_EQ(paging_fault(v, ESR_DABT, RAM + 3 * PAGE_SIZE).action, ACT_RESUME);
	EXPECT_EQ(nr_released, 2 * PAGED_HELD + 5);
}

/* The search for a frame is not over: the access is made again, and nothing is waited for. */
TEST(who_is_to_try_again_does)
{
	struct vcpu *v = &vcpus[0];

	set_up();
	answer = PAGED_AGAIN;
	EXPECT_EQ(paging_fault(v, ESR_DABT, RAM + 3 * PAGE_SIZE).action, ACT_RESUME);
	EXPECT(!v->waiting && !v->paging.absent && !v->paging.nr_held);
}

static void many_wait(void)
{
	set_up();
	part.nr_vcpus = MANY;
	for (u32 i = 0; i < MANY; i++) {
		vcpus[i].power = POWER_ON;
		vcpus[i].waiting = true;
		vcpus[i].paging.absent = i % 3 ? ABSENT_PAGE + 3 : ABSENT_PAGE + 4;
	}
}

static u32 nr_asked(void)
{
	u32 n = 0;

	for (u32 i = 0; i < MANY; i++) {
		n += vcpus[i].requests != 0;
		vcpus[i].requests = 0;
	}
	return n;
}

/* Each bell is for others, until all have looked. */
TEST(a_bell_is_short_however_many_wait)
{
	bool heard[MANY] = {0};

	many_wait();
	for (u32 i = 0; i < (MANY + 7) / 8; i++) {
		paging_rung(&part);
		for (u32 v = 0; v < MANY; v++)
			heard[v] |= vcpus[v].requests != 0;
		EXPECT_EQ(nr_asked(), 8);
	}
	for (u32 v = 0; v < MANY; v++)
		EXPECT(heard[v]);
}

/* The vCPU that ends a load tells all that it concerns before it goes on, some in each step. */
TEST(an_arrival_is_told_in_steps)
{
	struct vcpu *v = &vcpus[1];
	u32 steps = 0;

	many_wait();
	any_done = true;
	do {
		u32 n;

		paging_step(v, 2000);
		any_done = false;
		n = nr_asked();
		EXPECT(n <= 8);
		steps++;
	} while (v->paging.untold && paging_ready(v) == 0 && steps < MANY);
	EXPECT(steps > 4 && !v->paging.untold && !v->waiting && !v->paging.absent);
	for (u32 i = 0; i < MANY; i++) {
		if (i == 1)
			continue;
		EXPECT_EQ(vcpus[i].paging.absent, i % 3 ? ABSENT_CAME : ABSENT_PAGE + 4);
		EXPECT_EQ(vcpus[i].paging.news, i % 3 != 0);
	}
}
