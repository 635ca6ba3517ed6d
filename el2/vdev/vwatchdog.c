/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The emulated generic watchdog. Its lock ranks above the vGIC's and the partition's: a
 * second signal meets the partition in the life in which it was due.
 */
#include <drivers/timer.h>
#include <el2/cpu_timer.h>
#include <el2/partition.h>
#include <el2/vsdei.h>
#include <el2/vwatchdog.h>

/* Refresh frame. */
#define WRR 0x000
/* Control frame; WOR and WCV are two registers each, the lower half first. */
#define WCS 0x000
#define WOR 0x008
#define WCV 0x010
/* Both. */
#define W_IIDR 0xfcc

#define WOR_BITS GENMASK(47, 0)
/* A CPU looks after a watchdog at most once in 1/1024 s. */
#define PERIOD_SHIFT 10
/* vCPUs that are told of a signal in one step. */
#define TELL 16

/* JEP106 code 0, of no company, product 'T', architecture version 1. */
#define IIDR 0x54010000U

#define ENABLED VWATCHDOG_ENABLED
#define WS0 VWATCHDOG_WS0
#define WS1 VWATCHDOG_WS1

/* ---- signals ---- */

/* Some more of the vCPUs that want to know are told that WS0 is on; or those that were told and
 * have not heard yet, that it is off. */
static void tell_some(struct vwatchdog *w)
{
	struct partition *p = w->partition;
	u32 end = MIN(w->tell_next + TELL, p->nr_vcpus);

	for (; w->tell_next < end; w->tell_next++) {
		struct vcpu *v = &p->vcpus[w->tell_next];

		if (!(w->status & WS0))
			(void)vsdei_cancel(v, SDEI_WATCHDOG);
		else if (atomic_load(&v->sdei.registered) >> SDEI_WATCHDOG & 1)
			vsdei_raise(v, SDEI_WATCHDOG);
	}
}

/* The signals as the status has them now; before is what they were. */
static void signal(struct vwatchdog *w, u32 before)
{
	u32 changed = w->status ^ before;
	struct partition *p = w->partition;

	if (changed & WS0) {
		vgic_set_level(p, p->config->watchdog.intid, w->status & WS0);
		w->tell_next = 0;
		tell_some(w);
	}
	if (changed & w->status & WS1)
		(void)partition_stop(p, STOP_WATCHDOG);
}

/* ---- time ---- */

/* DEN0094 A: what a time-out does, if there is one. The value to compare with is loaded
 * whether the watchdog is enabled or not, but not by a second one. */
static void time_out(struct vwatchdog *w, u64 now)
{
	u32 before = w->status;

	if (now <= w->compare)
		return;
	if (!(w->status & WS0))
		w->compare = now + w->offset;
	if (w->status & ENABLED)
		w->status |= w->status & WS0 ? WS1 : WS0;
	signal(w, before);
}

/* DEN0094 A: an explicit refresh. */
static void refresh(struct vwatchdog *w, u64 now)
{
	u32 before = w->status;

	w->compare = now + w->offset;
	w->status &= ENABLED;
	signal(w, before);
}

/* When something will happen by itself; UINT64_MAX: never. */
static u64 deadline(const struct vwatchdog *w)
{
	if (w->tell_next < w->partition->nr_vcpus)
		return 0;
	if ((w->status & (ENABLED | WS1)) != ENABLED || w->compare == UINT64_MAX)
		return UINT64_MAX;
	return w->compare + 1;
}

/* Makes sure that a CPU looks in time, but not more often than the least period: that CPU may
 * be in another partition's turn. */
static void watch(struct vwatchdog *w, u64 now)
{
	u64 when = deadline(w);

	if (when == UINT64_MAX)
		return;
	when = MAX(when, w->looked + (timer_frequency() >> PERIOD_SHIFT));
	if (w->timer_owner && w->look_at <= when)
		return;
	w->timer_owner = this_cpu();
	w->look_at = when;
	cpu_timer_at(CPU_TIMER_WATCHDOG, when, now);
}

static void look(struct vwatchdog *w, u64 now)
{
	lock_acquire(&w->lock);
	if (w->timer_owner != this_cpu()) {
		/* another CPU has had to look earlier */
	} else if (w->look_at > now) {
		cpu_timer_at(CPU_TIMER_WATCHDOG, w->look_at, now);
	} else {
		w->timer_owner = NULL;
		w->looked = now;
		tell_some(w);
		time_out(w, now);
		watch(w, now);
	}
	lock_release(&w->lock);
}

void vwatchdog_timer(struct partition *p, u64 now)
{
	if (atomic_load(&p->watchdog.timer_owner) == this_cpu())
		look(&p->watchdog, now);
}

/* ---- registers ---- */

static u32 read(const struct vwatchdog *w, u64 reg)
{
	switch (reg) {
	case WCS:
		return w->status;
	case WOR:
		return (u32)w->offset;
	case WOR + 4:
		return (u32)(w->offset >> 32);
	case WCV:
		return (u32)w->compare;
	case WCV + 4:
		return (u32)(w->compare >> 32);
	case W_IIDR:
		return IIDR;
	default:
		return 0;
	}
}

static void set_half(u64 *to, bool high, u32 value)
{
	*to = high ? (u32)*to | (u64)value << 32 : (*to & ~(u64)UINT32_MAX) | value;
}

static void write(struct vwatchdog *w, u64 reg, u32 value, u64 now)
{
	switch (reg) {
	case WCS:
		w->status = (w->status & ~(u32)ENABLED) | (value & ENABLED);
		refresh(w, now);
		break;
	case WOR:
	case WOR + 4:
		set_half(&w->offset, reg == WOR + 4, value);
		w->offset &= WOR_BITS;
		refresh(w, now);
		break;
	case WCV:
	case WCV + 4:
		set_half(&w->compare, reg == WCV + 4, value);
		break;
	}
}

enum mmio_result vwatchdog_control_access(struct vcpu *v, void *device, struct mmio_access *a)
{
	struct vwatchdog *w = device;
	u64 now;

	if (a->size != 4)
		return MMIO_FAULT;
	lock_acquire(&w->lock);
	now = timer_now();
	time_out(w, now);
	if (a->write)
		write(w, a->offset, (u32)a->value, now);
	else
		a->value = read(w, a->offset);
	watch(w, now);
	lock_release(&w->lock);
	return MMIO_DONE;
}

enum mmio_result vwatchdog_refresh_access(struct vcpu *v, void *device, struct mmio_access *a)
{
	struct vwatchdog *w = device;
	u64 now;

	if (a->size != 4)
		return MMIO_FAULT;
	if (!a->write) {
		a->value = a->offset == W_IIDR ? read(w, W_IIDR) : 0;
	} else if (a->offset == WRR) {
		lock_acquire(&w->lock);
		now = timer_now();
		time_out(w, now);
		refresh(w, now);
		watch(w, now);
		lock_release(&w->lock);
	}
	return MMIO_DONE;
}

/* ---- life ---- */

u32 vwatchdog_regions(struct partition *p, struct mmio_region *out)
{
	const struct partition_config *c = p->config;

	if (!c->watchdog.intid)
		return 0;
	p->watchdog.partition = p;
	p->watchdog.tell_next = p->nr_vcpus;
	out[0] = (struct mmio_region){c->watchdog.control, vwatchdog_control_access, &p->watchdog,
				      "watchdog"};
	out[1] = (struct mmio_region){c->watchdog.refresh, vwatchdog_refresh_access, &p->watchdog,
				      "watchdog"};
	return 2;
}

/* Its timer_owner finds that there is nothing to keep. Its signals go with the vCPUs' events and
 * the vGIC. */
void vwatchdog_reset(struct partition *p)
{
	struct vwatchdog *w = &p->watchdog;

	lock_acquire(&w->lock);
	w->offset = w->compare = 0;
	w->status = 0;
	w->tell_next = p->nr_vcpus;
	lock_release(&w->lock);
}
