/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that a pager keeps: requests, the effect of completions, and time-outs. Lock: that of the
 * paged memory it serves.
 *
 * No wake-up is lost, because a waiting vCPU sets its flag before it calls next(), and pager_rung()
 * writes `rung` before the waiters are scanned. And busy() makes done() report room whenever
 * something has become free.
 */
#include "pager_ring.h"
#include "pager_slots.h"
#include <arch/barrier.h>
#include <lib/atomic.h>
#include <lib/bits.h>
#include <lib/layout.h>
#include <lib/string.h>
#include <mm/pages.h>

/* Completions, or slots, that are processed in one call. */
#define AT_ONCE 8

LAYOUT(struct pager, store, 0);

static struct pager *pager_of(const struct store *s)
{
	return (struct pager *)(u64)s; /* its first member */
}

/* ---- slots ---- */

/* The slot is of an earlier epoch, or its load has been reported: no vCPU waits for it. */
static bool is_for_nobody(const struct pager *p, const struct pager_slot *s)
{
	return s->epoch != p->epoch;
}

static bool is_saving(const struct pager *p, const struct pager_slot *s)
{
	return s->use == PAGER_EVICT && !is_for_nobody(p, s);
}

static bool is_open(const struct pager *p, const struct pager_slot *s)
{
	return pager_ring_owes(p, s) && !s->late;
}

static bool any(const struct pager *p, enum pager_list list)
{
	return pager_slot_first(p, list);
}

/* Counts s out of PAGER_OPEN, if it is there. */
static void close(struct pager *p, const struct pager_slot *s)
{
	if (!is_open(p, s))
		return;
	p->nr_open--;
	p->nr_saving -= is_saving(p, s);
}

/* True if a report, a completion or a useful time-out is still due. A dead pager only has
 * time-outs: they end loads and unpin pages, but pages whose save is in flight stay pinned. */
static bool is_coming(const struct pager *p)
{
	return any(p, PAGER_OVER) || any(p, PAGER_OLD) || atomic_load(&p->rung) ||
	       p->nr_open > (p->store.dead ? p->nr_saving : 0);
}

/* Writes a request for s, or writes it again. */
static void ask(struct pager *p, struct pager_slot *s, u64 now)
{
	static const enum tocsin_pager_op ops[] = {[PAGER_LOAD] = TOCSIN_PAGER_LOAD,
						   [PAGER_EVICT] = TOCSIN_PAGER_EVICT,
						   [PAGER_DROP] = TOCSIN_PAGER_DROP};

	s->late = false;
	s->since = now;
	if (p->config.timeout && p->look_at == UINT64_MAX)
		atomic_store(&p->look_at, now + p->config.timeout);
	pager_slot_move(p, s, PAGER_OPEN);
	pager_ring_ask(p, s, ops[s->use]);
	p->nr_open++;
	p->nr_saving += is_saving(p, s);
}

/* A load has ended; done() will report it. */
static void end(struct pager *p, struct pager_slot *s, bool lost)
{
	s->use = PAGER_ENDED;
	s->lost = lost;
	pager_slot_move(p, s, PAGER_OVER);
}

/* ---- what the pager writes ---- */

/* The pager is alive. */
static void believe(struct pager *p, u64 now)
{
	p->heard = now;
	p->store.dead = false;
}

static void complete(struct pager *p, struct pager_slot *s, u32 status)
{
	p->counts.failed += status != 0;
	close(p, s);
	s->owed = false;
	if (!is_for_nobody(p, s)) {
		switch (s->use) {
		case PAGER_LOAD:
		case PAGER_ENDED: /* timed out, but not reported yet */
			end(p, s, status);
			return;
		case PAGER_EVICT:
			page_set_change(&p->kept, s->page, !status);
			break;
		}
	}
	pager_slot_free(p, s);
}

/* s was asked in an earlier session: the pager has forgotten it and does not write to the slot. */
static void begin_slot(struct pager *p, struct pager_slot *s, u64 now)
{
	s->owed = false;
	if (is_for_nobody(p, s) || s->use == PAGER_DROP)
		pager_slot_free(p, s);
	else if (s->use == PAGER_LOAD && !page_set_has(&p->kept, s->page))
		end(p, s, true);
	else
		ask(p, s, now);
}

/* Processes some of the old slots. The pager learns that its session has begun when all have been
 * asked again. */
static void begin_slots(struct pager *p, u64 now)
{
	struct pager_slot *s;

	for (u32 i = 0; i < AT_ONCE && (s = pager_slot_first(p, PAGER_OLD)); i++)
		begin_slot(p, s, now);
	if (!any(p, PAGER_OLD))
		pager_ring_begun(p);
}

static void begin(struct pager *p, const struct tocsin_pager_hello *h, u64 now)
{
	believe(p, now);
	p->room = true;
	p->counts.hellos++;
	atomic_store(&p->store.latency_us, h->latency_us);
	if (h->keeps != p->epoch)
		page_set_empty(&p->kept);
	pager_ring_begin(p, h->session);
	pager_slots_move_all(p, PAGER_LATE, PAGER_OLD);
	pager_slots_move_all(p, PAGER_OPEN, PAGER_OLD);
	p->nr_open = p->nr_saving = 0;
	begin_slots(p, now);
}

/* Processes some of n completions. True: there are more. */
static bool take_answers(struct pager *p, u64 now, u32 n)
{
	u32 i;

	if (n > p->config.slots) {
		p->counts.strange++;
		return false;
	}
	for (i = 0; i < n && i < AT_ONCE; i++) {
		struct tocsin_pager_completion c = pager_ring_take(p);
		struct pager_slot *s = pager_ring_find(p, c.id);

		if (s) {
			believe(p, now);
			complete(p, s, c.status);
		} else
			p->counts.strange++;
	}
	return i < n;
}

/* Processes what the pager has written. True: there is more. Completions are not read before their
 * session has begun. */
static bool listen(struct pager *p, u64 now)
{
	u32 answers =
	    pager_ring_answers(p); /* read before the session, so that they belong to it */
	struct tocsin_pager_hello h;

	if (any(p, PAGER_OLD)) {
		begin_slots(p, now);
		return true;
	}
	switch (pager_ring_hello(p, &h)) {
	case HELLO_HEARD:
		return take_answers(p, now, answers);
	case HELLO_AGAIN:
		begin(p, &h, now);
		return true;
	default:
		p->counts.strange += h.session != 0;
		return false;
	}
}

/* Called before a request is refused. rung stays set, so that done() reports what is found. */
static void listen_first(struct pager *p, u64 now)
{
	if (atomic_load_acquire(&p->rung))
		listen(p, now);
}

/* ---- time-outs ---- */

static void be_late(struct pager *p, struct pager_slot *s, u64 now)
{
	close(p, s);
	s->late = true;
	p->counts.late++;
	if (s->use == PAGER_LOAD && !is_for_nobody(p, s))
		end(p, s, true);
	else
		pager_slot_move(p, s, PAGER_LATE);
	if (p->heard + p->config.timeout <= now)
		p->store.dead = true;
	p->room = true; /* perhaps there is none, but the waiters must wake up to see that */
}

static void look_for_late(struct pager *p, u64 now)
{
	struct pager_slot *s = pager_slot_first(p, PAGER_OPEN);

	for (u32 i = 0; i < AT_ONCE && s && s->since + p->config.timeout <= now; i++) {
		be_late(p, s, now);
		s = pager_slot_first(p, PAGER_OPEN);
	}
	atomic_store(&p->look_at, s ? s->since + p->config.timeout : UINT64_MAX);
}

/* Searches for late requests, after all completions have been processed. A pager that always has
 * more of them puts the search off only a limited number of times. */
static void judge(struct pager *p, u64 now, bool more)
{
	if (p->look_at > now)
		p->put_off = 0;
	else if (!more || p->put_off++ >= p->config.slots / AT_ONCE)
		look_for_late(p, now);
}

/* ---- the store ---- */

/* The request for page, or NULL. A page has one at a time. A late one that is not a save is not
 * waited for: another may follow. */
static struct pager_slot *request_for(const struct pager *p, u32 page)
{
	struct pager_slot *s = pager_slot_of(p, page);

	return s && s->late && !is_saving(p, s) ? NULL : s;
}

/* If a save of the page is in flight, copies the contents back from the slot. The completion of the
 * save then has no effect. */
static bool rescue(struct pager *p, struct pager_slot *s, void *frame)
{
	if (!is_saving(p, s))
		return false;
	memcpy(frame, pager_ring_data(p, pager_slot_number(p, s)), PAGE_SIZE);
	p->nr_saving -= is_open(p, s);
	s->epoch = 0;
	p->counts.rescued++;
	return true;
}

static enum store_load load(struct store *store, u32 id, u32 page, void *frame, u64 now)
{
	struct pager *p = pager_of(store);
	struct pager_slot *s = request_for(p, page);

	if (s)
		return rescue(p, s, frame) ? STORE_THERE : STORE_LOST;
	if (store->dead || !numbers_left(&p->free))
		listen_first(p, now);
	if (store->dead || !page_set_has(&p->kept, page))
		return STORE_LOST;
	if (!numbers_left(&p->free)) {
		p->room = false;
		return STORE_FULL;
	}
	s = pager_slot_take(p, PAGER_LOAD, page);
	s->load = id;
	s->frame = frame;
	ask(p, s, now);
	p->counts.loads++;
	return STORE_BEGUN;
}

static bool pins(const struct store *store, u32 page)
{
	return request_for((const struct pager *)store, page);
}

static bool can_save(const struct pager *p, u32 page)
{
	return numbers_left(&p->free) && !pins(&p->store, page);
}

static bool save(struct store *store, u32 page, const void *frame, u64 now)
{
	struct pager *p = pager_of(store);
	struct pager_slot *s;

	if (!can_save(p, page))
		listen_first(p, now);
	if (!can_save(p, page)) {
		p->room = false;
		return false;
	}
	page_set_change(&p->kept, page, false);
	s = pager_slot_take(p, PAGER_EVICT, page);
	memcpy(pager_ring_data(p, pager_slot_number(p, s)), frame, PAGE_SIZE);
	ask(p, s, now);
	p->counts.evicts++;
	return true;
}

/* Best effort: no vCPU waits for it. */
static void drop(struct store *store, u32 page, u64 now)
{
	struct pager *p = pager_of(store);

	if (!page_set_has(&p->kept, page) || pins(store, page) || store->dead ||
	    numbers_left(&p->free) <= p->config.slots / 2)
		return;
	page_set_change(&p->kept, page, false);
	ask(p, pager_slot_take(p, PAGER_DROP, page), now);
	p->counts.drops++;
}

/* False: the load is of an earlier epoch, and is not reported. */
static bool report(struct pager *p, struct pager_slot *s, struct store_done *d)
{
	bool told = !is_for_nobody(p, s);

	if (told)
		*d = (struct store_done){s->load, s->lost ? ERR_NOT_FOUND : OK};
	if (told && !s->lost)
		memcpy(s->frame, pager_ring_data(p, pager_slot_number(p, s)), PAGE_SIZE);
	if (pager_ring_owes(p, s)) {
		s->use = PAGER_LOAD;
		s->epoch = 0;
		pager_slot_move(p, s, PAGER_LATE);
	} else {
		pager_slot_free(p, s);
	}
	p->wanted &= !told; /* the report also wakes vCPUs that wait for room */
	return told;
}

static bool report_room(struct pager *p, struct store_done *d)
{
	*d = (struct store_done){.load = STORE_ROOM};
	p->room = false;
	p->wanted = false;
	return true;
}

static bool done(struct store *store, u64 now, struct store_done *d)
{
	struct pager *p = pager_of(store);
	struct pager_slot *over;
	bool more, told;

	/* What the pager writes before it rings again is seen below, or after that ring. */
	if (atomic_load(&p->rung))
		(void)atomic_swap(&p->rung, false);
	more = listen(p, now);
	judge(p, now, more);
	over = pager_slot_first(p, PAGER_OVER);
	told = over && report(p, over, d);
	if (!told && p->wanted && (p->room || !(more || is_coming(p))))
		told = report_room(p, d);
	if (more || any(p, PAGER_OVER))
		atomic_store(&p->rung, true);
	return told;
}

static u64 next(const struct store *store)
{
	const struct pager *p = pager_of(store);

	dmb(ish);
	return atomic_load(&p->rung) ? 0 : atomic_load(&p->look_at);
}

static bool busy(struct store *store)
{
	struct pager *p = pager_of(store);

	if (!is_coming(p))
		return false;
	p->wanted = true;
	if (p->room)
		atomic_store(&p->rung, true);
	return true;
}

/* The pager learns the new epoch from the next request. Slots in use belong to the old epoch; ended
 * loads are discarded by the next calls of done(). */
static void reset(struct store *store)
{
	struct pager *p = pager_of(store);

	p->epoch = p->epoch + 1 ?: 1;
	page_set_empty(&p->kept);
	p->nr_saving = 0;
	p->wanted = false;
	if (any(p, PAGER_OVER))
		atomic_store(&p->rung, true);
}

static void renew(struct store *store)
{
	pager_ring_renew(pager_of(store));
}

void pager_rung(struct pager *p)
{
	atomic_store_release(&p->rung, true);
	dmb(ish);
}

bool pager_must_ring(struct pager *p)
{
	return atomic_load(&p->ring) && atomic_swap(&p->ring, false);
}

static const struct store_ops ops = {.load = load,
				     .save = save,
				     .pins = pins,
				     .drop = drop,
				     .done = done,
				     .next = next,
				     .busy = busy,
				     .reset = reset,
				     .renew = renew};

enum err pager_init(struct pager *p, const struct pager_config *c)
{
	u64 words = PAGE_SET_WORDS(c->nr_pages);

	*p = (struct pager){.store.ops = &ops, .config = *c, .epoch = 1, .look_at = UINT64_MAX};
	p->kept.words = boot_alloc(words * sizeof(*p->kept.words), 8);
	if (!p->kept.words || pager_slots_create(p) != OK)
		return ERR_NO_MEMORY;
	pager_ring_offer(p);
	return OK;
}
