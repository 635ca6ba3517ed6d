/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes and properties that Tocsin adds to the guest's device tree. */
#include <boot/guest_tree_nodes.h>
#include <lib/fmt.h>
#include <lib/string.h>
#include <libfdt.h>

/* The emulated PL011's clock, as on QEMU's virt. */
#define UART_CLOCK_HZ 24000000
/* Its peripheral ID: a reg shorter than a page does not reach the registers. */
#define PL011_PERIPHID 0x00041011

void tree_writer_check(struct tree_writer *w, int err)
{
	if (err && !w->err)
		w->err = err;
}

void tree_writer_number(struct tree_writer *w, const char *name, u32 value)
{
	tree_writer_check(w, fdt_property_u32(w->to, name, value));
}

void tree_writer_cells(struct tree_writer *w, const char *name, const u32 *cells, u32 n)
{
	void *value;
	int err = fdt_property_placeholder(w->to, name, (int)(n * sizeof(u32)), &value);

	tree_writer_check(w, err);
	for (u32 i = 0; !err && i < n; i++)
		((fdt32_t *)value)[i] = cpu_to_fdt32(cells[i]);
}

void tree_writer_string(struct tree_writer *w, const char *name, const char *value)
{
	tree_writer_check(w, fdt_property(w->to, name, value, (int)strlen(value) + 1));
}

void tree_writer_empty(struct tree_writer *w, const char *name)
{
	tree_writer_check(w, fdt_property(w->to, name, NULL, 0));
}

void tree_writer_begin(struct tree_writer *w, const char *name, u64 address)
{
	char text[48];

	fmt_snprintf(text, sizeof(text), "%s@%lx", name, address);
	tree_writer_check(w, fdt_begin_node(w->to, text));
}

void tree_writer_end(struct tree_writer *w)
{
	tree_writer_check(w, fdt_end_node(w->to));
}

/* Writes value as n cells at *to and moves on. */
static void put_cells(fdt32_t **to, u64 value, u32 n)
{
	while (n-- > 0)
		*(*to)++ = cpu_to_fdt32(n >= 2 ? 0 : (u32)(value >> (32 * n)));
}

/* Writes a property of n phandles of Tocsin's clock; guest_tree_set_phandles() fills them in. */
static void clock_phandles(struct tree_writer *w, const char *name, u32 n)
{
	void *cells;
	int err = fdt_property_placeholder(w->to, name, (int)(n * sizeof(u32)), &cells);

	tree_writer_check(w, err);
	for (u32 i = 0; !err && i < n; i++)
		w->clock_phandle[w->nr_clock_phandles++] = (u32 *)cells + i;
}

bool guest_tree_is_pl011(const struct tree_writer *w)
{
	const struct uart_driver *driver = w->g->machine->uart.driver;

	return driver && !strcmp(driver->compatible, "arm,pl011");
}

void guest_tree_chosen(struct tree_writer *w)
{
	const struct guest_tree *g = w->g;

	tree_writer_string(w, "bootargs", g->bootargs);
	if (!g->machine->stdout_named && g->machine->uart_path)
		tree_writer_string(w, "stdout-path", g->machine->uart_path);
	if (!g->initrd.size)
		return;
	tree_writer_check(w, fdt_property_u64(w->to, "linux,initrd-start", g->initrd.base));
	tree_writer_check(
	    w, fdt_property_u64(w->to, "linux,initrd-end", g->initrd.base + g->initrd.size));
}

void guest_tree_psci(struct tree_writer *w)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

	tree_writer_check(w, fdt_property(w->to, "compatible", compatible, sizeof(compatible)));
	tree_writer_string(w, "method", "hvc");
}

void guest_tree_console(struct tree_writer *w)
{
	static const char compatible[] = "arm,pl011\0arm,primecell";

	tree_writer_check(w, fdt_property(w->to, "compatible", compatible, sizeof(compatible)));
	if (!guest_tree_is_pl011(w))
		tree_writer_number(w, "arm,primecell-periphid", PL011_PERIPHID);
}

void guest_tree_console_end(struct tree_writer *w)
{
	static const char names[] = "uartclk\0apb_pclk";

	if (w->has_clocks)
		return;
	clock_phandles(w, "clocks", 2);
	tree_writer_check(w, fdt_property(w->to, "clock-names", names, sizeof(names)));
}

void guest_tree_firmware_end(struct tree_writer *w)
{
	if (w->has_firmware || !w->g->config->sdei)
		return;
	w->has_firmware = true;
	tree_writer_check(w, fdt_begin_node(w->to, "sdei"));
	tree_writer_string(w, "compatible",
			   "arm,sdei-1.0"); /* for 1.1, too; no other string is defined */
	tree_writer_string(w, "method", "hvc");
	tree_writer_check(w, fdt_end_node(w->to));
}

/* True if the machine's tree has a CPU of that affinity. */
static bool has_node(const struct machine *m, u64 mpidr)
{
	for (u32 i = 0; i < m->nr_notes; i++)
		if (m->notes[i].role == NODE_CPU && m->notes[i].mpidr == mpidr)
			return true;
	return false;
}

void guest_tree_more_cpus(struct tree_writer *w)
{
	const struct partition_config *config = w->g->config;
	u32 cells = MIN(w->cpu_cells, 2U);

	if (w->has_cpus)
		return;
	w->has_cpus = true;
	for (u32 i = 0; i < config->nr_vcpus; i++) {
		u64 mpidr = config->vcpu_mpidr[i];
		fdt32_t reg[2], *end = reg;
		char name[32];

		if (has_node(w->g->machine, mpidr))
			continue;
		fmt_snprintf(name, sizeof(name), "cpu@%lx", mpidr);
		put_cells(&end, mpidr, cells);
		tree_writer_check(w, fdt_begin_node(w->to, name));
		tree_writer_string(w, "device_type", "cpu");
		tree_writer_string(w, "compatible", "arm,armv8");
		tree_writer_string(w, "enable-method", "psci");
		tree_writer_check(w, fdt_property(w->to, "reg", reg, (int)(4 * cells)));
		tree_writer_check(w, fdt_end_node(w->to));
	}
}

static void write_memory(struct tree_writer *w)
{
	const struct partition_config *config = w->g->config;
	u32 cells = MIN(w->address_cells, 2U) + MIN(w->size_cells, 2U);
	char name[32];
	void *value;
	int err;

	if (!config->nr_memory)
		return;
	fmt_snprintf(name, sizeof(name), "memory@%lx", config->memory[0].base);
	tree_writer_check(w, fdt_begin_node(w->to, name));
	tree_writer_string(w, "device_type", "memory");
	err = fdt_property_placeholder(w->to, "reg", (int)(config->nr_memory * 4 * cells), &value);
	tree_writer_check(w, err);
	for (u32 i = 0; !err && i < config->nr_memory; i++) {
		fdt32_t *reg = (fdt32_t *)value + i * cells;

		put_cells(&reg, config->memory[i].base, MIN(w->address_cells, 2U));
		put_cells(&reg, config->memory[i].size, MIN(w->size_cells, 2U));
	}
	tree_writer_check(w, fdt_end_node(w->to));
}

/* Writes the clock, only for a console without clocks of its own. */
static void write_clock(struct tree_writer *w)
{
	if (!w->nr_clock_phandles)
		return;
	tree_writer_check(w, fdt_begin_node(w->to, "tocsin-uart-clock"));
	tree_writer_string(w, "compatible", "fixed-clock");
	tree_writer_number(w, "#clock-cells", 0);
	tree_writer_number(w, "clock-frequency", UART_CLOCK_HZ);
	clock_phandles(w, "phandle", 1);
	tree_writer_check(w, fdt_end_node(w->to));
}

void guest_tree_root_end(struct tree_writer *w)
{
	write_memory(w);
	write_clock(w);
	if (!w->has_psci) {
		tree_writer_check(w, fdt_begin_node(w->to, "psci"));
		guest_tree_psci(w);
		tree_writer_check(w, fdt_end_node(w->to));
	}
	if (!w->has_firmware && w->g->config->sdei) {
		tree_writer_check(w, fdt_begin_node(w->to, "firmware"));
		guest_tree_firmware_end(w);
		tree_writer_check(w, fdt_end_node(w->to));
	}
	if (!w->has_chosen) {
		tree_writer_check(w, fdt_begin_node(w->to, "chosen"));
		guest_tree_chosen(w);
		tree_writer_check(w, fdt_end_node(w->to));
	}
	tree_writer_check(w, fdt_begin_node(w->to, "hypervisor"));
	tree_writer_string(w, "compatible", "tocsin,tocsin");
	tree_writer_check(w, fdt_end_node(w->to));
}

void guest_tree_set_phandles(struct tree_writer *w)
{
	for (u32 i = 0; i < w->nr_clock_phandles; i++)
		*w->clock_phandle[i] = cpu_to_fdt32(w->max_phandle + 1);
}
