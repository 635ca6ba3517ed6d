/* SPDX-License-Identifier: Apache-2.0 */
/* A channel of a bare-metal guest: see link.h. Each has a block of addresses of its own, where
 * the memory is seen as memory whatever is beside it. */
#include "link.h"

#define FIRST_WINDOW 480 /* above all that machines have in the first 512 GiB */
#define NR_WINDOWS 32

static u32 get(const struct link *l, u32 reg)
{
	return io_read32(l->page + reg);
}

static u64 get_pair(const struct link *l, u32 reg)
{
	return get(l, reg) | (u64)get(l, reg + 4) << 32;
}

static void map(struct link *l)
{
	static u32 windows;
	u32 block = FIRST_WINDOW + windows++ % NR_WINDOWS;

	mmu_window(block, ALIGN_DOWN(l->at, GIB(1)));
	l->memory = (u8 *)((u64)block << 30 | (l->at & (GIB(1) - 1)));
}

static void read_name(struct link *l)
{
	for (u32 i = 0; i < sizeof(l->peer); i += 4) {
		u32 word = get(l, TOCSIN_CHANNEL_PEER_NAME + i);

		memcpy(l->peer + i, &word, 4);
	}
	l->peer[sizeof(l->peer) - 1] = 0;
}

int link_find(int after, const char *compatible, struct link *l)
{
	int node = fdt_compatible(after, compatible);
	struct range page;

	if (node < 0 || !fdt_reg(node, 0, &page))
		return -1;
	*l = (struct link){.page = page.base};
	l->at = get_pair(l, TOCSIN_CHANNEL_BASE);
	l->size = get_pair(l, TOCSIN_CHANNEL_SIZE);
	l->intid = get(l, TOCSIN_CHANNEL_INTID);
	read_name(l);
	if (l->size)
		map(l);
	return node;
}

void link_listen(const struct link *l)
{
	link_bells(l);
	gic_set_edge(l->intid, true);
	gic_route(l->intid, 0);
	gic_enable(l->intid);
}

u32 link_bells(const struct link *l)
{
	return get(l, TOCSIN_CHANNEL_BELLS);
}

void link_ring(const struct link *l, u32 bells)
{
	dsb(ish);
	io_write32(l->page + TOCSIN_CHANNEL_RING, bells);
}
