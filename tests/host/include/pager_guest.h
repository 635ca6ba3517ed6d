/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest on paged memory whose store is a pager: vCPUs that read and write, and wait as EL2 makes
 * them; what each page must contain; and what must be true between any two steps. For one test
 * program.
 */
#pragma once

#include <arch/sysreg.h>
#include <arch/tlb.h>
#include <mm/cache.h>
#include <mm/paged_state.h>
#include <mm/pager_ring.h>
#include <mm/pager_slots.h>
#include <mm/pages.h>
#include <pager_sim.h>

#define MAX_FRAMES 96
#define MAX_VCPUS 3
#define MOST_NEEDED 3
#define WORDS (PAGE_SIZE / sizeof(u64))
#define RAM GIB(1)

typedef u64 contents_t[WORDS];

static contents_t frames[MAX_FRAMES] __attribute__((aligned(4096)));
static contents_t pool[64] __attribute__((aligned(4096)));
static contents_t expected[MAX_PAGES];

enum guest_state { RUNS, WAITS_FOR_PAGE, HAS_NO_ROOM, WAITS_FOR_ROOM };

static struct guest {
	struct paged paged;
	struct stage2 s2;
	struct paged_config config;
	u64 timeout, now;
	struct vcpu {
		enum guest_state state;
		u32 pages[MOST_NEEDED], nr; /* that its instruction needs */
		u32 held[MOST_NEEDED], nr_held;
		u32 page; /* that it waits for */
		u32 faults;
	} vcpus[MAX_VCPUS];
	u32 nr_vcpus;
	bool lied[MAX_PAGES]; /* the pager has had it, and is hostile */
	u64 dropped;          /* loads, when the partition began anew */
	u64 lost, waits, rooms, agains;
	u32 most_faults;
} g;

/* ---- the machine ---- */

bool tlb_repeat;

void tlbi_stage2_ipa(u64 ipa)
{
	(void)ipa;
}

void tlbi_stage1(void)
{
}

void tlbi_stages12(void)
{
}

void cache_zero_for_guest(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void cache_hand_to_guest(const void *start, size_t size)
{
	(void)start, (void)size;
}

void cache_publish_code(const void *start, size_t size)
{
	(void)start, (void)size;
}

/* EL2 rings the pager's bell. */
static void ring_bell(void)
{
	sim.bell |= pager_must_ring(&pager);
}

/* ---- what must be true ---- */

static u64 entry_of(u32 page)
{
	return *paged_entry(&g.paged, page);
}

static u64 *contents_of(u32 page)
{
	u64 e = entry_of(page);

	return e & PTE_VALID ? (u64 *)(e & PTE_ADDR) : NULL;
}

/* What a hostile pager had is what it says. */
static void believe_lies(void)
{
	for (u32 i = 0; i < g.config.nr_pages; i++) {
		u64 state = PAGED_STATE(stage2_page_value(entry_of(i)));

		if (!contents_of(i))
			g.lied[i] |= state == PAGED_STORED || state == PAGED_LOADING;
		else if (g.lied[i])
			memcpy(expected[i], contents_of(i), PAGE_SIZE);
		if (contents_of(i))
			g.lied[i] = false;
	}
}

static bool is_current(const struct pager_slot *s)
{
	return s->epoch == pager.epoch;
}

static bool is_saving(const struct pager_slot *s)
{
	return s->use == PAGER_EVICT && is_current(s);
}

/* Besides there may be some that are late, and for no vCPU. */
static const struct pager_slot *slot_of(u32 page)
{
	const struct pager_slot *found = NULL;

	for (u32 i = 0; i < sim.slots; i++) {
		const struct pager_slot *s = &pager.slots[i];

		if (s->use == PAGER_FREE || s->page != page || (s->late && !is_saving(s)))
			continue;
		EXPECT(!found);
		found = s;
	}
	return found;
}

/* Each in one list, the right one. */
static u32 check_list(enum pager_list list, bool *seen)
{
	u32 at = pager.links[sim.slots + list].next, n = 0;

	for (; at < sim.slots; at = pager.links[at].next, n++) {
		const struct pager_slot *s = &pager.slots[at];
		bool owed = pager_ring_owes(&pager, s);

		EXPECT(!seen[at] && pager.links[pager.links[at].next].prev == at);
		seen[at] = true;
		EXPECT_EQ(s->use == PAGER_ENDED, list == PAGER_OVER);
		EXPECT(list == PAGER_OVER || owed == (list != PAGER_OLD));
		EXPECT(list != PAGER_OPEN || !s->late);
		EXPECT(list != PAGER_LATE || s->late);
		EXPECT(list != PAGER_OVER || !owed || s->late);
	}
	EXPECT_EQ(at, sim.slots + list);
	return n;
}

/* A CPU that counts on it: all are there. */
static void check_counts(void)
{
	u32 open = 0, saving = 0;

	for (u32 i = 0; i < sim.slots; i++) {
		const struct pager_slot *s = &pager.slots[i];

		if (!pager_ring_owes(&pager, s) || s->late)
			continue;
		open++;
		saving += is_saving(s);
	}
	EXPECT(pager.nr_open == open && pager.nr_saving == saving);
}

static void check_slots(void)
{
	bool seen[MAX_SLOTS] = {0};
	u32 n = numbers_left(&pager.free);

	for (enum pager_list list = 0; list < PAGER_LISTS; list++)
		n += check_list(list, seen);
	EXPECT_EQ(n, sim.slots);
	for (u32 i = 0; i < sim.slots; i++)
		EXPECT_EQ(seen[i], pager.slots[i].use != PAGER_FREE);
	for (u32 i = 0; i < pager.free.nr_back; i++) {
		EXPECT(!seen[pager.free.back[i]]);
		seen[pager.free.back[i]] = true;
	}
	check_counts();
	EXPECT(pager.produced - pager.consumed <= 2 * sim.slots || sim.hostile);
}

/* That it is loaded into. */
static const struct pager_slot *load_of(u32 page)
{
	for (u32 i = 0; i < sim.slots; i++) {
		const struct pager_slot *s = &pager.slots[i];

		if (s->page == page && is_current(s) &&
		    (s->use == PAGER_LOAD || s->use == PAGER_ENDED))
			return s;
	}
	return NULL;
}

static void check_page(u32 page)
{
	u64 value = stage2_page_value(entry_of(page));
	const struct pager_slot *s = load_of(page);

	EXPECT_EQ(pager.store.ops->pins(&pager.store, page), slot_of(page) != NULL);
	if (contents_of(page) || PAGED_STATE(value) != PAGED_LOADING) {
		EXPECT(!s);
		return;
	}
	EXPECT(s && s->load == PAGED_PAYLOAD(value));
	if (s)
		EXPECT(s->frame == frames[g.paged.loads[s->load].frame]);
}

static void check_frames(void)
{
	u32 present = 0, loading = 0, held = 0;

	for (u32 i = 0; i < g.config.nr_pages; i++) {
		present += contents_of(i) != NULL;
		loading +=
		    !contents_of(i) && PAGED_STATE(stage2_page_value(entry_of(i))) == PAGED_LOADING;
		check_page(i);
	}
	EXPECT_EQ(loading, paged_nr_loading(&g.paged));
	EXPECT_EQ(present + loading, paged_nr_resident(&g.paged));
	for (u32 i = 0; i < g.paged.free.next; i++)
		held += g.paged.frames[i].holds;
	for (u32 i = 0; i < g.nr_vcpus; i++)
		held -= g.vcpus[i].nr_held;
	EXPECT_EQ(held, 0);
}

static void guest_check(void)
{
	const struct pager_counts *c = &pager.counts;
	const struct paged_counts *d = &g.paged.counts;

	if (sim.hostile)
		believe_lies();
	check_slots();
	check_frames();
	EXPECT_EQ(c->loads + c->rescued,
		  d->loaded + d->lost + paged_nr_loading(&g.paged) + g.dropped);
	EXPECT_EQ(c->evicts, d->evicted - d->evicted_zero);
	EXPECT(sim.hostile || !c->strange);
	EXPECT(!lock_held(&g.paged.lock));
}

/* ---- vCPUs ---- */

static void new_instruction(struct vcpu *v)
{
	while (v->nr_held)
		paged_release(&g.paged, v->held[--v->nr_held]);
	v->nr = 1 + test_random() % MOST_NEEDED;
	for (u32 i = 0; i < v->nr; i++)
		v->pages[i] = one_in(2) ? (v->pages[i] + 1) % g.config.nr_pages
					: test_random() % g.config.nr_pages;
	g.most_faults = v->faults > g.most_faults ? v->faults : g.most_faults;
	v->faults = 0;
	v->state = RUNS;
}

/* A page cannot be had: is there any reason? */
static void check_lost(u32 page)
{
	g.lost++;
	if (!g.timeout && !sim.forget && !sim.hostile)
		EXPECT(sim.failed[page]);
}

static void hold(struct vcpu *v, u32 frame)
{
	for (u32 i = 0; i < v->nr_held; i++)
		if (v->held[i] == frame) {
			paged_release(&g.paged, frame);
			return;
		}
	v->held[v->nr_held++] = frame;
}

static void vcpu_fault(struct vcpu *v, u32 page)
{
	struct paged_access a = {.el1 = one_in(4), .fetch = one_in(8)};
	enum paged_answer answer;
	u32 frame;

	v->page = page;
	v->faults++;
	answer = paged_fault(&g.paged, page, &a, g.now, &frame);
	ring_bell();
	if (sim.hostile)
		believe_lies();
	switch (answer) {
	case PAGED_THERE:
		EXPECT(contents_of(page) == frames[frame]);
		EXPECT(!memcmp(frames[frame], expected[page], PAGE_SIZE));
		hold(v, frame);
		break;
	case PAGED_WAIT:
		v->state = WAITS_FOR_PAGE;
		g.waits++;
		break;
	case PAGED_ROOM:
		v->state = HAS_NO_ROOM;
		g.rooms++;
		break;
	case PAGED_AGAIN:
		g.agains++;
		break;
	case PAGED_LOST:
		check_lost(page);
		new_instruction(v);
		break;
	}
}

static void use(u32 page)
{
	u64 *at = contents_of(page), word = test_random();
	u32 i = test_random() % WORDS;

	EXPECT_EQ(at[i], expected[page][i]);
	if (one_in(16))
		for (word = one_in(2) ? 0 : (u32)word * 0x100000001UL; i < WORDS * 2; i++)
			at[i % WORDS] = expected[page][i % WORDS] = word;
	else if (one_in(2))
		at[i] = expected[page][i] = word;
}

static void vcpu_step(struct vcpu *v)
{
	if (v->state == HAS_NO_ROOM)
		v->state = paged_is_loading(&g.paged) ? WAITS_FOR_ROOM : RUNS;
	if (v->state != RUNS)
		return;
	for (u32 i = 0; i < v->nr; i++)
		if (!contents_of(v->pages[i]) || !(entry_of(v->pages[i]) & PTE_AF)) {
			vcpu_fault(v, v->pages[i]);
			return;
		}
	for (u32 i = 0; i < v->nr; i++)
		use(v->pages[i]);
	new_instruction(v);
}

static bool somebody_waits(void)
{
	for (u32 i = 0; i < g.nr_vcpus; i++)
		if (g.vcpus[i].state == WAITS_FOR_PAGE || g.vcpus[i].state == WAITS_FOR_ROOM)
			return true;
	return false;
}

/* In the time of one that waits: as paging_step(). */
static void arrival(void)
{
	struct paged_done d;
	bool any;

	if (!somebody_waits() || paged_next(&g.paged) > g.now)
		return;
	any = paged_done(&g.paged, g.now, &d);
	ring_bell();
	if (sim.hostile)
		believe_lies();
	if (!any)
		return;
	if (d.page != PAGED_NO_PAGE && !d.lost)
		EXPECT(!memcmp(contents_of(d.page), expected[d.page], PAGE_SIZE));
	for (u32 i = 0; i < g.nr_vcpus; i++) {
		struct vcpu *v = &g.vcpus[i];

		if (v->state == WAITS_FOR_ROOM || (v->state == WAITS_FOR_PAGE && v->page == d.page))
			v->state = RUNS;
	}
}

/* ---- its life ---- */

/* It may be told to stop between two steps, and begins anew then; its pager does what it likes
 * meanwhile, and no vCPU listens. */
static void reset_by_steps(void)
{
	for (u32 i = 0; i < g.config.nr_pages;) {
		u32 n = 1 + test_random() % PAGED_RESET_STEP;

		paged_reset(&g.paged, i, n);
		i = test_random() % 16 == 15 ? 0 : i + n;
		g.now += one_in(4) ? test_random() % 512 : 0;
		if (one_in(8))
			sim_restart(one_in(2));
		if (one_in(2) && !sim.silent)
			sim_take();
		if (one_in(2) && !sim.silent)
			sim_answer();
		if (one_in(2))
			sim_ring();
		check_slots();
	}
}

static void guest_reset(void)
{
	for (u32 i = 0; i < g.nr_vcpus; i++) {
		g.vcpus[i].nr = 0;
		new_instruction(&g.vcpus[i]);
	}
	g.dropped += paged_nr_loading(&g.paged);
	reset_by_steps();
	memset(expected, 0, g.config.nr_pages * PAGE_SIZE);
	memset(sim.failed, 0, sizeof(sim.failed));
	memset(g.lied, 0, sizeof(g.lied));
}

static void guest_begin(const struct paged_config *c, u32 nr_vcpus, u32 slots, u64 timeout)
{
	struct pager_config p = {shared, slots, c->nr_pages, timeout};

	pages_init((pa_t)pool, sizeof(pool), 0);
	memset(&g, 0, sizeof(g));
	memset(shared, 0, PAGER_SHARED_SIZE(slots));
	g.config = *c;
	g.config.ipa = RAM;
	g.config.frames = frames;
	g.nr_vcpus = nr_vcpus;
	g.timeout = timeout;
	g.now = 1000000;
	EXPECT_EQ(pager_init(&pager, &p), OK);
	EXPECT_EQ(stage2_create(&g.s2, 1, 32), OK);
	EXPECT_EQ(paged_create(&g.paged, &g.config, &g.s2, &pager.store), OK);
	sim_begin(slots);
	guest_reset();
}

/* Nobody touches anything any more: does everybody who waits hear of it? Either as the
 * pager answers all that it is asked, or as time goes by. */
static void guest_drain(void)
{
	for (u32 i = 0; i < g.nr_vcpus; i++)
		if (g.vcpus[i].state == HAS_NO_ROOM)
			vcpu_step(&g.vcpus[i]);
	if (!sim.restarts && !sim.hostile)
		sim_hello(false);
	for (u32 i = 0; i < 100 * sim.slots && somebody_waits(); i++) {
		u64 next = paged_next(&g.paged);

		if (sim.hostile || sim.silent) {
			EXPECT(next != UINT64_MAX || sim.speaks);
			sim_ring();
			g.now = next == UINT64_MAX || next < g.now ? g.now : next;
		} else {
			sim_take();
			if (one_in(2))
				sim_answer();
			sim_ring();
		}
		arrival();
	}
	EXPECT(!somebody_waits());
}
