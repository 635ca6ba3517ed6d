/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spinlock: whoever finds it free takes it. Holds are short and bounded, and a
 * lock that many want at once is a design error here; a queue would only add
 * that the next in line may be a CPU that an emulator has not scheduled. EL2
 * runs with interrupts masked: no variant for interrupt context is needed. The
 * order in which locks may nest is the table in docs/architecture.md.
 */
#pragma once

#include <arch/spin.h>
#include <lib/atomic.h>

struct lock {
	u32 held;
};

/* Spins until the lock is the caller's. */
static inline void lock_take(struct lock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		spin_while(&l->held, 1);
}

/* Gives the lock up; the caller holds it. */
static inline void lock_drop(struct lock *l)
{
	atomic_store_release(&l->held, 0);
}
