// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading registers and enables event 0 on all CPUs, unloading unregisters it. Tests run when
 * their name is written to the parameter "run", or given to it when loading; the write fails if
 * they do. Every line printed begins with "sdei-test: ", and with "sdei-test: FAIL" if it must not
 * be there.
 */
#include "sdei_driver.h"
#include "sdei_test.h"

#include <abi/tocsin.h>
#include <linux/arm-smccc.h>
#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/smp.h>

static const struct {
	const char *name;
	int (*run)(void);
} tests[] = {
    {"exchange", test_exchange}, {"storm", test_storm}, {"users", test_users},
    {"failing", test_failing},   {"panic", test_panic}, {"pester", test_pester},
    {"rest", test_rest},
};

static char to_run[16];
static bool loaded;

long sdei_call(u32 id, u64 a, u64 b)
{
	struct arm_smccc_res result;

	arm_smccc_1_1_hvc(id, a, b, &result);
	return result.a0;
}

int report_faults(void)
{
	unsigned int cpu;
	int err = 0;

	for_each_possible_cpu(cpu)
	{
		struct listener *l = per_cpu_ptr(&listener, cpu);

		if (!l->faults)
			continue;
		pr_err(TAG "FAIL: CPU %u, %u faults, the first: %s%u is 0x%llx, not 0x%llx\n", cpu,
		       l->faults, l->what, l->which, l->got, l->want);
		l->faults = 0;
		err = -EIO;
	}
	return err;
}

static void look_at_status(void *wanted_status)
{
	long want = (long)wanted_status, status = sdei_call(CALL_STATUS, EVENT, 0);

	if (status != want)
		blame(this_cpu_ptr(&listener), "EVENT_STATUS, event ", EVENT, status, want);
}

void expect_status(long status)
{
	on_each_cpu(look_at_status, (void *)status, 1);
}

static void note_mpidr(void *unused)
{
	this_cpu_ptr(&listener)->mpidr = read_cpuid_mpidr() & MPIDR_HWID_BITMASK;
}

static int run_test(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(tests); i++) {
		int err, fault;

		if (!sysfs_streq(tests[i].name, name))
			continue;
		expect_status(STATUS_REGISTERED | STATUS_ENABLED);
		err = tests[i].run();
		expect_status(STATUS_REGISTERED | STATUS_ENABLED);
		fault = report_faults();
		if (err || fault)
			pr_err(TAG "FAIL: %s\n", tests[i].name);
		else
			pr_info(TAG "%s passed\n", tests[i].name);
		return err ?: fault;
	}
	return -EINVAL;
}

static int set_run(const char *value, const struct kernel_param *param)
{
	if (loaded)
		return run_test(value);
	return strscpy(to_run, value, sizeof(to_run)) < 0 ? -EINVAL : 0;
}

static const struct kernel_param_ops run_ops = {.set = set_run};
module_param_cb(run, &run_ops, NULL, 0200);
module_param(rounds, uint, 0644);

static void unregister_event(void)
{
	sdei_driver_end(EVENT);
	expect_status(0);
}

/* Nobody before us has left anything, and the dispatcher is the one that we think it is. */
static int look_around(void)
{
	struct listener *l = per_cpu_ptr(&listener, 0);
	u64 version = sdei_call(CALL_VERSION, 0, 0);
	u64 ours = 1ull << 48 | 1ull << 32 | TOCSIN_SDEI_VENDOR;

	if (nr_cpu_ids > MAX_CPUS)
		return -E2BIG;
	if (version != ours)
		blame(l, "VERSION", 0, version, ours);
	on_each_cpu(note_mpidr, NULL, 1);
	expect_status(0);
	pr_info(TAG "version 0x%llx, features 0x%lx\n", version, sdei_call(CALL_FEATURES, 0, 0));
	return report_faults();
}

static int __init sdei_test_init(void)
{
	int err = look_around();

	if (!err)
		err = sdei_driver_find();
	if (!err)
		err = sdei_driver_begin(EVENT, on_event, &listener);
	if (err) {
		pr_err(TAG "FAIL: cannot begin: %d\n", err);
		return err;
	}
	expect_status(STATUS_REGISTERED | STATUS_ENABLED);
	err = report_faults();
	pr_info(TAG "event %d registered on %u CPUs\n", EVENT, num_online_cpus());
	if (!err && to_run[0])
		err = run_test(to_run);
	if (err) {
		test_rest();
		unregister_event();
	}
	loaded = !err;
	return err;
}

static void __exit sdei_test_exit(void)
{
	test_rest();
	unregister_event();
	if (!report_faults())
		pr_info(TAG "event %d unregistered\n", EVENT);
}

module_init(sdei_test_init);
module_exit(sdei_test_exit);
MODULE_LICENSE("GPL v2");
MODULE_DESCRIPTION("SDEI event 0 through Linux's own driver");
