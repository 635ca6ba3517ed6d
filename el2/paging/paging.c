/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vCPUs and absent pages. No lock of its own; mm/paged.c has one for each partition.
 *
 * No wake-up is lost: a vCPU writes what it waits for before it asks for the page. Asking for a
 * page and ending its load take the same lock, and the CPU that ends a load scans all vCPUs
 * afterwards. A fault handed to a token occupies its slot before absent is cleared; readers test
 * absent first.
 */
#include <arch/barrier.h>
#include <arch/esr.h>
#include <drivers/timer.h>
#include <el2/apf.h>
#include <el2/channel.h>
#include <el2/partition.h>
#include <el2/sched.h>
#include <lib/bits.h>
#include <mm/pages.h>

/* ---- frames that an instruction needs ---- */

static void release_all(struct vcpu_paging *g, struct paged *paged)
{
	while (g->nr_held)
		paged_release(paged, g->held[--g->nr_held]);
	g->oldest = 0;
}

/* Holds one more frame, instead of the oldest if there are PAGED_HELD: the instruction needs no
 * more. */
static void hold(struct vcpu_paging *g, struct paged *paged, u32 frame)
{
	if (g->nr_held < PAGED_HELD) {
		g->held[g->nr_held++] = frame;
		return;
	}
	paged_release(paged, g->held[g->oldest]);
	g->held[g->oldest] = frame;
	g->oldest = (g->oldest + 1) % PAGED_HELD;
}

/* ---- a pager ---- */

#define BELL_REQUESTS 1
/* vCPUs that are told of something in one step. */
#define TOLD_AT_ONCE 8

/* Rings the pager's doorbell if there are new requests since the last time. */
static void ring_pager(struct partition *p)
{
	struct channel_end *ours = p->config->paging->pager;

	if (ours && pager_must_ring(&p->paging->pager))
		channel_ring(ours->other, BELL_REQUESTS);
}

static bool waits(const struct vcpu *v)
{
	return atomic_load(&v->paging.absent) || apf_waits(v->apf);
}

/* Makes v's CPU call paging_step() soon, even if v waits for nothing. */
static void have_look(struct vcpu *v)
{
	atomic_store_release(&v->paging.news, true);
	vcpu_request(v, REQ_RESCHED);
}

/* Some waiting vCPUs poll the pager's completions, other ones at the next bell. If none waits,
 * some vCPU that is on polls. The vCPU that polls takes all completions and tells the vCPUs that
 * they concern. */
void paging_rung(struct partition *p)
{
	u32 at = atomic_load(&p->paging->rung_at), told = 0;
	struct vcpu *on = NULL;

	pager_rung(&p->paging->pager);
	for (u32 i = 0; i < p->nr_vcpus && told < TOLD_AT_ONCE; i++) {
		struct vcpu *v;

		at = at < p->nr_vcpus ? at : 0;
		v = &p->vcpus[at++];
		if (waits(v)) {
			vcpu_request(v, REQ_RESCHED);
			told++;
		} else if (!on && atomic_load(&v->power) == POWER_ON) {
			on = v;
		}
	}
	atomic_store(&p->paging->rung_at, at);
	if (on && !told)
		have_look(on);
}

void paging_renew(struct partition *p)
{
	paged_renew(&p->paging->paged);
}

/* ---- faults ---- */

/* Handles the answer to v's request for page, for which v has recorded that it waits. True: v
 * waits. */
static bool must_wait(struct vcpu *v, u32 page, enum paged_answer answer, bool may_notify)
{
	struct vcpu_paging *g = &v->paging;

	if (answer == PAGED_ROOM) {
		/* A CPU that ends a load from now on sees that v waits for any load. */
		atomic_store(&g->absent, ABSENT_ROOM);
		if (paged_is_loading(&v->partition->paging->paged))
			return true;
	} else if (answer == PAGED_WAIT) {
		if (!may_notify || !apf_notify(v, page))
			return true;
		/* The page may have come while the guest was told. */
		if (!atomic_cas(&g->absent, ABSENT_PAGE + page, ABSENT_NOTHING))
			apf_withdraw(v);
		else
			sched_choose_by(v->cpu, paged_next(&v->partition->paging->paged));
	}
	atomic_store(&g->absent, ABSENT_NOTHING);
	return false;
}

static bool is_slow(const struct paging *p)
{
	return atomic_load(&p->paged.store->latency_us) >= p->async_min_us;
}

static enum paged_answer ask(struct vcpu *v, u32 page, const struct paged_access *access,
			     u32 *frame)
{
	struct paging *p = v->partition->paging;
	struct vcpu_paging *g = &v->paging;
	u64 now = timer_now();
	enum paged_answer answer;

	atomic_store(&g->absent, ABSENT_PAGE + page);
	answer = paged_fault(&p->paged, page, access, now, frame);
	ring_pager(v->partition);
	if (!must_wait(v, page, answer, !access->el1 && is_slow(p)))
		return answer;
	g->since = now;
	if (access->el1)
		g->counts.el1++;
	else
		g->counts.el0++;
	vcpu_wait(v);
	return answer;
}

struct verdict paging_fault(struct vcpu *v, u64 esr, u64 ipa)
{
	struct paged *paged = &v->partition->paging->paged;
	struct vcpu_paging *g = &v->paging;
	struct paged_access access = {.fetch = ESR_EC(esr) == EC_IABT_LOWER,
				      .el1 = (v->regs.pstate & PSTATE_M_MASK) != PSTATE_EL0T};
	u32 frame;

	if (g->pc != v->regs.pc)
		release_all(g, paged);
	g->pc = v->regs.pc;
	switch (ask(v, paged_page(paged, ipa), &access, &frame)) {
	case PAGED_THERE:
		hold(g, paged, frame);
		g->counts.there++;
		return VERDICT(RESUME);
	case PAGED_LOST:
		return v->partition->config->paging->loss_stops ? VERDICT(STOP) : VERDICT(ABORT);
	default:
		return VERDICT(RESUME);
	}
}

enum bring paging_bring(struct vcpu *v, u32 page, u32 *frame)
{
	static const struct paged_access access = {.el1 = true};

	switch (ask(v, page, &access, frame)) {
	case PAGED_THERE:
		return BRING_THERE;
	case PAGED_LOST:
		return BRING_LOST;
	default:
		return BRING_LATER;
	}
}

/* ---- arrivals ---- */

/* Tells v if it waits for page or for room, or if its guest has a token for page. */
static void tell(struct vcpu *v, u32 page)
{
	struct vcpu_paging *g = &v->paging;
	u32 absent = atomic_load_acquire(&g->absent);
	bool some = page != PAGED_NO_PAGE;
	bool its = absent == ABSENT_ROOM || (some && absent == ABSENT_PAGE + page);
	bool news = its && atomic_cas(&g->absent, absent, ABSENT_CAME);

	if (some && apf_waits(v->apf) && apf_arrived(v, page))
		news = true;
	if (news)
		have_look(v);
}

/* Tells the next TOLD_AT_ONCE waiting vCPUs of the load that v has ended. Until all are told, v
 * does nothing else. */
static void tell_some(struct vcpu *v)
{
	struct partition *p = v->partition;
	struct vcpu_paging *g = &v->paging;

	for (u32 told = 0; g->untold && told < TOLD_AT_ONCE; g->untold--) {
		struct vcpu *other = &p->vcpus[p->nr_vcpus - g->untold];

		if (!waits(other))
			continue;
		tell(other, g->came);
		told++;
	}
}

u64 paging_ready(const struct vcpu *v)
{
	const struct vcpu_paging *g = &v->paging;

	if (atomic_load_acquire(&g->news))
		return 0;
	if (!waits(v))
		return UINT64_MAX;
	return paged_next(&v->partition->paging->paged);
}

/* v runs again. Events that could not be delivered meanwhile now can be. */
static void resume(struct vcpu *v, u64 now)
{
	struct vcpu_paging *g = &v->paging;

	g->counts.longest = MAX(g->counts.longest, now - g->since);
	atomic_store(&g->absent, ABSENT_NOTHING);
	v->waiting = false;
	if (atomic_load(&v->sdei.pending) & ~SDEI_MASKED)
		atomic_or(&v->requests, REQ_SDEI);
}

/* The pager has more completions; v processes them although it waits for none. */
static bool looks_again(const struct vcpu *v)
{
	return v->partition->config->paging->pager && !waits(v) &&
	       !paged_next(&v->partition->paging->paged);
}

void paging_step(struct vcpu *v, u64 now)
{
	struct partition *p = v->partition;
	struct vcpu_paging *g = &v->paging;
	struct paged_done done;

	if (!g->untold && paged_done(&p->paging->paged, now, &done)) {
		g->came = done.page;
		g->untold = p->nr_vcpus;
	}
	ring_pager(p);
	tell_some(v);
	if (g->untold) {
		atomic_store(&g->news, true);
		return;
	}
	if (!atomic_swap(&g->news, false))
		return;
	if (v->apf)
		apf_serve(v);
	if (atomic_load_acquire(&g->absent) == ABSENT_CAME)
		resume(v, now);
	if (looks_again(v))
		atomic_store(&g->news, true);
}

/* ---- life ---- */

void paging_forget(struct vcpu *v)
{
	if (!v->partition->paging)
		return;
	apf_forget(v);
	release_all(&v->paging, &v->partition->paging->paged);
	v->paging = (struct vcpu_paging){0};
}

bool paging_is_reset(const struct partition *p, u64 next)
{
	return next >= p->paging->paged.config.nr_pages;
}

void paging_reset_step(struct partition *p, u64 *next)
{
	paged_reset(&p->paging->paged, (u32)*next, PAGED_RESET_STEP);
	*next += PAGED_RESET_STEP;
	if (!paging_is_reset(p, *next))
		return;
	stage2_flush_tlb(&p->stage2);
	/* The pager may have rung while no vCPU ran. */
	p->vcpus[0].paging.news = p->config->paging->pager != NULL;
}

static enum err create_far(struct far *f, const struct paging_config *c)
{
	struct far_load *heap = boot_alloc(FAR_HEAP_SIZE(c->paged.nr_loads), 8);

	if (!heap)
		return ERR_NO_MEMORY;
	far_init(f, &c->store, c->far, c->paged.nr_pages, heap, c->paged.nr_loads,
		 timer_frequency());
	return OK;
}

static enum err create_pager(struct pager *p, const struct paging_config *c)
{
	const struct pager_config config = {.shared = (void *)c->pager->memory_pa,
					    .slots = c->pager_slots,
					    .nr_pages = c->paged.nr_pages,
					    .timeout = (u64)c->pager_timeout_ms *
						       timer_frequency() / 1000};

	return pager_init(p, &config);
}

enum err paging_create(struct partition *p)
{
	const struct paging_config *c = p->config->paging;
	struct store *store;
	enum err err;

	if (!c)
		return OK;
	p->paging = boot_alloc(sizeof(*p->paging), 64);
	if (!p->paging)
		return ERR_NO_MEMORY;
	for (u32 i = 0; i < p->nr_vcpus; i++)
		if (apf_create(&p->vcpus[i]) != OK)
			return ERR_NO_MEMORY;
	p->paging->async_min_us = c->async_min_us;
	err = c->pager ? create_pager(&p->paging->pager, c) : create_far(&p->paging->far, c);
	store = c->pager ? &p->paging->pager.store : &p->paging->far.store;
	return err ?: paged_create(&p->paging->paged, &c->paged, &p->stage2, store);
}
