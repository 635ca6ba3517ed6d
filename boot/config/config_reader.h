/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of config_read() share. Private to boot/config.
 */
#pragma once

#include <boot/config.h>
#include <boot/tree.h>

/* Longest text of a complaint. */
#define COMPLAINT_MAX 248
/* Longest path in a complaint; more is cut. */
#define PATH_MAX_SHOWN 96

struct config_reader {
	struct config *c;
	const void *fdt;
	const struct machine *m;
	complain_fn say;
	void *context;
	struct partition_spec *p; /* the partition being read; NULL: /chosen itself */
	bool xen;                 /* its node is compatible with xen,domain */
	bool tocsin;              /* its node is compatible with tocsin,partition */
	struct ranges free;       /* RAM that nothing known occupies, for proposals */
	enum err error;
};

/*
 * Complains of the node at path (NULL: the partition's, or /chosen without one). An error breaks
 * the partition. The text says what was found and what would be right.
 */
void config_error(struct config_reader *r, const char *path, const char *property,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
void config_warn(struct config_reader *r, const char *path, const char *property,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The arena is full: the partition becomes broken, and reading goes on. */
void config_no_memory(struct config_reader *r);

/* The value of a property of the node, bytes NULL if it is not there. */
struct prop config_prop(const void *fdt, int node, const char *name);

/* True if the node's status lets it be used. */
bool config_enabled(const void *fdt, int node);

/* "/chosen/" and the name of a child of that, in the arena; NULL: it is full. */
const char *config_path(const char *name);

/* config_props.c: defaults of a partition; the properties of its node, and of /chosen. */
void config_default(const struct config *c, struct partition_spec *p);
void config_read_props(struct config_reader *r, int node);
void config_read_chosen(struct config_reader *r, int node);

/* config_values.c: values that are more than a number. p is the value of property name. */
void config_read_cpus(struct config_reader *r, const char *name, struct prop value);
void config_read_windows(struct config_reader *r, const char *name, struct prop value);
void config_read_slots(struct config_reader *r, const char *name, struct prop value);
void config_read_given(struct config_reader *r, int node, const char *name, struct prop value);
void config_read_name(struct config_reader *r, const char *name, struct prop value);
void config_name_of_node(struct config_reader *r, const char *node);

/* True if the first len letters are a name that can be shown at the start of a console line. */
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

/* config_memory.c: the addresses of files and given memory, and the sum of memory. */
void config_check_memory(struct config_reader *r);

/* Region i of the partition's RAM in guest-physical addresses; false: there is none. */
bool config_memory(const struct partition_spec *p, u32 i, struct range *r);

/* True if the IPA range touches RAM of the partition; the number of bytes that are given. */
bool config_meets_memory(const struct partition_spec *p, struct range ipa);
u64 config_given_size(const struct partition_spec *p);

/* A device of a partial tree while it is being read. */
struct device_node {
	const char *name;    /* of the node */
	const char *path;    /* of the machine's node; NULL: not given */
	int node;            /* offset of that node in the machine's tree, or negative */
	bool forced;         /* trusted to do DMA */
	u32 cells[2];        /* address and size cells of the bus it is on */
	struct prop regions; /* xen,reg: physical address, size, guest-physical address */
	struct prop interrupts;
	u32 each, skip; /* cells of an interrupt, and those before its type */
};

/* config_assign.c: checks d, and adds it to the partition. */
void config_assign(struct config_reader *r, const struct device_node *d);

/* config_trust.c: check whether the partition may have d; check whether it may have all else in the
 * pages that it was given. */
void config_check_trust(struct config_reader *r, const struct device_node *d);
void config_check_neighbours(struct config_reader *r);

/* config_quiesce.c: adds the writes that quiesce the devices in the partition's pages. */
void config_quiesce(struct config_reader *r);
