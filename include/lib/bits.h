/* SPDX-License-Identifier: Apache-2.0 */
/* Bit and range arithmetic that cannot overflow in silence. */
#pragma once

#include <lib/types.h>

#define BIT(n) (1UL << (n))
/* Bits hi..lo set, both included. */
#define GENMASK(hi, lo) ((~0UL >> (63 - (hi))) & (~0UL << (lo)))
/* The field of x that mask selects, shifted down; and v shifted up into mask. */
#define FIELD_GET(mask, x) (((x) & (mask)) / ((mask) & -(mask)))
#define FIELD_PREP(mask, v) (((u64)(v) * ((mask) & -(mask))) & (mask))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Round to a power-of-two boundary. align_up wraps to 0 past the top: use it
 * on values that range_valid() has passed. */
#define ALIGN_DOWN(x, a) ((x) & ~((u64)(a)-1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + (u64)(a)-1, a)
#define IS_ALIGNED(x, a) (((x) & ((u64)(a)-1)) == 0)

#define KIB(n) ((u64)(n) << 10)
#define MIB(n) ((u64)(n) << 20)
#define GIB(n) ((u64)(n) << 30)

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)

/* True if r does not run past the top of the 64-bit address space. */
static inline bool range_valid(struct range r)
{
	return r.base + r.size >= r.base;
}

/* A valid range blown up to whole pages. */
static inline struct range range_pages_around(struct range r)
{
	u64 base = ALIGN_DOWN(r.base, PAGE_SIZE);

	return (struct range){base, ALIGN_UP(r.base + r.size, PAGE_SIZE) - base};
}

/* True if the two valid ranges share at least one byte. */
static inline bool ranges_overlap(struct range a, struct range b)
{
	return a.size && b.size && a.base < b.base + b.size && b.base < a.base + a.size;
}

/* True if inner is wholly within outer; any size of inner, no overflow. */
static inline bool range_contains(struct range outer, struct range inner)
{
	return inner.base >= outer.base && inner.size <= outer.size &&
	       inner.base - outer.base <= outer.size - inner.size;
}

/* The number of the lowest bit that is set; bits is not 0. */
static inline u32 lowest_bit(u32 bits)
{
	return (u32)__builtin_ctz(bits);
}

/* A loop over the numbers of the bits that are set. */
#define FOR_EACH_BIT(bit, bits)                                                                    \
	for (u32 left_ = (bits), bit; left_ && (bit = lowest_bit(left_), true); left_ &= left_ - 1)
