/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: mm/pager.c mm/pager_ring.c mm/pager_slots.c guest/pager/pager.c
 *
 * Both sides of a pager's rings (docs/pager.md) against each other: what was saved comes back, or
 * is lost for a reason, in any order, over restarts of either side; and nothing hangs.
 */
#include "../../guest/pager/pager.h"
#include <lib/bits.h>
#include <mm/pager.h>
#include <string.h>
#include <test.h>

#define NR_PAGES 96
#define NR_LOADS 24
#define SLOTS 8
#define STEPS 1000000
#define NOBODY UINT32_MAX

static u8 shared[PAGER_SHARED_SIZE(SLOTS)] __attribute__((aligned(PAGE_SIZE)));
static struct pager pager;

/* Of one pager at a time. */
static u8 pool[4096] __attribute__((aligned(8)));
static size_t allocated;

void *boot_alloc(size_t size, size_t align)
{
	u8 *o = pool + ALIGN_UP(allocated, align);

	allocated = ALIGN_UP(allocated, align) + size;
	EXPECT(allocated <= sizeof(pool));
	return o;
}

/* Who is served. */
static struct {
	u64 stamp[NR_PAGES]; /* what each page holds */
	bool stored[NR_PAGES];
	u32 loading[NR_PAGES]; /* NOBODY: not */
	u32 page[NR_LOADS];    /* of each load; NOBODY: free */
	u8 frame[NR_LOADS][PAGE_SIZE];
	bool in_vain[NR_PAGES]; /* its load may fail */
	u64 now, stamps, lost, back;
} guest;

/* Who serves. */
static struct {
	struct served s;
	struct tocsin_pager_request open[SLOTS];
	u32 nr_open, epoch;
	bool has[NR_PAGES];
	u64 stamp[NR_PAGES];
} side;

static bool one_in(u32 n)
{
	return test_random() % n == 0;
}

static u64 stamp_of(const u8 *page)
{
	u64 first, last;

	memcpy(&first, page, 8);
	memcpy(&last, page + PAGE_SIZE - 8, 8);
	EXPECT_EQ(first, last);
	return first;
}

static void put_stamp(u8 *page, u64 stamp)
{
	memcpy(page, &stamp, 8);
	memcpy(page + PAGE_SIZE - 8, &stamp, 8);
}

/* ---- who is served ---- */

static void is_back(u32 page, const u8 *frame)
{
	EXPECT_EQ(stamp_of(frame), guest.stamp[page]);
	guest.stored[page] = false;
	guest.back++;
	pager.store.ops->drop(&pager.store, page, guest.now);
}

static void is_lost(u32 page)
{
	guest.stored[page] = false;
	guest.lost++;
}

static void do_save(u32 page)
{
	u8 frame[PAGE_SIZE];

	if (guest.stored[page])
		return;
	put_stamp(frame, ++guest.stamps);
	if (!pager.store.ops->save(&pager.store, page, frame, guest.now))
		return;
	guest.stored[page] = true;
	guest.stamp[page] = guest.stamps;
	memset(frame, 0xee, sizeof(frame));
}

static void do_load(u32 page)
{
	u32 load = 0;

	while (load < NR_LOADS && guest.page[load] != NOBODY)
		load++;
	if (!guest.stored[page] || guest.loading[page] != NOBODY || load == NR_LOADS)
		return;
	switch (pager.store.ops->load(&pager.store, load, page, guest.frame[load], guest.now)) {
	case STORE_BEGUN:
		guest.page[load] = page;
		guest.loading[page] = load;
		guest.in_vain[page] = !served_heard(&side.s);
		return;
	case STORE_THERE:
		is_back(page, guest.frame[load]);
		return;
	case STORE_FULL:
		EXPECT(pager.store.ops->busy(&pager.store));
		return;
	case STORE_LOST:
		EXPECT(!side.has[page]);
		is_lost(page);
	}
}

static bool do_done(void)
{
	struct store_done d;
	u32 page;

	if (pager.store.ops->next(&pager.store) > guest.now ||
	    !pager.store.ops->done(&pager.store, guest.now, &d))
		return false;
	if (d.load == STORE_ROOM)
		return true;
	page = guest.page[d.load];
	EXPECT(page != NOBODY);
	guest.page[d.load] = NOBODY;
	guest.loading[page] = NOBODY;
	if (d.err == OK) {
		is_back(page, guest.frame[d.load]);
	} else {
		EXPECT(guest.in_vain[page]);
		is_lost(page);
	}
	return true;
}

static void do_reset(void)
{
	pager.store.ops->reset(&pager.store);
	for (u32 i = 0; i < NR_LOADS; i++)
		guest.page[i] = NOBODY;
	for (u32 i = 0; i < NR_PAGES; i++) {
		guest.stored[i] = false;
		guest.loading[i] = NOBODY;
	}
}

/* ---- who serves ---- */

static void forget(void)
{
	memset(side.has, 0, sizeof(side.has));
}

static void take(void)
{
	struct tocsin_pager_request r;

	if (!served_next(&side.s, &r))
		return;
	if (r.epoch != side.epoch)
		forget();
	side.epoch = r.epoch;
	EXPECT(r.page < NR_PAGES && side.nr_open < SLOTS);
	for (u32 i = 0; i < side.nr_open; i++)
		EXPECT(r.page != side.open[i].page &&
		       TOCSIN_PAGER_SLOT(r.id) != TOCSIN_PAGER_SLOT(side.open[i].id));
	EXPECT(r.op != TOCSIN_PAGER_LOAD || side.has[r.page]);
	side.open[side.nr_open++] = r;
}

static void answer(u32 which, bool fails)
{
	struct tocsin_pager_request r = side.open[which];
	u8 *slot = served_slot(&side.s, r.id);

	side.open[which] = side.open[--side.nr_open];
	if (r.op == TOCSIN_PAGER_LOAD && !fails)
		put_stamp(slot, side.stamp[r.page]);
	else if (r.op == TOCSIN_PAGER_LOAD)
		guest.in_vain[r.page] = true;
	else if (r.epoch == side.epoch)
		side.has[r.page] = r.op == TOCSIN_PAGER_EVICT && !fails;
	if (r.op == TOCSIN_PAGER_EVICT)
		side.stamp[r.page] = stamp_of(slot);
	served_complete(&side.s, r.id, fails);
	pager_rung(&pager);
}

static void hello(bool keeps)
{
	EXPECT(served_open(&side.s, shared, sizeof(shared)));
	side.nr_open = 0;
	if (!keeps) {
		forget();
		side.epoch = 0;
		memset(guest.in_vain, true, sizeof(guest.in_vain));
	}
	served_hello(&side.s, 100, keeps ? side.epoch : 0);
	pager_rung(&pager);
}

/* Whose hello was not heard before it began again. */
static void hello_twice(void)
{
	hello(one_in(2));
	if (one_in(2))
		served_hello(&side.s, 100, 0);
	hello(false);
}

/* ---- both ---- */

static void begin(void)
{
	static const struct pager_config c = {shared, SLOTS, NR_PAGES, 0};

	allocated = 0;
	memset(pool, 0, sizeof(pool));
	memset(shared, 0, sizeof(shared));
	memset(&guest, 0, sizeof(guest));
	memset(&side, 0, sizeof(side));
	EXPECT_EQ(pager_init(&pager, &c), OK);
	do_reset();
	hello(false);
}

/* Everything that was begun comes to its end, whatever is in the rings. */
static void drain(void)
{
	bool some = true;

	while (some) {
		some = do_done();
		take();
		if (side.nr_open) {
			answer(0, false);
			some = true;
		}
	}
	for (u32 i = 0; i < NR_LOADS; i++)
		EXPECT_EQ(guest.page[i], NOBODY);
	EXPECT(!side.nr_open);
	EXPECT_EQ(numbers_left(&pager.free), SLOTS);
}

static void step(void)
{
	guest.now++;
	switch (test_random() % 8) {
	case 0:
	case 1:
		do_save((u32)(test_random() % NR_PAGES));
		return;
	case 2:
	case 3:
		do_load((u32)(test_random() % NR_PAGES));
		return;
	case 4:
		do_done();
		return;
	case 5:
		take();
		return;
	default:
		if (side.nr_open)
			answer((u32)(test_random() % side.nr_open), one_in(50));
	}
}

TEST(pair_any_order)
{
	begin();
	for (u32 i = 0; i < STEPS; i++) {
		step();
		if (one_in(2000))
			drain();
		if (one_in(1000))
			hello(one_in(2));
		if (one_in(3000))
			hello_twice();
		if (one_in(3000))
			do_reset();
	}
	drain();
	EXPECT(guest.back > STEPS / 40 && guest.lost > 100);
	EXPECT(pager.counts.rescued > 100 && pager.counts.drops > 100);
	EXPECT_EQ(pager.counts.strange, 0);
}

/* A hello that was written and not heard is not taken for that of who comes after. */
TEST(pair_sessions)
{
	struct served first, second;
	const struct tocsin_pager_offer *offer = (void *)shared;
	struct tocsin_pager_hello *said = (void *)(shared + TOCSIN_PAGER_HELLO);

	begin();
	drain();
	EXPECT(served_heard(&side.s));
	EXPECT(served_open(&first, shared, sizeof(shared)));
	EXPECT(served_open(&second, shared, sizeof(shared)));
	served_hello(&first, 1, 0);
	served_hello(&second, 1, 0);
	EXPECT(first.session != second.session && first.session != offer->session);
	EXPECT(second.session && second.session != offer->session);
	pager_rung(&pager);
	do_done();
	EXPECT(served_heard(&second) && !served_heard(&first));
	said->session = offer->session - 1;
	served_hello(&second, 1, 0);
	EXPECT(second.session && second.session != offer->session);
	said->session = UINT32_MAX;
	served_hello(&second, 1, 0);
	EXPECT(second.session && second.session != offer->session);
}

TEST(pair_offers_refused)
{
	struct tocsin_pager_offer *offer = (void *)shared, good;
	struct served s;

	begin();
	good = *offer;
	EXPECT(served_open(&s, shared, sizeof(shared)));
	EXPECT(!served_open(&s, shared, sizeof(shared) - 1));
	EXPECT(!served_open(&s, shared, 4096));
#define REFUSED(field, value)                                                                      \
	do {                                                                                       \
		offer->field = value;                                                              \
		EXPECT(!served_open(&s, shared, sizeof(shared)));                                  \
		*offer = good;                                                                     \
	} while (0)
	REFUSED(magic, 0);
	REFUSED(version, 0);
	REFUSED(slots, 0);
	REFUSED(slots, 2);
	REFUSED(slots, 6);
	REFUSED(slots, 16);
	REFUSED(slots, 512);
	REFUSED(page_size, 65536);
}
