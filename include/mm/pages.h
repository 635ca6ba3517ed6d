/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tocsin's own memory: one contiguous pool, handed out by pages (page tables,
 * stacks) or as objects that live for ever (everything sized from the device
 * tree at boot). The pool has its own lock.
 */
#pragma once

#include <lib/types.h>

/* Gives [base, base + size) to the pool; page-aligned, mapped, contents
 * arbitrary. Boot, once. Whole pages of its start, taken bytes, are in use until
 * somebody frees them; the pool's own bitmap comes next. */
void pages_init(pa_t base, u64 size, u64 taken);

/* n contiguous zeroed pages, or NULL. Any context. */
void *pages_alloc(size_t n);

/* Gives pages of one pages_alloc back; may be a part of it. */
void pages_free(void *pages, size_t n);

/* Clears r, pages that were taken from the start and are mapped for writing, and frees
 * them. */
void pages_give(struct range r);

/* Pages not handed out. */
size_t pages_left(void);

/* How many pages the last request asked for that was answered with NULL; for sentences. */
size_t pages_refused(void);

/* What pages_init was given. */
struct range pages_range(void);

/* A zeroed object of that size and power-of-two alignment (at most a page),
 * never freed, or NULL. Boot CPU, before partitions run. */
void *boot_alloc(size_t size, size_t align);

/* Begins something that may fail: what is taken from the pool from now on, and not before,
 * pages_release() gives back all at once. One at a time; boot CPU, before partitions run. */
void pages_mark(void);

/* Makes the pool what it was at pages_mark(). Nothing taken before may have been given
 * back since, and nothing taken since may be used any more. */
void pages_release(void);
