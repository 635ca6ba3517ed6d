/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generic watchdog of Arm's Base System Architecture (DEN0094, appendix A; before that SBSA,
 * DEN0029), revision 1, as a partition with tocsin,watchdog sees it.
 *
 * Its time base is the system counter, which a guest reads as CNTPCT and as CNTVCT (no offset),
 * and goes on whichever vCPU runs. WS0 is an SPI of the partition's and an SDEI event of each
 * vCPU; WS1 ends the partition as its on_fault says. A time-out is never early. The next period
 * starts when the time-out is handled, so lateness lengthens the guest's period.
 *
 * One CPU of the partition, the timer_owner, polls the watchdog when the next time-out is due. It
 * is the last CPU that moved the deadline forward. No CPU interrupts another for this, so that a
 * guest cannot disturb CPUs on which it does not run. A refresh only makes the deadline later; the
 * timer_owner finds that out when it polls. A watchdog that is refreshed in time costs an
 * interrupt per period, one that is off none. The timer_owner polls in the time of whichever vCPU
 * runs there, so it polls at most once in 1/1024 s, whatever period the guest has set.
 */
#pragma once

#include <el2/mmio.h>
#include <lib/lock.h>

struct partition;
struct cpu;

struct vwatchdog {
	struct lock lock;
	struct partition *partition;
	u64 offset;              /* WOR */
	u64 compare;             /* WCV: times out when the counter is greater */
	u32 status;              /* WCS */
	struct cpu *timer_owner; /* the CPU that polls next; NULL: none has to */
	u64 look_at;             /* when: no later than it times out, but for the least period */
	u64 looked;              /* when a timer_owner last polled */
	u32 tell_next;           /* the next vCPU to tell of the last signal */
};

/* WCS. */
#define VWATCHDOG_ENABLED BIT(0)
#define VWATCHDOG_WS0 BIT(1)
#define VWATCHDOG_WS1 BIT(2)

/* Of p, whose config says where it is: how many mmio_regions it has, filled in. Boot CPU. */
u32 vwatchdog_regions(struct partition *p, struct mmio_region *out);

/*
 * The access functions of its two frames; device is the struct vwatchdog. What is no
 * register reads as zero and ignores writes; widths other than 32 bits are MMIO_FAULT.
 * Any vCPU of its partition; they take its lock, and under it those of the vGIC, of
 * shared SDEI events and of the partition.
 */
enum mmio_result vwatchdog_refresh_access(struct vcpu *v, void *device, struct mmio_access *a);
enum mmio_result vwatchdog_control_access(struct vcpu *v, void *device, struct mmio_access *a);

/* Polls p's watchdog, if this CPU is its timer_owner: el2/cpu_timer.h. Takes its lock. */
void vwatchdog_timer(struct partition *p, u64 now);

/* p has stopped: disabled, registers as at first. Its signals are not taken back: before
 * vgic_reset(), and after its vCPUs' events were reset. Takes the lock. */
void vwatchdog_reset(struct partition *p);
