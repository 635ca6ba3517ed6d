/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goes through all its memory, page by page, for ever: where less is resident, as many absent
 * pages as there can be. They are of all kinds: zero, with the same word up to the end but for
 * the last, and without; "stored": none is zero. "calm": it stays in 64 KiB.
 */
#include "guest.h"

#define WORDS (PAGE_SIZE / sizeof(u64))

/* What lies between this image and the end of memory, without the device tree. */
static struct range memory(void)
{
	u64 begin = ALIGN_UP((u64)memory_end, PAGE_SIZE), tree = ALIGN_DOWN((u64)fdt, PAGE_SIZE),
	    end;
	struct range r = {0};

	for (int node = fdt_root(); node >= 0; node = fdt_next(node))
		if (fdt_string_is(node, "device_type", "memory"))
			fdt_reg(node, 0, &r);
	end = r.base + r.size;
	if (tree > begin && tree < end)
		end = tree;
	return (struct range){begin, end - begin};
}

static void fill(u64 page, u64 n)
{
	volatile u64 *at = (volatile u64 *)page;

	if (n % 4 == 0 && !strstr(machine.bootargs, "stored"))
		return;
	if (n % 4 == 1)
		at[0] = n;
	else
		at[WORDS - 1] = n;
}

static void storm(void)
{
	struct range r = memory();
	u64 nr = strstr(machine.bootargs, "calm") ? 16 : r.size / PAGE_SIZE;

	for (u64 n = 0; n < nr; n++)
		fill(r.base + n * PAGE_SIZE, n);
	print("storm: %lu pages\n", nr);
	for (;;)
		for (u64 n = 0; n < nr; n++)
			(void)*(volatile u64 *)(r.base + n * PAGE_SIZE);
}

void guest_setup(void)
{
}

const struct test guest_tests[] = {{"storm", storm, 0}, {0}};
