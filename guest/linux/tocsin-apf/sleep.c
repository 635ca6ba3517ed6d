// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that sleep for a page. The handler runs like an NMI: it takes no lock and allocates
 * nothing, but hands the task a piece of work that it does before it returns to user space.
 */
#include "tocsin_apf.h"

#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

static void sleep_now(struct callback_head *work)
{
	struct slot *s = container_of(work, struct slot, work);

	if (atomic_cmpxchg(&s->state, SLOT_ARMED, SLOT_SLEEPING) == SLOT_ARMED &&
	    wait_event_killable(s->wait, atomic_read(&s->state) == SLOT_READY) &&
	    atomic_cmpxchg(&s->state, SLOT_SLEEPING, SLOT_ABANDONED) == SLOT_SLEEPING) {
		this_cpu_inc(apf_cpu.stats.killed);
		return; /* the token is still outstanding */
	}
	atomic_set_release(&s->state, SLOT_FREE);
}

bool sleep_later(struct apf_cpu *c, u32 token)
{
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		struct slot *s = &c->slots[i];

		if (atomic_cmpxchg(&s->state, SLOT_FREE, SLOT_ARMED) != SLOT_FREE)
			continue;
		s->token = token;
		s->since = ktime_get_mono_fast_ns();
		init_task_work(&s->work, sleep_now);
		if (!task_work_add(current, &s->work, TWA_RESUME))
			return true;
		atomic_set(&s->state, SLOT_FREE);
		return false;
	}
	return false;
}
NOKPROBE_SYMBOL(sleep_later);

/* Only this makes a slot ready, and only on its own CPU: what was waited for still is. */
static void wake(struct apf_cpu *c, struct slot *s)
{
	u64 us = (ktime_get_mono_fast_ns() - s->since) / 1000;

	c->stats.latency[min_t(unsigned int, us ? ilog2(us) : 0, NR_BUCKETS - 1)]++;
	switch (atomic_xchg(&s->state, SLOT_READY)) {
	case SLOT_SLEEPING:
		c->stats.slept++;
		wake_up(&s->wait); /* it may be another task's already: that looks again */
		break;
	case SLOT_ARMED:
		c->stats.early++;
		break;
	default: /* its task is gone */
		atomic_set_release(&s->state, SLOT_FREE);
	}
}

static bool is_waited_for(const struct slot *s)
{
	int state = atomic_read(&s->state);

	return state == SLOT_ARMED || state == SLOT_SLEEPING || state == SLOT_ABANDONED;
}

void sleep_ready(struct apf_cpu *c, u32 token)
{
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		struct slot *s = &c->slots[i];

		if (s->token == token && is_waited_for(s)) {
			wake(c, s);
			return;
		}
	}
	c->stats.unknown++;
}

void sleep_ready_all(struct apf_cpu *c)
{
	for (unsigned int i = 0; i < NR_SLOTS; i++)
		if (is_waited_for(&c->slots[i]))
			wake(c, &c->slots[i]);
}

unsigned int sleep_waiting(const struct apf_cpu *c, unsigned int *abandoned)
{
	unsigned int waiting = 0;

	*abandoned = 0;
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		waiting += is_waited_for(&c->slots[i]);
		*abandoned += atomic_read(&c->slots[i].state) == SLOT_ABANDONED;
	}
	return waiting;
}

/* ---- life ---- */

int sleep_begin(struct apf_cpu *c)
{
	c->slots = kcalloc(NR_SLOTS, sizeof(*c->slots), GFP_KERNEL);
	if (!c->slots)
		return -ENOMEM;
	for (unsigned int i = 0; i < NR_SLOTS; i++)
		init_waitqueue_head(&c->slots[i].wait);
	return 0;
}

static bool is_used(const struct apf_cpu *c)
{
	for (unsigned int i = 0; c->slots && i < NR_SLOTS; i++)
		if (atomic_read_acquire(&c->slots[i].state) != SLOT_FREE)
			return true;
	return false;
}

/* A task that has freed its slot, or abandoned it, still has to leave sleep_now(): it is
 * preempted there at most, which synchronize_rcu_tasks() waits for. */
void sleep_over(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) while (is_used(per_cpu_ptr(&apf_cpu, cpu))) msleep(10);
	synchronize_rcu_tasks();
	for_each_possible_cpu(cpu) kfree(per_cpu_ptr(&apf_cpu, cpu)->slots);
}
