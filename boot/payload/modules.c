/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot modules. No module is read before every range was compared with every other, because boot
 * loaders overwrite memory without a message.
 */
#include "cpio.h"
#include "foreign.h"
#include <boot/arena.h>
#include <boot/modules.h>
#include <drivers/log.h>
#include <lib/string.h>

/* Linux needs its image at such a boundary, and U-Boot users prefer it for all files. */
#define NICE_ALIGN MIB(2)

/* A range that must not overlap with another, and its name. */
struct claim {
	const char *name;
	struct range range;
};

/* Proposes another address for size bytes; false: there is none. */
static bool propose(const struct machine *m, struct range image, u64 size, pa_t *at)
{
	struct ranges free;

	return !machine_free(m, image, &free) &&
	       ranges_lowest(&free, (struct range){0, BIT(m->pa_bits)}, size, NICE_ALIGN, 0, at);
}

static enum err conflict(const struct machine *m, struct range image, const struct claim *a,
			 const struct claim *b)
{
	pa_t at;

	if (propose(m, image, a->range.size, &at))
		log_error("%s at " RANGE_FORMAT " overlaps %s at " RANGE_FORMAT
			  ": put it at 0x%lx, that is free",
			  a->name, RANGE_ARGS(a->range), b->name, RANGE_ARGS(b->range), at);
	else
		log_error("%s at " RANGE_FORMAT " overlaps %s at " RANGE_FORMAT
			  ", and there is no free RAM for it elsewhere",
			  a->name, RANGE_ARGS(a->range), b->name, RANGE_ARGS(b->range));
	return ERR_OVERLAP;
}

static enum err check_in_ram(const struct machine *m, struct range image, const struct claim *c)
{
	pa_t at;

	if (ranges_contain(&m->memory, c->range))
		return OK;
	if (propose(m, image, c->range.size, &at))
		log_error("%s at " RANGE_FORMAT " is not within RAM: put it at 0x%lx, that is free",
			  c->name, RANGE_ARGS(c->range), at);
	else
		log_error("%s at " RANGE_FORMAT " is not within RAM, and none is large enough",
			  c->name, RANGE_ARGS(c->range));
	return ERR_RANGE;
}

/* Compares claim c with the ones before it and with the reservations. */
static enum err check_claim(const struct machine *m, struct range image, const struct claim *claims,
			    u32 c)
{
	const struct range *reserved = ranges_touching(&m->reserved, claims[c].range);
	enum err err = check_in_ram(m, image, &claims[c]);

	if (reserved) {
		struct claim other = {"a reservation", *reserved};

		err = conflict(m, image, &claims[c], &other);
	}
	for (u32 i = 0; i < c; i++)
		if (ranges_overlap(claims[i].range, claims[c].range))
			err = conflict(m, image, &claims[c], &claims[i]);
	return err;
}

/* Image and tree come first, because no other address can be proposed for them. */
#define NR_FIXED 2

enum err modules_check(const struct machine *m, struct range image)
{
	u32 nr = NR_FIXED;
	struct claim *claims = arena_alloc((m->nr_modules + 3) * sizeof(*claims));
	enum err err = OK;

	if (!claims)
		return ERR_NO_MEMORY;
	claims[0] = (struct claim){"Tocsin's image", image};
	claims[1] = (struct claim){"the device tree", m->tree};
	if (m->initrd.size)
		claims[nr++] = (struct claim){"the initrd", m->initrd};
	for (u32 i = 0; i < m->nr_modules; i++)
		claims[nr++] = (struct claim){m->modules[i].name, m->modules[i].range};
	for (u32 c = NR_FIXED; c < nr; c++) {
		enum err here = check_claim(m, image, claims, c);

		err = here ? here : err;
	}
	return err;
}

/* The first module of a kind; a warning names each further one as unused. */
static const struct module *find_module(const struct machine *m, enum module_kind kind)
{
	const struct module *found = NULL;

	for (u32 i = 0; i < m->nr_modules; i++) {
		const struct module *module = &m->modules[i];

		if (module->kind != kind)
			continue;
		if (found || kind == MODULE_UNKNOWN)
			log_warn("%s is not used: %s", module->name,
				 found ? "another module comes first"
				       : "it is neither multiboot,kernel nor multiboot,ramdisk");
		found = found ? found : module;
	}
	return found;
}

/* The command line in the archive, without the newline that editors add. */
static const char *take_cmdline(const u8 *text, u64 size)
{
	while (size && (text[size - 1] == '\n' || text[size - 1] == '\r' || !text[size - 1]))
		size--;
	return arena_text((const char *)text, size);
}

static enum err take_member(const u8 *archive, const struct cpio_member *member,
			    struct guest_files *files)
{
	struct range here = {(uintptr_t)archive + member->data.base, member->data.size};

	if (!strcmp(member->name, "kernel"))
		files->kernel = here;
	else if (!strcmp(member->name, "initrd"))
		files->ramdisk = here;
	else if (!strcmp(member->name, "cmdline"))
		files->bootargs = take_cmdline(archive + member->data.base, here.size);
	else if (here.size)
		log_warn(
		    "the initrd's member %.64s is not used: it is not kernel, initrd or cmdline",
		    member->name);
	return files->bootargs ? OK : ERR_NO_MEMORY;
}

/* Opens an initrd that contains all files. */
static enum err open_archive(struct range initrd, struct guest_files *files)
{
	const u8 *archive = (const u8 *)initrd.base;
	struct cpio_member member;
	struct cpio c;
	enum err err;

	cpio_start(&c, archive, initrd.size);
	while (!(err = cpio_next(&c, &member))) {
		err = take_member(archive, &member, files);
		if (err)
			return err;
	}
	if (err != ERR_NOT_FOUND) {
		log_error("the initrd at " RANGE_FORMAT
			  " is a cpio archive that is broken at 0x%lx",
			  RANGE_ARGS(initrd), c.next);
		return err;
	}
	if (files->kernel.size)
		return OK;
	log_error("the initrd is a cpio archive without a member named kernel");
	return ERR_NOT_FOUND;
}

static enum err no_kernel(struct range initrd)
{
	struct foreign is = {FOREIGN_NOT_KNOWN, NULL};

	if (initrd.size)
		is = foreign_find((const u8 *)initrd.base, initrd.size);
	if (is.kind == FOREIGN_PACKED)
		log_error("the initrd is compressed or wrapped (%s): it must be an uncompressed "
			  "newc cpio with kernel, initrd and cmdline",
			  is.name);
	else if (is.kind == FOREIGN_NO_KERNEL)
		log_error("the initrd is %s: it must be a newc cpio with kernel, initrd and "
			  "cmdline",
			  is.name);
	else
		log_error(
		    "no guest: give one as a /chosen module with compatible multiboot,kernel "
		    "(QEMU: -device guest-loader,addr=ADDR,kernel=FILE) or as an initrd that is "
		    "a newc cpio with kernel, initrd and cmdline");
	return ERR_NOT_FOUND;
}

enum err modules_choose(const struct machine *m, struct guest_files *files)
{
	const struct module *kernel = find_module(m, MODULE_KERNEL);
	const struct module *ramdisk = find_module(m, MODULE_RAMDISK);

	find_module(m, MODULE_UNKNOWN);
	*files = (struct guest_files){.name = "the initrd's kernel", .bootargs = ""};
	if (kernel) {
		files->name = kernel->name;
		files->kernel = kernel->range;
		files->bootargs = kernel->bootargs;
		files->ramdisk = ramdisk ? ramdisk->range : m->initrd;
		return OK;
	}
	if (m->initrd.size && cpio_recognise((const void *)m->initrd.base, m->initrd.size))
		return open_archive(m->initrd, files);
	return no_kernel(m->initrd);
}
