/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition: memory, vCPUs, devices, and what it takes to start it again.
 */
#pragma once

#include <arch/mpidr.h>
#include <drivers/gic.h>
#include <el2/idreg.h>
#include <el2/mmio.h>
#include <el2/vcpu.h>
#include <el2/vgic.h>
#include <el2/vpl011.h>
#include <mm/stage2.h>
#include <sdei/domain.h>

/* One step of (re)loading guest memory: copy size bytes, then zero up to fill. */
struct load_segment {
	pa_t from; /* in Tocsin's or retained memory */
	pa_t to;   /* where the partition has it */
	u64 size;
	u64 fill; /* bytes after size to clear (bss) */
};

/* What boot code (or, later, a configuration) wants; all pointers live for ever. */
struct partition_config {
	const char *name;
	u32 nr_vcpus;
	u32 *vcpu_cpu;        /* physical CPU index of each vCPU */
	u64 *vcpu_mpidr;      /* affinity of each vCPU */
	struct range *memory; /* RAM, ipa == pa (direct-mapped), page-aligned */
	u32 nr_memory;
	struct range *devices; /* passed through, page-aligned, ipa == pa */
	u32 nr_devices;
	u32 *spi_owned;    /* bitmap: bit n of word n/32 is INTID n (n >= 32) */
	u32 nr_intids;     /* INTIDs the bitmap covers */
	struct range uart; /* emulated PL011; size 0: none */
	u32 uart_intid;
	const struct load_segment *load;
	u32 nr_load;
	u64 entry; /* first vCPU: PC and x0 */
	u64 entry_x0;
	u8 ipa_bits;
	bool sdei;             /* the SDEI calls answer */
	u8 sdei_private_slots; /* for bound PPIs: 0 to SDEI_NR_BOUND */
	u16 sdei_shared_slots; /* for bound SPIs */
};

enum partition_state {
	PARTITION_STOPPED,
	PARTITION_LOADING,
	PARTITION_RUNNING,
	PARTITION_STOPPING
};
enum stop_reason { STOP_OFF, STOP_RESET, STOP_FAULT };

struct partition {
	const struct partition_config *config;
	u32 state; /* enum partition_state; under lock */
	u32 stop_reason;
	u32 nr_vcpus;
	u32 nr_on;       /* vCPUs not POWER_OFF; atomic */
	u32 nr_stopping; /* vCPUs that have not served REQ_STOP yet; atomic */
	u32 load_index;  /* LOADING: the segment and how far it has got */
	u64 load_done;
	struct vcpu **last_vcpu; /* by CPU: whose stage-1 TLB entries it may hold */
	struct vcpu *vcpus;      /* nr_vcpus of them */
	struct stage2 stage2;
	u64 idreg[NR_IDREG]; /* sanitised once; el2/idreg.h says how it is indexed */
	struct mmio_region *mmio;
	u32 nr_mmio;
	struct pstate_rules {
		u64 keep, pan, ssbs; /* PSTATE bits at exception entry: see el2/inject.c */
	} entry;
	struct vgic vgic;
	struct sdei_domain sdei;
	struct vpl011 uart;
	struct lock lock;
};

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

/* Begins to stop p for that reason: every vCPU gets REQ_STOP. The first reason
 * given counts. Any CPU; the caller goes on until its requests are looked at. */
void partition_stop(struct partition *p, enum stop_reason reason);

/* Makes room for nr partitions and, on each CPU, for the vCPUs that their
 * configurations bind to it. Boot CPU, once. ERR_NO_MEMORY. */
enum err partitions_create(const struct partition_config *const *configs, u32 nr) MUST_CHECK;

/* Makes a partition from c: stage 2, devices, vCPUs bound to their CPUs. Nothing
 * runs yet. Boot CPU, once for each of nr_partitions. ERR_NO_MEMORY, or what a
 * range of c that cannot be mapped leads to; p is then unusable. */
enum err partition_create(struct partition *p, const struct partition_config *c,
			  const struct gic_config *hw) MUST_CHECK;

/* Lets a stopped partition load its images and run. Any CPU. */
void partition_start(struct partition *p);

/* One bounded step of loading (about 20 000 instructions). True: complete. On
 * the first vCPU's CPU. */
bool partition_load_step(struct partition *p);

/* The last vCPU has stopped: what comes next depends on the reason. */
void partition_stopped(struct partition *p);

/* What to do when a fault stopped the last partition; set from the command line. */
enum partition_end { END_HALT, END_OFF, END_RESET };
extern enum partition_end partition_end;

/* The partition whose console has the physical input. */
struct partition *partition_focus(void);
