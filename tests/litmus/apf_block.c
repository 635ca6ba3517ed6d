/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Tocsin writes for a guest that waits for pages: el2/paging/apf_block.h. A vCPU's ring is
 * read by any vCPU of its guest.
 *
 * fault: posted: el2/paging/apf_block.h: atomic_store_release(&a->ring->produced, ->
 * atomic_store(&a->ring->produced,
 */
#include "litmus.h"
#include <el2/paging/apf_block.h>

static u32 memory[8];
#define RING ((struct tocsin_apf_ring *)memory)
static struct apf apf;

/* A CPU that sees that there is a token sees which. */
void posted_init(void)
{
	apf.ring = RING;
}

u64 posted_0(void)
{
	apf_block_post(&apf, 0, 0x41);
	return 0;
}

u64 posted_1(void)
{
	return atomic_load_acquire(&RING->produced) ? atomic_load(&RING->token[0]) : 0x40;
}

bool posted_forbidden(const u64 *r)
{
	return !r[1];
}

bool posted_allowed(const u64 *r)
{
	return r[1] == 0x41;
}
