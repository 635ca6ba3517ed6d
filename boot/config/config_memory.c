/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the addresses of partitions' files and given memory against the machine and against each
 * other, and the memory to be allocated against the free RAM.
 */
#include "config_reader.h"
#include <boot/arena.h>
#include <boot/virt_map.h>
#include <lib/fmt.h>

/* Alignment that boot loaders prefer. */
#define NICE_ALIGN MIB(2)

/* A range that is in use, and its owner. */
struct claim {
	struct range range;
	const char *what;
	const char *path;     /* of the node that says so */
	const char *property; /* in it */
	u32 owner;            /* index of a partition, or THE_MACHINE */
	bool file;            /* read once; else memory of a guest */
};
#define THE_MACHINE (~0U)

struct claims {
	struct claim *at;
	u32 nr;
};

static void add(struct config_reader *r, struct claims *set, struct claim claim)
{
	struct claim *larger;

	if (!claim.range.size || !range_valid(claim.range))
		return;
	larger = arena_grow(set->at, set->nr, sizeof(claim));
	if (!larger) {
		config_no_memory(r);
		return;
	}
	set->at = larger;
	larger[set->nr++] = claim;
}

static void add_file(struct config_reader *r, struct claims *set, const struct spec_file *file,
		     const char *what, u32 owner)
{
	add(r, set, (struct claim){file->range, what, file->path, "reg", owner, true});
}

static void add_partition(struct config_reader *r, struct claims *set, u32 i)
{
	const struct partition_spec *p = &r->c->partitions[i];

	add_file(r, set, &p->kernel, "the kernel", i);
	add_file(r, set, &p->ramdisk, "the ramdisk", i);
	add_file(r, set, &p->tree, "the device tree", i);
	for (u32 k = 0; k < p->nr_given; k++)
		add(r, set,
		    (struct claim){p->given[k].pa, "memory", p->path, "xen,static-mem", i, false});
}

/* Other data of boot loaders. Guests may get that memory, because the data is read before. */
static void add_machine(struct config_reader *r, struct claims *set)
{
	const struct machine *m = r->m;

	add(r, set,
	    (struct claim){m->tree, "the device tree", "the machine", "", THE_MACHINE, true});
	add(r, set, (struct claim){m->initrd, "the initrd", "/chosen", "", THE_MACHINE, true});
	for (u32 i = 0; i < m->nr_modules; i++)
		add(r, set,
		    (struct claim){m->modules[i].range, "a module", "/chosen", "", THE_MACHINE,
				   true});
}

/* Proposes a free address for range.size bytes, as the end of a message. It is above range if
 * possible, because Tocsin, which the host does not know, might be below. */
static const char *propose(const struct config_reader *r, struct range range, char *text,
			   size_t len)
{
	u64 limit = BIT(r->m->pa_bits);
	struct range above = {range.base, limit - range.base}, everywhere = {0, limit};
	pa_t at;

	if (ranges_lowest(&r->free, above, range.size, NICE_ALIGN, 0, &at) ||
	    ranges_lowest(&r->free, everywhere, range.size, NICE_ALIGN, 0, &at))
		fmt_snprintf(text, len, "should be elsewhere; 0x%lx is free", at);
	else
		fmt_snprintf(text, len, "should be elsewhere, but no free RAM is large enough");
	return text;
}

static void check_machine(struct config_reader *r, const struct claim *c)
{
	const struct range *reserved = ranges_touching(&r->m->reserved, c->range);
	const struct ranges *ram = &r->m->memory;
	char right[80];

	if (!ranges_contain(ram, c->range))
		config_error(r, c->path, c->property,
			     "%s at " RANGE_FORMAT " is not within RAM (" RANGE_FORMAT "%s): %s",
			     c->what, RANGE_ARGS(c->range), RANGE_ARGS(ram->at[0]),
			     ram->nr > 1 ? " and more" : "",
			     propose(r, c->range, right, sizeof(right)));
	else if (reserved)
		config_error(r, c->path, c->property,
			     "%s at " RANGE_FORMAT " is over a reservation, " RANGE_FORMAT ": %s",
			     c->what, RANGE_ARGS(c->range), RANGE_ARGS(*reserved),
			     propose(r, c->range, right, sizeof(right)));
}

static void check_pair(struct config_reader *r, const struct claim *c, const struct claim *before)
{
	char right[80];

	if (!ranges_overlap(c->range, before->range))
		return;
	if (before->owner == THE_MACHINE && !c->file)
		return;
	/* Several partitions may share one file, because it is only read. */
	if (c->file && before->file && before->owner != THE_MACHINE &&
	    c->range.base == before->range.base && c->range.size == before->range.size)
		return;
	config_error(r, c->path, c->property,
		     "%s at " RANGE_FORMAT " is over %s of %s at " RANGE_FORMAT ": %s", c->what,
		     RANGE_ARGS(c->range), before->what,
		     before->owner == THE_MACHINE ? before->path
						  : r->c->partitions[before->owner].path,
		     RANGE_ARGS(before->range), propose(r, c->range, right, sizeof(right)));
}

/* Finds the RAM that nothing known occupies. False: the arena is too small; then there are no
 * proposals, and the sum cannot be checked. */
static bool find_free(struct config_reader *r, const struct claims *set)
{
	enum err err = machine_free(r->m, (struct range){0}, &r->free);

	for (u32 i = 0; i < set->nr && !err; i++)
		if (set->at[i].range.base + set->at[i].range.size <= BIT(r->m->pa_bits))
			err = ranges_remove(&r->free, range_pages_around(set->at[i].range));
	r->p = NULL;
	if (err) {
		r->free = (struct ranges){0};
		config_no_memory(r);
	}
	return !err;
}

/* Memory is allocated in this order, and only for partitions that are not broken. */
static void check_sum(struct config_reader *r)
{
	u64 left = ranges_size(&r->free), all = left;

	for (u32 i = 0; i < r->c->nr_partitions; i++) {
		r->p = &r->c->partitions[i];
		if (r->p->broken)
			continue;
		if (config_needs_memory(r->p) <= left)
			left -= config_needs_memory(r->p);
		else
			config_error(r, NULL, "memory",
				     "found %lu KiB: should be at most %lu KiB, what is left of "
				     "%lu KiB of free RAM",
				     config_needs_memory(r->p) >> 10, left >> 10, all >> 10);
	}
}

void config_check_memory(struct config_reader *r)
{
	struct claims set = {0};
	u32 fixed;
	bool known;

	r->p = NULL;
	add_machine(r, &set);
	fixed = set.nr;
	for (u32 i = 0; i < r->c->nr_partitions; i++) {
		r->p = &r->c->partitions[i];
		add_partition(r, &set, i);
	}
	known = find_free(r, &set);
	for (u32 i = fixed; i < set.nr; i++) {
		r->p = &r->c->partitions[set.at[i].owner];
		check_machine(r, &set.at[i]);
		for (u32 k = 0; k < i; k++)
			check_pair(r, &set.at[i], &set.at[k]);
	}
	if (known)
		check_sum(r);
}

u64 config_given_size(const struct partition_spec *p)
{
	u64 size = 0;

	for (u32 i = 0; i < p->nr_given; i++)
		size += p->given[i].pa.size;
	return size;
}

bool config_memory(const struct partition_spec *p, u32 i, struct range *r)
{
	if (i >= MAX(p->nr_given, 1U))
		return false;
	*r = p->nr_given ? (struct range){p->given[i].ipa, p->given[i].pa.size}
			 : (struct range){VIRT_MAP_RAM, p->memory};
	return true;
}

bool config_meets_memory(const struct partition_spec *p, struct range ipa)
{
	struct range r;

	for (u32 i = 0; config_memory(p, i, &r); i++)
		if (ranges_overlap(r, ipa))
			return true;
	return false;
}

enum err config_assigned(const struct config *c, struct ranges *set)
{
	enum err err = OK;

	for (u32 i = 0; i < c->nr_partitions; i++) {
		const struct partition_spec *p = &c->partitions[i];
		const struct range files[] = {p->kernel.range, p->ramdisk.range, p->tree.range};

		for (u32 k = 0; k < ARRAY_SIZE(files) && !err; k++)
			err = ranges_add(set, range_pages_around(files[k]));
		for (u32 k = 0; k < p->nr_given && !err; k++)
			err = ranges_add(set, p->given[k].pa);
	}
	return err;
}
