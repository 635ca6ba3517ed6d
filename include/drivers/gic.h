/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical interrupt controller, GICv2 (IHI0048) or GICv3 (IHI0069), as EL2
 * uses it: EOI mode 1 (priority drop and deactivation apart), one group, one
 * physical priority; and its virtual CPU interface (list registers), always seen
 * in GICv3's 64-bit ICH_LR format.
 *
 * Where a function takes cpu and intid, cpu is the index of the calling CPU: SGIs
 * and PPIs are banked per CPU; it does not matter for SPIs.
 */
#pragma once

#include <arch/io.h>
#include <arch/sysreg.h>
#include <lib/bits.h>
#include <lib/err.h>
#include <lib/types.h>

#define GIC_PPI_BASE 16
#define GIC_SPI_BASE 32
#define GIC_INTID_SPURIOUS 1020 /* this and above: nothing to handle */
#define GIC_MAX_LRS 16

struct gic_config {
	u8 version;           /* 2 or 3 */
	struct range dist;    /* GICD */
	struct range cpu;     /* GICv2: GICC */
	struct range hyp;     /* GICv2: GICH */
	struct range vcpu;    /* GICv2: GICV */
	struct range *redist; /* GICv3: GICR regions, nr_redist of them */
	u32 nr_redist;
	u64 redist_stride; /* GICv3: bytes from one frame to the next; 0: derive from GICR_TYPER */
	u32 maintenance;   /* INTID of the maintenance interrupt */
	u32 guest_ppis;    /* bitmap of the PPIs that guests own: EL1's two timers */
	u64 *cpu_redist;   /* GICv3: room for one word per CPU, for the driver to keep */
	u32 nr_cpus;
};

/* Host SGIs, the doorbells between Tocsin's CPUs */
enum gic_sgi { SGI_KICK = 0, SGI_STOP = 1 };

/* What hot paths need to know; written by gic_init(), constant afterwards. */
struct gic {
	u8 version;
	/* A guest's deactivation through a list register lets the physical interrupt
	 * come again. If not, EL2 deactivates: see gicv2_init(). */
	bool lr_deactivates;
	u8 nr_lrs;          /* list registers, 1 to 16 */
	u8 pri_bits;        /* virtual priority bits, 4 to 8 */
	u8 pre_bits;        /* virtual preemption bits: how many active-priority registers */
	u32 nr_intids;      /* 32 to 1020: INTIDs at and above do not exist */
	u64 dist, cpu, hyp; /* register bases */
	u64 dir;            /* GICv2: GICC_DIR, in the second page of GICC */
	const struct gic_config *config;
};
extern struct gic gic;

/* The distributor: all SPIs off, inactive, not pending, level, at Tocsin's one
 * priority, routed to the boot CPU. config lives for ever. ERR_UNSUPPORTED or ERR_FORMAT after an
 * error line if this cannot be driven. Boot CPU, once. */
enum err gic_init(const struct gic_config *config) MUST_CHECK;

/* The calling CPU's redistributor, CPU interface and virtual interface; host SGIs
 * and the maintenance interrupt enabled. mpidr: affinity bits only. Each CPU, once
 * per power-up. ERR_NOT_FOUND after an error line: no redistributor, or it does
 * not wake. */
enum err gic_cpu_init(u32 cpu, u64 mpidr) MUST_CHECK;

/* An acknowledged interrupt: the whole register, which the controller wants back, and of
 * it the INTID: 10 bits of GICv2's, all 24 of GICv3's. */
struct gic_taken {
	u32 token, intid;
};

/* Acknowledges the highest-priority pending interrupt, and priority drop, which lets the
 * next one in. GIC_INTID_SPURIOUS and above: gic_dismiss() it. */
static inline struct gic_taken gic_take(void)
{
	struct gic_taken t;

	if (gic.version == 3) {
		t.token = t.intid = (u32)read_sysreg(ICC_IAR1_EL1);
		if (t.intid < GIC_INTID_SPURIOUS)
			write_sysreg(ICC_EOIR1_EL1, t.token);
	} else {
		t.token = io_read32(gic.cpu + 0x0c);
		t.intid = t.token & 0x3ff;
		if (t.intid < GIC_INTID_SPURIOUS)
			io_write32(gic.cpu + 0x10, t.token);
	}
	return t;
}

/* Ends what gic_take() gave and no table has: nothing at all, or an LPI or extended
 * interrupt (1024 and above), of which Tocsin has enabled none. */
void gic_dismiss(u32 token, u32 intid);

/* Deactivation: lets the same interrupt in again. Takes gic_take()'s token. Not for
 * an interrupt that the vGIC has taken: its guest does it. */
static inline void gic_dir(u32 token)
{
	if (gic.version == 3)
		write_sysreg(ICC_DIR_EL1, token);
	else
		io_write32(gic.dir, token);
}

/* Rings another CPU's doorbell, ordered after all earlier stores. */
void gic_send_sgi(enum gic_sgi sgi, u32 cpu, u64 mpidr);

/* INTIDs that exist: 32 to 1020. */
static inline u32 gic_nr_intids(void)
{
	return gic.nr_intids;
}

/* One interrupt's state; intid < gic_nr_intids(). */
void gic_enable(u32 cpu, u32 intid);
void gic_disable(u32 cpu, u32 intid); /* waits, bounded, until it has taken effect */
void gic_set_pending(u32 cpu, u32 intid);
void gic_clear_pending(u32 cpu, u32 intid);
void gic_set_active(u32 cpu, u32 intid);
void gic_clear_active(u32 cpu, u32 intid);
u32 gic_pending_word(u32 cpu, u32 word); /* GICD_ISPENDR<word>: 32 interrupts */
u32 gic_active_word(u32 cpu, u32 word);  /* GICD_ISACTIVER<word> */
void gic_set_edge(u32 cpu, u32 intid, bool edge);

/* SPIs word * 32 and up, those of mask: off (which it waits for, bounded), not pending,
 * inactive, level-sensitive. Any CPU. */
void gic_reset_spis(u32 word, u32 mask);

/* Sends an SPI to one CPU from now on. */
void gic_route(u32 intid, u32 cpu, u64 mpidr);

/*
 * The virtual CPU interface of the calling CPU.
 */

/* ICH_LR<n>_EL2 (IHI0069 12.4.9). For GICv2 SGIs the source is in bits 12:10 of
 * the vINTID, as GICv3 has it for legacy guests. */
#define LR_PENDING BIT(62)
#define LR_ACTIVE BIT(63)
#define LR_STATE (LR_PENDING | LR_ACTIVE)
#define LR_HW BIT(61)
#define LR_GROUP1 BIT(60)
#define LR_PRIORITY GENMASK(55, 48)
#define LR_PINTID GENMASK(44, 32)
#define LR_EOI BIT(41) /* with LR_HW clear: maintenance interrupt at deactivation */
#define LR_VINTID GENMASK(31, 0)

/* GICH_LR<n> and back; pure. */
u32 gicv2_lr_from_v3(u64 lr);
u64 gicv2_lr_to_v3(u32 lr);

u64 gic_lr_read(u32 n);
void gic_lr_write(u32 n, u64 lr);

/* ICH_ELRSR: the list registers that are empty and ask for no maintenance. */
u32 gic_empty_lrs(void);

/* ICH_HCR; GICH_HCR has the same bits. */
u32 gic_hcr_read(void);
void gic_hcr_write(u32 hcr);

/* What belongs to a vCPU beside its list registers, in the GIC version's own
 * layout; all zero is its reset state. */
struct gic_virt {
	u32 vmcr;
	u32 ap0r[4];    /* GICv2: unused */
	u32 ap1r[4];    /* GICv2: [0] is GICH_APR */
	u32 any_active; /* non-zero if one of these is */
};
/* The interface on (ICH_HCR.En), empty and in reset state. vtr: ICH_VTR or GICH_VTR of
 * the calling CPU, bits 5:0 of which are its list registers less one. */
void gic_virt_reset(u32 vtr);
/* Out of the hardware, which holds no active priorities then, and back into it. */
void gic_virt_save(struct gic_virt *state);
void gic_virt_restore(const struct gic_virt *state);
