/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for boot code before there is a page pool: a bump allocator over a static buffer. The
 * buffer is part of the image and moves with it, so pointers into it must be adjusted
 * (machine_rebase()). Boot CPU only. Memory is freed only by going back to a mark.
 */
#pragma once

#include <lib/types.h>

#define ARENA_SIZE 0x10000

/* size zeroed bytes, 8-byte aligned, or NULL. The first failure is logged. */
void *arena_alloc(size_t size);

/* A NUL-terminated copy of len bytes of text, or NULL like arena_alloc. */
char *arena_text(const char *text, size_t len);

/*
 * Makes room for one more element after the nr elements of array (NULL for nr == 0), of `each`
 * bytes each. Returns the array, perhaps at a new address, or NULL like arena_alloc(); the old
 * array then stays valid.
 */
void *arena_grow(void *array, u32 nr, size_t each);

/* A mark of the memory in use. arena_release() frees all that was allocated since the mark; 0:
 * everything. */
size_t arena_mark(void);
void arena_release(size_t mark);

/* The address of the first page that was not needed. The pages before it are never freed. */
u64 arena_end(void);
