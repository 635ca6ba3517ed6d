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

struct apf_cpu {
	void *block; /* the control block; NULL: the CPU has none */
	bool on;
	struct slot slots[NR_SLOTS];
	struct apf_stats {
		u64 delivered, accepted, declined, slept, early, unknown, killed;
		u64 latency[NR_BUCKETS]; /* from the notice to the ready interrupt */
	} stats;
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
/* A token is ready; all are. On the CPU c, or for one that is off. */
void sleep_ready(struct apf_cpu *c, u32 token);
void sleep_ready_all(struct apf_cpu *c);
/* Waits until nobody runs, or will run, what is in sleep.c. */
void sleep_over(void);

/* stats.c: the files in debugfs. */
void stats_begin(void);
void stats_end(void);
