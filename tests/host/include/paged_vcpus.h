/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vCPUs of a paged guest: each makes instructions of a few pages, again from the start after
 * each fault, holds what it was given until the instruction is done, and waits as it is
 * told. For one test program.
 */
#pragma once

#include <paged_world.h>

static struct vcpu {
	u32 pages[PAGED_HELD], nr; /* that the instruction needs, all at once */
	bool fetch, el1;           /* the first page is of code */
	u32 frames[PAGED_HELD], nr_held;
	u32 waits; /* for a page; NOBODY: it runs */
	bool no_room;
	u32 faults, last; /* the page that a sequential walk has come to */
} vcpus[NR_CPUS];
static u32 nr_vcpus, most_faults, agains;

static u32 some_page(struct vcpu *v)
{
	u32 nr = w.config.nr_pages;

	switch (test_random() % 4) {
	case 0:
		return v->last = (v->last + 1) % nr;
	case 1:
		return test_random() % MIN(nr, 12U);
	default:
		return test_random() % nr;
	}
}

static void new_instruction(struct vcpu *v)
{
	while (v->nr_held)
		world_release(v->frames[--v->nr_held]);
	v->nr = one_in(64) ? PAGED_HELD : 1 + test_random() % 3;
	for (u32 i = 0; i < v->nr; i++)
		v->pages[i] = some_page(v);
	v->fetch = one_in(3);
	v->el1 = one_in(4);
	most_faults = MAX(most_faults, v->faults);
	v->faults = 0;
	v->no_room = false;
	v->waits = NOBODY;
}

static void hold(struct vcpu *v, u32 frame)
{
	for (u32 i = 0; i < v->nr_held; i++)
		if (v->frames[i] == frame) {
			world_release(frame);
			return;
		}
	EXPECT(v->nr_held < PAGED_HELD);
	v->frames[v->nr_held++] = frame;
}

static void vcpu_fault(struct vcpu *v, u32 page, bool fetch)
{
	struct paged_access a = {.fetch = fetch, .el1 = v->el1};
	u32 frame = NOBODY;

	v->faults++;
	switch (world_fault(v - vcpus, page, &a, &frame)) {
	case PAGED_THERE:
		hold(v, frame);
		break;
	case PAGED_WAIT:
		v->waits = page;
		break;
	case PAGED_ROOM:
		v->no_room = true;
		break;
	case PAGED_AGAIN:
		agains++;
		break;
	case PAGED_LOST:
		new_instruction(v);
		break;
	}
}

/* Many pages are zero, or nearly so, so that such pages come and go. */
static void write_page(u64 *at, u64 *model)
{
	u64 word = one_in(2) ? 0 : test_random();

	for (u32 i = 0; i < WORDS; i++)
		at[i] = word;
	if (one_in(2))
		((u32 *)at)[test_random() % (2 * WORDS)] ^= 1U << test_random() % 32;
	memcpy(model, at, PAGE_SIZE);
}

static void use(u64 *at, u32 page)
{
	u32 word = test_random() % WORDS, kind = test_random() % 8;

	EXPECT_EQ(at[word], expected[page][word]);
	if (kind == 0)
		write_page(at, expected[page]);
	else if (kind < 4)
		at[word] = expected[page][word] = test_random();
}

/* One try at the instruction: it faults, once, or is done. */
static void vcpu_step(struct vcpu *v)
{
	u64 *at[PAGED_HELD];

	if (v->waits != NOBODY || (v->no_room && paged_is_loading(&w.paged)))
		return;
	v->no_room = false;
	for (u32 i = 0; i < v->nr; i++) {
		bool fetch = v->fetch && !i;

		at[i] = cpu_access(v - vcpus, ipa_of_page(v->pages[i]), fetch);
		if (!at[i]) {
			vcpu_fault(v, v->pages[i], fetch);
			return;
		}
	}
	for (u32 i = 0; i < v->nr; i++)
		use(at[i], v->pages[i]);
	new_instruction(v);
}
