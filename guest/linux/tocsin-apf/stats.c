// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/debug/tocsin-apf/stats: what this module has counted, and what Tocsin has of the CPU
 * that reads it. */
#include "tocsin_apf.h"

#include <linux/arm-smccc.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/seq_file.h>

static struct dentry *folder;

#define EACH_STAT(do)                                                                              \
	do                                                                                         \
	(delivered) do(accepted) do(declined) do(slept) do(early) do(unknown) do(killed)

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

static void show_tocsins(void *seq)
{
	static const char *const names[TOCSIN_APF_NR_COUNTS] = {
	    "waits-el0", "waits-el1", "there", "notified",   "accepted", "declined", "cancelled",
	    "early",     "limit",     "ready", "longest-us", "resident", "stored"};
	struct arm_smccc_res r;

	for (unsigned int i = 0; i < TOCSIN_APF_NR_COUNTS; i++) {
		arm_smccc_1_1_invoke(TOCSIN_APF_COUNT, i, &r);
		seq_printf(seq, "tocsin-%s %lu\n", names[i], r.a1);
	}
}

static int stats_show(struct seq_file *seq, void *unused)
{
	struct apf_stats all = sum();

#define SHOW(name) seq_printf(seq, #name " %llu\n", all.name);
	EACH_STAT(SHOW)
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
