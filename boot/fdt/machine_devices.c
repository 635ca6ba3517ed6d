/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices: the addresses that a partition may have, those that Tocsin keeps (GIC, its UART, devices
 * that could harm EL2), and the UART that Tocsin drives.
 */
#include <boot/arena.h>
#include <boot/scan.h>
#include <drivers/log.h>
#include <lib/string.h>
#include <libfdt.h>

static void add_range(struct scan *s, struct ranges *set, struct range r)
{
	const char *name = s->level[s->depth].name;

	if (!scan_translate(s, &r) || !r.size)
		return;
	if (!range_valid(r) || r.base + r.size > BIT(s->m->pa_bits))
		log_debug("%s: 0x%lx, size 0x%lx is out of reach: no guest gets it", name, r.base,
			  r.size);
	else
		scan_fail(s, ranges_add(set, range_pages_around(r)));
}

static void add_regs(struct scan *s, struct ranges *set)
{
	struct range r;

	if (s->level[s->depth - 1].size_cells == 0 || s->level[s->depth - 1].size_cells > 2 ||
	    s->level[s->depth - 1].address_cells > 2)
		return;
	for (u32 i = 0; scan_reg(s, i, &r); i++)
		add_range(s, set, r);
}

/* Adds the windows of a PCI host bridge to its devices: child address of three cells, parent
 * address, size. */
static void add_pci_windows(struct scan *s)
{
	const struct scan_level *here = &s->level[s->depth];
	u32 parent_cells = here[-1].address_cells;
	u32 cells = 3 + parent_cells + here->size_cells;

	if (here->address_cells != 3 || here->size_cells < 1 || here->size_cells > 2 ||
	    parent_cells > 2)
		return;
	for (u32 i = 0; (i + 1) * 4 * cells <= here->ranges.len; i++) {
		struct range r;

		r.base = prop_number(here->ranges, i * cells + 3, parent_cells);
		r.size = prop_number(here->ranges, i * cells + 3 + parent_cells, here->size_cells);
		add_range(s, &s->m->devices, r);
	}
}

/* The path of the innermost node, in the arena. */
static const char *node_path(const struct scan *s)
{
	size_t len = 0;
	char *path, *end;

	for (int depth = 1; depth <= s->depth; depth++)
		len += strlen(s->level[depth].name) + 1;
	path = end = arena_alloc(len + 1);
	for (int depth = 1; path && depth <= s->depth; depth++) {
		size_t part = strlen(s->level[depth].name);

		*end++ = '/';
		memcpy(end, s->level[depth].name, part);
		end += part;
	}
	return path;
}

/* The INTID of the first interrupt; 0 if it is no SPI of the GIC. */
static u32 first_spi(const struct scan *s, u32 *parent)
{
	struct prop p = s->props[PROP_INTERRUPTS], extended = s->props[PROP_INTERRUPTS_EXTENDED];

	*parent = s->level[s->depth].interrupt_parent;
	if (extended.len >= 16) {
		*parent = prop_cell(extended, 0);
		p = (struct prop){extended.bytes + 4, extended.len - 4};
	}
	return scan_spi(p, 0);
}

static void add_uart(struct scan *s, const struct uart_driver *driver)
{
	struct scan_uart *uarts = arena_grow(s->uarts, s->nr_uarts, sizeof(*uarts));
	struct scan_uart u = {.uart.driver = driver};

	if (!scan_reg(s, 0, &u.uart.regs) || !scan_translate(s, &u.uart.regs) ||
	    !u.uart.regs.size || !range_valid(u.uart.regs) ||
	    u.uart.regs.base + u.uart.regs.size > BIT(s->m->pa_bits)) {
		log_warn("%s: a UART without usable reg: ignored", s->level[s->depth].name);
		return;
	}
	u.uart.intid = first_spi(s, &u.interrupt_parent);
	if (!s->props[PROP_INTERRUPTS_EXTENDED].bytes)
		u.nexus = s->level[s->depth].nexus;
	u.interrupts = s->props[PROP_INTERRUPTS];
	u.path = node_path(s);
	u.note = scan_record(s, NODE_UART);
	if (!uarts || !u.path) {
		scan_fail(s, ERR_NO_MEMORY);
		return;
	}
	s->uarts = uarts;
	uarts[s->nr_uarts++] = u;
}

static const struct uart_driver *known_uart(struct prop compatible)
{
	const char *s = prop_string(compatible);
	const char *end = s ? s + compatible.len : NULL;

	for (; s < end; s += strlen(s) + 1) {
		const struct uart_driver *driver = uart_find(s);

		if (driver)
			return driver;
	}
	return NULL;
}

void scan_device(struct scan *s)
{
	const struct uart_driver *driver = known_uart(s->props[PROP_COMPATIBLE]);

	if (driver)
		add_uart(s, driver);
	add_regs(s, &s->m->devices);
	if (prop_has_string(s->props[PROP_DEVICE_TYPE], "pci"))
		add_pci_windows(s);
}

void scan_withhold(struct scan *s)
{
	add_regs(s, &s->kept);
}

/* True if wanted, up to its end or a ':', names path; unit addresses may be left out. */
static bool path_matches(const char *path, const char *wanted)
{
	while (*wanted && *wanted != ':') {
		if (*path == *wanted) {
			path++;
			wanted++;
		} else if (*path == '@' && *wanted == '/') {
			while (*path && *path != '/')
				path++;
		} else {
			return false;
		}
	}
	return *path == 0 || (*path == '@' && !strchr(path, '/'));
}

/* The path that an alias (up to its end or a ':') stands for, or NULL. */
static const char *resolve_alias(const struct scan *s, const char *alias)
{
	const char *colon = strchr(alias, ':');
	int len = colon ? (int)(colon - alias) : (int)strlen(alias), value_len;
	const char *value;

	if (s->aliases < 0)
		return NULL;
	value = fdt_getprop_namelen(s->fdt, s->aliases, alias, len, &value_len);
	return value ? prop_string((struct prop){(const u8 *)value, (u32)value_len}) : NULL;
}

/* The compatible string of the node that stdout-path names. libfdt is safe here, because the tree
 * was read. */
static const char *stdout_kind(const struct scan *s, const char *path)
{
	const char *colon = path ? strchr(path, ':') : NULL;
	int len, node = -1;
	const void *value = NULL;

	if (path)
		node = fdt_path_offset_namelen(s->fdt, path,
					       colon ? (int)(colon - path) : (int)strlen(path));
	if (node >= 0)
		value = fdt_getprop(s->fdt, node, "compatible", &len);
	return value ? prop_string((struct prop){(const u8 *)value, (u32)len}) : NULL;
}

static void no_console(const struct scan *s)
{
	const char *path = s->stdout_path, *kind;

	if (path && *path != '/')
		path = resolve_alias(s, path);
	kind = stdout_kind(s, path);
	if (s->stdout_path)
		log_warn("no UART here has a driver, stdout-path \"%.64s\" is %.64s: the console "
			 "stays silent",
			 s->stdout_path, kind ? kind : "no node");
	else
		log_warn("no UART here has a driver: the console stays silent");
}

static struct scan_uart *find_console(const struct scan *s)
{
	const char *path = s->stdout_path;

	if (!s->nr_uarts) {
		if (!s->error)
			no_console(s);
		return NULL;
	}
	if (!path)
		return s->uarts;
	if (*path != '/')
		path = resolve_alias(s, path);
	for (u32 i = 0; path && i < s->nr_uarts; i++)
		if (path_matches(s->uarts[i].path, path))
			return &s->uarts[i];
	log_warn("stdout-path \"%s\" names no UART that a driver here is for: %s is used",
		 s->stdout_path, s->uarts->path);
	return s->uarts;
}

/* Drops UARTs within RAM, because EL2 maps a console as a device. */
static void drop_uarts_in_ram(struct scan *s)
{
	u32 nr = s->nr_uarts;

	s->nr_uarts = 0;
	for (u32 i = 0; i < nr; i++) {
		if (ranges_touching(&s->m->memory, range_pages_around(s->uarts[i].uart.regs)))
			log_warn("%s: a UART where the tree has RAM: ignored", s->uarts[i].path);
		else
			s->uarts[s->nr_uarts++] = s->uarts[i];
	}
}

void scan_choose_uart(struct scan *s)
{
	struct scan_uart *console;
	struct machine *m = s->m;
	struct range page;

	drop_uarts_in_ram(s);
	console = find_console(s);
	if (!console || m->nr_notes == 0)
		return;
	m->uart = console->uart;
	m->uart_path = console->path;
	if (console->nexus.interrupt_cells)
		m->uart.intid = scan_mapped_spi(s, &console->nexus, console->interrupts);
	else if (s->gic_phandle && console->interrupt_parent != s->gic_phandle)
		m->uart.intid = 0;
	page = range_pages_around(console->uart.regs);
	scan_fail(s, ranges_add(&s->kept, page));
	for (u32 i = 0; i < s->nr_uarts; i++)
		if (ranges_overlap(page, s->uarts[i].uart.regs))
			m->notes[s->uarts[i].note].role = NODE_DROPPED;
	m->notes[console->note].role = NODE_CONSOLE;
}

/* RAM is no device, even if the tree says so. */
void scan_finish_devices(struct scan *s)
{
	scan_fail(s, ranges_subtract(&s->m->devices, &s->kept));
	scan_fail(s, ranges_subtract(&s->m->devices, &s->m->memory));
}
