// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who signals whom. Jobs are work items bound to a CPU; those who wait for each other give up
 * after a time that only a lost signal can take.
 */
#include "sdei_test.h"

#include <clocksource/arm_arch_timer.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/workqueue.h>

#define PATIENCE_S 30
#define STORM_SIGNALS 500
#define USER_HITS 25
#define USER_TRIES 4000

unsigned int rounds = 2;

static struct listener *listener_of(unsigned int cpu)
{
	return per_cpu_ptr(&listener, cpu);
}

static long signal(const struct listener *to)
{
	return sdei_call(CALL_SIGNAL, EVENT, to->mpidr);
}

/* The clock is no timer: interrupts may be off. */
static bool patient(u64 since)
{
	return arch_timer_read_counter() - since < (u64)arch_timer_get_cntfrq() * PATIENCE_S;
}

static bool await_spinning(const struct gate *gate)
{
	u64 begin = arch_timer_read_counter();

	while (!READ_ONCE(gate->spinning)) {
		if (!patient(begin))
			return false;
		cpu_relax();
	}
	return true;
}

/* That l's handler has seen the newest message from that CPU. */
static bool await_heard(const struct listener *l, unsigned int from)
{
	u64 begin = arch_timer_read_counter();

	while (READ_ONCE(l->heard[from]) != READ_ONCE(l->mail[from])) {
		if (!patient(begin))
			return false;
		cpu_relax();
	}
	return true;
}

/* One signal from a CPU to another, or to itself. */
struct exchange {
	struct work_struct listen, talk;
	unsigned int from, to;
	bool irqs_off;
	struct gate gate;
	u64 seed;
};

static void plant_values(struct exchange *e, u64 *in)
{
	for (unsigned int i = 0; i < NR_PLANTED; i++) {
		e->seed = e->seed * 6364136223846793005ull + 1442695040888963407ull;
		in[i] = e->seed;
	}
}

/* plant_signal or plant_spin with the registers in, on the CPU that will be interrupted. */
static void plant_and_wait(struct exchange *e, void (*wait)(const u64 *, u64 *), const u64 *in,
			   u64 *out)
{
	struct listener *l = listener_of(e->to);
	unsigned long flags = 0;

	if (e->irqs_off)
		local_irq_save(flags);
	l->planted = in;
	l->must_be_planted = e->irqs_off;
	barrier();
	wait(in, out);
	barrier();
	l->must_be_planted = false;
	l->planted = NULL;
	if (e->irqs_off)
		local_irq_restore(flags);
	for (unsigned int i = 1; i < PLANT_LOADED; i++)
		if (out[i] != in[i])
			blame(l, "afterwards x", i, out[i], in[i]);
	if (out[NR_PLANTED] != PLANTED_FLAGS)
		blame(l, "afterwards NZCV", 0, out[NR_PLANTED], PLANTED_FLAGS);
}

static void listen(struct work_struct *work)
{
	struct exchange *e = container_of(work, struct exchange, listen);
	u64 in[NR_PLANTED], out[NR_PLANTED + 1];

	plant_values(e, in);
	in[PLANT_ONE] = 1;
	in[PLANT_GATE] = (u64)&e->gate;
	in[PLANT_LOADED] = 0;
	plant_and_wait(e, plant_spin, in, out);
}

/* With interrupts on the handler may be late, but it has seen the message when it is over. */
static void talk_to_self(struct exchange *e)
{
	struct listener *l = listener_of(e->from);
	u64 in[NR_PLANTED], out[NR_PLANTED + 1];
	unsigned long runs = l->runs;

	plant_values(e, in);
	in[0] = CALL_SIGNAL;
	in[1] = EVENT;
	in[2] = l->mpidr;
	l->mail[e->from]++;
	plant_and_wait(e, plant_signal, in, out);
	if (out[0])
		blame(l, "EVENT_SIGNAL to self", 0, out[0], 0);
	if (l->runs != runs + 1)
		blame(l, "handlers after EVENT_SIGNAL to self", 0, l->runs, runs + 1);
}

static void talk_to_other(struct exchange *e)
{
	struct listener *to = listener_of(e->to), *self = listener_of(e->from);
	unsigned long flags = 0;
	long result;

	if (e->irqs_off)
		local_irq_save(flags);
	if (!await_spinning(&e->gate))
		blame(self, "no listener on CPU", e->to, 0, 1);
	WRITE_ONCE(to->mail[e->from], to->mail[e->from] + 1);
	result = signal(to);
	if (result)
		blame(self, "EVENT_SIGNAL to CPU", e->to, result, 0);
	if (!await_heard(to, e->from))
		blame(self, "not heard by CPU", e->to, to->heard[e->from], to->mail[e->from]);
	WRITE_ONCE(e->gate.open, 1);
	if (e->irqs_off)
		local_irq_restore(flags);
}

static void talk(struct work_struct *work)
{
	struct exchange *e = container_of(work, struct exchange, talk);

	if (e->from == e->to)
		talk_to_self(e);
	else
		talk_to_other(e);
}

static void exchange(unsigned int from, unsigned int to, bool irqs_off)
{
	static u64 seed = 1;
	struct exchange e = {.from = from, .to = to, .irqs_off = irqs_off, .seed = ++seed};

	INIT_WORK_ONSTACK(&e.listen, listen);
	INIT_WORK_ONSTACK(&e.talk, talk);
	if (from != to)
		queue_work_on(to, system_highpri_wq, &e.listen);
	queue_work_on(from, system_highpri_wq, &e.talk);
	flush_work(&e.talk);
	if (from != to)
		flush_work(&e.listen);
	destroy_work_on_stack(&e.talk);
	destroy_work_on_stack(&e.listen);
}

static unsigned long sum_of(size_t offset)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu) sum += *(unsigned long *)((char *)listener_of(cpu) + offset);
	return sum;
}
#define SUM(field) sum_of(offsetof(struct listener, field))

int test_exchange(void)
{
	unsigned long runs = SUM(runs), planted = SUM(on_planted), sent = 0;
	unsigned int from, to;

	for (unsigned int round = 0; round < rounds; round++)
		for_each_online_cpu(from) for_each_online_cpu(to)
		{
			exchange(from, to, false);
			exchange(from, to, true);
			sent += 2;
		}
	runs = SUM(runs) - runs;
	planted = SUM(on_planted) - planted;
	pr_info(TAG "%lu signals, %lu heard, %lu on planted registers\n", sent, runs, planted);
	return runs == sent && planted >= sent / 2 ? 0 : -EIO;
}

/* Many signals from a CPU to another. */
struct storm {
	struct work_struct work;
	unsigned int from, to;
};

static void signal_once(const struct storm *s)
{
	long result = signal(listener_of(s->to));

	if (result)
		blame(listener_of(s->from), "EVENT_SIGNAL to CPU", s->to, result, 0);
}

static void run_storms(struct storm *storms, unsigned int nr, work_func_t function)
{
	for (unsigned int i = 0; i < nr; i++) {
		INIT_WORK(&storms[i].work, function);
		queue_work_on(storms[i].from, system_highpri_wq, &storms[i].work);
	}
	for (unsigned int i = 0; i < nr; i++)
		flush_work(&storms[i].work);
}

static void rain(struct work_struct *work)
{
	struct storm *s = container_of(work, struct storm, work);
	struct listener *to = listener_of(s->to);

	for (unsigned int i = 0; i < STORM_SIGNALS; i++) {
		WRITE_ONCE(to->mail[s->from], to->mail[s->from] + 1);
		signal_once(s);
	}
	if (!await_heard(to, s->from))
		blame(listener_of(s->from), "last signal lost by CPU", s->to, to->heard[s->from],
		      to->mail[s->from]);
}

/* Messages to one CPU from everywhere, then to the next: the last ones must arrive. */
int test_storm(void)
{
	static struct storm storms[MAX_CPUS];
	unsigned long runs = SUM(runs), sent = 0;
	unsigned int from, to;

	for_each_online_cpu(to)
	{
		unsigned int nr = 0;

		for_each_online_cpu(from) storms[nr++] = (struct storm){.from = from, .to = to};
		run_storms(storms, nr, rain);
		sent += nr * STORM_SIGNALS;
	}
	runs = SUM(runs) - runs;
	pr_info(TAG "%lu signals in storms, %lu handlers\n", sent, runs);
	return runs && runs <= sent ? 0 : -EIO;
}

static void hit_user(struct work_struct *work)
{
	struct storm *s = container_of(work, struct storm, work);
	struct listener *to = listener_of(s->to);

	to->in_user = 0;
	for (unsigned int i = 0; i < USER_TRIES && READ_ONCE(to->in_user) < USER_HITS; i++) {
		signal_once(s);
		usleep_range(200, 2000);
	}
	if (to->in_user < USER_HITS)
		blame(listener_of(s->from), "events in user mode of CPU", s->to, to->in_user,
		      USER_HITS);
}

/* While guest/linux/spin runs on every CPU: each is interrupted by the one before. */
int test_users(void)
{
	static struct storm storms[MAX_CPUS];
	unsigned int to, nr = 0, from = cpumask_last(cpu_online_mask);

	for_each_online_cpu(to)
	{
		storms[nr++] = (struct storm){.from = from, .to = to};
		from = to;
	}
	run_storms(storms, nr, hit_user);
	pr_info(TAG "%lu events in user mode\n", SUM(in_user));
	return nr > 1 ? 0 : -ENODEV;
}

int test_failing(void)
{
	unsigned int cpu;
	int result;

	handler_end = END_FAILING;
	result = test_exchange();
	for_each_online_cpu(cpu) exchange(cpu, cpu, true);
	handler_end = END_WELL;
	return result;
}

/* On the last CPU; there is no way back. */
int test_panic(void)
{
	unsigned int cpu, last = 0;

	for_each_online_cpu(cpu) last = cpu;
	handler_end = END_IN_PANIC;
	exchange(last, last, false);
	return -EIO;
}

/* Signals all CPUs for ever, whether they are on or off. */
static struct task_struct *pest;

static int pester(void *unused)
{
	while (!kthread_should_stop()) {
		unsigned int cpu;

		for_each_possible_cpu(cpu)
		{
			long result = signal(listener_of(cpu));

			if (result)
				blame(this_cpu_ptr(&listener), "EVENT_SIGNAL to CPU", cpu, result,
				      0);
		}
		usleep_range(100, 1000);
	}
	return 0;
}

int test_pester(void)
{
	if (pest)
		return -EBUSY;
	pest = kthread_create(pester, NULL, "pester");
	if (IS_ERR(pest)) {
		int err = PTR_ERR(pest);

		pest = NULL;
		return err;
	}
	kthread_bind(pest, 0);
	wake_up_process(pest);
	return 0;
}

int test_rest(void)
{
	if (!pest)
		return -ENOENT;
	kthread_stop(pest);
	pest = NULL;
	return 0;
}
