/* SPDX-License-Identifier: Apache-2.0 */
/* The few atomic operations we use, named for their ordering. */
#pragma once

#include <lib/types.h>

#define atomic_load(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define atomic_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* Read-modify-write; each returns the value from before. */
#define atomic_or(p, v) __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define atomic_andnot(p, v) __atomic_fetch_and((p), ~(v), __ATOMIC_ACQ_REL)
#define atomic_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define atomic_sub(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL)
#define atomic_swap(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)

/* If *p is old, makes it new; true if it did. */
#define atomic_cas(p, old, new)                                                                    \
	({                                                                                         \
		__typeof__(*(p)) expected_ = (old);                                                \
		__atomic_compare_exchange_n((p), &expected_, (new), false, __ATOMIC_ACQ_REL,       \
					    __ATOMIC_ACQUIRE);                                     \
	})
