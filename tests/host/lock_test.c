/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bound of a wait (lib/lock.c), with other CPUs that do their worst while one spins.
 * tests/models/lock.pml and tests/litmus/spinlock.c are about all orders of accesses.
 * sources:
 */
#include <lib/lock.h>
#include <test.h>

#define OTHERS 5

static struct lock l;
static u16 tickets[OTHERS]; /* of those that have drawn one before the caller */
static u32 nr_tickets;      /* of these, waiting */
static u32 holds;           /* that have ended while the caller waited */
static u32 keen;            /* others that take the lock again as soon as it is free */

static void begin(u32 nr_drawn, u32 others, u16 first)
{
	l.serving = l.next = first;
	lock_acquire(&l); /* another CPU */
	nr_tickets = nr_drawn;
	for (u32 i = 0; i < nr_drawn; i++)
		tickets[i] = l.next++;
	holds = 0;
	keen = others;
}

/* The hold ends. Those with tickets are served; if there are none, the keen one is faster. */
void spin_others(void)
{
	lock_release(&l);
	holds++;
	if (nr_tickets && l.serving == tickets[0]) {
		for (u32 i = 1; i < nr_tickets; i++)
			tickets[i - 1] = tickets[i];
		nr_tickets--;
	} else if (keen && holds < 1000 && l.serving == l.next) {
		l.next++;
	}
}

/* The caller takes the lock; how many holds it has waited for. */
static u32 waited(u32 nr_drawn, u32 others, u16 first)
{
	begin(nr_drawn, others, first);
	lock_acquire(&l);
	EXPECT_EQ((u16)(l.next - l.serving), 1 + nr_tickets);
	lock_release(&l);
	EXPECT_EQ(l.serving, l.next);
	return holds;
}

TEST(free_at_once)
{
	l.word = 0;
	holds = 0;
	lock_acquire(&l);
	EXPECT_EQ(holds, 0);
	EXPECT_EQ(l.word, LOCK_TICKET);
	lock_release(&l);
	EXPECT_EQ(l.word, LOCK_TICKET + 1);
}

TEST(one_hold_if_others_leave)
{
	EXPECT_EQ(waited(0, 0, 0), 1);
}

TEST(patience_and_one_hold_if_others_are_keen)
{
	EXPECT_EQ(waited(0, 1, 0), LOCK_PATIENCE + 1);
}

TEST(after_all_that_have_drawn)
{
	for (u32 n = 1; n < OTHERS; n++)
		EXPECT_EQ(waited(n, 0, 0), n + 1);
	for (u32 n = LOCK_PATIENCE; n < OTHERS; n++)
		EXPECT_EQ(waited(n, 1, 0), n + 1);
}

TEST(tickets_come_round)
{
	for (u32 first = 0xfff0; first < 0x10010; first++)
		EXPECT_EQ(waited(0, 1, (u16)first), LOCK_PATIENCE + 1);
}
