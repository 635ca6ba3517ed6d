/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels between partitions: shared memory and doorbells. The peer is reached by its
 * vGIC's lock alone, and only by the first bell that it has not read.
 */
#include <abi/channel.h>
#include <arch/nospec.h>
#include <el2/channel.h>
#include <el2/partition.h>
#include <lib/layout.h>
#include <lib/string.h>

/* abi/channel.h, which the guest sees */
REQUIRE(TOCSIN_CHANNEL_MAGIC == 0x00 && TOCSIN_CHANNEL_STATUS == 0x04);
REQUIRE(TOCSIN_CHANNEL_PEER_STARTS == 0x08 && TOCSIN_CHANNEL_RING == 0x0c);
REQUIRE(TOCSIN_CHANNEL_BELLS == 0x10 && TOCSIN_CHANNEL_INTID == 0x14);
REQUIRE(TOCSIN_CHANNEL_BASE == 0x18 && TOCSIN_CHANNEL_SIZE == 0x20);
REQUIRE(TOCSIN_CHANNEL_PEER_NAME == 0x40 && TOCSIN_CHANNEL_PEER_NAME_SIZE % 4 == 0);

/* Sides whose peers one step tells. */
#define STEP_ENDS 8

enum err channel_create(struct partition *p)
{
	const struct partition_config *c = p->config;
	enum err err = OK;

	for (u32 i = 0; i < c->nr_ends && !err; i++) {
		struct channel_end *e = c->channels[i];

		if (e->memory.size)
			err = stage2_map_shared(&p->stage2, e->memory.base, e->memory_pa,
						e->memory.size, e->write);
		if (!err)
			e->partition = p;
	}
	return err;
}

void channel_destroy(const struct partition *p)
{
	const struct partition_config *c = p->config;

	for (u32 i = 0; i < c->nr_ends; i++)
		c->channels[i]->partition = NULL;
}

u32 channel_regions(struct partition *p, struct mmio_region *out)
{
	const struct partition_config *c = p->config;

	for (u32 i = 0; i < c->nr_channels; i++)
		out[i] = (struct mmio_region){
		    {c->channels[i]->page, PAGE_SIZE}, channel_access, c->channels[i], "channel"};
	return c->nr_channels;
}

static bool is_memory(const struct channel_end *e, struct range r)
{
	return range_contains((struct range){e->memory_pa, e->memory.size}, r);
}

bool channel_shares(const struct partition *p, const struct partition *q, struct range r)
{
	const struct partition_config *c = p->config;

	for (u32 i = 0; i < c->nr_channels; i++)
		if (c->channels[i]->other->partition == q && is_memory(c->channels[i], r))
			return true;
	return false;
}

bool channel_shares_with_tocsin(const struct partition *p, struct range r)
{
	const struct partition_config *c = p->config;

	for (u32 i = 0; i < c->nr_channels; i++)
		if (c->channels[i]->other->tocsins && is_memory(c->channels[i], r))
			return true;
	return false;
}

static bool runs(const struct channel_end *e)
{
	return e->partition && atomic_load_acquire(&e->runs);
}

/* A bell for a partition that does not run is lost, unless the end is Tocsin's. Of the bells that
 * wait to be read only the first has interrupted. */
void channel_ring(struct channel_end *at, u32 bells)
{
	if (!bells || !at->partition)
		return;
	if (at->tocsins && bells & TOCSIN_CHANNEL_BELL_STATE && runs(at->other))
		paging_renew(at->partition);
	else if (at->tocsins)
		paging_rung(at->partition);
	else if (runs(at) && !atomic_or(&at->bells, bells))
		vgic_pulse(at->partition, at->intid);
}

/* The peer's name, four bytes from offset. */
static u32 name_word(const struct channel_end *e, u64 offset)
{
	size_t len = strlen(e->peer);
	u32 word = 0;

	for (u32 i = 0; i < 4; i++) {
		u64 at = offset + i;

		if (index_check(&at, MIN(len, TOCSIN_CHANNEL_PEER_NAME_SIZE)))
			word |= (u32)(u8)e->peer[at] << 8 * i;
	}
	return word;
}

static u32 read(struct channel_end *e, u64 offset)
{
	switch (offset) {
	case TOCSIN_CHANNEL_MAGIC:
		return TOCSIN_CHANNEL_MAGIC_VALUE;
	case TOCSIN_CHANNEL_STATUS:
		return (runs(e->other) ? TOCSIN_CHANNEL_PEER_RUNS : 0) |
		       (e->write ? TOCSIN_CHANNEL_MAY_WRITE : 0);
	case TOCSIN_CHANNEL_PEER_STARTS:
		return atomic_load(&e->other->starts);
	case TOCSIN_CHANNEL_INTID:
		return e->intid;
	case TOCSIN_CHANNEL_BASE:
		return (u32)e->memory.base;
	case TOCSIN_CHANNEL_BASE + 4:
		return (u32)(e->memory.base >> 32);
	case TOCSIN_CHANNEL_SIZE:
		return (u32)e->memory.size;
	case TOCSIN_CHANNEL_SIZE + 4:
		return (u32)(e->memory.size >> 32);
	default:
		return offset >= TOCSIN_CHANNEL_PEER_NAME
			   ? name_word(e, offset - TOCSIN_CHANNEL_PEER_NAME)
			   : 0;
	}
}

enum mmio_result channel_access(struct vcpu *v, void *device, struct mmio_access *a)
{
	struct channel_end *e = device;

	if (a->size != 4)
		return MMIO_FAULT;
	if (a->write && a->offset == TOCSIN_CHANNEL_RING)
		channel_ring(e->other, (u32)a->value & ~TOCSIN_CHANNEL_BELL_STATE);
	else if (!a->write && a->offset == TOCSIN_CHANNEL_BELLS)
		a->value = atomic_swap(&e->bells, 0);
	else if (!a->write)
		a->value = read(e, a->offset);
	return MMIO_DONE;
}

/* The peer sees in the registers what its bell is for. Bells that have rung without an interrupt
 * would silence all others. */
static void tell(struct channel_end *e, bool runs)
{
	atomic_store(&e->bells, 0);
	atomic_store_release(&e->runs, runs);
	channel_ring(e->other, TOCSIN_CHANNEL_BELL_STATE);
}

static bool tell_some(const struct partition *p, u32 *next, bool runs)
{
	const struct partition_config *c = p->config;
	u32 end = MIN(*next + STEP_ENDS, c->nr_ends);

	for (; *next < end; (*next)++) {
		if (runs)
			atomic_add(&c->channels[*next]->starts, 1);
		tell(c->channels[*next], runs);
	}
	return end == c->nr_ends;
}

bool channel_started(struct partition *p, u32 *next)
{
	return tell_some(p, next, true);
}

bool channel_stopped(struct partition *p, u32 *next)
{
	return tell_some(p, next, false);
}
