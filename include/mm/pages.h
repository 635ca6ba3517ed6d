/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tocsin's own memory: one contiguous pool. It is allocated in pages (page tables, stacks) or as
 * objects that are never freed (everything sized from the device tree at boot). The pool has its
 * own lock.
 */
#pragma once

#include <lib/types.h>

/* Makes the pool of [base, base + size), which is page-aligned and mapped, with any contents. Boot,
 * once. The first taken bytes, whole pages, are in use until they are freed; the pool's own bitmap
 * follows them. */
void pages_init(pa_t base, u64 size, u64 taken);

/* n contiguous zeroed pages, or NULL. Any context. */
void *pages_alloc(size_t n);

/* Frees pages of one pages_alloc(), or a part of them. */
void pages_free(void *pages, size_t n);

/* Clears and frees r: pages that were in use at pages_init() and are mapped for writing. */
void pages_give(struct range r);

/* Number of free pages. */
size_t pages_left(void);

/* Number of pages that the last failed pages_alloc() asked for; for error messages. */
size_t pages_refused(void);

/* The whole pool, as given to pages_init(). */
struct range pages_range(void);

/* A zeroed object of that size and power-of-two alignment (at most a page),
 * never freed, or NULL. Boot CPU, before partitions run. */
void *boot_alloc(size_t size, size_t align);

/* Begins work that may fail: pages_release() frees all that is allocated from now on. One mark at a
 * time; boot CPU, before partitions run. */
void pages_mark(void);

/* Restores the pool as it was at pages_mark(). Nothing allocated before the mark may have been
 * freed since, and nothing allocated since may be used any more. */
void pages_release(void);
