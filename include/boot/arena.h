/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for what boot code learns before there is a page pool: a bump
 * allocator over a static buffer. The buffer is part of the image, so it moves
 * with it; whoever keeps pointers into it adds the distance (machine_rebase).
 * Boot CPU only. Nothing is ever freed but all that was taken since a mark.
 */
#pragma once

#include <lib/types.h>

#define ARENA_SIZE 0x10000

/* size zeroed bytes, 8-byte aligned, or NULL; the first time there is a sentence in the log. */
void *arena_alloc(size_t size);

/* A NUL-terminated copy of len bytes of text, or NULL like arena_alloc. */
char *arena_text(const char *text, size_t len);

/*
 * Room for one more element behind the nr that array (NULL for nr == 0) holds,
 * each of that many bytes: returns the array, perhaps at a new place, or NULL
 * like arena_alloc (the old one then still stands).
 */
void *arena_grow(void *array, u32 nr, size_t each);

/* What has been taken. arena_release() of an earlier answer: what was taken since then is
 * forgotten; 0: everything. */
size_t arena_mark(void);
void arena_release(size_t mark);

/* Where the pages begin that were not needed: the rest lives for ever. */
u64 arena_end(void);
