/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: mm/pager.c mm/pager_ring.c mm/pager_slots.c mm/paged.c mm/paged_evict.c
 * sources: mm/stage2_page.c mm/stage2.c mm/pgtable.c mm/pages.c guest/pager/pager.c
 *
 * A million steps of a guest whose pages a pager keeps, which may be slow, fail, fall silent, be
 * restarted, or lie.
 */
#include <pager_guest.h>

static struct {
	u64 loads, rescued, drops, failed, late, strange, hellos, lost, rooms, answered, agains;
} sum;

static void begin_round(u32 round)
{
	u32 nr_vcpus = 1 + round % MAX_VCPUS;
	struct paged_config c = {.nr_frames = paged_least_frames(nr_vcpus) + test_random() % 8,
				 .nr_loads = 1 + test_random() % 8,
				 .read_ahead = one_in(2) ? test_random() % 5 : 0};
	u64 timeout = round % 4 < 2 ? 0 : 100 + test_random() % 4000;

	c.nr_pages = c.nr_frames + 8 + test_random() % (MAX_PAGES - MAX_FRAMES);
	guest_begin(&c, nr_vcpus, 4U << test_random() % 3, timeout);
	sim.fail = round % 2 ? 20 + test_random() % 40 : 0;
	if (round % 8 == 6) {
		sim.hostile = true;
		return;
	}
	sim.hush = timeout ? 30 + test_random() % 400 : 0;
	sim.forget = round % 16 < 8 ? 0 : 100 + test_random() % 1000;
	if (one_in(2))
		sim_hello(false);
}

static void sim_step(void)
{
	if (one_in(sim.hush))
		sim.silent = !sim.silent;
	if (one_in(sim.forget))
		(one_in(2) ? sim_hello : sim_restart)(one_in(2));
	if (sim.hostile && one_in(2))
		sim_attack();
	if (one_in(2))
		sim_ring();
	if (sim.silent)
		return;
	if (one_in(2))
		sim_take();
	else
		sim_answer();
}

static void step(void)
{
	u32 what = test_random() % 16;

	g.now += test_random() % 8;
	if (what < 6)
		vcpu_step(&g.vcpus[test_random() % g.nr_vcpus]);
	else if (what < 9)
		arrival();
	else
		sim_step();
	if (!sim.restarts && one_in(200))
		sim_hello(false);
	if (one_in(20000))
		guest_reset();
	if (one_in(500))
		guest_drain();
	guest_check();
}

static void add_up(void)
{
	const struct pager_counts *c = &pager.counts;

	sum.loads += c->loads;
	sum.rescued += c->rescued;
	sum.drops += c->drops;
	sum.failed += c->failed;
	sum.late += c->late;
	sum.strange += c->strange;
	sum.hellos += c->hellos;
	sum.lost += g.lost;
	sum.rooms += g.rooms;
	sum.answered += sim.answered;
}

TEST(pager_guest_finds_what_it_wrote)
{
	for (u32 round = 0; round < 96; round++) {
		begin_round(round);
		for (u32 i = 0; i < 10500; i++)
			step();
		guest_drain();
		add_up();
		EXPECT(g.most_faults < (sim.hostile ? 5000 : 500));
		sum.agains += g.agains;
	}
	EXPECT(sum.loads > 10000 && sum.rescued > 1000 && sum.drops > 100 && sum.failed > 100);
	EXPECT(sum.late > 100 && sum.strange > 1000 && sum.hellos > 100 && sum.lost > 100);
	EXPECT(sum.rooms > 1000 && sum.answered > 10000 && sum.agains > 1000);
}
