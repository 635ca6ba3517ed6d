/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration in the device tree: partitions as nodes under /chosen, in the form of Xen's
 * dom0less bindings (docs/partitions.md). The same code reads and checks them at boot and on the
 * host (partcheck). It uses only what machine_scan() has found of the machine. The only pointers
 * into the tree that are kept are strings, which live as long as the copy of the tree that was
 * read. All else, names included, is in the boot arena.
 */
#pragma once

#include <boot/machine.h>
#include <boot/virt_map.h>
#include <el2/partition.h>

/* Offset of a raw kernel from the start of the partition's RAM, as in QEMU. */
#define CONFIG_RAW_OFFSET KIB(512)

/* Further nodes are not read. */
#define CONFIG_MAX_PARTITIONS 32
/* In one partition. */
#define CONFIG_MAX_VCPUS 512
#define CONFIG_MAX_WINDOWS 32
#define CONFIG_MAX_GIVEN 16
#define CONFIG_MAX_DEVICES 64
#define CONFIG_MAX_SPIS 128

/* When a partition ends, by its own power-off or by a fault. */
enum spec_action { SPEC_STOP, SPEC_RESTART, SPEC_STOP_ALL };

/* A boot module of a partition. */
struct spec_file {
	struct range range;   /* size 0: none */
	const char *bootargs; /* of a kernel, "" if none */
	const char *path;     /* of its node; NULL: none */
};

/* A device that a partial device tree (multiboot,device-tree) passes through. One
 * entry for each of its ranges; one of size 0 if it has only interrupts. */
struct spec_device {
	const char *path;  /* of the machine's node, or NULL */
	int node;          /* its offset in the machine's tree */
	const char *guest; /* name of the node in the partial tree */
	struct range pa;   /* whole pages */
	u64 ipa;
	bool dma_forced; /* tocsin,force-assign-without-iommu or Xen's name for it */
};

/* One memory region: its guest-physical and its physical address. */
struct spec_memory {
	u64 ipa;
	struct range pa;
};

struct spec_window {
	u32 offset_us, length_us; /* within the major frame */
};

/* Memory of which only a part is resident (docs/async-page-fault.md). */
struct spec_paging {
	bool on;
	u64 resident; /* bytes */
	u32 read_ahead, async_min_us;
	u32 far_latency_us, far_jitter_us, far_seed, far_per_ms;
	const char *pager; /* name of the partition that keeps its pages; NULL: far memory */
	u32 pager_slots, pager_timeout_ms;
	bool loss_stops; /* an access to a lost page stops the partition; else it aborts */
};

struct partition_spec {
	const char *path; /* of its node */
	const char *name; /* tocsin,name, else the node's name without unit address */
	u32 nr_vcpus;
	u32 *affinity;   /* CPU (index of machine.cpus) of each vCPU; NULL: spread by Tocsin */
	u32 nr_affinity; /* nr_vcpus of them, unless broken */
	u64 memory;      /* bytes to allocate; 0 if all of it is given */
	struct spec_memory *given; /* xen,static-mem; ascending ipa from VIRT_MAP_RAM, or pa */
	u32 nr_given;
	bool direct_map; /* the machine's own addresses; else QEMU virt's map (virt_map.h) */
	bool vpl011;
	u32 nr_spis; /* of its interrupt controller */
	struct spec_file kernel, ramdisk, tree;
	bool raw;        /* tocsin,raw: the kernel is raw code, whatever it looks like */
	bool tree_whole; /* tree is the guest's whole tree, not a part, because it has /cpus */
	struct spec_device *devices;
	u32 nr_devices;
	u32 *spis; /* INTIDs of passed-through devices, ascending */
	u32 nr_spi;
	struct quiesce_write *quiesce; /* writes that quiesce the known ones of the devices */
	u32 nr_quiesce;
	struct spec_paging paging;
	u8 priority;                 /* of its vCPUs on a shared CPU: higher first */
	struct spec_window *windows; /* ascending, apart */
	u32 nr_windows;              /* 0: its vCPUs run whenever their CPU is free */
	bool donate_slack;
	enum spec_action on_off, on_fault;     /* power-off; crash, watchdog */
	u32 restart_limit, restart_backoff_ms; /* 0: no limit; first wait, doubled each time */
	bool watchdog;                         /* an SBSA watchdog is emulated */
	bool sdei;
	u8 sdei_private_slots;
	u16 sdei_shared_slots;
	bool broken; /* a complaint was an error, so it is not started */
};

/* The address of p's vpl011, and its interrupt (0: none). */
static inline struct range config_uart(const struct partition_spec *p, const struct machine *m)
{
	if (p->direct_map)
		return (struct range){ALIGN_DOWN(m->uart.regs.base, PAGE_SIZE), PAGE_SIZE};
	return (struct range){VIRT_MAP_UART, VIRT_MAP_UART_SIZE};
}

static inline u32 config_uart_intid(const struct partition_spec *p, const struct machine *m)
{
	return p->direct_map ? m->uart.intid : VIRT_MAP_UART_INTID;
}

struct config {
	struct partition_spec *partitions;
	u32 nr_partitions;  /* 0: the zero-configuration guest */
	u32 major_frame_us; /* 0: no partition has windows */
	bool donate_slack;  /* all partitions do */
};

/* A message about a node: what was found, and what would be right. The strings are valid only until
 * the function returns. */
struct complaint {
	bool error;                  /* else a warning: the partition starts */
	const char *path, *property; /* property may be NULL */
	const char *text;
};
typedef void (*complain_fn)(void *context, const struct complaint *c);

/*
 * Reads and checks all partitions in the tree that m was scanned from (or its copy), in one pass
 * over /chosen. A complaint that is an error breaks the partition whose node, or whose module's
 * node, it names. A conflict of two partitions is the error of the later one. Contents of modules
 * are not read. ERR_NO_MEMORY: the arena is full, and some nodes were not read; those that were
 * read stay valid. Boot CPU, or the host.
 */
enum err config_read(struct config *c, const void *fdt, const struct machine *m, complain_fn say,
		     void *context) MUST_CHECK;

/*
 * Fills in the devices of one partition of c from its module multiboot,device-tree, now mapped at
 * tree (a multiple of 8, else a complaint). Cuts the module's range to the tree's size. Checks the
 * devices against the machine and against the partitions read before. The caller calls it, in
 * order, for each partition whose tree has a size, after config_read() and with the same fdt, m,
 * say and context. Errors are complaints, and set p->broken.
 */
void config_read_devices(struct config *c, struct partition_spec *p, const void *tree,
			 const void *fdt, const struct machine *m, complain_fn say, void *context);

/* Complains if the kernel file (mapped at file) cannot be run, and says what it is, or if it does
 * not fit into the memory of its partition. */
void config_check_kernel(struct config *c, struct partition_spec *p, const void *file,
			 const struct machine *m, complain_fn say, void *context);

/* Adds to set the memory that partitions occupy: modules and given memory, in whole pages. Tocsin
 * must not use it. ERR_NO_MEMORY. */
enum err config_assigned(const struct config *c, struct ranges *set) MUST_CHECK;

/* A complain_fn that writes to the log: "PATH: PROPERTY: text". */
void config_log(void *context, const struct complaint *c);
