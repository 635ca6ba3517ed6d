/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine, as read once from the device tree. All values are physical addresses, numbers or
 * pointers into the image (boot arena, driver tables), so the tree need not be kept.
 */
#pragma once

#include <arch/mpidr.h>
#include <boot/ranges.h>
#include <drivers/gic.h>
#include <drivers/uart.h>

struct machine_cpu {
	u64 mpidr;       /* affinity bits only */
	bool psci;       /* its enable-method is PSCI; CPUs with another are listed, too */
	pa_t spin_table; /* cpu-release-addr, or 0 */
};

enum module_kind { MODULE_KERNEL, MODULE_RAMDISK, MODULE_UNKNOWN };

/* A node under /chosen with compatible multiboot,module. */
struct module {
	const char *name;
	const char *bootargs; /* "" if none */
	struct range range;
	enum module_kind kind;
};

/* Role of a node that does not go unchanged into a guest's tree. */
enum node_role {
	NODE_PLAIN,
	NODE_DROPPED, /* and all below it */
	NODE_CHOSEN,
	NODE_CPUS,
	NODE_CPU,
	NODE_PSCI,
	NODE_GIC,
	NODE_CONSOLE,
	NODE_FIRMWARE, /* below the root */
	NODE_UART      /* another known UART: plain */
};

/* A node of the tree that has a role; ascending by offset. */
struct node_record {
	int offset;
	enum node_role role;
	u64 mpidr; /* NODE_CPU: affinity */
};

/* Properties of a timer's node: enum timer_fault, drivers/timer.h. */
#define TIMER_A64_PROPERTY "allwinner,erratum-unknown1"
#define TIMER_A008585_PROPERTY "fsl,erratum-a008585"
#define TIMER_161010101_PROPERTY "hisilicon,erratum-161010101"

enum timer_ppi { TIMER_SECURE, TIMER_PHYSICAL, TIMER_VIRTUAL, TIMER_HYP, NR_TIMER_PPI };

struct machine {
	struct range tree;      /* where firmware left it, bytes in use */
	u32 name_bytes;         /* of the names of all its properties */
	u8 pa_bits;             /* nothing at 2^pa_bits or above is in here */
	struct ranges memory;   /* RAM, whole pages */
	struct ranges reserved; /* /memreserve/ and /reserved-memory, whole pages */
	struct ranges claimed;  /* memory of configured partitions, which boot_main() adds */
	struct ranges devices;  /* what may be passed through, whole pages */
	struct machine_cpu *cpus;
	u32 nr_cpus;
	struct module *modules;
	u32 nr_modules;
	u32 nr_partition_nodes; /* under /chosen, for config_read() */
	struct range initrd;    /* linux,initrd-start and -end; size 0: none */
	const char *bootargs;   /* Tocsin's own, "" if none */
	bool psci_smc;          /* there is a PSCI node with method smc */
	struct gic_config gic;
	u32 gic_reg_bytes;       /* of the GIC's reg that a guest may see */
	struct uart uart;        /* driver NULL: none known */
	const char *uart_path;   /* its path in the tree */
	bool stdout_named;       /* by /chosen */
	u32 timer[NR_TIMER_PPI]; /* INTIDs, 0 if not there */
	u32 timer_faults;        /* enum timer_fault */
	struct node_record *notes;
	u32 nr_notes;
};

/*
 * Reads the tree at fdt (mapped, tree_check() passed) in one pass. pa_bits (at most 48) is the size
 * of physical addresses of this CPU; memory and devices beyond are left out with a warning. Errors
 * after a message: ERR_FORMAT, a broken tree; ERR_NOT_FOUND, no memory, CPU, GIC or timer in it;
 * ERR_UNSUPPORTED, an unknown GIC; ERR_NO_MEMORY. Fills in as much as it can in any case, so that
 * m->uart can be used for the message if m->uart.driver is not NULL.
 */
enum err machine_scan(struct machine *m, const void *fdt, u8 pa_bits) MUST_CHECK;

/* Adds distance to every pointer in m, after the image, with arena and drivers, was moved by it. */
void machine_rebase(struct machine *m, ptrdiff_t distance);

/* The free RAM: all but the tree, reservations, modules, claims, initrd and keep (Tocsin's image;
 * may be empty). ERR_NO_MEMORY. */
enum err machine_free(const struct machine *m, struct range keep, struct ranges *free) MUST_CHECK;

/* The highest free RAM of size bytes at a multiple of align (a power of two >= PAGE_SIZE), for
 * Tocsin itself. ERR_NO_MEMORY after a message. */
enum err reloc_find(const struct machine *m, struct range image, u64 size, u64 align,
		    pa_t *at) MUST_CHECK;
