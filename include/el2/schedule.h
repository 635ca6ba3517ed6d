/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs on a CPU, and until when: the choice alone, as arithmetic on what
 * el2/vcpu/sched.c says of the CPU's vCPUs. It touches nothing else, so that a simulator on
 * the host can judge it.
 *
 * Of those that are ready the highest priority runs; equals take turns by slices, the
 * one whose last turn is longest ago first. A higher one drives a lower one out at
 * once, which then goes on with what was left of its slice. A low priority may starve:
 * that is what priorities are for.
 *
 * On a CPU with windows time is a frame that repeats. In a window its owner's vCPUs
 * run; where they leave it idle, nobody does, unless the owner donates: then everybody
 * else, by priority. In no window, those run whose partition has none on this CPU.
 * Frames begin at multiples of their length, so those of all CPUs do together.
 *
 * Times are counter values. A CPU's schedule is its own, without a lock; others may ask
 * schedule_admits() alone.
 */
#pragma once

#include <lib/err.h>
#include <lib/types.h>

struct vcpu;

/* A vCPU. */
struct schedule_entry {
	u64 ready; /* by the caller: when it can use the CPU; UINT64_MAX: others will say */
	u64 order; /* the lowest of those that are ready runs; see el2/vcpu/schedule.c; atomic */
	u64 left;  /* of its slice, when it was driven out */
	u64 ran;   /* before it was chosen last; atomic */
	u64 since; /* when it was found to be ready and not to run; 0: it does, or is not */
	struct vcpu *vcpu;
	u16 owner; /* its partition */
	u8 priority;
	bool windowed; /* its partition has windows on this CPU */
};

/* From start until end of each frame is its owner's. */
struct schedule_window {
	u64 start, end;
	u16 owner;
	bool donates; /* what its owner leaves idle */
};

/* A CPU's. */
struct schedule {
	struct schedule_entry *entries, *end; /* constant after boot but for what is in them */
	struct schedule_entry *running;       /* who was chosen last; NULL: nobody; atomic */
	u64 began;                            /* since when it has been; atomic */
	u64 slice;                            /* for how long equals run in turn */
	u64 slice_end;                        /* of running; 0: of nobody */
	u64 turns;                            /* number of the last that is over */
	u64 window_end;                       /* when ranks change; UINT64_MAX: never */
	bool ranked;        /* not all have the same priority, or there are windows */
	bool account_wait;  /* a partition of this CPU needs schedule_waited() */
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

/* What s holds goes on in other arrays, which have room for more. Nobody has been chosen yet. */
void schedule_move(struct schedule *s, struct schedule_entry *entries,
		   struct schedule_window *windows);

/* Adds a window; empty ones are ignored. Before the entries of its owner. ERR_RANGE: not
 * within a frame. ERR_OVERLAP. */
enum err schedule_add_window(struct schedule *s, const struct schedule_window *w) MUST_CHECK;

/* Adds a vCPU, not ready; returns which of the entries is its own. */
u32 schedule_add(struct schedule *s, struct vcpu *v, u16 owner, u8 priority);

/* Ranks become those of the window that now is in. */
void schedule_enter_window(struct schedule *s, u64 now);

/* The same, if it is another one than before. Before each choice. */
static inline void schedule_enter(struct schedule *s, u64 now)
{
	if (now >= s->window_end)
		schedule_enter_window(s, now);
}

/* May e run now, if it is ready? Else nothing about it matters before the window ends. */
bool schedule_allows(const struct schedule_entry *e);

/* Who runs from now on, or NULL. The ready fields of those that may are up to date. */
struct schedule_entry *schedule_choose(struct schedule *s, u64 now);

/* When to choose anew at the latest, if what was chosen stays ready, and the others as
 * they are. */
u64 schedule_until(const struct schedule *s);

/* For how long the one chosen has been ready and did not run. After each choice, if it
 * is called at all. */
u64 schedule_waited(struct schedule *s, u64 now);

/* For how long e has been the one chosen, all in all. Any CPU; while that changes its mind
 * the answer may be wrong by a turn. */
u64 schedule_ran(const struct schedule *s, const struct schedule_entry *e, u64 now);

/* Would e, if it were ready now, run before the alarm at which the next choice is due?
 * Then that has to be made at once. */
bool schedule_cares(const struct schedule *s, const struct schedule_entry *e, u64 alarm);

#define SCHEDULE_NONE (~0U)

/*
 * Tells other CPUs what was chosen, so that they interrupt this one for nothing that would
 * have to wait here. The entry of that number, or SCHEDULE_NONE, may be called for whatever
 * its rank: the vCPU whose state is in the hardware. True: others may be called for that
 * could not be before; what they were asked for meanwhile nobody will tell, so that all are
 * to be looked at again, and chosen from. A full barrier if anything has changed.
 */
bool schedule_publish(struct schedule *s, u32 loaded);

/* Another CPU has kicked this one. For the rest of this slice vCPUs of the rank of the running
 * one cause no kick; those that are ready then have their turn at its end. */
static inline void schedule_equal_waits(struct schedule *s)
{
	s->equal_pending = true;
}

/* Any CPU, after a full barrier behind what the vCPU of that entry was asked for: is its
 * CPU to be called? If not it will look by itself before that vCPU could run. */
bool schedule_admits(const struct schedule *s, u32 entry);
