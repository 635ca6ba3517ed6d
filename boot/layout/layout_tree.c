/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the tree of a configured partition without a whole one: the platform that
 * layout_platform.c has planned, and the nodes of assigned devices (boot/layout/layout_partial.c).
 */
#include <boot/guest_tree_nodes.h>
#include <boot/layout.h>
#include <boot/layout_channel.h>
#include <boot/partial_dt.h>
#include <drivers/log.h>
#include <drivers/timer.h>
#include <libfdt.h>

#define GIC_PPI 1
#define GIC_SPI 0
#define EDGE_RISING 1
#define LEVEL_HIGH 4
/* GICv2: the CPU mask in a PPI's flags. */
#define PPI_CPUS(nr) (((1U << (nr)) - 1) << 8)

#define ROOM 3072
#define CPU_ROOM 192

/* Writes first and nr more ranges, each as two cells of address and two of size. */
static void regs(struct tree_writer *w, struct range first, const struct range *more, u32 nr)
{
	void *value;
	int err = fdt_property_placeholder(w->to, "reg", 16 * (int)(1 + nr), &value);

	tree_writer_check(w, err);
	for (u32 i = 0; !err && i <= nr; i++) {
		struct range r = i ? more[i - 1] : first;
		fdt32_t *cells = (fdt32_t *)value + 4 * i;

		cells[0] = cpu_to_fdt32((u32)(r.base >> 32));
		cells[1] = cpu_to_fdt32((u32)r.base);
		cells[2] = cpu_to_fdt32((u32)(r.size >> 32));
		cells[3] = cpu_to_fdt32((u32)r.size);
	}
}

static void root(struct tree_writer *w, u32 gic_phandle)
{
	tree_writer_string(w, "compatible", "linux,dummy-virt");
	tree_writer_string(w, "model", "Tocsin virtual platform");
	tree_writer_number(w, "#address-cells", 2);
	tree_writer_number(w, "#size-cells", 2);
	tree_writer_number(w, "interrupt-parent", gic_phandle);
}

static void cpu_nodes(struct tree_writer *w)
{
	tree_writer_check(w, fdt_begin_node(w->to, "cpus"));
	tree_writer_number(w, "#address-cells", 2);
	tree_writer_number(w, "#size-cells", 0);
	guest_tree_more_cpus(w);
	tree_writer_end(w);
}

/* The interrupts are in the binding's order; EL1 has the physical and the virtual timer. */
static void timer(struct tree_writer *w)
{
	const struct machine *m = w->g->machine;
	u32 flags = LEVEL_HIGH | (m->gic.version == 2 ? PPI_CPUS(w->g->config->nr_vcpus) : 0);
	u32 cells[3 * NR_TIMER_PPI];

	for (u32 i = 0; i < NR_TIMER_PPI; i++) {
		u32 intid = m->timer[i] ? m->timer[i] : m->timer[TIMER_VIRTUAL];

		cells[3 * i] = GIC_PPI;
		cells[3 * i + 1] = intid - GIC_PPI_BASE;
		cells[3 * i + 2] = flags;
	}
	tree_writer_check(w, fdt_begin_node(w->to, "timer"));
	tree_writer_string(w, "compatible", "arm,armv8-timer");
	tree_writer_cells(w, "interrupts", cells, ARRAY_SIZE(cells));
	tree_writer_empty(w, "always-on");
	/* Guests read the machine's counter, so they need the same workaround. */
	if (m->timer_faults & TIMER_A64)
		tree_writer_empty(w, TIMER_A64_PROPERTY);
	if (m->timer_faults & TIMER_A008585)
		tree_writer_empty(w, TIMER_A008585_PROPERTY);
	if (m->timer_faults & TIMER_161010101)
		tree_writer_empty(w, TIMER_161010101_PROPERTY);
	tree_writer_end(w);
}

static void gic_node(struct tree_writer *w, u32 phandle)
{
	const struct partition_config *c = w->g->config;
	bool v3 = w->g->machine->gic.version == 3;
	u32 nr = v3 ? c->nr_gicr : 1;

	tree_writer_begin(w, "intc", c->gicd.base);
	tree_writer_string(w, "compatible", v3 ? "arm,gic-v3" : "arm,cortex-a15-gic");
	regs(w, c->gicd, v3 ? c->gicr : &c->gicc, nr);
	if (nr > 1)
		tree_writer_number(w, "#redistributor-regions", nr);
	if (v3)
		tree_writer_check(w,
				  fdt_property_u64(w->to, "redistributor-stride", c->gicr_stride));
	tree_writer_empty(w, "interrupt-controller");
	tree_writer_number(w, "#interrupt-cells", 3);
	tree_writer_number(w, "#address-cells", 0);
	tree_writer_number(w, "phandle", phandle);
	tree_writer_end(w);
}

static void uart(struct tree_writer *w)
{
	const struct partition_config *c = w->g->config;
	u32 interrupts[] = {GIC_SPI, c->uart_intid - GIC_SPI_BASE, LEVEL_HIGH};

	if (!c->uart.size)
		return;
	tree_writer_begin(w, "pl011", c->uart.base);
	guest_tree_console(w);
	regs(w, c->uart, NULL, 0);
	if (c->uart_intid)
		tree_writer_cells(w, "interrupts", interrupts, ARRAY_SIZE(interrupts));
	guest_tree_console_end(w);
	tree_writer_end(w);
}

static void watchdog(struct tree_writer *w)
{
	const struct partition_config *c = w->g->config;
	u64 control = c->watchdog.control.base, refresh = c->watchdog.refresh.base;
	u32 reg[] = {(u32)(control >> 32), (u32)control, 0, PAGE_SIZE,
		     (u32)(refresh >> 32), (u32)refresh, 0, PAGE_SIZE};
	u32 interrupts[] = {GIC_SPI, c->watchdog.intid - GIC_SPI_BASE, LEVEL_HIGH};

	if (!c->watchdog.intid)
		return;
	tree_writer_begin(w, "watchdog", c->watchdog.control.base);
	tree_writer_string(w, "compatible", "arm,sbsa-gwdt");
	tree_writer_cells(w, "reg", reg, ARRAY_SIZE(reg));
	tree_writer_cells(w, "interrupts", interrupts, ARRAY_SIZE(interrupts));
	tree_writer_end(w);
}

/* Announces async page-not-present. */
static void apf_node(struct tree_writer *w)
{
	u32 flags =
	    EDGE_RISING | (w->g->machine->gic.version == 2 ? PPI_CPUS(w->g->config->nr_vcpus) : 0);
	u32 interrupts[] = {GIC_PPI, APF_INTID - GIC_PPI_BASE, flags};

	if (!w->g->config->paging)
		return;
	tree_writer_check(w, fdt_begin_node(w->to, "async-page-fault"));
	tree_writer_string(w, "compatible", "tocsin,async-page-fault");
	tree_writer_cells(w, "interrupts", interrupts, ARRAY_SIZE(interrupts));
	tree_writer_end(w);
}

u32 layout_tree_room(u32 nr_vcpus, const char *bootargs)
{
	return ROOM + nr_vcpus * CPU_ROOM + (u32)strlen(bootargs);
}

enum err layout_tree_whole(const struct guest_tree *g, const void *source, void *to, u32 room,
			   u32 *size)
{
	*size = room;
	return OK;
}

enum err layout_tree_write(const struct guest_tree *g, const void *part, void *to, u32 room,
			   u32 *size)
{
	struct tree_writer w = {
	    .g = g, .to = to, .source = part, .address_cells = 2, .size_cells = 2, .cpu_cells = 2};
	u32 gic_phandle = partial_dt_phandles(part, &w.max_phandle);

	tree_writer_check(&w, fdt_create(to, (int)room));
	tree_writer_check(&w, fdt_finish_reservemap(to));
	tree_writer_check(&w, fdt_begin_node(to, ""));
	root(&w, gic_phandle);
	cpu_nodes(&w);
	timer(&w);
	gic_node(&w, gic_phandle);
	uart(&w);
	watchdog(&w);
	apf_node(&w);
	layout_channels_write(&w);
	if (part)
		layout_partial_write(&w, gic_phandle);
	guest_tree_root_end(&w);
	tree_writer_end(&w);
	guest_tree_set_phandles(&w);
	tree_writer_check(&w, fdt_finish(to));
	if (w.err) {
		log_error("partition %s: its device tree cannot be written: %s", g->config->name,
			  fdt_strerror(w.err));
		return ERR_NO_MEMORY;
	}
	*size = fdt_totalsize(to);
	return OK;
}
