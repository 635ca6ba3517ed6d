/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that describe no device: memory, reservations, CPUs, /chosen, firmware. */
#include <boot/arena.h>
#include <boot/scan.h>
#include <drivers/log.h>
#include <lib/string.h>
#include <libfdt.h>

/* Cuts r off at the end of the physical address space; false, after a message, if nothing sensible
 * is left. */
static bool clip(const struct scan *s, const char *name, struct range *r)
{
	u64 limit = BIT(s->m->pa_bits);

	if (!range_valid(*r)) {
		log_warn("%s: base 0x%lx, size 0x%lx run past the end of all addresses: ignored",
			 name, r->base, r->size);
		return false;
	}
	if (r->size && (r->base >= limit || r->size > limit - r->base)) {
		log_warn("%s: " RANGE_FORMAT " is not used from 0x%lx on: out of reach", name,
			 RANGE_ARGS(*r), MAX(limit, r->base));
		r->size = r->base < limit ? limit - r->base : 0;
	}
	return r->size != 0;
}

void scan_memory(struct scan *s)
{
	struct range r;

	for (u32 i = 0; scan_reg(s, i, &r); i++)
		if (scan_translate(s, &r) && clip(s, s->level[s->depth].name, &r))
			scan_fail(s, ranges_add(&s->m->memory, range_pages_inside(r)));
}

/* Records a reservation, to be checked when all of /memory is known. */
static void note_reserved(struct scan *s, struct range r)
{
	struct scan_reserved *all = arena_grow(s->reserved, s->nr_reserved, sizeof(*all));

	if (!all) {
		scan_fail(s, ERR_NO_MEMORY);
		return;
	}
	s->reserved = all;
	all[s->nr_reserved++] = (struct scan_reserved){
	    .name = s->level[s->depth].name, .range = r, .note = scan_record(s, NODE_PLAIN)};
}

void scan_reserved(struct scan *s)
{
	struct range r;

	for (u32 i = 0; scan_reg(s, i, &r); i++)
		if (clip(s, s->level[s->depth].name, &r)) {
			scan_fail(s, ranges_add(&s->m->reserved, range_pages_around(r)));
			note_reserved(s, r);
		}
}

/* Drops the nodes of reservations that are not in /memory, because no guest can access them. */
void scan_finish_reserved(struct scan *s)
{
	for (u32 i = 0; i < s->nr_reserved; i++) {
		const struct scan_reserved *here = &s->reserved[i];

		if (ranges_contain(&s->m->memory, here->range))
			continue;
		log_warn("%s: " RANGE_FORMAT " is not within RAM: no guest gets it, nor this node",
			 here->name, RANGE_ARGS(here->range));
		s->m->notes[here->note].role = NODE_DROPPED;
	}
}

/*
 * U-Boot reserves the tree and the ramdisk that it passes on. Their ranges are known from
 * elsewhere, and free after they were read. All other reservations stay.
 */
void scan_memreserve(struct scan *s)
{
	struct machine *m = s->m;
	int nr = fdt_num_mem_rsv(s->fdt);

	for (int i = 0; i < nr; i++) {
		struct range r;

		if (fdt_get_mem_rsv(s->fdt, i, &r.base, &r.size))
			return;
		if (!r.size || !clip(s, "/memreserve/", &r))
			continue;
		if (r.base == m->tree.base || (m->initrd.size && r.base == m->initrd.base))
			continue;
		scan_fail(s, ranges_add(&m->reserved, range_pages_around(r)));
	}
}

static void add_cpu(struct scan *s, u64 mpidr)
{
	struct machine *m = s->m;
	struct machine_cpu *cpus = arena_grow(m->cpus, m->nr_cpus, sizeof(*cpus));
	struct prop release = s->props[PROP_RELEASE_ADDR];
	struct machine_cpu cpu = {.mpidr = mpidr};
	u32 note = scan_record(s, NODE_CPU);

	if (!cpus || !m->nr_notes) {
		scan_fail(s, ERR_NO_MEMORY);
		return;
	}
	m->notes[note].mpidr = mpidr;
	cpu.psci = prop_has_string(s->props[PROP_ENABLE_METHOD], "psci");
	if (prop_has_string(s->props[PROP_ENABLE_METHOD], "spin-table") &&
	    (release.len == 4 || release.len == 8))
		cpu.spin_table = prop_number(release, 0, release.len / 4);
	m->cpus = cpus;
	cpus[m->nr_cpus++] = cpu;
}

static bool cpu_known(const struct machine *m, u64 mpidr)
{
	for (u32 i = 0; i < m->nr_cpus; i++)
		if (m->cpus[i].mpidr == mpidr)
			return true;
	return false;
}

void scan_cpu(struct scan *s)
{
	const char *name = s->level[s->depth].name;
	const struct scan_level *cpus = &s->level[s->depth - 1];
	struct prop status = s->props[PROP_STATUS], reg = s->props[PROP_REG];
	u64 mpidr;

	if (!strcmp(name, "cpu-map") || !strcmp(name, "idle-states"))
		scan_record(s, NODE_DROPPED);
	if (!prop_has_string(s->props[PROP_DEVICE_TYPE], "cpu"))
		return;
	if (status.bytes && !prop_has_string(status, "okay") && !prop_has_string(status, "ok")) {
		scan_record(s, NODE_DROPPED);
		return;
	}
	if (cpus->address_cells < 1 || cpus->address_cells > 2 ||
	    reg.len != 4 * cpus->address_cells) {
		log_warn("%s: reg has %u bytes, not the %u of a CPU's number: ignored", name,
			 reg.len, 4 * cpus->address_cells);
		scan_record(s, NODE_DROPPED);
		return;
	}
	mpidr = prop_number(reg, 0, cpus->address_cells);
	if ((mpidr & ~MPIDR_AFFINITY) || cpu_known(s->m, mpidr)) {
		log_warn("%s: reg 0x%lx is no affinity or not the first of its kind: ignored", name,
			 mpidr);
		scan_record(s, NODE_DROPPED);
		return;
	}
	add_cpu(s, mpidr);
}

/* An address that a boot loader wrote with four or eight bytes. */
static bool read_address(const struct scan *s, enum scan_prop which, const char *name, u64 *value)
{
	struct prop p = s->props[which];

	if (!p.bytes)
		return false;
	if (p.len != 4 && p.len != 8) {
		log_warn("/chosen: %s has %u bytes, not 4 or 8: ignored", name, p.len);
		return false;
	}
	*value = prop_number(p, 0, p.len / 4);
	return true;
}

void scan_chosen(struct scan *s)
{
	const char *bootargs = prop_string(s->props[PROP_BOOTARGS]);
	u64 start, end;

	s->stdout_path = prop_string(s->props[PROP_STDOUT_PATH]);
	s->m->stdout_named = s->stdout_path;
	if (bootargs) {
		s->m->bootargs = arena_text(bootargs, strlen(bootargs));
		if (!s->m->bootargs) {
			s->m->bootargs = "";
			scan_fail(s, ERR_NO_MEMORY);
		}
	}
	if (!read_address(s, PROP_INITRD_START, "linux,initrd-start", &start) ||
	    !read_address(s, PROP_INITRD_END, "linux,initrd-end", &end))
		return;
	if (end > start)
		s->m->initrd = (struct range){start, end - start};
	else
		log_warn("/chosen: linux,initrd-end 0x%lx is not above linux,initrd-start 0x%lx",
			 end, start);
}

static void add_module(struct scan *s, const struct module *module)
{
	struct machine *m = s->m;
	struct module *modules = arena_grow(m->modules, m->nr_modules, sizeof(*modules));

	if (!modules || !module->name || !module->bootargs) {
		scan_fail(s, ERR_NO_MEMORY);
		return;
	}
	m->modules = modules;
	modules[m->nr_modules++] = *module;
}

/* Only config_read() reads these nodes; no guest gets them. */
static bool is_partition(struct prop compatible)
{
	return prop_has_string(compatible, "tocsin,partition") ||
	       prop_has_string(compatible, "xen,domain");
}

void scan_module(struct scan *s)
{
	struct prop compatible = s->props[PROP_COMPATIBLE];
	const char *bootargs = prop_string(s->props[PROP_BOOTARGS]);
	const char *name = s->level[s->depth].name;
	const struct scan_level *chosen = &s->level[s->depth - 1];
	struct module module = {.kind = MODULE_UNKNOWN};

	if (is_partition(compatible)) {
		s->m->nr_partition_nodes++;
		scan_record(s, NODE_DROPPED);
		return;
	}
	if (!prop_has_string(compatible, "multiboot,module"))
		return;
	scan_record(s, NODE_DROPPED);
	if (!prop_module_reg(s->props[PROP_REG], chosen->cells_given, chosen->address_cells,
			     chosen->size_cells, &module.range) ||
	    !module.range.size || !range_valid(module.range)) {
		log_error("%s: reg has %u bytes and names no range of memory", name,
			  s->props[PROP_REG].len);
		scan_fail(s, ERR_FORMAT);
		return;
	}
	if (prop_has_string(compatible, "multiboot,kernel"))
		module.kind = MODULE_KERNEL;
	else if (prop_has_string(compatible, "multiboot,ramdisk"))
		module.kind = MODULE_RAMDISK;
	module.name = arena_text(name, strlen(name));
	module.bootargs = bootargs ? arena_text(bootargs, strlen(bootargs)) : "";
	add_module(s, &module);
}

void scan_psci(struct scan *s)
{
	bool first = true;

	for (u32 i = 0; i < s->m->nr_notes; i++)
		first &= s->m->notes[i].role != NODE_PSCI;
	scan_record(s, first ? NODE_PSCI : NODE_DROPPED);
	if (!first)
		return;
	s->m->psci_smc = prop_has_string(s->props[PROP_METHOD], "smc");
	s->psci_hvc = prop_has_string(s->props[PROP_METHOD], "hvc");
}
