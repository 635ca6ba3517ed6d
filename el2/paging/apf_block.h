/* SPDX-License-Identifier: Apache-2.0 */
/* What el2/paging/apf.c (tokens) and el2/paging/apf_call.c (calls, control block) have of each
 * other. */
#pragma once

#include <el2/apf.h>
#include <lib/atomic.h>

/* The control block is in memory that the guest writes as it likes. */

static inline u32 apf_block_consumed(const struct apf *a)
{
	return atomic_load_acquire(&a->consumer->index);
}

static inline bool apf_block_accepted(const struct apf *a)
{
	return atomic_load_acquire(&a->notice->reply) == TOCSIN_APF_ACCEPT;
}

static inline void apf_block_notice(struct apf *a, u32 token, u64 ipa)
{
	atomic_store(&a->notice->token, token);
	atomic_store(&a->notice->reply, 0);
	atomic_store(&a->notice->page, ipa);
}

/* The entry first, then the number that says it is there. */
static inline void apf_block_post(struct apf *a, u32 entry, u32 token)
{
	atomic_store(&a->ring->token[entry % APF_RING], token);
	atomic_store_release(&a->ring->produced, entry + 1);
}

/* Everything outstanding is void; how many tokens were accepted and will never be ready. */
u32 apf_drop(struct apf *a);
