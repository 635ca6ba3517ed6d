/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pager's side of the protocol: see pager.h. What Tocsin writes is read once; it is
 * believed as far as no index of ours leaves the memory if it were wrong.
 */
#include "pager.h"

static const struct tocsin_pager_offer *offer_of(const struct served *s)
{
	return (const struct tocsin_pager_offer *)(s->memory + TOCSIN_PAGER_OFFER);
}

static struct tocsin_pager_hello *hello_of(const struct served *s)
{
	return (struct tocsin_pager_hello *)(s->memory + TOCSIN_PAGER_HELLO);
}

static unsigned int get(const unsigned int *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void set(unsigned int *word, unsigned int value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

bool served_open(struct served *s, void *memory, unsigned long size)
{
	const struct tocsin_pager_offer *offer;

	*s = (struct served){.memory = memory};
	if (size < TOCSIN_PAGER_SLOTS)
		return false;
	offer = offer_of(s);
	s->slots = get(&offer->slots);
	s->pages = get(&offer->pages);
	return get(&offer->magic) == TOCSIN_PAGER_MAGIC &&
	       get(&offer->version) >= TOCSIN_PAGER_VERSION &&
	       get(&offer->page_size) == TOCSIN_PAGER_PAGE_SIZE &&
	       s->slots >= TOCSIN_PAGER_MIN_SLOTS && s->slots <= TOCSIN_PAGER_MAX_SLOTS &&
	       !(s->slots & (s->slots - 1)) &&
	       (size - TOCSIN_PAGER_SLOTS) / TOCSIN_PAGER_PAGE_SIZE >= s->slots;
}

/* Neither what was heard last nor what somebody before us has said and may not be heard yet: that
 * hello is then never taken for ours. */
static unsigned int new_session(const struct served *s)
{
	unsigned int heard = get(&offer_of(s)->session), said = get(&hello_of(s)->session);
	unsigned int session = said;

	do {
		session++;
	} while (!session || session == heard);
	return session;
}

void served_hello(struct served *s, unsigned int latency_us, unsigned int keeps)
{
	struct tocsin_pager_hello *hello = hello_of(s);

	s->session = new_session(s);
	s->taken = 0;
	s->completed = 0;
	set(&hello->session, 0); /* the rest is not to be read */
	set(&hello->version, TOCSIN_PAGER_VERSION);
	set(&hello->latency_us, latency_us);
	set(&hello->keeps, keeps);
	set(&hello->produced, 0);
	set(&hello->session, s->session);
}

bool served_heard(const struct served *s)
{
	return s->session && get(&offer_of(s)->session) == s->session;
}

static bool sound(const struct served *s, const struct tocsin_pager_request *r)
{
	return TOCSIN_PAGER_SLOT(r->id) < s->slots && r->page < s->pages &&
	       r->op >= TOCSIN_PAGER_LOAD && r->op <= TOCSIN_PAGER_DROP;
}

bool served_next(struct served *s, struct tocsin_pager_request *r)
{
	const struct tocsin_pager_request *ring =
	    (const struct tocsin_pager_request *)(s->memory + TOCSIN_PAGER_REQUESTS);

	while (served_heard(s)) {
		unsigned int there = get(&offer_of(s)->produced) - s->taken;

		if (!there || there > s->slots)
			return false;
		*r = *(const volatile struct tocsin_pager_request *)&ring[s->taken % s->slots];
		s->taken++;
		if (sound(s, r))
			return true;
	}
	return false;
}

unsigned long served_slot_offset(unsigned int id)
{
	return TOCSIN_PAGER_SLOTS + (unsigned long)TOCSIN_PAGER_SLOT(id) * TOCSIN_PAGER_PAGE_SIZE;
}

void *served_slot(const struct served *s, unsigned int id)
{
	return s->memory + served_slot_offset(id);
}

void served_complete(struct served *s, unsigned int id, unsigned int status)
{
	struct tocsin_pager_completion *ring =
	    (struct tocsin_pager_completion *)(s->memory + TOCSIN_PAGER_COMPLETIONS);

	ring[s->completed % s->slots] = (struct tocsin_pager_completion){id, status};
	s->completed++;
	set(&hello_of(s)->produced, s->completed);
}
