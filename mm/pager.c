/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that a pager keeps: what is asked of it, what its answers mean, and what is done
 * without any. Lock: that of the paged memory it serves.
 *
 * No wake-up is lost: who waits has said so before it asks next(), which looks at what
 * pager_rung() has written before those who wait are looked at. And busy() makes done() say that
 * there is room again whenever something has become free.
 */
#include <arch/barrier.h>
#include <lib/atomic.h>
#include <lib/bits.h>
#include <lib/string.h>
#include <mm/pager_ring.h>
#include <mm/pages.h>

/* Answers that are looked at in one call. */
#define AT_ONCE 8

static struct pager *pager_of(const struct store *s)
{
	return (struct pager *)s; /* its first member */
}

/* ---- pages ---- */

static bool has(const u64 *pages, u32 page)
{
	return pages[page / 64] >> page % 64 & 1;
}

static void set(u64 *pages, u32 page, bool to)
{
	if (to)
		pages[page / 64] |= BIT(page % 64);
	else
		pages[page / 64] &= ~BIT(page % 64);
}

/* ---- slots ---- */

static u32 number(const struct pager *p, const struct pager_slot *s)
{
	return (u32)(s - p->slots);
}

static void free_slot(struct pager *p, struct pager_slot *s)
{
	set(p->going, s->page, false);
	s->use = PAGER_FREE;
	s->owed = false;
	p->free[p->nr_free++] = (u8)number(p, s);
	p->room = true;
}

/* Will anything happen, answer or time-out? Of the dead nothing is hoped for but that their
 * loads end. */
static bool is_coming(const struct pager *p)
{
	if (p->nr_ended || atomic_load(&p->rung))
		return true;
	for (u32 i = 0; i < p->config.slots; i++) {
		const struct pager_slot *s = &p->slots[i];

		if (s->owed && !s->late && (!p->store.dead || s->use == PAGER_LOAD))
			return true;
	}
	return false;
}

/* Asks, or asks anew. */
static void ask(struct pager *p, struct pager_slot *s, u64 now)
{
	static const enum tocsin_pager_op ops[] = {[PAGER_LOAD] = TOCSIN_PAGER_LOAD,
						   [PAGER_EVICT] = TOCSIN_PAGER_EVICT,
						   [PAGER_DROP] = TOCSIN_PAGER_DROP};

	s->owed = true;
	s->late = false;
	s->since = now;
	if (p->config.timeout && p->look_at == UINT64_MAX)
		atomic_store(&p->look_at, now + p->config.timeout);
	pager_ring_ask(p, s, ops[s->use]);
}

/* There is a free slot. */
static struct pager_slot *take(struct pager *p, enum pager_use use, u32 page)
{
	struct pager_slot *s = &p->slots[p->free[--p->nr_free]];

	s->use = use;
	s->page = page;
	set(p->going, page, true);
	return s;
}

/* A load has ended; done() will report it. */
static void end(struct pager *p, struct pager_slot *s, bool lost)
{
	p->nr_ended += s->use != PAGER_ENDED;
	s->use = PAGER_ENDED;
	s->lost = lost;
}

/* ---- what the pager says ---- */

/* It is alive. */
static void believe(struct pager *p, u64 now)
{
	p->heard = now;
	p->store.dead = false;
}

static void complete(struct pager *p, struct pager_slot *s, u32 status)
{
	p->counts.failed += status != 0;
	s->owed = false;
	switch (s->use) {
	case PAGER_LOAD:
	case PAGER_ENDED: /* late, but nobody has heard of that */
		end(p, s, status);
		return;
	case PAGER_EVICT:
		set(p->kept, s->page, !status);
		break;
	}
	free_slot(p, s);
}

/* It begins anew: it writes to no slot, and has forgotten what it was asked. */
static void begin_slot(struct pager *p, struct pager_slot *s, bool keeps, u64 now)
{
	s->owed = false;
	switch (s->use) {
	case PAGER_LOAD:
		if (!keeps) {
			end(p, s, true);
			break;
		}
		/* fall through */
	case PAGER_EVICT:
		ask(p, s, now);
		break;
	case PAGER_DROP:
	case PAGER_RETIRED:
		free_slot(p, s);
		break;
	}
}

static void begin(struct pager *p, const struct tocsin_pager_hello *h, u64 now)
{
	bool keeps = h->keeps == p->epoch;

	believe(p, now);
	p->room = true;
	p->counts.hellos++;
	atomic_store(&p->store.latency_us, h->latency_us);
	if (!keeps)
		memset(p->kept, 0, ALIGN_UP(p->config.nr_pages, 64) / 8);
	pager_ring_begin(p, h->session);
	for (u32 i = 0; i < p->config.slots; i++)
		begin_slot(p, &p->slots[i], keeps, now);
	pager_ring_begun(p);
}

/* Looks at most of n answers. True: there are more. */
static bool take_answers(struct pager *p, u64 now, u32 n, u32 most)
{
	u32 i;

	if (n > p->config.slots) {
		p->counts.strange++;
		return false;
	}
	for (i = 0; i < n && i < most; i++) {
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

/* True: there is more. */
static bool listen(struct pager *p, u64 now, u32 most)
{
	u32 answers = pager_ring_answers(p); /* before the session, lest they be another one's */
	struct tocsin_pager_hello h;

	switch (pager_ring_hello(p, &h)) {
	case HELLO_HEARD:
		return take_answers(p, now, answers, most);
	case HELLO_AGAIN:
		begin(p, &h, now);
		return true;
	default:
		p->counts.strange += h.session != 0;
		return false;
	}
}

/* Before something is refused. What is heard then, done() reports: that it is rung stays. */
static void listen_first(struct pager *p, u64 now)
{
	if (atomic_load_acquire(&p->rung))
		listen(p, now, AT_ONCE);
}

/* ---- what it does not say ---- */

static void be_late(struct pager *p, struct pager_slot *s, u64 now)
{
	s->late = true;
	p->counts.late++;
	if (s->use == PAGER_LOAD)
		end(p, s, true);
	if (p->heard + p->config.timeout <= now)
		p->store.dead = true;
	p->room = true; /* there is none, but who waits for it must hear of that */
}

static void look_for_late(struct pager *p, u64 now)
{
	u64 next = UINT64_MAX;

	for (u32 i = 0; i < p->config.slots; i++) {
		struct pager_slot *s = &p->slots[i];

		if (!s->owed || s->late)
			continue;
		if (s->since + p->config.timeout <= now)
			be_late(p, s, now);
		else
			next = MIN(next, s->since + p->config.timeout);
	}
	atomic_store(&p->look_at, next);
}

/* ---- the store ---- */

/* What is on its way to the pager need not come back from there. */
static bool rescue(struct pager *p, u32 page, void *frame)
{
	for (u32 i = 0; i < p->config.slots; i++) {
		if (p->slots[i].use != PAGER_EVICT || p->slots[i].page != page)
			continue;
		memcpy(frame, pager_ring_data(p, i), PAGE_SIZE);
		p->counts.rescued++;
		return true;
	}
	return false;
}

static enum store_load load(struct store *store, u32 id, u32 page, void *frame, u64 now)
{
	struct pager *p = pager_of(store);
	struct pager_slot *s;

	if (has(p->going, page))
		return rescue(p, page, frame) ? STORE_THERE : STORE_LOST;
	if (store->dead || !p->nr_free)
		listen_first(p, now);
	if (store->dead || !has(p->kept, page))
		return STORE_LOST;
	if (!p->nr_free) {
		p->room = false;
		return STORE_FULL;
	}
	s = take(p, PAGER_LOAD, page);
	s->load = id;
	s->frame = frame;
	ask(p, s, now);
	p->counts.loads++;
	return STORE_BEGUN;
}

static bool save(struct store *store, u32 page, const void *frame, u64 now)
{
	struct pager *p = pager_of(store);
	struct pager_slot *s;

	if (!p->nr_free || has(p->going, page))
		listen_first(p, now);
	if (!p->nr_free || has(p->going, page)) {
		p->room = false;
		return false;
	}
	set(p->kept, page, false);
	s = take(p, PAGER_EVICT, page);
	memcpy(pager_ring_data(p, number(p, s)), frame, PAGE_SIZE);
	ask(p, s, now);
	p->counts.evicts++;
	return true;
}

/* Advice, for which nobody waits. */
static void drop(struct store *store, u32 page, u64 now)
{
	struct pager *p = pager_of(store);

	if (!has(p->kept, page) || has(p->going, page) || store->dead ||
	    p->nr_free <= p->config.slots / 2)
		return;
	set(p->kept, page, false);
	ask(p, take(p, PAGER_DROP, page), now);
	p->counts.drops++;
}

static void report(struct pager *p, struct store_done *d)
{
	struct pager_slot *s = p->slots;

	while (s->use != PAGER_ENDED)
		s++;
	*d = (struct store_done){s->load, s->lost ? ERR_NOT_FOUND : OK};
	if (!s->lost)
		memcpy(s->frame, pager_ring_data(p, number(p, s)), PAGE_SIZE);
	p->nr_ended--;
	if (s->owed)
		s->use = PAGER_RETIRED;
	else
		free_slot(p, s);
	p->wanted = false; /* who waits for room hears of this, too */
}

static void report_room(struct pager *p, struct store_done *d)
{
	*d = (struct store_done){.load = STORE_ROOM};
	p->room = false;
	p->wanted = false;
}

static bool done(struct store *store, u64 now, struct store_done *d)
{
	struct pager *p = pager_of(store);
	bool due = p->look_at <= now, more;

	/* What is written before it rings again is seen below, or then. */
	if (atomic_load(&p->rung))
		(void)atomic_swap(&p->rung, false);
	more = listen(p, now, due ? p->config.slots : AT_ONCE);
	if (due)
		look_for_late(p, now);
	if (p->nr_ended)
		report(p, d);
	else if (p->wanted && (p->room || !(more || is_coming(p))))
		report_room(p, d);
	else
		d = NULL;
	if (more || p->nr_ended)
		atomic_store(&p->rung, true);
	return d;
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

/* The pager hears of the new epoch when it is asked for something. */
static void reset(struct store *store)
{
	struct pager *p = pager_of(store);

	p->epoch = p->epoch + 1 ?: 1;
	memset(p->kept, 0, ALIGN_UP(p->config.nr_pages, 64) / 8);
	for (u32 i = 0; i < p->config.slots; i++) {
		struct pager_slot *s = &p->slots[i];

		if (s->owed)
			s->use = PAGER_RETIRED;
		else if (s->use != PAGER_FREE)
			free_slot(p, s);
	}
	p->nr_ended = 0;
	p->wanted = false;
}

void pager_offer(const struct pager *p)
{
	pager_ring_offer(p);
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
				     .drop = drop,
				     .done = done,
				     .next = next,
				     .busy = busy,
				     .reset = reset};

enum err pager_init(struct pager *p, const struct pager_config *c)
{
	u64 bitmap = ALIGN_UP(c->nr_pages, 64) / 8;

	*p = (struct pager){.store.ops = &ops, .config = *c, .epoch = 1, .look_at = UINT64_MAX};
	p->slots = object_alloc(c->slots * sizeof(*p->slots), 8);
	p->free = object_alloc(c->slots, 1);
	p->kept = object_alloc(bitmap, 8);
	p->going = object_alloc(bitmap, 8);
	if (!p->slots || !p->free || !p->kept || !p->going)
		return ERR_NO_MEMORY;
	while (p->nr_free < c->slots) {
		p->free[p->nr_free] = (u8)(c->slots - 1 - p->nr_free);
		p->nr_free++;
	}
	pager_offer(p);
	return OK;
}
