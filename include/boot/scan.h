/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside machine_scan: one open node after the other, seen when all of its
 * properties are known. Private to boot/machine*.c.
 */
#pragma once

#include <boot/machine.h>
#include <boot/tree.h>

/* Deeper nodes are skipped. */
#define SCAN_DEPTH 16

/* The properties that anybody looks at. */
enum scan_prop {
	PROP_ADDRESS_CELLS, /* alphabetical by their names */
	PROP_SIZE_CELLS,
	PROP_REDIST_REGIONS,
	PROP_BOOTARGS,
	PROP_COMPATIBLE,
	PROP_RELEASE_ADDR,
	PROP_DEVICE_TYPE,
	PROP_ENABLE_METHOD,
	PROP_INTERRUPT_PARENT,
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

/* Where in the tree a node is, as far as that changes what it means. */
enum scan_place {
	PLACE_ROOT,
	PLACE_CPUS,
	PLACE_CHOSEN,
	PLACE_RESERVED,
	PLACE_BUS,    /* children may be devices */
	PLACE_NOTHING /* nothing below matters */
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
	u32 interrupt_parent; /* phandle, inherited */
	struct prop ranges;   /* bytes NULL: children have no CPU address */
};

/* A UART that a driver is for. */
struct scan_uart {
	const char *path;
	struct uart uart;
	u32 interrupt_parent;
	u32 note; /* index into machine.notes */
};

struct scan {
	struct machine *m;
	const void *fdt;
	struct scan_level level[SCAN_DEPTH];
	int depth;                        /* of the innermost open node; the root has 0 */
	struct prop props[NR_SCAN_PROPS]; /* of the innermost node */
	enum err error;
	struct scan_uart *uarts;
	u32 nr_uarts;
	const char *stdout_path; /* in the tree */
	int aliases;             /* offset of /aliases, or -1 */
	u32 gic_phandle;
	struct ranges kept; /* device addresses that no guest gets */
	const char *unknown_gic;
};

/* Keeps the first error; arena exhaustion was logged where it happened. */
void scan_fail(struct scan *s, enum err error);

/* Notes the role of the innermost node; returns the index of the note. */
u32 scan_note(struct scan *s, enum node_role role);

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
void scan_timer(struct scan *s);
void scan_memreserve(struct scan *s);

/* machine_devices.c: any node with an address; one that Tocsin keeps; the GIC;
 * the end of the pass. */
void scan_device(struct scan *s);
void scan_withhold(struct scan *s);
void scan_gic(struct scan *s, u8 version);
void scan_choose_uart(struct scan *s);
void scan_finish_devices(struct scan *s);
