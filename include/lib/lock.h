/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket spinlock: first come, first served, so that one partition cannot
 * starve another on a shared lock. EL2 runs with interrupts masked: no variant
 * for interrupt context is needed. The order in which locks may nest is the
 * table in docs/architecture.md.
 */
#pragma once

#include <arch/spin.h>
#include <lib/atomic.h>

struct lock {
	u16 next;
	u16 owner;
};

/* Spins until the lock is the caller's. */
static inline void lock_take(struct lock *l)
{
	u16 ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	if (atomic_load_acquire(&l->owner) != ticket)
		spin_until(&l->owner, ticket);
}

/* Gives the lock up; the caller holds it. */
static inline void lock_drop(struct lock *l)
{
	atomic_store_release(&l->owner, (u16)(l->owner + 1));
}
