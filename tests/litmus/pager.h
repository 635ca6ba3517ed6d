/* SPDX-License-Identifier: Apache-2.0 */
/* A pager and what it shares with Tocsin, for litmus tests that need one. */
#pragma once

#include "litmus.h"
#include <mm/pager_ring.h>
#include <mm/pages.h>

#define SLOTS 4

static struct {
	u8 offer[TOCSIN_PAGER_HELLO];
	u8 hello[TOCSIN_PAGER_REQUESTS - TOCSIN_PAGER_HELLO];
	u8 requests[TOCSIN_PAGER_COMPLETIONS - TOCSIN_PAGER_REQUESTS];
	u8 completions[TOCSIN_PAGER_SLOTS - TOCSIN_PAGER_COMPLETIONS];
	u8 slots[SLOTS][TOCSIN_PAGER_PAGE_SIZE];
} shared __attribute__((aligned(4096)));

static struct pager pager;

#define OFFER ((struct tocsin_pager_offer *)shared.offer)
#define HELLO ((struct tocsin_pager_hello *)shared.hello)
#define REQUEST ((struct tocsin_pager_request *)shared.requests)
#define COMPLETION ((u64 *)shared.completions)

/* ---- what mm/pager.c needs ---- */

static u8 objects[2048];
static size_t used;

void *boot_alloc(size_t size, size_t align)
{
	used = (used + align - 1) / align * align + size;
	return objects + used - size;
}

/* A pager that has said hello, without anything open. */
static void connected(void)
{
	struct pager_config c = {.shared = &shared, .slots = SLOTS, .nr_pages = 64};

	assume(pager_init(&pager, &c) == OK);
	HELLO->version = 1;
	HELLO->session = 1;
	pager.session = 1;
}
