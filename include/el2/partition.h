/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition: memory, vCPUs, devices, and what it takes to start it again.
 */
#pragma once

#include <arch/mpidr.h>
#include <drivers/gic.h>
#include <drivers/log.h>
#include <el2/idreg.h>
#include <el2/mmio.h>
#include <el2/paging.h>
#include <el2/report.h>
#include <el2/vcpu.h>
#include <el2/vgic.h>
#include <el2/vpl011.h>
#include <el2/vwatchdog.h>
#include <mm/stage2.h>
#include <sdei/domain.h>

struct channel_end;

/* One step of (re)loading guest memory: copy size bytes, then zero up to fill. */
struct load_segment {
	pa_t from; /* in Tocsin's or retained memory, which its map has for reading */
	pa_t to;   /* where the partition has it */
	u64 size;
	u64 fill; /* bytes after size to clear (bss) */
};

/* Silences a passed-through device: width bytes of value are written to pa. */
struct quiesce_write {
	pa_t pa;
	u32 value;
	u8 width; /* 1, 2 or 4 */
};

/* What follows when a partition has ended by itself. */
enum partition_action { ACTION_STOP, ACTION_RESTART, ACTION_STOP_ALL };

struct sched_window;

/* What boot code (or, later, a configuration) wants; all pointers live for ever, to be
 * had from boot's arena: literals and tables of boot code do not (el2/handover.h). */
struct partition_config {
	const char *name;
	u32 nr_vcpus;
	u32 *vcpu_cpu;        /* physical CPU index of each vCPU */
	u64 *vcpu_mpidr;      /* affinity of each vCPU */
	struct range *memory; /* RAM as the guest sees it (ipa), page-aligned */
	pa_t *memory_pa;      /* where each of these is; NULL: direct-mapped, ipa == pa */
	u32 nr_memory;
	const struct paging_config *paging; /* only a part of it is resident; NULL: all is */
	struct range *devices; /* passed through, as the guest sees them (ipa), page-aligned */
	pa_t *devices_pa;      /* where each of these is; NULL: ipa == pa */
	u32 nr_devices;
	/* Done when it has stopped; in EL2's map for ever. */
	const struct quiesce_write *quiesce;
	u32 nr_quiesce;
	/* Where the guest sees its interrupt controller, which is of the machine's version. */
	struct range gicd, gicc;  /* gicc: GICv2, what is there is GICV */
	const struct range *gicr; /* GICv3, nr_gicr regions */
	u32 nr_gicr;
	u64 gicr_stride;   /* bytes from one frame to the next */
	u32 *spi_owned;    /* bitmap: bit n of word n/32 is INTID n (n >= 32) */
	u32 nr_intids;     /* INTIDs the bitmap covers */
	struct range uart; /* emulated PL011; size 0: none */
	u32 uart_intid;
	struct {
		struct range control, refresh; /* its frames */
		u32 intid;                     /* 0: it has none */
	} watchdog;
	struct channel_end **channels; /* el2/channel.h: nr_ends of them */
	u32 nr_channels, nr_ends;      /* that it sees; and then Tocsin's own, to its pager */
	u32 *spi_emulated;             /* their interrupts, as spi_owned; NULL: none */
	const struct load_segment *load;
	u32 nr_load;
	u64 entry; /* first vCPU: PC and x0 */
	u64 entry_x0;
	u8 ipa_bits;
	u8 on_off, on_fault;    /* enum partition_action: after SYSTEM_OFF; a fault, its watchdog */
	u32 restart_limit;      /* restarts of that kind; 0: any number */
	u32 restart_backoff_ms; /* before the first; doubled before each further one */
	u8 priority;            /* of its vCPUs among those of a CPU: higher first */
	const struct sched_window *windows; /* of each major frame, on each of its CPUs */
	u32 nr_windows;    /* 0: it runs outside of windows, or in those that donate */
	bool donate_slack; /* others may use what it leaves idle of its windows */
	struct {
		u64 ipa, pa, size;
	} pvtime;  /* where vCPUs read their stolen time (el2/pvtime.h); size 0: nowhere */
	bool sdei; /* the SDEI calls answer */
	u8 sdei_private_slots; /* for bound PPIs: 0 to SDEI_NR_BOUND */
	u16 sdei_shared_slots; /* for bound SPIs */
};

enum partition_state {
	PARTITION_STOPPED,
	PARTITION_LOADING,
	PARTITION_RUNNING,
	PARTITION_STOPPING
};
enum stop_reason {
	STOP_NOTHING,
	STOP_OFF,
	STOP_RESET,
	STOP_FAULT,
	STOP_WATCHDOG, /* its second signal */
	/* Orders, after which the partition's own policy no longer counts: */
	STOP_ORDER,   /* another partition's policy */
	STOP_MONITOR, /* the machine's user may want to start it again */
	STOP_RESTART  /* the same: it is to start again at once */
};

struct partition {
	const struct partition_config *config;
	u32 state;       /* enum partition_state; under lock */
	u32 stop_reason; /* the first that was given; under lock */
	u32 order;       /* the last order since it began to load; under lock */
	u32 nr_vcpus;
	u32 nr_on;           /* vCPUs not POWER_OFF; atomic */
	u32 nr_stopping;     /* vCPUs not stopped yet, stopper, and a report; atomic */
	struct cpu *stopper; /* asks the vCPUs to stop; NULL: it has */
	u32 stop_next;       /* the vCPU that it asks next */
	struct vcpu *asked;  /* one that was asked before; NULL: none */
	u32 restarts;        /* by on_off and on_fault, since the machine was started */
	u32 resets;          /* one after the other, each within the back-off of the last */
	u64 again_at;        /* when it last started again by itself */
	/* LOADING, STOPPING: el2/vm/lifecycle.c; under lock. */
	u32 stage, stage_next, stages_begun;
	u64 not_before; /* counter value at which the first step is due */
	u32 load_index; /* the segment and how far it has got */
	u64 load_done;
	struct {
		u64 used; /* counter value up to which it has used up its lines; atomic */
		u32 lost; /* lines that were left out; atomic */
	} log;
	struct range load_window; /* what of its memory is in EL2's map */
	struct vcpu **last_vcpu;  /* by CPU: whose stage-1 TLB entries it may hold */
	struct vcpu *vcpus;       /* nr_vcpus of them */
	struct stage2 stage2;
	u64 idreg[NR_IDREG]; /* sanitised once; el2/idreg.h says how it is indexed */
	struct mmio_region *mmio;
	u32 nr_mmio;
	struct pstate_rules {
		u64 keep, pan, ssbs; /* PSTATE bits at exception entry: see el2/entry/inject.c */
	} entry;
	struct vgic vgic;
	struct sdei_domain sdei;
	struct paging *paging; /* NULL: its memory is all there */
	struct vpl011 uart;
	struct vwatchdog watchdog;
	struct crash crash; /* the last; written by its reporter */
	struct lock lock;
};

/* Those that have been made. */
extern struct partition *partitions;
extern u32 nr_partitions;

/* The vCPU of p with the affinity of that MPIDR, whatever its other bits say, or NULL. */
static inline struct vcpu *partition_vcpu(struct partition *p, u64 mpidr)
{
	for (u32 i = 0; i < p->nr_vcpus; i++)
		if (p->vcpus[i].mpidr == (mpidr & MPIDR_AFFINITY))
			return &p->vcpus[i];
	return NULL;
}

/* Begins to stop p for that reason: every vCPU gets REQ_STOP, and stops in its own turn. The first
 * reason given counts: true, if it is this. An order counts at any time before the stop is
 * complete. Any CPU; the calling vCPU continues until its requests are served. Takes p's lock. */
bool partition_stop(struct partition *p, enum stop_reason reason);

/* Makes room for at most nr partitions. Boot CPU, once, after gic_init(). ERR_NO_MEMORY. */
enum err partitions_create(u32 nr) MUST_CHECK;

/*
 * Makes the next partition, from c: stage 2, devices, vCPUs bound to their CPUs. Nothing
 * runs yet. Boot CPU. Or an error after a sentence, and then everything is as it was
 * before, but for the memory that c says is the partition's: ERR_NO_MEMORY, ERR_RANGE (an
 * address or a window that cannot be), ERR_OVERLAP (an interrupt or window that another
 * partition has), ERR_UNSUPPORTED (vCPUs).
 */
enum err partition_create(const struct partition_config *c) MUST_CHECK;

/* Lets a stopped partition load its images and run. False: it is not stopped. Any CPU. Takes
 * p's lock. */
bool partition_start(struct partition *p);

/* One bounded step of p's start or end (less than 10 000 instructions). True: there is no
 * other, or it has been asked for. On the first vCPU's CPU, in its turn. No lock held. */
bool partition_step(struct partition *p);

/* A vCPU of p has stopped, or what p's end waits for besides is done. Takes p's lock. */
void partition_counted_off(struct partition *p);

/* This CPU, if it is p's stopper, asks some more vCPUs to stop: el2/cpu_timer.h. */
void partition_timer(struct partition *p, u64 now);

/* ---- el2/vm/loading.c: on the first vCPU's CPU ---- */

/* A step of loading p, which begins with load_index and load_done; complete: there was nothing
 * left. ERR_NO_MEMORY: for EL2's map of where it is to go. */
enum err loading_step(struct partition *p, bool *complete) MUST_CHECK;

/* Nothing of p's memory is in EL2's map for loading. */
void loading_close(struct partition *p);

/* ---- el2/vm/partition_log.c ---- */

/* A line about p, "partition NAME: ...", in the log: guests can cause it, so that it is left out,
 * and counted, if there have been too many. Any context; takes the console's lock. */
void partition_log(struct partition *p, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a line in other words: may it be written? */
bool partition_may_log(struct partition *p);

/* What to do when a fault stopped the last partition; set from the command line. */
enum partition_end { END_HALT, END_OFF, END_RESET };
extern enum partition_end partition_end;
