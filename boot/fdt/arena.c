/* SPDX-License-Identifier: Apache-2.0 */
/* The boot arena: a bump allocator over a buffer in .bss. Boot CPU only. */
#include <boot/arena.h>
#include <drivers/log.h>
#include <lib/bits.h>
#include <lib/string.h>

static u8 buffer[ARENA_SIZE] __attribute__((aligned(PAGE_SIZE), section(".bss.arena")));
static size_t used;
static bool said; /* it was logged that the arena is full */

void *arena_alloc(size_t size)
{
	size_t start = used;

	if (size > ARENA_SIZE - start) {
		if (!said)
			log_error("the device tree needs more than the %u KiB of boot memory",
				  ARENA_SIZE >> 10);
		said = true;
		return NULL;
	}
	used = (start + size + 7) & ~(size_t)7;
	return memset(buffer + start, 0, size);
}

char *arena_text(const char *text, size_t len)
{
	char *copy = arena_alloc(len + 1);

	return copy ? memcpy(copy, text, len) : NULL;
}

/* An array has room for the next power of two of its elements, at least 4. The array that was
 * allocated last grows in place. */
void *arena_grow(void *array, u32 nr, size_t each)
{
	void *larger;

	if (nr && (nr < 4 || (nr & (nr - 1))))
		return array;
	if (nr && (u8 *)array + ((nr * each + 7) & ~(size_t)7) == buffer + used)
		return arena_alloc(nr * each) ? array : NULL;
	larger = arena_alloc(nr ? 2 * nr * each : 4 * each);
	return larger && nr ? memcpy(larger, array, nr * each) : larger;
}

u64 arena_end(void)
{
	return ALIGN_UP((u64)(buffer + used), PAGE_SIZE);
}

size_t arena_mark(void)
{
	return used;
}

void arena_release(size_t mark)
{
	used = mark;
	said = false;
}
