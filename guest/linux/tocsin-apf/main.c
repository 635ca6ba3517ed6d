// SPDX-License-Identifier: GPL-2.0-only
/*
 * Async page-not-present for an unmodified kernel (docs/async-page-fault.md): a task that touches
 * a page which Tocsin has to fetch sleeps, and another one runs. Loading turns it on for all
 * CPUs; the parameter "enabled" turns it off and on again. It goes off before a kernel is
 * replaced, for Tocsin writes into the control blocks.
 */
#include "sdei_driver.h"
#include "tocsin_apf.h"

#include <abi/tocsin.h>
#include <linux/arm-smccc.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_irq.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>

DEFINE_PER_CPU(struct apf_cpu, apf_cpu);
struct apf_info apf_info;

static int irq, hotplug_state;
static bool enabled = true;

/* Whether CPUs may be on at all: false before all is ready, and when all ends. */
static bool usable;
/* Held by who turns all CPUs on or off. */
static DEFINE_MUTEX(turning);

static long call(u32 id, u64 x1, struct arm_smccc_res *r)
{
	arm_smccc_1_1_invoke(id, x1, 0, r);
	return (long)r->a0;
}

/* ---- notices and tokens ---- */

static int on_event(u32 event, struct pt_regs *regs, void *arg)
{
	struct apf_cpu *c = this_cpu_ptr(&apf_cpu);
	struct tocsin_apf_notice *notice = c->block;

	c->stats.delivered++;
	if (user_mode(regs) && c->on && sleep_later(c, READ_ONCE(notice->token))) {
		c->stats.accepted++;
		smp_store_release(&notice->reply, TOCSIN_APF_ACCEPT);
	} else {
		c->stats.declined++;
	}
	return 0;
}
NOKPROBE_SYMBOL(on_event);

static irqreturn_t on_ready(int number, void *arg)
{
	struct apf_cpu *c = arg;
	struct tocsin_apf_consumed *consumed = c->block + apf_info.area;
	struct tocsin_apf_ring *ring = c->block + 2 * apf_info.area;
	u32 at;

	if (!c->on)
		return IRQ_HANDLED;
	for (at = consumed->index; at != smp_load_acquire(&ring->produced); at++) {
		u32 token = READ_ONCE(ring->token[at & (apf_info.entries - 1)]);

		if (token == TOCSIN_APF_ALL)
			sleep_ready_all(c);
		else
			sleep_ready(c, token);
		smp_store_release(&consumed->index, at + 1);
	}
	return IRQ_HANDLED;
}

/* ---- on and off, on the CPU itself ---- */

/* A kernel before this one may have left it on: its crash kernel runs now. */
static void cpu_on(void *unused)
{
	struct apf_cpu *c = this_cpu_ptr(&apf_cpu);
	struct arm_smccc_res r;

	if (c->on)
		return;
	if (!call(TOCSIN_APF_DISABLE, 0, &r))
		pr_info(TAG "CPU %u: left on by a kernel before\n", smp_processor_id());
	if (call(TOCSIN_APF_ENABLE, virt_to_phys(c->block), &r))
		pr_err(TAG "CPU %u: not enabled: %ld\n", smp_processor_id(), (long)r.a0);
	else
		c->on = true;
}

/* False: it was off. What is in the ring, and what never will be, is woken by the caller. */
static bool cpu_disable(struct apf_cpu *c)
{
	struct arm_smccc_res r;

	if (!c->on)
		return false;
	c->on = false;
	if (!call(TOCSIN_APF_DISABLE, 0, &r))
		c->stats.dropped += r.a1;
	return true;
}

static void cpu_off(void *unused)
{
	struct apf_cpu *c = this_cpu_ptr(&apf_cpu);

	if (cpu_disable(c))
		sleep_ready_all(c);
}

static int cpu_comes(unsigned int cpu)
{
	unsigned long flags;

	enable_percpu_irq(irq, IRQ_TYPE_EDGE_RISING);
	local_irq_save(flags);
	stats_cpu_comes(this_cpu_ptr(&apf_cpu));
	if (READ_ONCE(usable) && READ_ONCE(enabled))
		cpu_on(NULL);
	local_irq_restore(flags);
	return 0;
}

static int cpu_goes(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	cpu_off(NULL);
	stats_cpu_goes(this_cpu_ptr(&apf_cpu));
	local_irq_restore(flags);
	disable_percpu_irq(irq);
	return 0;
}

/* A CPU that comes up or goes down meanwhile does so before or after. */
static int set_enabled(const char *value, const struct kernel_param *p)
{
	int err;

	mutex_lock(&turning);
	cpus_read_lock();
	err = param_set_bool(value, p);
	if (!err && usable)
		on_each_cpu(enabled ? cpu_on : cpu_off, NULL, 1);
	cpus_read_unlock();
	mutex_unlock(&turning);
	return err;
}
static const struct kernel_param_ops enabled_ops = {.set = set_enabled, .get = param_get_bool};
module_param_cb(enabled, &enabled_ops, &enabled, 0644);
MODULE_PARM_DESC(enabled, "tell tasks to sleep for absent pages");

/* For good: nobody turns it on again. */
static void all_off(void)
{
	mutex_lock(&turning);
	cpus_read_lock();
	usable = false;
	on_each_cpu(cpu_off, NULL, 1);
	cpus_read_unlock();
	mutex_unlock(&turning);
}

static int on_reboot(struct notifier_block *n, unsigned long how, void *arg)
{
	all_off();
	return NOTIFY_DONE;
}

/* The other CPUs are stopping, and cannot be asked; nobody is woken, for whoever panics may hold
 * any lock. */
static int on_panic(struct notifier_block *n, unsigned long how, void *arg)
{
	cpu_disable(this_cpu_ptr(&apf_cpu));
	return NOTIFY_DONE;
}
static struct notifier_block reboot_block = {.notifier_call = on_reboot};
static struct notifier_block panic_block = {.notifier_call = on_panic};

/* ---- loading ---- */

static int discover(void)
{
	struct arm_smccc_res r;
	struct device_node *node;

	arm_smccc_1_1_invoke(ARM_SMCCC_VENDOR_HYP_CALL_UID_FUNC_ID, &r);
	if (r.a0 != TOCSIN_UID_0 || r.a1 != TOCSIN_UID_1 || r.a2 != TOCSIN_UID_2 ||
	    r.a3 != TOCSIN_UID_3 || call(TOCSIN_APF_INFO, 0, &r))
		return -ENODEV;
	if ((u32)r.a1 >> 16 != TOCSIN_APF_VERSION >> 16)
		return -ENODEV;
	apf_info = (struct apf_info){r.a1 >> 32, (u32)r.a2, r.a2 >> 32, (u32)r.a3};
	node = of_find_compatible_node(NULL, NULL, "tocsin,async-page-fault");
	irq = node ? of_irq_get(node, 0) : -ENODEV;
	of_node_put(node);
	return irq > 0 ? 0 : -ENODEV;
}

static void free_blocks(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) free_pages((unsigned long)per_cpu_ptr(&apf_cpu, cpu)->block,
					      get_order(4 * apf_info.area));
}

static int make_blocks(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
	{
		struct apf_cpu *c = per_cpu_ptr(&apf_cpu, cpu);

		c->block =
		    (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, get_order(4 * apf_info.area));
		if (!c->block || sleep_begin(c))
			return -ENOMEM;
	}
	return 0;
}

static int begin_cpus(void)
{
	int err = request_percpu_irq(irq, on_ready, "tocsin-apf", &apf_cpu);

	if (err)
		return err;
	mutex_lock(&turning);
	usable = true;
	hotplug_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "tocsin-apf", cpu_comes, cpu_goes);
	if (hotplug_state < 0)
		usable = false;
	mutex_unlock(&turning);
	if (hotplug_state < 0)
		free_percpu_irq(irq, &apf_cpu);
	return hotplug_state < 0 ? hotplug_state : 0;
}

static int begin(void)
{
	int err = make_blocks() ?: sdei_driver_begin(apf_info.event, on_event, NULL);

	if (!err) {
		err = begin_cpus();
		if (err)
			sdei_driver_end(apf_info.event);
	}
	if (err) {
		sleep_over();
		free_blocks();
	}
	return err;
}

static int __init apf_begin(void)
{
	int err = discover() ?: sdei_driver_find() ?: begin();

	if (err) {
		pr_err(TAG "not loaded: %d\n", err);
		return err;
	}
	register_reboot_notifier(&reboot_block);
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	stats_begin();
	pr_info(TAG "event 0x%x, interrupt %d, %u tokens a CPU\n", apf_info.event, irq,
		apf_info.limit);
	return 0;
}

static void __exit apf_end(void)
{
	stats_end();
	all_off();
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	unregister_reboot_notifier(&reboot_block);
	cpuhp_remove_state(hotplug_state);
	sdei_driver_end(apf_info.event);
	free_percpu_irq(irq, &apf_cpu);
	sleep_over();
	free_blocks();
}

module_init(apf_begin);
module_exit(apf_end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tasks sleep for pages that Tocsin has to fetch");
