/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside config_read: what its parts share. Private to boot/config.
 */
#pragma once

#include <boot/config.h>
#include <boot/tree.h>

/* Longest sentence of a complaint. */
#define COMPLAINT_MAX 248
/* Longest path in a complaint; more is cut. */
#define PATH_MAX_SHOWN 96

struct config_reader {
	struct config *c;
	const void *fdt;
	const struct machine *m;
	complain_fn say;
	void *context;
	struct partition_spec *p; /* the partition at hand; NULL: /chosen itself */
	bool xen;                 /* it is called xen,domain, */
	bool tocsin;              /* tocsin,partition */
	struct ranges free;       /* RAM that nothing known occupies: for proposals */
	enum err error;
};

/*
 * Complains of the node at path (NULL: the partition's, else /chosen). An error
 * breaks the partition. The text says what was found and what would be right.
 */
void config_error(struct config_reader *r, const char *path, const char *property,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
void config_warn(struct config_reader *r, const char *path, const char *property,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The arena is full: the partition is broken, the rest goes on. */
void config_no_memory(struct config_reader *r);

/* The value of a property of the node, bytes NULL if it is not there. */
struct prop config_prop(const void *fdt, int node, const char *name);

/* Whether its status lets the node be used. */
bool config_enabled(const void *fdt, int node);

/* "/chosen/" and the name of a child of that, in the arena; NULL: it is full. */
const char *config_path(const char *name);

/* config_props.c: defaults of a partition; the properties of its node, and of /chosen. */
void config_default(const struct config *c, struct partition_spec *p);
void config_read_props(struct config_reader *r, int node);
void config_read_chosen(struct config_reader *r, int node);

/* config_values.c: what is more than a number. p is the value of property name. */
void config_read_cpus(struct config_reader *r, const char *name, struct prop value);
void config_read_windows(struct config_reader *r, const char *name, struct prop value);
void config_read_slots(struct config_reader *r, const char *name, struct prop value);
void config_read_given(struct config_reader *r, int node, const char *name, struct prop value);
void config_read_name(struct config_reader *r, const char *name, struct prop value);
void config_name_of_node(struct config_reader *r, const char *node);

/* Whether the first len letters can be shown at the head of a console's line. */
bool config_name_good(const char *name, size_t len);

/* config_modules.c: the nodes below a partition's. */
void config_read_modules(struct config_reader *r, int node);

/* config_check.c: one partition (its node) by itself, then names, CPUs and time of all. */
void config_check_alone(struct config_reader *r, int node);
void config_check_together(struct config_reader *r);

/* config_paging.c: paged memory, one partition (its node) by itself, and its pager among all;
 * bytes of RAM that Tocsin has to find for a partition. */
void config_check_paging(struct config_reader *r, int node);
void config_check_pager(struct config_reader *r);
u64 config_needs_memory(const struct partition_spec *p);

/* The partition that keeps p's pages; NULL: none, or it cannot be one. */
const struct partition_spec *config_pager(const struct config *c, const struct partition_spec *p);

/* The partition of that name, or NULL. */
const struct partition_spec *config_find(const struct config *c, const char *name);

/* config_memory.c: where everything lies. */
void config_check_memory(struct config_reader *r);

/* Region i of the partition's RAM as it sees it; false: there is none. */
bool config_memory(const struct partition_spec *p, u32 i, struct range *r);

/* Whether the IPA range touches RAM of the partition; bytes that are given. */
bool config_meets_memory(const struct partition_spec *p, struct range ipa);
u64 config_given_size(const struct partition_spec *p);

/* A device as a partial tree has it, while it is read. */
struct device_node {
	const char *name;    /* of the node */
	const char *path;    /* of the machine's node; NULL: not said */
	int node;            /* that, in the machine's tree, or negative */
	bool forced;         /* trusted to do DMA */
	u32 cells[2];        /* address and size cells of the bus it is on */
	struct prop regions; /* xen,reg: where it is, size, where the guest sees it */
	struct prop interrupts;
	u32 each, skip; /* cells of an interrupt, and those before its type */
};

/* config_assign.c: checks d, and adds it to the partition. */
void config_assign(struct config_reader *r, const struct device_node *d);

/* config_trust.c: whether the partition may have d, or what else is in the pages that it was
 * given. */
void config_check_trust(struct config_reader *r, const struct device_node *d);
void config_check_neighbours(struct config_reader *r);

/* config_quiesce.c: adds how to silence what is in the pages that the partition was given. */
void config_quiesce(struct config_reader *r);
