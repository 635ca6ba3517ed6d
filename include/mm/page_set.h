/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of page numbers. It is emptied in constant time: each word is tagged with the life in which
 * it was written, and page_set_empty() begins the next life. No lock.
 */
#pragma once

#include <lib/bits.h>
#include <lib/types.h>

struct page_set {
	struct page_word {
		u64 life; /* to which pages belongs; in any other life this word is empty */
		u64 pages;
	} * words;
	u64 life;
};

/* Words for so many pages; zero at the start. */
#define PAGE_SET_WORDS(pages) (ALIGN_UP(pages, 64) / 64)

static inline bool page_set_has(const struct page_set *s, u32 page)
{
	const struct page_word *w = &s->words[page / 64];

	return w->life == s->life && w->pages >> page % 64 & 1;
}

static inline void page_set_change(struct page_set *s, u32 page, bool in)
{
	struct page_word *w = &s->words[page / 64];
	u64 pages = w->life == s->life ? w->pages : 0;

	*w = (struct page_word){s->life, in ? pages | BIT(page % 64) : pages & ~BIT(page % 64)};
}

static inline void page_set_empty(struct page_set *s)
{
	s->life++;
}
