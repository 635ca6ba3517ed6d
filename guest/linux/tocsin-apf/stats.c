// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/debug/tocsin-apf/stats: what this module has counted since it was loaded, and what
 * Tocsin has: of all CPUs. */
#include "tocsin_apf.h"

#include <linux/arm-smccc.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/smp.h>

static struct dentry *folder;

#define EACH_STAT(do)                                                                              \
	do                                                                                         \
	(delivered) do(accepted) do(declined) do(slept) do(early) do(killed) do(unknown) do(dropped)

static struct apf_stats sum(void)
{
	struct apf_stats all = {0};
	unsigned int cpu;

	for_each_possible_cpu(cpu)
	{
		const struct apf_stats *s = &per_cpu_ptr(&apf_cpu, cpu)->stats;

#define ADD(name) all.name += s->name;
		EACH_STAT(ADD)
		for (unsigned int i = 0; i < NR_BUCKETS; i++)
			all.latency[i] += s->latency[i];
	}
	return all;
}

/* ---- Tocsin's: a CPU can ask for its own, which begin at 0 when it comes up ---- */

static void ask(void *to)
{
	u64 *counts = to;
	struct arm_smccc_res r;

	for (unsigned int i = 0; i < TOCSIN_APF_NR_COUNTS; i++) {
		arm_smccc_1_1_invoke(TOCSIN_APF_COUNT, i, &r);
		counts[i] = r.a1;
	}
}

void stats_cpu_comes(struct apf_cpu *c)
{
	u64 now[TOCSIN_APF_NR_COUNTS];

	ask(now);
	for (unsigned int i = 0; i < TOCSIN_APF_NR_COUNTS; i++)
		c->tocsin[i] -= now[i];
}

void stats_cpu_goes(struct apf_cpu *c)
{
	u64 now[TOCSIN_APF_NR_COUNTS];

	ask(now);
	for (unsigned int i = 0; i < TOCSIN_APF_NR_COUNTS; i++)
		c->tocsin[i] += now[i];
}

/* The last ones are not numbers of events: the greatest of any CPU. */
static void add_tocsins(u64 *all, unsigned int cpu)
{
	const u64 *before = per_cpu_ptr(&apf_cpu, cpu)->tocsin;
	u64 now[TOCSIN_APF_NR_COUNTS] = {0};

	if (cpu_online(cpu))
		smp_call_function_single(cpu, ask, now, 1);
	for (unsigned int i = 0; i < TOCSIN_APF_NR_COUNTS; i++)
		all[i] = i < TOCSIN_APF_COUNT_LONGEST_US ? all[i] + before[i] + now[i]
							 : max(all[i], now[i]);
}

static void show_tocsins(struct seq_file *seq)
{
	static const char *const names[TOCSIN_APF_NR_COUNTS] = {
	    "waits-el0", "waits-el1", "there", "notified",   "accepted", "declined", "cancelled",
	    "early",     "limit",     "ready", "longest-us", "resident", "stored"};
	u64 all[TOCSIN_APF_NR_COUNTS] = {0};
	unsigned int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu) add_tocsins(all, cpu);
	cpus_read_unlock();
	for (unsigned int i = 0; i < TOCSIN_APF_NR_COUNTS; i++)
		seq_printf(seq, "tocsin-%s %llu\n", names[i], all[i]);
}

/* ---- all ---- */

static void show_waiting(struct seq_file *seq)
{
	unsigned int cpu, gone, waiting = 0, abandoned = 0;

	for_each_possible_cpu(cpu)
	{
		waiting += sleep_waiting(per_cpu_ptr(&apf_cpu, cpu), &gone);
		abandoned += gone;
	}
	seq_printf(seq, "waiting %u\nabandoned %u\n", waiting, abandoned);
}

static int stats_show(struct seq_file *seq, void *unused)
{
	struct apf_stats all = sum();

#define SHOW(name) seq_printf(seq, #name " %llu\n", all.name);
	EACH_STAT(SHOW)
	show_waiting(seq);
	for (unsigned int i = 0; i < NR_BUCKETS; i++)
		if (all.latency[i])
			seq_printf(seq, "latency-below-%lu-us %llu\n", 2UL << i, all.latency[i]);
	show_tocsins(seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

void stats_begin(void)
{
	folder = debugfs_create_dir("tocsin-apf", NULL);
	debugfs_create_file("stats", 0444, folder, NULL, &stats_fops);
}

void stats_end(void)
{
	debugfs_remove_recursive(folder);
}
