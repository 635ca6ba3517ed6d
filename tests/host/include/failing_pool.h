/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page pool itself, of which the fail_at-th request is answered with NULL, be it for
 * pages or for an object. To be included first, by one test file.
 */
#pragma once

#define pages_alloc real_pages_alloc
#define boot_alloc real_object_alloc
#include "../../../mm/pages.c"
#undef pages_alloc
#undef boot_alloc

static u32 requests, fail_at; /* fail_at 0: none */

void *pages_alloc(size_t n)
{
	return ++requests == fail_at ? NULL : real_pages_alloc(n);
}

void *boot_alloc(size_t size, size_t align)
{
	return ++requests == fail_at ? NULL : real_object_alloc(size, align);
}
