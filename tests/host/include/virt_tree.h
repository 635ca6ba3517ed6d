/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device trees for tests, written with libfdt's sequential writer. virt_tree()
 * makes one like that of QEMU's virt machine; a test changes it by fields of
 * struct virt and by hooks that add to a place.
 */
#pragma once

#include <drivers/uart.h>
#include <lib/types.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIRT_SIZE 0x8000

struct virt {
	u8 gic; /* 2 or 3; 1: a GICv2 without virtualization, 5: one that is not known */
	u32 cpus;
	u32 interrupt_cells; /* 0: 3 */
	bool short_cells;    /* one address cell and one size cell at the root */
	u64 ram_base, ram_size;
	u64 gic_reg[8], gic_stride; /* if the first is not 0: pairs in place of the GIC's own */
	u64 totalsize;              /* announced; 0: as it is */
	const char *stdout_path;
	const char *uart; /* compatible */
	const char *psci; /* its method; NULL: smc */
	void (*reservations)(void *t);
	void (*root)(void *t);   /* first nodes below the root */
	void (*chosen)(void *t); /* properties, then nodes */
	void (*cpu)(void *t);    /* more nodes in /cpus */
	void (*timer)(void *t);  /* in place of the timer node */
};

static inline void must(int err)
{
	if (err) {
		printf("tree: %s\n", fdt_strerror(err));
		abort();
	}
}

static inline void t_node(void *t, const char *name)
{
	must(fdt_begin_node(t, name));
}

static inline void t_end(void *t)
{
	must(fdt_end_node(t));
}

static inline void t_text(void *t, const char *name, const char *value)
{
	must(fdt_property_string(t, name, value));
}

static inline void t_cell(void *t, const char *name, u32 value)
{
	must(fdt_property_u32(t, name, value));
}

static inline void t_cells(void *t, const char *name, const u32 *values, u32 nr)
{
	u32 cells[64];

	for (u32 i = 0; i < nr; i++)
		cells[i] = cpu_to_fdt32(values[i]);
	must(fdt_property(t, name, cells, (int)(4 * nr)));
}

#define T_CELLS(t, name, ...)                                                                      \
	t_cells(t, name, (const u32[]){__VA_ARGS__}, sizeof((const u32[]){__VA_ARGS__}) / 4)

/* A reg of ranges below 4 GiB with the root's cells. */
static inline void t_reg(void *t, const struct virt *v, const u64 *values, u32 nr)
{
	u32 cells[64], n = 0;

	for (u32 i = 0; i < nr; i++) {
		if (!v->short_cells)
			cells[n++] = (u32)(values[i] >> 32);
		cells[n++] = (u32)values[i];
	}
	t_cells(t, "reg", cells, n);
}

#define T_REG(t, v, ...)                                                                           \
	t_reg(t, v, (const u64[]){__VA_ARGS__}, sizeof((const u64[]){__VA_ARGS__}) / 8)

static inline void t_gic_reg(void *t, const struct virt *v, const u64 *normal, u32 nr)
{
	t_reg(t, v, v->gic_reg[0] ? v->gic_reg : normal, nr);
}

static inline void t_gic(void *t, const struct virt *v)
{
	t_node(t, "intc@8000000");
	t_cell(t, "phandle", 0x8003);
	T_CELLS(t, "interrupts", 1, 9, 4);
	t_cell(t, "#interrupt-cells", v->interrupt_cells ? v->interrupt_cells : 3);
	must(fdt_property(t, "interrupt-controller", NULL, 0));
	must(fdt_property(t, "ranges", NULL, 0));
	t_cell(t, "#address-cells", v->short_cells ? 1 : 2);
	t_cell(t, "#size-cells", v->short_cells ? 1 : 2);
	if (v->gic == 5) {
		t_text(t, "compatible", "arm,gic-v5");
	} else if (v->gic == 1) {
		t_text(t, "compatible", "arm,cortex-a9-gic");
		T_REG(t, v, 0x8000000, 0x10000, 0x8010000, 0x10000);
	} else if (v->gic == 2) {
		t_text(t, "compatible", "arm,cortex-a15-gic");
		t_gic_reg(t, v,
			  (u64[]){0x8000000, 0x10000, 0x8010000, 0x10000, 0x8030000, 0x10000,
				  0x8040000, 0x10000},
			  8);
	} else {
		t_text(t, "compatible", "arm,gic-v3");
		t_cell(t, "#redistributor-regions", 1);
		if (v->gic_stride)
			must(fdt_property_u64(t, "redistributor-stride", v->gic_stride));
		t_gic_reg(t, v, (u64[]){0x8000000, 0x10000, 0x80a0000, 0xf60000}, 4);
	}
	t_node(t, "its@8080000");
	t_text(t, "compatible", "arm,gic-v3-its");
	t_cell(t, "phandle", 0x8004);
	T_REG(t, v, 0x8080000, 0x20000);
	t_end(t);
	t_end(t);
}

static inline void t_cpus(void *t, const struct virt *v)
{
	t_node(t, "cpus");
	t_cell(t, "#address-cells", 1);
	t_cell(t, "#size-cells", 0);
	t_node(t, "cpu-map");
	t_end(t);
	for (u32 i = 0; i < v->cpus; i++) {
		char name[16];

		snprintf(name, sizeof(name), "cpu@%x", i);
		t_node(t, name);
		t_text(t, "device_type", "cpu");
		t_text(t, "compatible", "arm,cortex-a57");
		t_text(t, "enable-method", "psci");
		t_cell(t, "cpu-idle-states", 77);
		t_cell(t, "reg", i);
		t_end(t);
	}
	if (v->cpu)
		v->cpu(t);
	t_end(t);
}

static inline void t_pci(void *t, const struct virt *v)
{
	t_node(t, "pcie@10000000");
	t_text(t, "device_type", "pci");
	t_text(t, "compatible", "pci-host-ecam-generic");
	t_cell(t, "#address-cells", 3);
	t_cell(t, "#size-cells", 2);
	T_CELLS(t, "msi-map", 0, 0x8004, 0, 0x10000);
	if (!v->short_cells) {
		T_REG(t, v, 0x4010000000, 0x10000000);
		T_CELLS(t, "ranges", 0x1000000, 0, 0, 0, 0x3eff0000, 0, 0x10000, 0x2000000, 0,
			0x10000000, 0, 0x10000000, 0, 0x2eff0000, 0x3000000, 0x80, 0, 0x80, 0, 0x80,
			0);
	}
	t_end(t);
}

static inline void t_devices(void *t, const struct virt *v)
{
	t_node(t, "pl031@9010000");
	t_text(t, "compatible", "arm,pl031");
	T_REG(t, v, 0x9010000, 0x1000);
	t_end(t);
	t_node(t, "serial@9000000");
	t_text(t, "compatible", v->uart);
	T_CELLS(t, "interrupts", 0, 1, 4);
	T_REG(t, v, 0x9000000, 0x1000);
	T_CELLS(t, "clocks", 0x8000, 0x8000);
	t_end(t);
	t_pci(t, v);
	t_node(t, "pmu");
	t_text(t, "compatible", "arm,armv8-pmuv3");
	t_end(t);
	t_gic(t, v);
	if (v->timer) {
		v->timer(t);
		return;
	}
	t_node(t, "timer");
	t_text(t, "compatible", "arm,armv8-timer");
	T_CELLS(t, "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
	t_end(t);
}

static inline void t_chosen(void *t, const struct virt *v)
{
	t_node(t, "chosen");
	if (v->stdout_path)
		t_text(t, "stdout-path", v->stdout_path);
	if (v->chosen)
		v->chosen(t);
	t_end(t);
}

/* A test's fields after these replace them, and that is meant. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define VIRT_DEFAULTS                                                                              \
	.gic = 3, .cpus = 2, .ram_base = 0x40000000, .ram_size = 0x40000000, .uart = "arm,pl011",  \
	.stdout_path = "/serial@9000000"

/* Writes the tree into to[VIRT_SIZE], 8-byte aligned. */
static inline void virt_tree(void *to, const struct virt *v)
{
	must(fdt_create(to, VIRT_SIZE));
	if (v->reservations)
		v->reservations(to);
	must(fdt_finish_reservemap(to));
	t_node(to, "");
	t_cell(to, "interrupt-parent", 0x8003);
	t_cell(to, "#address-cells", v->short_cells ? 1 : 2);
	t_cell(to, "#size-cells", v->short_cells ? 1 : 2);
	if (v->root)
		v->root(to);
	t_node(to, "psci");
	t_text(to, "compatible", "arm,psci-1.0");
	t_text(to, "method", v->psci ? v->psci : "smc");
	t_cell(to, "cpu_on", 0xc4000003);
	t_end(to);
	if (v->ram_size) {
		t_node(to, "memory@40000000");
		t_text(to, "device_type", "memory");
		T_REG(to, v, v->ram_base, v->ram_size);
		t_end(to);
	}
	t_devices(to, v);
	if (v->cpus)
		t_cpus(to, v);
	t_chosen(to, v);
	t_end(to);
	must(fdt_finish(to));
	if (v->totalsize)
		fdt_set_totalsize(to, v->totalsize);
}

/* The drivers of a small machine; uart_find of the product needs io. */
static const struct uart_driver test_uarts[] = {{.compatible = "arm,pl011"},
						{.compatible = "ns16550a"}};

const struct uart_driver *uart_find(const char *compatible)
{
	for (u32 i = 0; i < 2; i++)
		if (!strcmp(compatible, test_uarts[i].compatible))
			return &test_uarts[i];
	return NULL;
}
