/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of boot/config: partitions written into the tree of virt_tree.h, and
 * the complaints about them, kept one by one.
 */
#pragma once

#include <boot/arena.h>
#include <boot/config.h>
#include <boot/tree.h>
#include <fake_log.h>
#include <test.h>
#include <virt_tree.h>

#define MAX_COMPLAINTS 64

static struct said {
	bool error;
	char path[128], property[64], text[256];
} said[MAX_COMPLAINTS];
static u32 nr_said, nr_errors_said;

static u64 tree[VIRT_SIZE / 8];
static struct machine machine;
static struct config config;

static void complain(void *context, const struct complaint *c)
{
	struct said *s = &said[nr_said];

	EXPECT(context == &config);
	EXPECT(c->path && *c->path == '/' && c->text && *c->text);
	nr_errors_said += c->error;
	if (nr_said == MAX_COMPLAINTS)
		return;
	nr_said++;
	s->error = c->error;
	snprintf(s->path, sizeof(s->path), "%s", c->path);
	snprintf(s->property, sizeof(s->property), "%s", c->property ? c->property : "");
	snprintf(s->text, sizeof(s->text), "%s", c->text);
}

static inline const struct said *find_said(const char *path, const char *property, const char *text)
{
	for (u32 i = 0; i < nr_said; i++)
		if (!strcmp(said[i].path, path) && !strcmp(said[i].property, property) &&
		    strstr(said[i].text, text))
			return &said[i];
	for (u32 i = 0; i < nr_said; i++)
		printf("  said: %s: %s: %s: %s\n", said[i].error ? "error" : "warning",
		       said[i].path, said[i].property, said[i].text);
	return NULL;
}

/* That there was an error (a warning) at the node's path, of that property ("" if of
 * none), with that text in it. */
#define EXPECT_ERROR(path, property, text)                                                         \
	do {                                                                                       \
		const struct said *s_ = find_said(path, property, text);                           \
		EXPECT(s_ && s_->error);                                                           \
	} while (0)
#define EXPECT_WARNING(path, property, text)                                                       \
	do {                                                                                       \
		const struct said *s_ = find_said(path, property, text);                           \
		EXPECT(s_ && !s_->error);                                                          \
	} while (0)

/* The machine without its partitions. */
static inline void scan_virt(const struct virt *v)
{
	arena_release(0);
	log_forget();
	nr_said = nr_errors_said = 0;
	virt_tree(tree, v);
	EXPECT_EQ(machine_scan(&machine, tree, 48), OK);
	machine.tree = (struct range){0};
}

static inline enum err read_virt(const struct virt *v)
{
	scan_virt(v);
	return config_read(&config, tree, &machine, complain, &config);
}

static inline void read_chosen(void (*chosen)(void *t))
{
	EXPECT_EQ(read_virt(&(struct virt){VIRT_DEFAULTS, .chosen = chosen}), OK);
}

static inline void t_empty(void *t, const char *name)
{
	must(fdt_property(t, name, NULL, 0));
}

/* A node under /chosen, still open, with two cells each for its modules. */
static inline void t_partition(void *t, const char *name, const char *compatible)
{
	t_node(t, name);
	t_text(t, "compatible", compatible);
	t_cell(t, "#address-cells", 2);
	t_cell(t, "#size-cells", 2);
}

static inline void t_module(void *t, const char *kind, u32 base, u32 size)
{
	char name[24], compatible[64];
	int len = snprintf(compatible, sizeof(compatible), "%s%cmultiboot,module", kind, 0);

	snprintf(name, sizeof(name), "module@%x", base);
	t_node(t, name);
	must(fdt_property(t, "compatible", compatible, len + 1));
	T_CELLS(t, "reg", 0, base, 0, size);
	t_end(t);
}

/* A sound partition with some MiB of memory, still open for its properties; its
 * kernel comes with t_sound_end(). */
static inline void t_sound(void *t, const char *name, u32 mib)
{
	t_partition(t, name, "tocsin,partition");
	T_CELLS(t, "memory", 0, mib << 10);
}

static inline void t_sound_end(void *t, u32 kernel)
{
	t_module(t, "multiboot,kernel", kernel, 0x10000);
	t_end(t);
}
