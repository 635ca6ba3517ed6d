/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers below a limit, which are taken and given back one by one, each in a few instructions.
 * That all are given back at once costs no more: those that have never been taken since then are
 * not on the stack. No lock.
 */
#pragma once

#include <lib/types.h>

struct numbers {
	u32 *back; /* stack of those that were given back: room for all */
	u32 nr_back;
	u32 next; /* this one and those above were never taken */
	u32 limit;
};

/* How many can be taken. */
static inline u32 numbers_left(const struct numbers *n)
{
	return n->nr_back + n->limit - n->next;
}

/* One of those that are left: there must be one. */
static inline u32 numbers_take(struct numbers *n)
{
	return n->nr_back ? n->back[--n->nr_back] : n->next++;
}

/* number was taken. */
static inline void numbers_give(struct numbers *n, u32 number)
{
	n->back[n->nr_back++] = number;
}

static inline void numbers_give_all(struct numbers *n)
{
	n->nr_back = n->next = 0;
}
