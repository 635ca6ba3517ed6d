/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile partition at one side of two channels: the memory of the first is everybody's, that
 * of the second only to be read. */
#include "attack.h"
#include <abi/channel.h>

#define NR_CHANNELS 2
#define PAGES 0x0b000000UL
#define ACCESSES 4000
#define RINGS 4000
#define WRITES 4000

static u64 page(u32 n)
{
	return PAGES + n * PAGE_SIZE;
}

static u64 memory(u32 n)
{
	return io_read32(page(n) + TOCSIN_CHANNEL_BASE);
}

static u32 size(u32 n)
{
	return io_read32(page(n) + TOCSIN_CHANNEL_SIZE);
}

/* Every width at every place, of which only aligned words are answered. */
static void registers(void)
{
	for (u32 i = 0; i < ACCESSES; i++) {
		u64 at = page(RANDOM(NR_CHANNELS)) + RANDOM(PAGE_SIZE - 8), value;
		u32 width = 1U << RANDOM(4);
		bool good = width == 4 && IS_ALIGNED(at, 4);
		struct fault f = RANDOM(2) ? try_read(at, width, &value)
					   : try_write(at, width, random_next(&seed));

		EXPECT(f.taken != good, "0x%lx, %u bytes: esr 0x%lx", at, width, f.esr);
	}
	EXPECT(try_write(page(NR_CHANNELS), 4, 1).taken, "a channel of others");
}

static void doorbells(void)
{
	for (u32 i = 0; i < RINGS; i++)
		io_write32(page(RANDOM(NR_CHANNELS)) + TOCSIN_CHANNEL_RING,
			   (u32)random_next(&seed) | 1);
}

/* All that both may write to; not what only the other may, nor what lies around. */
static void shared(void)
{
	u64 value;

	for (u32 i = 0; i < WRITES; i++) {
		u32 at = RANDOM(size(0) / 8) * 8;

		EXPECT(!try_write(memory(0) + at, 8, random_next(&seed)).taken, "0x%x", at);
		EXPECT(!try_read(memory(1) + at, 8, &value).taken, "0x%x", at);
		EXPECT(try_write(memory(1) + at, 8, random_next(&seed)).taken,
		       "0x%x can be written", at);
	}
	for (u32 n = 0; n < NR_CHANNELS; n++) {
		EXPECT(try_write(memory(n) - 8, 8, 0).taken, "before channel %u", n);
		EXPECT(try_write(memory(n) + size(n), 8, 0).taken, "behind channel %u", n);
	}
}

static void channel(void)
{
	registers();
	doorbells();
	shared();
	expect_served();
}

void guest_setup(void)
{
	attack_only();
}

const struct test guest_tests[] = {{"channel", channel, UNDER_TOCSIN}, {0}};
