/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile pager: what it writes to the memory that it shares with Tocsin, and when, is the
 * input; so is what the guest does whose pages it keeps. The guest's pages that it never had are
 * right, slots, frames and counts add up, and whoever waits hears of it in the end.
 * sources: mm/pager.c mm/pager_ring.c mm/pager_slots.c mm/paged.c mm/paged_evict.c
 * sources: mm/stage2_page.c mm/stage2.c mm/pgtable.c mm/pages.c guest/pager/pager.c
 */
#include <pager_guest.h>

#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) u64 host_##name;
#include <arch/sysreg.def>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const u8 *input;
static size_t left;

/* Past the end everything is 0. */
unsigned long test_random(void)
{
	u64 value = 0;

	for (u32 i = 0; i < 2 && left; i++, left--)
		value = value << 8 | *input++;
	return value;
}

void test_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

_Noreturn void check_failed(const char *expr, const char *file, u32 line)
{
	test_fail(file, (int)line, expr);
	abort();
}

/* A word of the input, where it says. */
static void write_shared(void)
{
	u32 *word = (void *)shared, offset = test_random() % (TOCSIN_PAGER_SLOTS / 4 + 1024);

	word[offset] = test_random() << 16 | test_random();
	sim.speaks = true;
}

static void step(void)
{
	u32 what = test_random();

	g.now += what >> 4 & 15;
	switch (what & 15) {
	case 0 ... 5:
		vcpu_step(&g.vcpus[what >> 8 & 1]);
		break;
	case 6 ... 8:
		arrival();
		break;
	case 9:
		sim_take();
		break;
	case 10:
		sim_answer();
		break;
	case 11:
		sim_hello(what >> 8 & 1);
		break;
	case 12:
		sim_attack();
		break;
	case 13:
		write_shared();
		break;
	case 14:
		sim_ring();
		break;
	default:
		if (!(what >> 8 & 15))
			guest_reset();
	}
	guest_check();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct paged_config c = {
	    .nr_pages = 64, .nr_frames = paged_least_frames(2), .nr_loads = 3, .read_ahead = 2};

	input = data;
	left = size;
	guest_begin(&c, 2, 4, 500);
	sim.hostile = true;
	while (left)
		step();
	guest_drain();
	return 0;
}
