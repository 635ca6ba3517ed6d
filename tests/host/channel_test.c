/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both sides of a channel between a stage 2 and a vGIC that remember what they are told:
 * registers, who is interrupted and how often, stops and starts.
 * sources: el2/vdev/channel.c
 */
#include <abi/channel.h>
#include <el2/channel.h>
#include <el2/partition.h>
#include <string.h>
#include <test.h>

#define MEMORY 0x50000000UL

static struct partition side[2];
static struct channel_end ends[2];
static u32 pulses[2], rung, renewed;
static bool writable[2];

enum err stage2_map_shared(struct stage2 *s2, ipa_t ipa, pa_t pa, u64 size, bool write)
{
	u32 i = s2 == &side[1].stage2;

	EXPECT(s2 == &side[i].stage2 && ipa == ends[i].memory.base && pa == MEMORY &&
	       size == 0x3000);
	writable[i] = write;
	return OK;
}

void vgic_pulse(struct partition *p, u32 intid)
{
	u32 i = p == &side[1];

	EXPECT(p == &side[i] && intid == ends[i].intid && ends[i].bells);
	pulses[i]++;
}

void paging_rung(struct partition *p)
{
	EXPECT(p == &side[1] && ends[1].tocsins);
	rung++;
}

void paging_renew(struct partition *p)
{
	EXPECT(p == &side[1] && ends[1].tocsins);
	renewed++;
}

static enum mmio_result access_reg(u32 i, u64 offset, u8 size, bool write, u64 *value)
{
	struct mmio_access a = {
	    .offset = offset, .size = size, .write = write, .value = write ? *value : 0};
	enum mmio_result result = channel_access(NULL, &ends[i], &a);

	*value = a.value;
	return result;
}

static u32 get(u32 i, u64 offset)
{
	u64 value;

	EXPECT_EQ(access_reg(i, offset, 4, false, &value), MMIO_DONE);
	return (u32)value;
}

static void ring(u32 i, u32 bells)
{
	u64 value = bells;

	EXPECT_EQ(access_reg(i, TOCSIN_CHANNEL_RING, 4, true, &value), MMIO_DONE);
}

static void set_up(bool made)
{
	static struct channel_end *channels[2] = {&ends[0], &ends[1]};
	static struct partition_config configs[2];

	memset(side, 0, sizeof(side));
	for (u32 i = 0; i < 2; i++) {
		ends[i] =
		    (struct channel_end){.peer = i ? "a" : "the-longest-name-that-there-can-be",
					 .other = &ends[!i],
					 .memory = {0x110000000UL * (i + 1), 0x3000},
					 .memory_pa = MEMORY,
					 .write = i,
					 .page = 0x1000,
					 .intid = 80 + i};
		configs[i] = (struct partition_config){
		    .channels = &channels[i], .nr_channels = 1, .nr_ends = 1};
		side[i].config = &configs[i];
		pulses[i] = 0;
		if (!i || made)
			EXPECT_EQ(channel_create(&side[i]), OK);
	}
}

static void start(u32 i)
{
	u32 next = 0;

	EXPECT(channel_started(&side[i], &next));
}

static void stop(u32 i)
{
	u32 next = 0;

	EXPECT(channel_stopped(&side[i], &next));
}

TEST(registers)
{
	static const u64 sizes[] = {1, 2, 8};
	char name[TOCSIN_CHANNEL_PEER_NAME_SIZE];
	struct mmio_region region;
	u64 value = 0;

	set_up(true);
	EXPECT(!writable[0] && writable[1]);
	EXPECT_EQ(channel_regions(&side[0], &region), 1);
	EXPECT(region.range.base == 0x1000 && region.range.size == PAGE_SIZE);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_MAGIC), TOCSIN_CHANNEL_MAGIC_VALUE);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_STATUS), 0);
	EXPECT_EQ(get(1, TOCSIN_CHANNEL_STATUS), TOCSIN_CHANNEL_MAY_WRITE);
	EXPECT_EQ(get(1, TOCSIN_CHANNEL_INTID), 81);
	EXPECT_EQ(get(1, TOCSIN_CHANNEL_BASE), 0x20000000);
	EXPECT_EQ(get(1, TOCSIN_CHANNEL_BASE + 4), 2);
	EXPECT_EQ(get(1, TOCSIN_CHANNEL_SIZE), 0x3000);
	EXPECT_EQ(get(1, TOCSIN_CHANNEL_SIZE + 4), 0);
	for (u32 i = 0; i < sizeof(name); i += 4) {
		u32 word = get(0, TOCSIN_CHANNEL_PEER_NAME + i);

		memcpy(name + i, &word, 4);
	}
	EXPECT(!memcmp(name, ends[0].peer, sizeof(name)));
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_PEER_NAME + sizeof(name)), 0);
	EXPECT_EQ(get(1, TOCSIN_CHANNEL_PEER_NAME), 'a');
	EXPECT_EQ(get(1, PAGE_SIZE - 4), 0);
	for (u32 i = 0; i < 3; i++) {
		EXPECT_EQ(access_reg(0, 0, (u8)sizes[i], false, &value), MMIO_FAULT);
		EXPECT_EQ(access_reg(0, TOCSIN_CHANNEL_RING, (u8)sizes[i], true, &value),
			  MMIO_FAULT);
	}
}

TEST(one_interrupt_until_it_is_heard)
{
	set_up(true);
	start(0);
	start(1);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_BELLS), TOCSIN_CHANNEL_BELL_STATE);
	EXPECT_EQ(pulses[0], 1);
	for (u32 round = 1; round < 4; round++) {
		for (u32 i = 0; i < 100; i++)
			ring(1, 1U << i % 32);
		ring(1, 0);
		EXPECT_EQ(pulses[0], 1 + round);
		EXPECT_EQ(get(0, TOCSIN_CHANNEL_BELLS), 0x7fffffff);
		EXPECT_EQ(get(0, TOCSIN_CHANNEL_BELLS), 0);
	}
	EXPECT_EQ(pulses[1], 0);
}

TEST(nobody_there)
{
	set_up(false);
	start(0);
	ring(0, 1);
	EXPECT(!ends[1].bells && !pulses[1]);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_STATUS), 0);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_PEER_STARTS), 0);
}

TEST(stop_and_start)
{
	set_up(true);
	start(0);
	start(1);
	ring(0, 4);
	get(0, TOCSIN_CHANNEL_BELLS);
	ring(0, 8);
	stop(1);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_STATUS), 0);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_BELLS), TOCSIN_CHANNEL_BELL_STATE);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_PEER_STARTS), 1);
	EXPECT_EQ(ends[1].bells, 0);
	pulses[1] = 0;
	start(1);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_STATUS), TOCSIN_CHANNEL_PEER_RUNS);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_BELLS), TOCSIN_CHANNEL_BELL_STATE);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_PEER_STARTS), 2);
	ring(0, 1);
	EXPECT_EQ(pulses[1], 1);
}

TEST(what_is_shared)
{
	set_up(true);
	EXPECT(channel_shares(&side[0], &side[1], (struct range){MEMORY, 0x3000}));
	EXPECT(channel_shares(&side[1], &side[0], (struct range){MEMORY + 0x1000, 0x1000}));
	EXPECT(!channel_shares(&side[0], &side[1], (struct range){MEMORY, 0x4000}));
	EXPECT(!channel_shares(&side[0], &side[0], (struct range){MEMORY, 0x1000}));
}

/* Side 0 is the pager of side 1. */
static void set_up_pager(void)
{
	static struct partition_config served;

	set_up(false);
	rung = renewed = 0;
	served = *side[1].config;
	served.nr_channels = 0;
	side[1].config = &served;
	ends[1] = (struct channel_end){
	    .peer = "a", .other = &ends[0], .memory_pa = MEMORY, .tocsins = true};
	EXPECT_EQ(channel_create(&side[1]), OK);
}

TEST(a_pager_rings_at_tocsin)
{
	struct mmio_region region;

	set_up_pager();
	EXPECT_EQ(channel_regions(&side[1], &region), 0);
	ring(0, 0);
	EXPECT_EQ(rung, 0);
	ring(0, 1); /* also for a partition that does not run yet: there is one hello */
	ring(0, 2);
	EXPECT(rung == 2 && !renewed && !ends[1].bells && !pulses[1]);
	start(0);
	EXPECT(rung == 2 && renewed == 1);
	side[0].state = PARTITION_STOPPING;
	stop(0); /* what it has said last is heard */
	EXPECT(rung == 3 && renewed == 1);
	channel_destroy(&side[1]);
	ring(0, 1);
	EXPECT_EQ(rung, 3);
}

TEST(a_pager_hears_of_whom_it_serves)
{
	set_up_pager();
	start(0);
	start(1);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_STATUS), TOCSIN_CHANNEL_PEER_RUNS);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_PEER_STARTS), 1);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_BELLS), TOCSIN_CHANNEL_BELL_STATE);
	channel_ring(&ends[0], 1);
	channel_ring(&ends[0], 1);
	EXPECT_EQ(pulses[0], 2);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_BELLS), 1);
	stop(1);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_BELLS), TOCSIN_CHANNEL_BELL_STATE);
	EXPECT_EQ(get(0, TOCSIN_CHANNEL_STATUS), 0);
	stop(0);
	channel_ring(&ends[0], 1);
	EXPECT(!ends[0].bells && !pulses[1]);
}

TEST(what_tocsin_shares)
{
	set_up_pager();
	EXPECT(channel_shares_with_tocsin(&side[0], (struct range){MEMORY + 0x1000, 0x2000}));
	EXPECT(!channel_shares_with_tocsin(&side[0], (struct range){MEMORY, 0x4000}));
	EXPECT(!channel_shares_with_tocsin(&side[1], (struct range){MEMORY, 0x1000}));
	set_up(true);
	EXPECT(!channel_shares_with_tocsin(&side[0], (struct range){MEMORY, 0x1000}));
}
