/* SPDX-License-Identifier: Apache-2.0 */
/* Finds free RAM and a place for Tocsin, and adjusts pointers for the move there. */
#include <boot/machine.h>
#include <drivers/log.h>

enum err machine_free(const struct machine *m, struct range keep, struct ranges *free)
{
	enum err err = ranges_copy(free, &m->memory);

	if (!err)
		err = ranges_subtract(free, &m->reserved);
	if (!err)
		err = ranges_subtract(free, &m->claimed);
	if (!err)
		err = ranges_remove(free, range_pages_around(m->tree));
	if (!err && range_valid(m->initrd))
		err = ranges_remove(free, range_pages_around(m->initrd));
	if (!err)
		err = ranges_remove(free, range_pages_around(keep));
	for (u32 i = 0; i < m->nr_modules && !err; i++)
		err = ranges_remove(free, range_pages_around(m->modules[i].range));
	return err;
}

enum err reloc_find(const struct machine *m, struct range image, u64 size, u64 align, pa_t *at)
{
	struct range everywhere = {0, BIT(m->pa_bits)};
	struct ranges free;
	u64 largest = 0;
	enum err err = machine_free(m, image, &free);

	if (err)
		return err;
	if (ranges_highest(&free, everywhere, size, align, at))
		return OK;
	for (u32 i = 0; i < free.nr; i++)
		largest = MAX(largest, free.at[i].size);
	log_error("too little RAM: Tocsin needs %lu KiB in one piece; the largest of %lu KiB that "
		  "nothing occupies has %lu KiB",
		  size >> 10, ranges_size(&free) >> 10, largest >> 10);
	return ERR_NO_MEMORY;
}

/* A pointer of any type, accessed as a number. */
typedef uintptr_t __attribute__((may_alias)) pointer_bits;

/* Adds distance to the pointer at p, if there is one. */
static void shift(void *p, ptrdiff_t distance)
{
	pointer_bits *pointer = p;

	if (*pointer)
		*pointer += (uintptr_t)distance;
}

void machine_rebase(struct machine *m, ptrdiff_t distance)
{
	void *pointers[] = {&m->memory.at,   &m->reserved.at, &m->claimed.at, &m->devices.at,
			    &m->cpus,        &m->modules,     &m->bootargs,   &m->gic.redist,
			    &m->uart.driver, &m->uart_path,   &m->notes};

	for (u32 i = 0; i < ARRAY_SIZE(pointers); i++)
		shift(pointers[i], distance);
	for (u32 i = 0; i < m->nr_modules; i++) {
		shift(&m->modules[i].name, distance);
		shift(&m->modules[i].bootargs, distance);
	}
}
