/* SPDX-License-Identifier: Apache-2.0 */
#include <lib/layout.h>
#include <lib/lock.h>

LAYOUT(struct lock, serving, 0);
LAYOUT(struct lock, next, 2);
LAYOUT_SIZE(struct lock, 4);
REQUIRE(LOCK_TICKET == 1U << 16);

bool spin_lse;

static u16 serving(u32 word)
{
	return (u16)word;
}

static u16 next(u32 word)
{
	return (u16)(word >> 16);
}

/* True: the lock is the caller's. False: that many holds have gone by. */
static bool wait_unordered(struct lock *l, u32 word)
{
	u16 first = serving(word);

	while ((u16)(serving(word) - first) < LOCK_PATIENCE) {
		if (serving(word) != next(word))
			word = spin_while(&l->word, word);
		else if (!spin_add_if_equal(&l->word, LOCK_TICKET, &word))
			return true;
	}
	return false;
}

void lock_wait(struct lock *l, u32 word)
{
	u32 drawn;

	if (wait_unordered(l, word))
		return;
	word = drawn = spin_fetch_add(&l->word, LOCK_TICKET);
	while (serving(word) != next(drawn))
		word = spin_while(&l->word, word);
}
