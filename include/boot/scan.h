/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of machine_scan(). Each node is handled when all of its properties are known. Private
 * to boot/fdt/machine*.c.
 */
#pragma once

#include <boot/machine.h>
#include <boot/tree.h>

/* Deeper nodes are skipped. */
#define SCAN_DEPTH 16

/* The properties that are read. */
enum scan_prop {
	PROP_ADDRESS_CELLS,
	PROP_SIZE_CELLS,
	PROP_INTERRUPT_CELLS,
	PROP_REDIST_REGIONS,
	PROP_TIMER_A64,
	PROP_BOOTARGS,
	PROP_COMPATIBLE,
	PROP_RELEASE_ADDR,
	PROP_DEVICE_TYPE,
	PROP_ENABLE_METHOD,
	PROP_TIMER_A008585,
	PROP_TIMER_161010101,
	PROP_INTERRUPT_MAP,
	PROP_INTERRUPT_MAP_MASK,
	PROP_INTERRUPT_PARENT,
	PROP_INTERRUPT_NAMES,
	PROP_INTERRUPTS,
	PROP_INTERRUPTS_EXTENDED,
	PROP_INITRD_END,
	PROP_INITRD_START,
	PROP_METHOD,
	PROP_PHANDLE,
	PROP_RANGES,
	PROP_REDIST_STRIDE,
	PROP_REG,
	PROP_STATUS,
	PROP_STDOUT_PATH,
	NR_SCAN_PROPS
};

/* The place of a node in the tree, as far as it changes the node's meaning. */
enum scan_place {
	PLACE_ROOT,
	PLACE_CPUS,
	PLACE_CHOSEN,
	PLACE_RESERVED,
	PLACE_BUS,    /* children may be devices */
	PLACE_NOTHING /* nothing below matters */
};

/* A node whose interrupt-map says what its children's interrupts are. */
struct scan_nexus {
	struct prop map, mask;
	u32 address_cells;
	u32 interrupt_cells; /* 0: there is none */
};

/* An open node. */
struct scan_level {
	const char *name;
	int offset;
	enum scan_place place;
	bool seen;         /* its properties are complete and were handled */
	bool cells_given;  /* has #address-cells */
	u32 address_cells; /* for its children */
	u32 size_cells;
	u32 interrupt_parent;    /* phandle, inherited */
	struct scan_nexus nexus; /* inherited; comes before interrupt_parent */
	struct prop ranges;      /* bytes NULL: children have no CPU address */
};

/* A property's name, by its address in the strings block. */
struct scan_name {
	const char *name;
	u32 prop; /* enum scan_prop; NR_SCAN_PROPS: it is not read */
};

/* Size of the cache of property names; a power of two. */
#define SCAN_NAMES 128

/* A UART for which there is a driver. */
struct scan_uart {
	const char *path;
	struct uart uart;
	u32 interrupt_parent;
	struct scan_nexus nexus; /* that translates its interrupts */
	struct prop interrupts;
	u32 note; /* index into machine.notes */
};

/* A part of a node of /reserved-memory. */
struct scan_reserved {
	const char *name; /* in the tree */
	struct range range;
	u32 note; /* index into machine.notes */
};

struct scan {
	struct machine *m;
	const void *fdt;
	struct scan_level level[SCAN_DEPTH];
	int depth;                        /* of the innermost open node; the root has 0 */
	struct prop props[NR_SCAN_PROPS]; /* of the innermost node */
	struct scan_name names[SCAN_NAMES];
	enum err error;
	struct scan_uart *uarts;
	u32 nr_uarts;
	const char *stdout_path; /* in the tree */
	int aliases;             /* offset of /aliases, or -1 */
	u32 gic_phandle;
	u32 gic_cells;         /* #interrupt-cells: 3 or 4 */
	u32 gic_address_cells; /* as interrupt-map has them */
	struct range
	    gicc_second;   /* second page of the CPU interface, if the tree names only the first */
	struct prop timer; /* interrupts of the first timer node */
	struct prop timer_names;
	bool timer_extended; /* each entry begins with a phandle */
	struct ranges kept;  /* device addresses that no guest gets */
	struct scan_reserved *reserved;
	u32 nr_reserved;
	const char *unknown_gic;
	bool psci_hvc; /* the PSCI node has method hvc */
};

/* Keeps the first error; arena exhaustion was logged where it happened. */
void scan_fail(struct scan *s, enum err error);

/* Records the role of the innermost node; returns the index of the record. */
u32 scan_record(struct scan *s, enum node_role role);

/*
 * Entry i of the innermost node's reg, not translated. False: there is none; a
 * reg whose length is no multiple of an entry is named in a warning at i == 0.
 */
bool scan_reg(struct scan *s, u32 i, struct range *r);

/* A range on the bus of the innermost node's parent as the CPU sees it. False:
 * it has no CPU address. */
bool scan_translate(const struct scan *s, struct range *r);

/* Handlers of nodes by where they are or what they are; machine_nodes.c. */
void scan_memory(struct scan *s);
void scan_reserved(struct scan *s);
void scan_cpu(struct scan *s);
void scan_chosen(struct scan *s);
void scan_module(struct scan *s);
void scan_psci(struct scan *s);
void scan_memreserve(struct scan *s);
void scan_finish_reserved(struct scan *s);

/* machine_gic.c: interrupt controller and timers; checks that need all nodes. */
void scan_gic(struct scan *s, u8 version);
void scan_timer(struct scan *s);
void scan_finish_gic(struct scan *s);

/* INTID of the shared interrupt in the cells of p from i on, or, after the GIC was read, of the one
 * to which a nexus maps p. 0: it is none. */
u32 scan_spi(struct prop p, u32 i);
u32 scan_mapped_spi(const struct scan *s, const struct scan_nexus *n, struct prop p);

/* machine_devices.c: any node with an address; one that Tocsin keeps; the end of the scan. */
void scan_device(struct scan *s);
void scan_withhold(struct scan *s);
void scan_choose_uart(struct scan *s);
void scan_finish_devices(struct scan *s);
