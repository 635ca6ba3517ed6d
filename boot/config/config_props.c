/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The properties of a partition's node and of /chosen: a table of names, kinds of value, fields and
 * bounds. Names without "tocsin," are Xen's, with Xen's meaning.
 */
#include "config_meant.h"
#include "config_reader.h"
#include <abi/pager.h>
#include <lib/bits.h>
#include <lib/string.h>
#include <libfdt.h>
#include <sdei/event.h>

enum kind {
	KIND_FLAG,   /* there or not: bool */
	KIND_U8,     /* one cell */
	KIND_U32,    /* one cell */
	KIND_KIB,    /* one or two cells, a number of KiB: u64 bytes */
	KIND_ACTION, /* a word: enum spec_action */
	KIND_ON_OFF, /* a word: bool */
	KIND_LOSS,   /* a word: does a lost page stop the partition? bool */
	KIND_TEXT,   /* const char *, in the tree */
	KIND_CPUS,
	KIND_WINDOWS,
	KIND_SLOTS,
	KIND_GIVEN,
	KIND_NAME,
	KIND_OTHER,  /* read elsewhere */
	KIND_FOREIGN /* Xen's, without meaning here */
};

/* Kinds of node in which a property may be. */
enum { TOCSIN = 1, XEN = 2, BOTH = 3 };

struct property {
	const char *name;
	enum kind kind;
	size_t offset; /* in the structure that is filled in */
	u64 min, max;
	u8 side;
};

#define AT(field) offsetof(struct partition_spec, field)

/* docs/partitions.md has a line for each. */
static const struct property properties[] = {
    {"cpus", KIND_U32, AT(nr_vcpus), 1, CONFIG_MAX_VCPUS, BOTH},
    {"memory", KIND_KIB, AT(memory), 64, BIT(38), BOTH},
    {"vpl011", KIND_FLAG, AT(vpl011), 0, 0, BOTH},
    {"nr_spis", KIND_U32, AT(nr_spis), 0, 988, BOTH},
    {"direct-map", KIND_FLAG, AT(direct_map), 0, 0, BOTH},
    {"xen,static-mem", KIND_GIVEN, 0, 0, 0, BOTH},
    {"tocsin,name", KIND_NAME, 0, 0, 0, BOTH},
    {"tocsin,cpu-affinity", KIND_CPUS, 0, 0, 0, BOTH},
    {"tocsin,priority", KIND_U8, AT(priority), 0, 255, BOTH},
    {"tocsin,windows", KIND_WINDOWS, 0, 0, 0, BOTH},
    {"tocsin,donate-slack", KIND_FLAG, AT(donate_slack), 0, 0, BOTH},
    {"tocsin,on-off", KIND_ACTION, AT(on_off), 0, 0, BOTH},
    {"tocsin,on-fault", KIND_ACTION, AT(on_fault), 0, 0, BOTH},
    {"tocsin,restart-limit", KIND_U32, AT(restart_limit), 0, 1000000, BOTH},
    {"tocsin,restart-backoff-ms", KIND_U32, AT(restart_backoff_ms), 0, 3600000, BOTH},
    {"tocsin,watchdog", KIND_FLAG, AT(watchdog), 0, 0, BOTH},
    {"tocsin,paged", KIND_FLAG, AT(paging.on), 0, 0, BOTH},
    {"tocsin,resident", KIND_KIB, AT(paging.resident), 64, BIT(38), BOTH},
    {"tocsin,read-ahead", KIND_U32, AT(paging.read_ahead), 0, 64, BOTH},
    {"tocsin,async-min-us", KIND_U32, AT(paging.async_min_us), 0, 10000000, BOTH},
    {"tocsin,far-latency-us", KIND_U32, AT(paging.far_latency_us), 0, 10000000, BOTH},
    {"tocsin,far-jitter-us", KIND_U32, AT(paging.far_jitter_us), 0, 10000000, BOTH},
    {"tocsin,far-seed", KIND_U32, AT(paging.far_seed), 0, UINT32_MAX, BOTH},
    {"tocsin,far-per-ms", KIND_U32, AT(paging.far_per_ms), 0, 1000000, BOTH},
    {"tocsin,pager", KIND_TEXT, AT(paging.pager), 0, 0, BOTH},
    {"tocsin,pager-slots", KIND_U32, AT(paging.pager_slots), TOCSIN_PAGER_MIN_SLOTS,
     TOCSIN_PAGER_MAX_SLOTS, BOTH},
    {"tocsin,pager-timeout-ms", KIND_U32, AT(paging.pager_timeout_ms), 0, 3600000, BOTH},
    {"tocsin,on-page-loss", KIND_LOSS, AT(paging.loss_stops), 0, 0, BOTH},
    {"tocsin,sdei", KIND_ON_OFF, AT(sdei), 0, 0, BOTH},
    {"tocsin,sdei-slots", KIND_SLOTS, 0, 0, 0, BOTH},
    {"compatible", KIND_OTHER, 0, 0, 0, BOTH},
    {"status", KIND_OTHER, 0, 0, 0, BOTH},
    {"phandle", KIND_OTHER, 0, 0, 0, BOTH},
    {"linux,phandle", KIND_OTHER, 0, 0, 0, BOTH},
    {"#address-cells", KIND_OTHER, 0, 0, 0, BOTH},
    {"#size-cells", KIND_OTHER, 0, 0, 0, BOTH},
    {"#xen,static-mem-address-cells", KIND_OTHER, 0, 0, 0, BOTH},
    {"#xen,static-mem-size-cells", KIND_OTHER, 0, 0, 0, BOTH},
    {"passthrough", KIND_FOREIGN, 0, 0, 0, XEN},
    {"capabilities", KIND_FOREIGN, 0, 0, 0, XEN},
    {"domain-cpupool", KIND_FOREIGN, 0, 0, 0, XEN},
    {"llc-colors", KIND_FOREIGN, 0, 0, 0, XEN},
    {"max_grant_version", KIND_FOREIGN, 0, 0, 0, XEN},
    {"max_grant_frames", KIND_FOREIGN, 0, 0, 0, XEN},
    {"max_maptrack_frames", KIND_FOREIGN, 0, 0, 0, XEN},
    {"sve", KIND_FOREIGN, 0, 0, 0, XEN},
    {"trap-unmapped-accesses", KIND_FOREIGN, 0, 0, 0, XEN},
    {"xen,enhanced", KIND_FOREIGN, 0, 0, 0, XEN},
};

/* Properties of /chosen. Others there are ignored, unless they begin with "tocsin,". */
static const struct property of_chosen[] = {
    {"tocsin,major-frame-us", KIND_U32, offsetof(struct config, major_frame_us), 100, 10000000,
     BOTH},
    {"tocsin,donate-slack", KIND_FLAG, offsetof(struct config, donate_slack), 0, 0, BOTH},
};

static const char *const actions[] = {
    [SPEC_STOP] = "stop", [SPEC_RESTART] = "restart", [SPEC_STOP_ALL] = "stop-all"};

#define DEFAULT_PRIORITY 128
#define DEFAULT_SPIS 256 /* of QEMU's virt machine */
#define DEFAULT_BACKOFF_MS 100
#define DEFAULT_SLOTS 4
#define DEFAULT_FAR_US 500
#define DEFAULT_PAGER_SLOTS 32
#define DEFAULT_PAGER_TIMEOUT_MS 10000
#define DEFAULT_ASYNC_MIN_US 50 /* shorter waits do not pay: docs/async-page-fault.md */

void config_default(const struct config *c, struct partition_spec *p)
{
	*p = (struct partition_spec){.nr_vcpus = 1,
				     .nr_spis = DEFAULT_SPIS,
				     .priority = DEFAULT_PRIORITY,
				     .donate_slack = c->donate_slack,
				     .restart_backoff_ms = DEFAULT_BACKOFF_MS,
				     .sdei = true,
				     .paging = {.far_latency_us = DEFAULT_FAR_US,
						.async_min_us = DEFAULT_ASYNC_MIN_US,
						.pager_slots = DEFAULT_PAGER_SLOTS,
						.pager_timeout_ms = DEFAULT_PAGER_TIMEOUT_MS},
				     .sdei_private_slots = DEFAULT_SLOTS,
				     .sdei_shared_slots = DEFAULT_SLOTS};
}

static void read_flag(struct config_reader *r, const struct property *row, struct prop value,
		      bool *to)
{
	if (value.len == 4 && !prop_cell(value, 0))
		config_warn(r, NULL, row->name,
			    "found <0>: that it is there turns it on; to turn "
			    "it off, delete the property");
	*to = true;
}

/* One cell, or two if wide; false after a complaint. */
static bool read_number(struct config_reader *r, const struct property *row, struct prop value,
			bool wide, u64 *number)
{
	if (value.len != 4 && !(wide && value.len == 8)) {
		config_error(r, NULL, row->name, "found %u bytes: should be %s from %lu to %lu",
			     value.len, wide ? "one or two cells, a number" : "one cell, a number",
			     row->min, row->max);
		return false;
	}
	*number = prop_number(value, 0, value.len / 4);
	if (*number >= row->min && *number <= row->max)
		return true;
	config_error(r, NULL, row->name, "found %lu: should be from %lu to %lu", *number, row->min,
		     row->max);
	return false;
}

static void read_bytes(struct config_reader *r, const struct property *row, struct prop value,
		       u64 *to)
{
	u64 kib;

	if (!read_number(r, row, value, true, &kib))
		return;
	if (kib % (PAGE_SIZE >> 10))
		config_error(r, NULL, row->name, "found %lu KiB: should be whole pages, %lu", kib,
			     ALIGN_UP(kib, PAGE_SIZE >> 10));
	*to = kib << 10;
}

/* Index of the value among the words; -1 after a complaint. */
static int read_word(struct config_reader *r, const struct property *row, struct prop value,
		     const char *const *words, u32 nr, const char *expected)
{
	const char *word = prop_string(value);

	for (u32 i = 0; word && i < nr; i++)
		if (!strcmp(word, words[i]))
			return (int)i;
	if (word)
		config_error(r, NULL, row->name, "found \"%.32s\": should be %s", word, expected);
	else
		config_error(r, NULL, row->name, "found %u bytes that are no string: should be %s",
			     value.len, expected);
	return -1;
}

static void read_action(struct config_reader *r, const struct property *row, struct prop value,
			enum spec_action *to)
{
	int i = read_word(r, row, value, actions, ARRAY_SIZE(actions),
			  "\"stop\", \"restart\" or \"stop-all\"");

	if (i >= 0)
		*to = (enum spec_action)i;
}

static void read_on_off(struct config_reader *r, const struct property *row, struct prop value,
			bool *to)
{
	static const char *const words[] = {"off", "on"};
	int i = read_word(r, row, value, words, ARRAY_SIZE(words), "\"on\" or \"off\"");

	if (i >= 0)
		*to = i;
}

static void read_loss(struct config_reader *r, const struct property *row, struct prop value,
		      bool *to)
{
	static const char *const words[] = {"abort", "stop"};
	int i = read_word(r, row, value, words, ARRAY_SIZE(words), "\"abort\" or \"stop\"");

	if (i >= 0)
		*to = i;
}

static void read_text(struct config_reader *r, const struct property *row, struct prop value,
		      const char **to)
{
	*to = prop_string(value);
	if (!*to)
		config_error(r, NULL, row->name, "found %u bytes that are no string", value.len);
}

/* A value that goes to one place in base. */
static void read_simple(struct config_reader *r, const struct property *row, struct prop value,
			void *base)
{
	void *to = (char *)base + row->offset;
	u64 number;

	switch (row->kind) {
	case KIND_FLAG:
		read_flag(r, row, value, to);
		break;
	case KIND_U8:
		if (read_number(r, row, value, false, &number))
			*(u8 *)to = (u8)number;
		break;
	case KIND_U32:
		if (read_number(r, row, value, false, &number))
			*(u32 *)to = (u32)number;
		break;
	case KIND_KIB:
		read_bytes(r, row, value, to);
		break;
	case KIND_ACTION:
		read_action(r, row, value, to);
		break;
	case KIND_ON_OFF:
		read_on_off(r, row, value, to);
		break;
	case KIND_LOSS:
		read_loss(r, row, value, to);
		break;
	case KIND_TEXT:
		read_text(r, row, value, to);
		break;
	case KIND_FOREIGN:
		config_warn(r, NULL, row->name, "Xen's, without effect here: should be deleted");
		break;
	default:
		break;
	}
}

static void read_known(struct config_reader *r, const struct property *row, int node,
		       struct prop value)
{
	switch (row->kind) {
	case KIND_CPUS:
		config_read_cpus(r, row->name, value);
		break;
	case KIND_WINDOWS:
		config_read_windows(r, row->name, value);
		break;
	case KIND_SLOTS:
		config_read_slots(r, row->name, value);
		break;
	case KIND_GIVEN:
		config_read_given(r, node, row->name, value);
		break;
	case KIND_NAME:
		config_read_name(r, row->name, value);
		break;
	default:
		read_simple(r, row, value, r->p);
		break;
	}
}

static void unknown(struct config_reader *r, const struct property *table, u32 nr, u8 side,
		    const char *name)
{
	struct config_meant meant;

	config_meant_start(&meant, name);
	for (u32 i = 0; i < nr; i++)
		if (table[i].side & side)
			config_meant_try(&meant, table[i].name);
	if (meant.found)
		config_warn(r, NULL, name, "unknown: should it be %s?", meant.found);
	else
		config_warn(r, NULL, name,
			    "unknown, without effect: should be one of those in "
			    "docs/partitions.md");
}

void config_read_props(struct config_reader *r, int node)
{
	u8 side = (r->tocsin ? TOCSIN : 0) | (r->xen ? XEN : 0);
	int at, len;

	fdt_for_each_property_offset (at, r->fdt, node) {
		const char *name;
		const void *value = fdt_getprop_by_offset(r->fdt, at, &name, &len);
		u32 i = 0;

		if (!value)
			continue;
		while (i < ARRAY_SIZE(properties) &&
		       (strcmp(properties[i].name, name) || !(properties[i].side & side)))
			i++;
		if (i < ARRAY_SIZE(properties))
			read_known(r, &properties[i], node, (struct prop){value, (u32)len});
		else
			unknown(r, properties, ARRAY_SIZE(properties), side, name);
	}
}

void config_read_chosen(struct config_reader *r, int node)
{
	int at, len;

	r->p = NULL;
	fdt_for_each_property_offset (at, r->fdt, node) {
		const char *name;
		const void *value = fdt_getprop_by_offset(r->fdt, at, &name, &len);
		u32 i = 0;

		if (!value || strncmp(name, "tocsin,", 7))
			continue;
		while (i < ARRAY_SIZE(of_chosen) && strcmp(of_chosen[i].name, name))
			i++;
		if (i < ARRAY_SIZE(of_chosen))
			read_simple(r, &of_chosen[i], (struct prop){value, (u32)len}, r->c);
		else
			unknown(r, of_chosen, ARRAY_SIZE(of_chosen), BOTH, name);
	}
}
