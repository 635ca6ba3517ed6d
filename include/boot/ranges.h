/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of addresses: sorted, disjoint, never adjacent ranges in the boot arena. Boot code keeps all
 * that it knows of memory in such sets. Ranges given to these functions must be range_valid();
 * empty ones are ignored.
 */
#pragma once

#include <lib/bits.h>
#include <lib/err.h>
#include <lib/types.h>

struct ranges {
	struct range *at; /* nr of them, ascending */
	u32 nr;
};

/* For messages: log_error("... " RANGE_FORMAT, RANGE_ARGS(r)). r not empty. */
#define RANGE_FORMAT "0x%lx..0x%lx"
#define RANGE_ARGS(r) (r).base, (r).base + (r).size - 1

/* Adds r to the set; removes r from it. ERR_NO_MEMORY: the arena is full, the set unchanged. */
enum err ranges_add(struct ranges *set, struct range r) MUST_CHECK;
enum err ranges_remove(struct ranges *set, struct range r) MUST_CHECK;

/* Removes every range of other from set. ERR_NO_MEMORY. */
enum err ranges_subtract(struct ranges *set, const struct ranges *other) MUST_CHECK;

/* Makes *to an independent copy of from. ERR_NO_MEMORY. */
enum err ranges_copy(struct ranges *to, const struct ranges *from) MUST_CHECK;

/* The lowest range of the set that shares a byte with r, or NULL. */
const struct range *ranges_touching(const struct ranges *set, struct range r);

/* True if all of r is in the set. */
bool ranges_contain(const struct ranges *set, struct range r);

/* Bytes in the set. */
u64 ranges_size(const struct ranges *set);

/*
 * The highest (lowest) address in the set, within window, at which size bytes fit; a multiple of
 * align (a power of two) plus offset. False: there is none.
 */
bool ranges_highest(const struct ranges *set, struct range window, u64 size, u64 align, pa_t *at);
bool ranges_lowest(const struct ranges *set, struct range window, u64 size, u64 align, u64 offset,
		   pa_t *at);

/* The whole pages inside r; range_pages_around() in lib/bits.h widens r instead. */
struct range range_pages_inside(struct range r);

/* Takes size bytes, in whole pages, out of free, aligned to pages only if there is no aligned
 * range. False: no free range is large enough. */
bool ranges_take(struct ranges *free, u64 size, u64 align, struct range *at);
