/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partcheck: says of a system's device tree what Tocsin would say at boot, with the
 * same code. The driver of the host: it reads files, and turns complaints and lines
 * of the log into lines or JSON. docs/partitions.md.
 */
#include <boot/arena.h>
#include <boot/cmdline.h>
#include <boot/config_channel.h>
#include <boot/config/config_reader.h>
#include <boot/image.h>
#include <boot/modules.h>
#include <boot/tree.h>
#include <drivers/log.h>
#include <errno.h>
#include <lib/check.h>
#include <lib/string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLEAN, WARNED, FAILED, UNUSABLE }; /* exit status */

/* What any Arm CPU can address with 4 KiB pages. */
#define PA_BITS 48
#define MAX_FILES 64
/* A module larger than that is not looked into. */
#define MAX_FILE_SIZE GIB(1)

struct given_file {
	u64 address;
	const char *name;
};

static struct {
	const char *tree;
	bool json;
	struct given_file files[MAX_FILES];
	u32 nr_files;
} options;

static u32 nr_errors, nr_warnings, nr_objects;

/* Printable ASCII as it is, the rest as an escape that JSON has. */
static void put_json(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c >= 0x20 && c < 0x7f)
			putchar(c);
		else
			printf("\\u%04x", c);
	}
	putchar('"');
}

static void put_text(const char *text)
{
	for (; *text; text++)
		putchar(*text >= 0x20 && *text < 0x7f ? *text : '?');
}

static void put_object(const char *level, const struct complaint *c)
{
	printf("%s\n  {\"level\": \"%s\", \"path\": ", nr_objects++ ? "," : "", level);
	put_json(c->path);
	printf(", \"property\": ");
	if (c->property)
		put_json(c->property);
	else
		printf("null");
	printf(", \"text\": ");
	put_json(c->text);
	printf("}");
}

static void put_line(const char *level, const struct complaint *c)
{
	printf("%s: ", level);
	put_text(c->path);
	printf("%s", *c->path ? ": " : "");
	if (c->property) {
		put_text(c->property);
		printf(": ");
	}
	put_text(c->text);
	putchar('\n');
}

static void report(const char *level, const struct complaint *c)
{
	(options.json ? put_object : put_line)(level, c);
}

static void complain(void *context, const struct complaint *c)
{
	(void)context;
	*(c->error ? &nr_errors : &nr_warnings) += 1;
	report(c->error ? "error" : "warning", c);
}

/* What boot code logs about the machine. */
void log_line(enum log_level level, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	struct complaint c = {.error = level == LOG_ERROR, .path = "", .text = text};
	va_list args;

	if (level > LOG_WARN)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	complain(NULL, &c);
}

void check_failed(const char *expr, const char *file, u32 line)
{
	fprintf(stderr, "partcheck: a fault of its own, %s:%u: %s\n", file, line, expr);
	abort();
}

/* The drivers of UARTs are linked for their names; they never run here. */
u64 host_io_read(u64 addr, int bytes)
{
	(void)addr;
	(void)bytes;
	abort();
}

void host_io_write(u64 addr, u64 value, int bytes)
{
	(void)addr;
	(void)value;
	(void)bytes;
	abort();
}

_Noreturn static void die(const char *name, const char *why)
{
	fprintf(stderr, "partcheck: %s: %s\n", name, why);
	exit(UNUSABLE);
}

/* A whole file in zeroed memory of at least room bytes, 8-byte aligned. */
static void *read_file(const char *name, u64 room, u64 *size)
{
	FILE *f = fopen(name, "rb");
	long length;
	void *bytes;

	if (!f || fseek(f, 0, SEEK_END) || (length = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		die(name, strerror(errno));
	*size = (u64)length;
	bytes = calloc(1, MAX(*size, room) + 8);
	if (!bytes)
		die(name, "too large");
	if (fread(bytes, 1, *size, f) != *size)
		die(name, "cannot be read");
	fclose(f);
	return bytes;
}

static void *read_tree(const char *name)
{
	u64 size;
	void *tree = read_file(name, TREE_HEADER_SIZE, &size);
	u32 announced = (u32)((u8 *)tree)[4] << 24 | ((u8 *)tree)[5] << 16 | ((u8 *)tree)[6] << 8 |
			((u8 *)tree)[7];

	if (size < TREE_HEADER_SIZE || announced > size || tree_check(tree) != OK)
		die(name, "no flattened device tree of version 17 and at most 2 MiB");
	return tree;
}

static const char *file_at(u64 address)
{
	for (u32 i = 0; i < options.nr_files; i++)
		if (options.files[i].address == address)
			return options.files[i].name;
	return NULL;
}

/* The contents of a module, if they were given; else NULL after a note. */
static void *open_module(const struct spec_file *file)
{
	const char *name = file_at(file->range.base);
	char text[160];
	struct complaint c = {.path = file->path, .property = "reg", .text = text};
	void *bytes;
	u64 size;

	if (!name || file->range.size > MAX_FILE_SIZE) {
		snprintf(text, sizeof(text), "not looked into: give it by --file 0x%lx=FILE",
			 file->range.base);
		report("note", &c);
		return NULL;
	}
	bytes = read_file(name, file->range.size, &size);
	if (size <= file->range.size)
		return bytes;
	c.error = true;
	snprintf(text, sizeof(text), "found size 0x%lx: should be 0x%lx, the size of %.64s",
		 file->range.size, size, name);
	complain(NULL, &c);
	free(bytes);
	return NULL;
}

static void check_files(struct config *c, const struct machine *m, const void *fdt)
{
	for (u32 i = 0; i < c->nr_partitions; i++) {
		struct partition_spec *p = &c->partitions[i];
		void *tree = p->tree.range.size ? open_module(&p->tree) : NULL;
		void *kernel = file_at(p->kernel.range.base) ? open_module(&p->kernel) : NULL;

		if (tree)
			config_read_devices(c, p, tree, fdt, m, complain, NULL);
		if (kernel)
			config_check_kernel(c, p, kernel, m, complain, NULL);
		free(tree);
		free(kernel);
	}
}

/* The kernel that modules_choose() takes, if the file that it is in was given. m's ranges are
 * those of the machine, files' in memory here. */
static void check_kernel(const struct guest_files *files, const char *path, pa_t at,
			 const struct options *o)
{
	bool asked = o->load != LOAD_WHERE_IT_IS;
	struct raw_place raw = {asked ? o->load : at, asked};
	struct image image;

	if (image_parse(&image, (const void *)files->kernel.base, files->kernel.size, raw) == OK)
		return;
	complain(NULL, &(struct complaint){true, path, "reg", image_why()});
}

/* The single guest's files, as far as they were given. */
static void look_into(const struct machine *m, const struct options *o)
{
	struct machine here = *m;
	struct guest_files files;
	const struct module *kernel = NULL;
	struct spec_file file = {.range = m->initrd, .path = "/chosen"};
	void *bytes;

	for (u32 i = m->nr_modules; i-- > 0;)
		if (m->modules[i].kind == MODULE_KERNEL)
			kernel = &m->modules[i];
	if (kernel)
		file =
		    (struct spec_file){.range = kernel->range, .path = config_path(kernel->name)};
	if (!file.path || !file_at(file.range.base))
		return;
	bytes = open_module(&file);
	if (bytes && !kernel)
		here.initrd.base = (u64)bytes;
	if (bytes && modules_choose(&here, &files) == OK) {
		if (kernel)
			files.kernel.base = (u64)bytes;
		check_kernel(&files, file.path, kernel ? kernel->range.base : RAW_ANYWHERE, o);
	}
	free(bytes);
}

/* The guest of a tree without partitions. */
static void check_single(const struct machine *m, const struct options *o)
{
	bool kernel = m->initrd.size;

	for (u32 i = 0; i < m->nr_modules; i++)
		kernel |= m->modules[i].kind == MODULE_KERNEL;
	look_into(m, o);
	if (!kernel && !nr_errors)
		complain(NULL, &(struct complaint){
				   true, "/chosen", NULL,
				   "found no partition, no kernel module and no initrd: should "
				   "have a node with compatible = \"tocsin,partition\""});
	if (modules_check(m, (struct range){0}) != OK && !nr_errors)
		nr_errors++;
}

static void check_tree(const void *fdt, struct config *c)
{
	struct channels channels;
	struct options o;
	struct machine m;

	if (machine_scan(&m, fdt, PA_BITS) != OK) {
		nr_errors += !nr_errors;
		return;
	}
	cmdline_parse(&o, m.bootargs);
	m.tree = (struct range){0}; /* where it will be is not known here */
	if (config_read(c, fdt, &m, complain, NULL) != OK)
		nr_errors += !nr_errors;
	check_files(c, &m, fdt);
	if (config_read_channels(&channels, c, fdt, &m, complain, NULL) != OK)
		nr_errors += !nr_errors;
	if (!c->nr_partitions)
		check_single(&m, &o);
}

static void summary(const struct config *c)
{
	u32 broken = 0;

	for (u32 i = 0; i < c->nr_partitions; i++)
		broken += c->partitions[i].broken;
	if (options.json)
		printf("%s\n", nr_objects ? "\n]" : "]");
	else
		printf("%s: %u partitions, %u of them cannot start; %u errors, %u warnings\n",
		       options.tree, c->nr_partitions, broken, nr_errors, nr_warnings);
}

static void take_file(const char *argument)
{
	const char *equals = argument ? strchr(argument, '=') : NULL;
	struct given_file *file = &options.files[options.nr_files++];

	if (!equals || options.nr_files == MAX_FILES ||
	    !parse_u64(argument, (size_t)(equals - argument), &file->address))
		die("--file", "should be followed by ADDRESS=FILE, at most 63 times");
	file->name = equals + 1;
}

static void usage(void)
{
	printf("usage: partcheck SYSTEM.dtb [--json] [--file ADDRESS=FILE]...\n"
	       "Checks what a device tree asks of Tocsin (docs/partitions.md).\n"
	       "--file: what the boot loader puts at ADDRESS: partial trees and kernels are\n"
	       "looked into. Exit status: 0 nothing found, 1 warnings, 2 errors (a partition, or\n"
	       "all, would not start), 3 not run.\n");
}

int main(int argc, char **argv)
{
	struct config c = {0};

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			options.json = true;
		} else if (!strcmp(argv[i], "--file")) {
			take_file(++i < argc ? argv[i] : NULL);
		} else if (!strcmp(argv[i], "--help")) {
			usage();
			return CLEAN;
		} else if (argv[i][0] == '-' || options.tree) {
			die(argv[i], "unknown argument; see --help");
		} else {
			options.tree = argv[i];
		}
	}
	if (!options.tree) {
		usage();
		return UNUSABLE;
	}
	printf("%s", options.json ? "[" : "");
	check_tree(read_tree(options.tree), &c);
	summary(&c);
	return nr_errors ? FAILED : nr_warnings ? WARNED : CLEAN;
}
