/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of a partition's properties that are lists or names. Their lengths are
 * bounded before anything is kept of them.
 */
#include "config_reader.h"
#include <boot/arena.h>
#include <boot/virt_map.h>
#include <lib/string.h>
#include <sdei/event.h>

#define NAME_MAX 31
#define MAX_SHARED_SLOTS 988

static bool name_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

bool config_name_good(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!name_letter(name[i]))
			return false;
	return len > 0 && len <= NAME_MAX;
}

/* Copies the name, because EL2 uses it after the tree is gone. */
static void set_name(struct config_reader *r, const char *text, size_t len)
{
	r->p->name = arena_text(text, len);
	if (!r->p->name) {
		r->p->name = "";
		config_no_memory(r);
	}
}

void config_read_name(struct config_reader *r, const char *name, struct prop value)
{
	const char *text = prop_string(value);

	if (text && config_name_good(text, strlen(text)))
		set_name(r, text, strlen(text));
	else
		config_error(r, NULL, name,
			     "found \"%.40s\": should be 1 to %u letters, digits and - _ .",
			     text ? text : "", NAME_MAX);
}

/* Uses the node's name without unit address, if there is no tocsin,name. */
void config_name_of_node(struct config_reader *r, const char *node)
{
	const char *at = strchr(node, '@');
	size_t len = at ? (size_t)(at - node) : strlen(node);

	if (r->p->name)
		return;
	if (config_name_good(node, len)) {
		set_name(r, node, len);
		return;
	}
	r->p->name = "";
	config_error(r, NULL, NULL,
		     "the node's name is the partition's: should be 1 to %u letters, digits and "
		     "- _ . before an @, or have tocsin,name",
		     NAME_MAX);
}

void config_read_cpus(struct config_reader *r, const char *name, struct prop value)
{
	u32 nr = value.len / 4;

	if (!nr || value.len % 4 || nr > CONFIG_MAX_VCPUS) {
		config_error(r, NULL, name,
			     "found %u bytes: should be one cell, the index of a CPU, for each "
			     "vCPU",
			     value.len);
		return;
	}
	r->p->affinity = arena_alloc(nr * sizeof(u32));
	if (!r->p->affinity) {
		config_no_memory(r);
		return;
	}
	for (u32 i = 0; i < nr; i++) {
		r->p->affinity[i] = prop_cell(value, i);
		if (r->p->affinity[i] >= r->m->nr_cpus)
			config_error(r, NULL, name,
				     "found CPU %u: should be from 0 to %u, there are %u",
				     r->p->affinity[i], r->m->nr_cpus - 1, r->m->nr_cpus);
	}
	r->p->nr_affinity = nr;
}

/* Inserts w into the ascending windows. False: it overlaps one, which is *other. */
static bool sort_in(struct partition_spec *p, struct spec_window w, struct spec_window *other)
{
	u32 i = p->nr_windows;

	while (i > 0 && p->windows[i - 1].offset_us > w.offset_us)
		i--;
	if (i > 0 && p->windows[i - 1].offset_us + p->windows[i - 1].length_us > w.offset_us) {
		*other = p->windows[i - 1];
		return false;
	}
	if (i < p->nr_windows && w.offset_us + w.length_us > p->windows[i].offset_us) {
		*other = p->windows[i];
		return false;
	}
	memmove(p->windows + i + 1, p->windows + i, (p->nr_windows - i) * sizeof(w));
	p->windows[i] = w;
	p->nr_windows++;
	return true;
}

static void take_window(struct config_reader *r, const char *name, struct spec_window w)
{
	u32 frame = r->c->major_frame_us;
	struct spec_window other;

	if (!w.length_us || w.length_us > frame || w.offset_us > frame - w.length_us)
		config_error(r, NULL, name,
			     "found <%u %u>: should be an offset and a length, not 0, within the "
			     "major frame of %u us",
			     w.offset_us, w.length_us, frame);
	else if (!sort_in(r->p, w, &other))
		config_error(r, NULL, name,
			     "found <%u %u> and <%u %u>: should not overlap each other",
			     other.offset_us, other.length_us, w.offset_us, w.length_us);
}

void config_read_windows(struct config_reader *r, const char *name, struct prop value)
{
	u32 nr = value.len / 8;

	if (!nr || value.len % 8 || nr > CONFIG_MAX_WINDOWS) {
		config_error(r, NULL, name,
			     "found %u bytes: should be 1 to %u pairs of cells, offset and length "
			     "in us",
			     value.len, CONFIG_MAX_WINDOWS);
		return;
	}
	if (!r->c->major_frame_us) {
		config_error(r, NULL, name,
			     "found %u windows and no major frame: /chosen should have "
			     "tocsin,major-frame-us",
			     nr);
		return;
	}
	r->p->nr_windows = 0;
	r->p->windows = arena_alloc(nr * sizeof(*r->p->windows));
	if (!r->p->windows) {
		config_no_memory(r);
		return;
	}
	for (u32 i = 0; i < nr; i++)
		take_window(
		    r, name,
		    (struct spec_window){prop_cell(value, 2 * i), prop_cell(value, 2 * i + 1)});
}

void config_read_slots(struct config_reader *r, const char *name, struct prop value)
{
	u32 private, shared;

	if (value.len != 8) {
		config_error(r, NULL, name,
			     "found %u bytes: should be two cells, private slots and shared slots",
			     value.len);
		return;
	}
	private = prop_cell(value, 0);
	shared = prop_cell(value, 1);
	if (private > SDEI_NR_BOUND || shared > MAX_SHARED_SLOTS) {
		config_error(r, NULL, name, "found <%u %u>: should be at most <%u %u>", private,
			     shared, SDEI_NR_BOUND, MAX_SHARED_SLOTS);
		return;
	}
	r->p->sdei_private_slots = (u8) private;
	r->p->sdei_shared_slots = (u16)shared;
}

/* Number of cells, from the first of two properties that exists. */
static u32 cells(const struct config_reader *r, int node, const char *first, const char *second,
		 u32 normal)
{
	struct prop p = config_prop(r->fdt, node, first);

	if (!p.bytes)
		p = config_prop(r->fdt, node, second);
	return p.len == 4 ? prop_cell(p, 0) : normal;
}

static void take_given(struct config_reader *r, const char *name, struct range pa, u64 *ipa)
{
	struct partition_spec *p = r->p;

	if (!pa.size || !range_valid(pa) || !IS_ALIGNED(pa.base | pa.size, PAGE_SIZE) ||
	    pa.base + pa.size > BIT(r->m->pa_bits)) {
		config_error(r, NULL, name, "found 0x%lx, size 0x%lx: should be whole pages of RAM",
			     pa.base, pa.size);
		return;
	}
	p->given[p->nr_given++] = (struct spec_memory){*ipa, pa};
	*ipa += pa.size;
}

/* The guest-physical addresses here are those of QEMU's virt machine. Only after all properties
 * were read is it known whether the partition is direct-mapped. */
void config_read_given(struct config_reader *r, int node, const char *name, struct prop value)
{
	u32 ac = cells(r, node, "#xen,static-mem-address-cells", "#address-cells", 2);
	u32 sc = cells(r, node, "#xen,static-mem-size-cells", "#size-cells", 1);
	u32 nr, each = ac + sc;
	u64 ipa = VIRT_MAP_RAM;

	if (ac < 1 || ac > 2 || sc < 1 || sc > 2) {
		config_error(r, NULL, name,
			     "found %u address and %u size cells: should be 1 or 2 each", ac, sc);
		return;
	}
	nr = value.len / (4 * each);
	if (!nr || value.len % (4 * each) || nr > CONFIG_MAX_GIVEN) {
		config_error(r, NULL, name,
			     "found %u bytes: should be 1 to %u pairs of an address of %u and a "
			     "size of %u cells",
			     value.len, CONFIG_MAX_GIVEN, ac, sc);
		return;
	}
	r->p->nr_given = 0;
	r->p->given = arena_alloc(nr * sizeof(*r->p->given));
	if (!r->p->given) {
		config_no_memory(r);
		return;
	}
	for (u32 i = 0; i < nr; i++) {
		struct range pa = {prop_number(value, i * each, ac),
				   prop_number(value, i * each + ac, sc)};

		take_given(r, name, pa, &ipa);
	}
}
