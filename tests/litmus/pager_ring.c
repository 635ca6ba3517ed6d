/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Tocsin and a pager write for each other: mm/pager_ring.c, and which CPU looks at it when in
 * mm/pager.c. The pager is as docs/pager.md says: what it reads of one counter or session comes
 * before what that stands for, what it writes after.
 *
 * sources: mm/pager.c mm/pager_ring.c mm/pager_slots.c lib/string.c
 * fault: asked: mm/pager_ring.c: atomic_store_release(&offer(p)->produced, ->
 * atomic_store(&offer(p)->produced,
 * fault: offered: mm/pager_ring.c: atomic_store_release(&o->session, -> atomic_store(&o->session,
 * fault: hello: mm/pager_ring.c: h->session = atomic_load_acquire( -> h->session = atomic_load(
 * fault: answered begins_anew: mm/pager_ring.c: atomic_load_acquire(&hello(p)->produced) ->
 * atomic_load(&hello(p)->produced)
 * fault: begins_anew: mm/pager.c: take_answers(p, now, answers) ->
 * take_answers(p, now, pager_ring_answers(p))
 * fault: waits: mm/pager.c: dmb(ish);\n\treturn atomic_load(&p->rung) -> return
 * atomic_load(&p->rung)
 * fault: waits: mm/pager.c: atomic_store_release(&p->rung, true);\n\tdmb(ish); ->
 * atomic_store_release(&p->rung, true);
 * fault: bell: mm/pager_ring.c: ++p->produced);\n\tatomic_store_release(&p->ring, ->
 * ++p->produced);\n\tatomic_store(&p->ring,
 * fault: bell: mm/pager.c: return atomic_load(&p->ring) && atomic_swap(&p->ring, false) -> return
 * atomic_load(&p->ring)
 * fault: rung: mm/pager.c: (void)atomic_swap(&p->rung, false) -> atomic_store(&p->rung, false)
 */
#include "pager.h"

static bool done(void)
{
	struct store_done d;

	return pager.store.ops->done(&pager.store, 0, &d);
}

/* ---- requests ---- */

/* A CPU that sees that there is one sees all of it. */
void asked_init(void)
{
	connected();
}

u64 asked_0(void)
{
	pager.slots[0].page = 5;
	pager_ring_ask(&pager, &pager.slots[0], TOCSIN_PAGER_LOAD);
	return 0;
}

u64 asked_1(void)
{
	if (!atomic_load_acquire(&OFFER->produced))
		return 0;
	return (u64)atomic_load(&REQUEST[0].op) << 8 | atomic_load(&REQUEST[0].page);
}

bool asked_forbidden(const u64 *r)
{
	return r[1] && r[1] != 0x105;
}

bool asked_allowed(const u64 *r)
{
	return r[1] == 0x105;
}

/* The same of a new session: its counters are those of it. */
void offered_init(void)
{
	connected();
	OFFER->produced = 3;
}

u64 offered_0(void)
{
	pager_ring_begin(&pager, 2);
	pager_ring_begun(&pager);
	return 0;
}

u64 offered_1(void)
{
	u64 session = atomic_load_acquire(&OFFER->session);

	return session << 4 | atomic_load(&OFFER->produced);
}

bool offered_forbidden(const u64 *r)
{
	return r[1] == 0x23;
}

bool offered_allowed(const u64 *r)
{
	return r[1] == 0x20;
}

/* ---- bells ---- */

/* Whichever CPU takes it upon itself to ring: the pager finds what was asked. */
static u64 bell;

void bell_init(void)
{
	connected();
}

static void must_ring(void)
{
	if (pager_must_ring(&pager))
		atomic_add(&bell, 1);
}

u64 bell_0(void)
{
	pager_ring_ask(&pager, &pager.slots[0], TOCSIN_PAGER_DROP);
	must_ring();
	return 0;
}

u64 bell_1(void)
{
	must_ring();
	return 0;
}

u64 bell_2(void)
{
	return !atomic_load_acquire(&bell) || atomic_load(&OFFER->produced);
}

bool bell_forbidden(const u64 *r)
{
	return !r[2] || bell != 1;
}

/* A vCPU that waits has said so before it looks for the last time; the ringer sees it, or it
 * sees the bell. */
static u64 absent;

void waits_init(void)
{
	connected();
}

u64 waits_0(void)
{
	atomic_store(&absent, 1);
	return pager.store.ops->next(&pager.store);
}

u64 waits_1(void)
{
	pager_rung(&pager);
	return atomic_load(&absent);
}

bool waits_forbidden(const u64 *r)
{
	return r[0] && !r[1];
}

/* ---- what the pager says ---- */

/* All of a hello, or none. */
void hello_init(void)
{
	connected();
	HELLO->keeps = 1;
}

u64 hello_0(void)
{
	struct tocsin_pager_hello h;

	return pager_ring_hello(&pager, &h) == HELLO_AGAIN ? h.session << 4 | h.keeps : 0;
}

u64 hello_1(void)
{
	atomic_store(&HELLO->session, 0);
	dmb(ish);
	atomic_store(&HELLO->keeps, 3);
	atomic_store_release(&HELLO->session, 2);
	return 0;
}

bool hello_forbidden(const u64 *r)
{
	return r[0] && r[0] != 0x23;
}

bool hello_allowed(const u64 *r)
{
	return r[0] == 0x23;
}

/* An answer that is counted is there. One is owed: that a page has been put away. */
static u32 id;

static void answer(void)
{
	atomic_store(COMPLETION, id);
	atomic_store_release(&HELLO->produced, 1);
}

static u64 heard(void)
{
	done();
	return numbers_left(&pager.free) == SLOTS;
}

void answered_init(void)
{
	static const u8 page[TOCSIN_PAGER_PAGE_SIZE];

	connected();
	assume(pager.store.ops->save(&pager.store, 5, page, 0));
	id = REQUEST[0].id;
}

u64 answered_0(void)
{
	return heard();
}

u64 answered_1(void)
{
	answer();
	return 0;
}

bool answered_forbidden(void)
{
	return pager.counts.strange;
}

bool answered_allowed(const u64 *r)
{
	return r[0];
}

/* ... and, once it has rung, heard by the CPU that looks, or there is a bell still. */
void rung_init(void)
{
	answered_init();
	pager.rung = true;
}

u64 rung_0(void)
{
	return heard();
}

u64 rung_1(void)
{
	answer();
	pager_rung(&pager);
	return 0;
}

bool rung_forbidden(const u64 *r)
{
	return !r[0] && !pager.rung;
}

/* A pager that begins anew meanwhile: its counter is never taken for the session before's. */
void begins_anew_init(void)
{
	connected();
	HELLO->produced = 2;
	pager.consumed = 2;
}

u64 begins_anew_0(void)
{
	done();
	return 0;
}

u64 begins_anew_1(void)
{
	atomic_store(&HELLO->session, 0);
	dmb(ish);
	atomic_store(&HELLO->produced, 0);
	return 0;
}

bool begins_anew_forbidden(void)
{
	return pager.counts.strange;
}
