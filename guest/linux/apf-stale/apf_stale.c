// SPDX-License-Identifier: GPL-2.0-only
/*
 * While it is loaded, tocsin-apf hears once more of the last token that was ready on a CPU
 * whenever a task is about to sleep there. Tocsin makes up no stale tokens, so kprobes have to.
 * Says at the end how many.
 */
#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>

#define TAG "apf-stale: "

/* The last call of sleep_ready(c, token) on this CPU. */
struct last {
	void *c;
	u32 token; /* 0: there was none */
};
static DEFINE_PER_CPU(struct last, last);
static atomic_t told;

/* Not for a call from below: kprobes do not nest. */
static int on_ready(struct kprobe *probe, struct pt_regs *regs)
{
	*this_cpu_ptr(&last) = (struct last){(void *)regs->regs[0], (u32)regs->regs[1]};
	return 0;
}
static struct kprobe ready = {.symbol_name = "tocsin_apf:sleep_ready", .pre_handler = on_ready};

/* Interrupts are masked, as sleep_ready() wants it. */
static int on_sleep(struct kprobe *probe, struct pt_regs *regs)
{
	void (*sleep_ready)(void *c, u32 token) = (void *)ready.addr;
	const struct last *l = this_cpu_ptr(&last);

	if (l->token) {
		atomic_inc(&told);
		sleep_ready(l->c, l->token);
	}
	return 0;
}
static struct kprobe sleep = {.symbol_name = "tocsin_apf:sleep_now", .pre_handler = on_sleep};
static struct kprobe *probes[] = {&ready, &sleep};

static int __init stale_begin(void)
{
	return register_kprobes(probes, ARRAY_SIZE(probes));
}

static void __exit stale_end(void)
{
	unregister_kprobes(probes, ARRAY_SIZE(probes));
	pr_info(TAG "%d stale tokens\n", atomic_read(&told));
}

module_init(stale_begin);
module_exit(stale_end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Makes up stale tokens for tocsin-apf");
