/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the vCPU that runs on a CPU, and until when. The choice only computes from what
 * el2/vcpu/sched.c records of the CPU's vCPUs, so that a simulator on the host can test it.
 *
 * The ready vCPU of the highest priority runs. vCPUs of equal priority take turns of one time
 * slice; the one whose last turn is longest ago is first. A higher priority preempts a lower one
 * at once, and the preempted vCPU keeps the rest of its slice. A low priority may starve.
 *
 * On a CPU with windows, time is a frame that repeats. In a window its owner's vCPUs run. While
 * they are idle no vCPU runs, unless the owner donates: then all others may run, by priority.
 * Outside the windows, vCPUs run whose partition has no window on this CPU. Frames begin at
 * multiples of their length, so all CPUs begin their frames together.
 *
 * Times are counter values. Only its CPU touches a schedule, without a lock. Other CPUs may call
 * only schedule_admits() and schedule_ran().
 */
#pragma once

#include <lib/err.h>
#include <lib/types.h>

struct vcpu;

/* A vCPU. */
struct schedule_entry {
	u64 ready; /* set by the caller: when it can use the CPU; UINT64_MAX: after an event */
	u64 order; /* the lowest among ready ones runs; see el2/vcpu/schedule.c; atomic */
	u64 left;  /* rest of its slice, when it was preempted */
	u64 ran;   /* how long it ran before it was chosen last; atomic */
	u64 since; /* when it was found ready but not running; 0: it runs, or is not ready */
	struct vcpu *vcpu;
	u16 owner; /* its partition */
	u8 priority;
	bool windowed; /* its partition has windows on this CPU */
};

/* The time from start until end of each frame, which belongs to owner. */
struct schedule_window {
	u64 start, end;
	u16 owner;
	bool donates; /* others may run while its owner is idle */
};

/* A CPU's schedule. */
struct schedule {
	struct schedule_entry *entries,
	    *end;                       /* the array is constant after boot, its contents are not */
	struct schedule_entry *running; /* the entry chosen last; NULL: none; atomic */
	u64 began;                      /* since when running is chosen; atomic */
	u64 slice;                      /* length of a time slice */
	u64 slice_end;                  /* of running; 0: none runs */
	u64 turns;                      /* number of the last that is over */
	u64 window_end;                 /* when ranks change; UINT64_MAX: never */
	bool ranked;                    /* not all have the same priority, or there are windows */
	bool account_wait;              /* a partition of this CPU needs schedule_waited() */
	bool equal_pending; /* a vCPU of equal rank waits: it runs when the slice ends */
	bool ranks_changed; /* since schedule_publish() */
	/* Another CPU kicks this one for vCPUs of a lower rank; atomic, see el2/vcpu/schedule.c. */
	u32 kick_threshold;
	u32 nr_windows;
	struct schedule_window *windows; /* by start; they do not overlap */
	u64 frame;                       /* length; 0: no windows */
};

/* Empties s. entries and windows are arrays with room for what will be added. frame: 0
 * if there are to be no windows. */
void schedule_init(struct schedule *s, struct schedule_entry *entries,
		   struct schedule_window *windows, u64 slice, u64 frame);

/* Moves the contents of s to other arrays, which have room for more. No vCPU has been chosen
 * yet. */
void schedule_move(struct schedule *s, struct schedule_entry *entries,
		   struct schedule_window *windows);

/* Adds a window; ignores an empty one. Call it before the owner's entries are added. ERR_RANGE:
 * the window is not within a frame. ERR_OVERLAP: it overlaps another. */
enum err schedule_add_window(struct schedule *s, const struct schedule_window *w) MUST_CHECK;

/* Adds a vCPU, not ready; returns the index of its entry. */
u32 schedule_add(struct schedule *s, struct vcpu *v, u16 owner, u8 priority);

/* Sets the ranks for the window that contains now. */
void schedule_enter_window(struct schedule *s, u64 now);

/* The same, if the window has changed. Call it before each choice. */
static inline void schedule_enter(struct schedule *s, u64 now)
{
	if (now >= s->window_end)
		schedule_enter_window(s, now);
}

/* May e run in this window, if it is ready? If not, its state does not matter before the window
 * ends. */
bool schedule_allows(const struct schedule_entry *e);

/* Chooses the entry that runs from now on, or NULL. The caller has updated ready of all entries
 * that schedule_allows(). */
struct schedule_entry *schedule_choose(struct schedule *s, u64 now);

/* The latest time for the next choice, if the chosen vCPU stays ready and the others do not
 * change. */
u64 schedule_until(const struct schedule *s);

/* How long the chosen vCPU was ready without running. Call it after each choice, or never. */
u64 schedule_waited(struct schedule *s, u64 now);

/* The total time for which e has been chosen. Any CPU. While e's CPU makes a choice, the answer
 * may be wrong by a turn. */
u64 schedule_ran(const struct schedule *s, const struct schedule_entry *e, u64 now);

/* Would e, if it were ready now, run before alarm, when the next choice is due? If so, the CPU
 * must choose at once. */
bool schedule_cares(const struct schedule *s, const struct schedule_entry *e, u64 alarm);

#define SCHEDULE_NONE (~0U)

/*
 * Tells other CPUs what was chosen, so that they do not kick this one for a vCPU that would have
 * to wait here. They may kick for the entry loaded (or SCHEDULE_NONE), whatever its rank, because
 * that vCPU's state is in the hardware. True: they may now kick for vCPUs that they could not kick
 * for before. No kick came for earlier requests of those, so the caller must survey all vCPUs and
 * choose again. A full barrier if anything has changed.
 */
bool schedule_publish(struct schedule *s, u32 loaded);

/* Another CPU has kicked this one. For the rest of this slice, vCPUs of the running one's rank
 * cause no kick. They have their turn when the slice ends, if they are ready then. */
static inline void schedule_equal_waits(struct schedule *s)
{
	s->equal_pending = true;
}

/* Must the caller kick the CPU of that entry? Any CPU, after it has set a request for the entry's
 * vCPU and issued a full barrier. False: that CPU sees the request before the vCPU could run. */
bool schedule_admits(const struct schedule *s, u32 entry);
