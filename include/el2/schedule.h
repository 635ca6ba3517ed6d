/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs on a CPU, and until when: the choice alone, as arithmetic on what
 * el2/sched.c says of the CPU's vCPUs. It touches nothing else, so that a simulator on
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
 * Times are counter values. A CPU's schedule is its own: no lock.
 */
#pragma once

#include <lib/err.h>
#include <lib/types.h>

struct vcpu;

/* A vCPU. */
struct schedule_entry {
	u64 ready; /* by the caller: when it can use the CPU; UINT64_MAX: others will say */
	u64 order; /* the lowest of those that are ready runs; see el2/schedule.c */
	u64 left;  /* of its slice, when it was driven out */
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
	struct schedule_entry *running;       /* who was chosen last; NULL: nobody */
	u64 slice;                            /* for how long equals run in turn */
	u64 slice_end;                        /* of running; 0: of nobody */
	u64 turns;                            /* number of the last that is over */
	u64 window_end;                       /* when ranks change; UINT64_MAX: never */
	bool ranked;   /* not all have the same priority, or there are windows */
	bool measured; /* somebody wants schedule_waited() to be called */
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

/* Who runs from now on, or NULL. The ready fields are up to date. */
struct schedule_entry *schedule_choose(struct schedule *s, u64 now);

/* When to choose anew at the latest, if what was chosen stays ready, and the others as
 * they are. */
u64 schedule_until(const struct schedule *s);

/* For how long the one chosen has been ready and did not run. After each choice, if it
 * is called at all. */
u64 schedule_waited(struct schedule *s, u64 now);

/* Would e, if it were ready now, run before the alarm at which the next choice is due?
 * Then that has to be made at once. */
bool schedule_cares(const struct schedule *s, const struct schedule_entry *e, u64 alarm);
