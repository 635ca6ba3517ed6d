/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spinlock: a CPU that comes draws a ticket, and the lock serves tickets in their order. CPUs
 * of different partitions meet at some locks, so the wait must have a bound as the hold has:
 * (number of CPUs - 1) holds. A lock that the fastest CPU gets has none; a partition that takes
 * it again and again would keep another one's CPU waiting. The price is that the next CPU in
 * line may be one that an emulator has not scheduled; a CPU of a machine always runs.
 *
 * EL2 runs with interrupts masked: no variant for interrupt context is needed. The
 * order in which locks may nest is the table in docs/architecture.md.
 */
#pragma once

#include <arch/spin.h>
#include <lib/atomic.h>

/* Free while both tickets are the same. */
struct lock {
	union {
		u32 word;
		struct {
			u16 serving; /* written by the holder alone */
			u16 next;
		};
	};
};
#define LOCK_TICKET (1U << 16) /* in word */

/* Spins until the lock is the caller's. */
static inline void lock_take(struct lock *l)
{
	u32 drawn = spin_fetch_add(&l->word, LOCK_TICKET);

	if (drawn ^ (drawn << 16 | drawn >> 16)) /* the halves differ */
		spin_until(&l->serving, drawn >> 16);
}

/* Gives the lock up; the caller holds it. */
static inline void lock_drop(struct lock *l)
{
	atomic_store_release(&l->serving, (u16)(l->serving + 1));
}
