/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual CPU. vectors.S knows its first fields: while the vCPU runs, SP_EL2 points at it, so
 * that every guest register can be saved without a spare one.
 *
 * Only the CPU to which it is bound touches a vCPU's state, without a lock. Other CPUs only set
 * bits in requests and read or compare-exchange power.
 */
#pragma once

#include <arch/regs.h>
#include <el2/cpu.h>
#include <el2/paging.h>
#include <el2/vgic.h>
#include <lib/atomic.h>
#include <lib/types.h>
#include <sdei/pe.h>

struct partition;

/* Reasons not to return to the guest at once; one word, tested once per exit. */
enum vcpu_request {
	REQ_RESCHED = 1 << 0, /* another vCPU may deserve the CPU */
	REQ_VGIC = 1 << 1,    /* interrupts to put into list registers */
	REQ_SDEI = 1 << 2,    /* events to deliver */
	REQ_START = 1 << 3,   /* CPU_ON: entry and context are set */
	REQ_STOP = 1 << 4,    /* the partition is being stopped or reset */
	REQ_STEP = 1 << 5     /* first vCPU: the next step of its partition's start or end */
};

/* The PSCI view; changed by compare-exchange. */
enum vcpu_power { POWER_OFF, POWER_ON_PENDING, POWER_ON };

enum {
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) EL1_SLOT_##class(name)
#define EL1_SLOT_CTX(name) EL1_##name,
#define EL1_SLOT_OPT(name) EL1_##name,
#define EL1_SLOT_PASS(name) EL1_##name,
#define EL1_SLOT_EL2(name)
#define EL1_SLOT_ID(name)
#define EL1_SLOT_IDRAW(name)
#define EL1_SLOT_RAZ(name)
#define EL1_SLOT_EMU(name)
#define EL1_SLOT_HW(name)
#include <arch/sysreg.def>
	NR_EL1
};

struct vtimer {
	u64 ctl, cval;
};

/* A class that no exception has (DDI0487 D17.2.37). */
#define EXIT_IRQ 0x3f

struct vcpu {
	/* vectors.S */
	struct regs regs;
	u64 stack_top; /* of the CPU it is bound to */
	u64 no_frame;  /* 0: the frame pointer behind those of EL2 */

	u32 requests; /* enum vcpu_request; atomic */
	u32 index;    /* within the partition */
	struct partition *partition;
	struct cpu *cpu;
	u64 mpidr;                           /* affinity bits as the guest sees them */
	u64 far, hpfar;                      /* of the trap being handled */
	const struct mmio_region *mmio_last; /* where the last emulated access went */

	u8 power;       /* enum vcpu_power; atomic */
	bool waiting;   /* in a trapped WFI or in PSCI CPU_SUSPEND: runnable once an interrupt is
			   pending */
	bool powerdown; /* with waiting: starts anew at entry when woken */
	bool debugs;    /* a PASS register is not 0 */
	u32 sched_slot; /* of its entry in its CPU's schedule */
	u32 kicks;      /* SGI_KICKs that came while it was in the hardware */
	u64 entry, context; /* arguments of CPU_ON or CPU_SUSPEND until it starts */

	u64 hcr;
	u64 el1[NR_EL1]; /* while not in the hardware; PASS registers always */
	struct vtimer vtimer, ptimer;
	struct vgic_cpu vgic;
	struct sdei_pe sdei;
	u64 exits[64]; /* to EL2, by exception class; EXIT_IRQ: by interrupts; vectors.S */
	struct vcpu_paging paging;
	struct apf *apf; /* NULL: the partition's memory is not paged */
	struct {
		u64 heard, over; /* since CPU_ON; written by its CPU, atomic */
	} alarms;
	struct fp_state {
		__uint128_t q[32];
		u64 fpcr, fpsr;
	} fp;
} __attribute__((aligned(64)));

/* Sets requests and makes sure that the vCPU's CPU serves them before the vCPU could run next.
 * Kicks that CPU by an IPI if it is another one and schedule_admits() is true. Any CPU, any
 * context. */
void vcpu_request(struct vcpu *v, u32 requests);

/* PSCI CPU_OFF of the calling vCPU: sets POWER_OFF, decrements the partition's nr_on (CPU_ON
 * incremented it) and gives the CPU to another vCPU. The last one stops the partition as
 * SYSTEM_OFF does. */
void vcpu_off(struct vcpu *v);

/* The calling vCPU has nothing to do until an interrupt is pending for it. */
void vcpu_wait(struct vcpu *v);

/* The same, but when it wakes up it starts anew at entry with context in x0. */
void vcpu_suspend_powerdown(struct vcpu *v, u64 entry, u64 context);

/* Serves those of REQ_START, REQ_STOP, REQ_STEP and REQ_SDEI that are set in requests. On
 * v's CPU, in its turn, v loaded or not. */
void vcpu_serve_life(struct vcpu *v, u32 requests);

/* Makes v as before its first start: off, without start or stop requests of its last run. All
 * vCPUs of its partition are stopped. Any CPU. */
void vcpu_forget(struct vcpu *v);

/* v begins at v->entry with v->context in x0 and everything else as after reset.
 * On v's CPU. */
void vcpu_begin(struct vcpu *v);

/* Stops v where it is and takes its state out of the hardware. On v's CPU. */
void vcpu_halt(struct vcpu *v);
