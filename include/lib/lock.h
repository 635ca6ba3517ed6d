/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spinlock. CPUs of different partitions meet at some locks, so the wait must have a bound as the
 * hold has; at a lock that the fastest CPU gets, a partition that takes it again and again keeps
 * another one's CPU waiting. So a CPU that has seen LOCK_PATIENCE holds of others go by draws a
 * ticket, and while tickets are out, the lock serves them in their order. Before that, a CPU that
 * finds the lock free takes it: CPUs of an emulator, which the host runs by turns, would wait at
 * every hand-over for a CPU that does not run.
 *
 * A CPU waits for LOCK_PATIENCE holds, and then for one of each other CPU.
 *
 * EL2 runs with interrupts masked: no variant for interrupt context is needed. The
 * order in which locks may nest is the table in docs/design/locking.md.
 */
#pragma once

#include <arch/spin.h>
#include <lib/atomic.h>

#define LOCK_PATIENCE 4

/* Free while both tickets are the same: a CPU takes it by drawing next. */
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

/* lock_acquire() of a lock whose word was not that of a free one. */
void lock_wait(struct lock *l, u32 word);

/* Spins until the lock is the caller's. */
static inline void lock_acquire(struct lock *l)
{
	u32 word;

	if (spin_add_if_equal(&l->word, LOCK_TICKET, &word))
		lock_wait(l, word);
}

/* Gives the lock up; the caller holds it. */
static inline void lock_release(struct lock *l)
{
	atomic_store_release(&l->serving, (u16)(l->serving + 1));
}
