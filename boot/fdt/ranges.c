/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of addresses as sorted arrays of disjoint, never adjacent ranges. */
#include <boot/arena.h>
#include <boot/ranges.h>
#include <lib/string.h>

static u64 end_of(struct range r)
{
	return r.base + r.size;
}

/* Index of the first range that ends at or above address. */
static u32 first_reaching(const struct ranges *set, u64 address)
{
	u32 low = 0, high = set->nr;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (end_of(set->at[middle]) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Replaces nr_old ranges from index i on by nr_new (at most 2) new ones. */
static enum err splice(struct ranges *set, u32 i, u32 nr_old, const struct range *new, u32 nr_new)
{
	if (nr_new > nr_old) {
		struct range *larger = arena_grow(set->at, set->nr, sizeof(*set->at));

		if (!larger)
			return ERR_NO_MEMORY;
		set->at = larger;
	}
	memmove(set->at + i + nr_new, set->at + i + nr_old,
		(set->nr - i - nr_old) * sizeof(*set->at));
	for (u32 n = 0; n < nr_new; n++)
		set->at[i + n] = new[n];
	set->nr += nr_new - nr_old;
	return OK;
}

enum err ranges_add(struct ranges *set, struct range r)
{
	u32 first = first_reaching(set, r.base), last = first;
	u64 end = end_of(r);

	if (!r.size)
		return OK;
	for (; last < set->nr && set->at[last].base <= end; last++) {
		r.base = MIN(r.base, set->at[last].base);
		end = MAX(end, end_of(set->at[last]));
	}
	r.size = end - r.base;
	return splice(set, first, last - first, &r, 1);
}

enum err ranges_remove(struct ranges *set, struct range r)
{
	u32 first = first_reaching(set, r.base), last = first, nr = 0;
	struct range rest[2];

	if (!r.size)
		return OK;
	if (first < set->nr && end_of(set->at[first]) == r.base)
		last = ++first;
	while (last < set->nr && set->at[last].base < end_of(r))
		last++;
	if (first == last)
		return OK;
	if (set->at[first].base < r.base)
		rest[nr++] = (struct range){set->at[first].base, r.base - set->at[first].base};
	if (end_of(set->at[last - 1]) > end_of(r))
		rest[nr++] = (struct range){end_of(r), end_of(set->at[last - 1]) - end_of(r)};
	return splice(set, first, last - first, rest, nr);
}

enum err ranges_subtract(struct ranges *set, const struct ranges *other)
{
	enum err err = OK;

	for (u32 i = 0; i < other->nr && !err; i++)
		err = ranges_remove(set, other->at[i]);
	return err;
}

enum err ranges_copy(struct ranges *to, const struct ranges *from)
{
	enum err err = OK;

	*to = (struct ranges){0};
	for (u32 i = 0; i < from->nr && !err; i++)
		err = ranges_add(to, from->at[i]);
	return err;
}

const struct range *ranges_touching(const struct ranges *set, struct range r)
{
	u32 i = first_reaching(set, r.base);

	if (i < set->nr && end_of(set->at[i]) == r.base)
		i++;
	return i < set->nr && ranges_overlap(set->at[i], r) ? &set->at[i] : NULL;
}

bool ranges_contain(const struct ranges *set, struct range r)
{
	const struct range *one = ranges_touching(set, r);

	return !r.size || (one && range_contains(*one, r));
}

u64 ranges_size(const struct ranges *set)
{
	u64 size = 0;

	for (u32 i = 0; i < set->nr; i++)
		size += set->at[i].size;
	return size;
}

/* The intersection of a and b; size 0 if it is empty. */
static struct range common(struct range a, struct range b)
{
	u64 base = MAX(a.base, b.base), end = MIN(end_of(a), end_of(b));

	return (struct range){base, base < end ? end - base : 0};
}

bool ranges_highest(const struct ranges *set, struct range window, u64 size, u64 align, pa_t *at)
{
	for (u32 i = set->nr; i-- > 0;) {
		struct range r = common(set->at[i], window);
		u64 base;

		if (r.size < size || !r.size)
			continue;
		base = ALIGN_DOWN(end_of(r) - size, align);
		if (base >= r.base) {
			*at = base;
			return true;
		}
	}
	return false;
}

bool ranges_lowest(const struct ranges *set, struct range window, u64 size, u64 align, u64 offset,
		   pa_t *at)
{
	for (u32 i = 0; i < set->nr; i++) {
		struct range r = common(set->at[i], window);
		u64 base = ALIGN_DOWN(r.base, align) + offset;

		/* Up to offset / align + 1 boundaries may be too low, down to one too high. */
		if (base >= r.base)
			base -= ALIGN_DOWN(base - r.base, align);
		else
			base += ALIGN_UP(r.base - base, align);
		if (r.size && range_contains(r, (struct range){base, size})) {
			*at = base;
			return true;
		}
	}
	return false;
}

struct range range_pages_inside(struct range r)
{
	u64 base = ALIGN_UP(r.base, PAGE_SIZE), end = ALIGN_DOWN(end_of(r), PAGE_SIZE);

	return (struct range){base, base < end ? end - base : 0};
}

bool ranges_take(struct ranges *free, u64 size, u64 align, struct range *at)
{
	static const struct range everywhere = {0, BIT(48)};

	at->size = ALIGN_UP(size, PAGE_SIZE);
	return (ranges_highest(free, everywhere, at->size, align, &at->base) ||
		ranges_highest(free, everywhere, at->size, PAGE_SIZE, &at->base)) &&
	       ranges_remove(free, *at) == OK;
}
