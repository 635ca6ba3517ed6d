/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual interrupt controller: GICv3 on GICv3, GICv2 on GICv2.
 *
 * Ownership. The list registers, and the bookkeeping of what is in them, belong to the vCPU's CPU;
 * no other CPU reads them. Everything else (banks, priorities, routes: "memory") is under the
 * partition's vgic lock. An interrupt's pending and active state is in memory or in one list
 * register, never in both. Other CPUs may read what an owner last wrote into its list registers
 * (lr_intid, lr_state) after it has read them back on their request.
 *
 * A CPU that changes the interrupts of a vCPU on another CPU changes memory, leaves a note
 * (incoming, refill, the banks' drop_*) and sets REQ_VGIC. That vCPU's CPU calls vgic_flush()
 * before it enters the guest again. vgic_flush() reads the list registers back, applies the notes
 * and refills them with the interrupts of highest priority.
 *
 * Two paths take no lock and change no bank: a physical interrupt and an SGI that go directly into
 * an empty list register.
 */
#pragma once

#include <drivers/gic.h>
#include <el2/mmio.h>
#include <lib/err.h>
#include <lib/lock.h>
#include <lib/types.h>

struct vcpu;
struct partition;
struct partition_config;

#define VGIC_NOBODY 0xffff /* no such vCPU */

/* 32 interrupts, as a 1-bit-per-interrupt register shows them. */
struct vgic_bank {
	u32 enabled;
	u32 group;        /* 1: Group 1 */
	u32 edge;         /* 0: level-sensitive */
	u32 line;         /* level of an emulated device's line */
	u32 pending;      /* latched: by an edge, or by a write to ISPENDR */
	u32 active;       /* and in no list register */
	u32 hw;           /* backed by the physical interrupt of the same number; SPI: and used */
	u32 kept;         /* physical, pended by a register write: a line cannot bring it back */
	u32 visible;      /* there is such an interrupt, and it is not claimed: 0 is RAZ/WI */
	u32 drop_pending; /* notes to the holder: forget this state in your list register */
	u32 drop_active;
	u32 keep_pending; /* another: what is pending there is kept */
};

/* Per vCPU. */
struct vgic_cpu {
	/* Owned by the vCPU's CPU, without lock. */
	u32 lr_used;    /* list registers written since the last read-back */
	u32 lr_eoi;     /* those that ask for maintenance at deactivation */
	u32 lr_latched; /* those whose pending state is latched, not a line's */
	u16 lr_intid[GIC_MAX_LRS];
	u8 lr_state[GIC_MAX_LRS]; /* as ICH_LR bits 63:62 when it was written */
	u8 lr_of[32];             /* private interrupt: the list register it was last put into */
	bool loaded;           /* the virtual interface holds this vCPU; written by its CPU only */
	bool overflow;         /* memory holds more than the list registers had room for */
	bool doubtful;         /* a level came again while its handler ran: el2/vgic/vgic_cpu.c */
	u64 sgi_name;          /* what in ICC_SGI1R_EL1 names this vCPU: affinity, its target bit */
	struct vcpu *sgi_last; /* target of its last SGI through memory */
	struct gic_virt virt;  /* while not loaded */

	/* Notes, atomic. */
	u32 incoming; /* SGIs */
	u32 refill;   /* non-zero: memory has changed, do not take the fast path */

	/* Under the vgic lock; direct is read without it. */
	u32 direct; /* private interrupts that may go directly into a list register */
	u32 synced; /* epoch of the last read-back */
	struct vgic_bank bank;
	u8 priority[32];
	u8 sgi_sources[16];     /* GICv2: senders of pending SGIs, beside bank.pending */
	u8 sgi_active_from[16]; /* GICv2: sender of the SGI that is active in memory */
	bool asleep;            /* GICR_WAKER.ProcessorSleep */
	bool noted;             /* there may be drop_* notes to this vCPU */

	/* An access that waits until other CPUs have read their list registers back. */
	u32 ticket_epoch; /* 0: none */
	u64 ticket_offset;
};

/* One mmio_region's worth of redistributor frames. */
struct vgic_frames {
	struct vcpu *vcpus; /* the first of them */
	u32 count;
	u64 stride;
};

/* Per partition. */
struct vgic {
	struct lock lock;
	u32 ctlr;      /* GICD_CTLR's enable bits */
	u32 nr_intids; /* multiple of 32, at most 1024 */
	u32 typer;     /* GICD_TYPER */
	u32 epoch;
	struct vgic_bank *banks; /* [0] is unused: private interrupts are in vgic_cpu */
	u8 *priority;            /* by INTID, as all below */
	u64 *route;              /* GICv3: IROUTER; GICv2: ITARGETSR */
	u16 *target;             /* vCPU that a pending SPI goes to */
	u16 *holder;             /* vCPU in whose list register it is, or was when active */
	u16 *comes_to;           /* physical: the CPU that the hardware sends it to */
	struct vgic_frames *frames;
	u32 nr_frames;
	/* The line of an emulated device has risen whose SPI vgic_sdei_take() has taken. Any CPU;
	 * no lock of the vGIC held. Set by el2/sdei/vsdei_bound.c. */
	void (*sdei_line_rises)(struct partition *p, u32 intid);
};

/* ---- life ---- */

/* No partition owns an interrupt yet. Boot CPU, once, after gic_init(). ERR_NO_MEMORY. */
enum err vgic_init(void) MUST_CHECK;

/* State for a partition whose vcpus, nr_vcpus and config are set: allocates, in
 * reset state. ERR_NO_MEMORY; ERR_OVERLAP: an SPI has an owner already; ERR_UNSUPPORTED:
 * more vCPUs than a GICv2 has room for. Boot CPU, after vgic_init(). */
enum err vgic_create(struct partition *p) MUST_CHECK;

/* Takes all interrupts from p, however far vgic_create() came with it. p has not run, so none of
 * them is enabled. */
void vgic_destroy(const struct partition *p);

/* How many mmio_regions vgic_regions() writes at most. */
u32 vgic_nr_regions(const struct partition_config *c);

/* Fills in the emulated regions, where p's config has them; returns their number.
 * After vgic_create(). (GICv2: GICV is to be mapped at GICC.) */
u32 vgic_regions(struct partition *p, struct mmio_region *out);

/* Resets everything, in hardware too: owned SPIs become disabled, inactive and not pending. Works
 * in steps, whose number is *next, from 0 on. True: there is no such step. No vCPU of the
 * partition runs, or can. */
bool vgic_reset(struct partition *p, u32 *next);

/* Between vgic_reset() and the first vCPU: clears what devices have made pending meanwhile. */
void vgic_forget_spis(struct partition *p);

/* Resets the private interrupts and CPU interface of one vCPU, as CPU_ON finds them. The vCPU's
 * CPU, loaded or not. */
void vgic_vcpu_reset(struct vcpu *v);

/* ---- on the vCPU's CPU ---- */

/* Takes the vCPU out of the virtual interface, or puts it there; REQ_VGIC, which is set, delivers
 * SGIs that came meanwhile. Physical PPIs that its guest has not deactivated stop being active
 * while it is out. */
void vgic_put(struct vcpu *v);
void vgic_load(struct vcpu *v);

/* Serves REQ_VGIC; v is loaded. */
void vgic_flush(struct vcpu *v);

/* v's access to the CPU interface trapped. True: because of a doubtful level, for which the
 * hardware has been read; the guest must repeat the access. v is loaded. */
bool vgic_settle(struct vcpu *v);

/* The maintenance interrupt came; current is whose list registers these are. */
void vgic_maintenance(struct vcpu *current);

/* Is there an interrupt for which WFI must not wait? Loaded or not. May be true for one that the
 * guest's priority mask excludes, because WFI may always return. */
bool vgic_pending(struct vcpu *v);

/* Physical PPIs that would wake v up if they came: enabled, or claimed for SDEI, and not held
 * because they have come before. v is not loaded; a CPU that changes this sets REQ_VGIC. */
u32 vgic_listens(const struct vcpu *v);

/* A physical interrupt was acknowledged (and its priority dropped or about to be); current is the
 * vCPU in the hardware, or NULL. True: a vGIC took it, and its guest will deactivate it. False: no
 * vGIC took it, the caller deactivates it. */
bool vgic_inject_physical(struct vcpu *current, u32 intid);

/* ---- emulated devices, any CPU ---- */

/* The line of a level-sensitive SPI; its partition must have it as emulated. */
void vgic_set_level(struct partition *p, u32 intid, bool level);

/* A pulse of an emulated SPI: pending until it is taken, whatever the guest has
 * configured. One that is pending already stays one. */
void vgic_pulse(struct partition *p, u32 intid);

/* The same of a PPI of v that no hardware raises. */
void vgic_pulse_private(struct vcpu *v, u32 intid);

/* ---- interrupts taken from the guest for SDEI (el2/vgic/vgic_sdei.c) ---- */

/* What INTERRUPT_BIND wants to know of an interrupt of v's partition. */
enum vgic_bindable {
	VGIC_NOT_YOURS, /* not a PPI or SPI that the partition owns (a device's, or ours) */
	VGIC_NOT_IDLE,  /* active */
	VGIC_IDLE
};
enum vgic_bindable vgic_bindable(struct vcpu *v, u32 intid);

/* Takes the interrupt from the guest: it is pending and active nowhere, it reads as not being
 * there (but for priority and route, which keep their values), writes to it are ignored, and when
 * it comes vgic_inject_physical() returns false and leaves it active. A PPI is v's own, v is
 * loaded, and it may come at once; an SPI is disabled. On v's CPU. */
void vgic_sdei_take(struct vcpu *v, u32 intid);

/* Gives it back to the guest: disabled, inactive, not pending but for a line that is
 * high. On v's CPU; an SPI on any. Not claimed: nothing happens. */
void vgic_sdei_release(struct vcpu *v, u32 intid);

/* A claimed interrupt has been dealt with and may come again. On v's CPU; an SPI on any. */
void vgic_sdei_again(struct vcpu *v, u32 intid);

/* Is a claimed SPI an emulated device's, and raised? The hardware interrupts by itself for others.
 * For an edge-triggered one the answer is true once. Any CPU. */
bool vgic_sdei_raised(struct partition *p, u32 intid);

/* Enables a claimed SPI, which then comes to this CPU, or disables it. One in flight may still
 * come after that. */
void vgic_sdei_enable(struct partition *p, u32 intid, bool enable);

/* A claimed SPI, whose route has changed, comes to this CPU, until its event is over on another. */
void vgic_sdei_here(struct partition *p, u32 intid);

/* The partition that owns an SPI physically, or NULL. */
struct partition *vgic_spi_owner(u32 intid);

/* ---- traps ---- */

/* The mmio_regions' access functions. Reserved registers and widths that a register
 * does not have are read as zero and ignored on write, as on most hardware. */
enum mmio_result vgic_dist_access(struct vcpu *v, void *partition, struct mmio_access *a);
enum mmio_result vgic_redist_access(struct vcpu *v, void *frames, struct mmio_access *a);
