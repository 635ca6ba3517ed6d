/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the module have of each other. */
#pragma once

#include <abi/apf.h>
#include <linux/atomic.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/task_work.h>
#include <linux/types.h>
#include <linux/wait.h>

#define TAG "tocsin-apf: "

/* Tokens of a CPU: those that can be outstanding, and as many whose sleeper was killed or has
 * not run since. */
#define NR_SLOTS 128

/*
 * Who changes the state of a slot: the handler takes a free one and arms it. The ready interrupt
 * makes it ready. The task's work goes to sleep on an armed one, and frees one that is
 * ready; a task that is killed abandons it, and then the interrupt frees it.
 */
enum slot_state { SLOT_FREE, SLOT_ARMED, SLOT_SLEEPING, SLOT_READY, SLOT_ABANDONED };

struct slot {
	struct callback_head work;
	atomic_t state;
	u32 token;
	u64 since; /* when it was armed: ns */
	wait_queue_head_t wait;
};

#define NR_BUCKETS 24 /* of 2^n microseconds */

/* A CPU's own: it alone writes it, in the handler or with interrupts masked; killed is counted on
 * the CPU where the task dies. */
struct apf_cpu {
	void *block; /* the control block */
	bool on;
	struct slot *slots; /* NR_SLOTS: too many for the per-CPU memory that modules share */
	struct apf_stats {
		u64 delivered, accepted, declined; /* delivered is the sum of the others */
		u64 slept, early, killed; /* accepted is their sum and those that still wait */
		u64 unknown, dropped;     /* tokens: of no slot; that DISABLE made void */
		u64 latency[NR_BUCKETS];  /* from the notice to the ready interrupt */
	} stats;
	u64 tocsin[TOCSIN_APF_NR_COUNTS]; /* its counters, less what they are while the CPU is up */
};

DECLARE_PER_CPU(struct apf_cpu, apf_cpu);

/* Sizes that TOCSIN_APF_INFO tells. */
struct apf_info {
	u32 area, limit, entries, event;
};
extern struct apf_info apf_info;

/* sleep.c: in the event's handler: the current task will sleep until token is ready. False: it
 * cannot. */
bool sleep_later(struct apf_cpu *c, u32 token);
/* A token is ready; all are. On the CPU c with interrupts masked. */
void sleep_ready(struct apf_cpu *c, u32 token);
void sleep_ready_all(struct apf_cpu *c);
/* How many slots wait for their token; and of these, whose task was killed. */
unsigned int sleep_waiting(const struct apf_cpu *c, unsigned int *abandoned);
/* Slots for c: 0 or -ENOMEM. */
int sleep_begin(struct apf_cpu *c);
/* No CPU is on: waits until nobody runs, or will run, what is in sleep.c, and frees all slots. */
void sleep_over(void);

/* stats.c: Tocsin's counters of this CPU count for c from now on; no more, for it is about to go
 * down, when Tocsin forgets them. */
void stats_cpu_comes(struct apf_cpu *c);
void stats_cpu_goes(struct apf_cpu *c);
/* The files in debugfs. */
void stats_begin(void);
void stats_end(void);
