/* SPDX-License-Identifier: Apache-2.0 */
/*
 * include/lib/lock.h: one holder at a time, and each sees what the one before has done. With
 * exclusives, and with LSE. tests/models/lock.pml is about which CPU is next.
 *
 * sources: lib/lock.c
 * fault: count handed: include/arch/spin.h: ldaxr	%w0, %3 -> ldxr	%w0, %3
 * fault: count_lse handed_lse: include/arch/spin.h: "casa -> "cas
 * fault: count_drawn: include/arch/spin.h: __atomic_fetch_add(p, value, __ATOMIC_ACQUIRE) ->
 * __atomic_fetch_add(p, value, __ATOMIC_RELAXED)
 * fault: drawn_lse: include/arch/spin.h: "ldadda -> "ldadd
 * fault: count_drawn drawn_lse: include/arch/spin.h: ldaxr	%w0, %1 -> ldxr	%w0, %1
 * fault: count handed_lse count_drawn: include/lib/lock.h: atomic_store_release(&l->serving, ->
 * atomic_store(&l->serving,
 * fault: count count_lse: include/lib/lock.h: if (spin_add_if_equal( -> if (0 & spin_add_if_equal(
 * fault: count_drawn: lib/lock.c: while (serving(word) != next(drawn)) -> while (false)
 */
#include "litmus.h"
#include <lib/lock.h>

static struct lock lock;
static u64 x, y;

static void lse(void)
{
	spin_lse = true;
}

/* lock_acquire() of a CPU that has seen many holds go by. */
static void take_drawn(void)
{
	lock_wait(&lock, LOCK_TICKET);
}

static void many_holds(void)
{
	lock.serving = lock.next = 2 * LOCK_PATIENCE;
}

/* Two that count: none is lost. */
static u64 count(void)
{
	u64 seen;

	lock_acquire(&lock);
	seen = x;
	x = seen + 1;
	lock_release(&lock);
	return seen;
}

static u64 count_in_order(void)
{
	u64 seen;

	take_drawn();
	seen = x;
	x = seen + 1;
	lock_release(&lock);
	return seen;
}

/* What is written under it is there as a whole for the next, and nothing of it moves out. */
static u64 hand(void)
{
	lock_acquire(&lock);
	atomic_store(&x, 1);
	atomic_store(&y, 1);
	lock_release(&lock);
	return 0;
}

static u64 look(void)
{
	u64 a, b;

	lock_acquire(&lock);
	a = atomic_load(&y);
	b = atomic_load(&x);
	lock_release(&lock);
	return a << 4 | b;
}

#define TWO(name, a, b, when)                                                                      \
	u64 name##_0(void)                                                                         \
	{                                                                                          \
		return a();                                                                        \
	}                                                                                          \
	u64 name##_1(void)                                                                         \
	{                                                                                          \
		return b();                                                                        \
	}                                                                                          \
	bool name##_forbidden(const u64 *r)                                                        \
	{                                                                                          \
		return when;                                                                       \
	}

TWO(count, count, count, x != 2)
TWO(count_lse, count, count, x != 2)
TWO(count_drawn, count_in_order, count_in_order, x != 2)
TWO(drawn_lse, count_in_order, count_in_order, x != 2)
TWO(handed, hand, look, r[1] != 0 && r[1] != 0x11)
TWO(handed_lse, hand, look, r[1] != 0 && r[1] != 0x11)

void count_lse_init(void)
{
	lse();
}

void handed_lse_init(void)
{
	lse();
}

void count_drawn_init(void)
{
	many_holds();
}

void drawn_lse_init(void)
{
	lse();
	many_holds();
}
