// SPDX-License-Identifier: GPL-2.0-only
/* A kprobe knows where any function is: the one that knows all others, too. */
#include "sdei_driver.h"

#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/sched.h>

struct sdei_driver sdei_driver;

static const struct {
	const char *name;
	void *to;
} wanted[] = {
    {"sdei_event_register", &sdei_driver.event_register},
    {"sdei_event_unregister", &sdei_driver.event_unregister},
    {"sdei_event_enable", &sdei_driver.event_enable},
    {"sdei_event_disable", &sdei_driver.event_disable},
};

int sdei_driver_find(void)
{
	struct kprobe probe = {.symbol_name = "kallsyms_lookup_name"};
	unsigned long (*lookup)(const char *name);
	int err = register_kprobe(&probe);

	if (err)
		return err;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++) {
		unsigned long address = lookup(wanted[i].name);

		if (!address)
			return -ENOENT;
		*(unsigned long *)wanted[i].to = address;
	}
	return 0;
}

/*
 * The driver's list of events and what is registered on a CPU that comes or goes meanwhile may
 * differ: then the event could never be registered again. Such a CPU has to wait.
 */

static void disable_and_unregister(u32 event)
{
	sdei_driver.event_disable(event);
	while (sdei_driver.event_unregister(event) == -EINPROGRESS)
		cond_resched();
}

static int register_and_enable(u32 event, sdei_event_callback *callback, void *arg)
{
	int err = sdei_driver.event_register(event, callback, arg);

	if (err)
		return err;
	err = sdei_driver.event_enable(event);
	if (err)
		disable_and_unregister(event);
	return err;
}

int sdei_driver_begin(u32 event, sdei_event_callback *callback, void *arg)
{
	int err;

	cpu_hotplug_disable();
	err = register_and_enable(event, callback, arg);
	cpu_hotplug_enable();
	return err;
}

void sdei_driver_end(u32 event)
{
	cpu_hotplug_disable();
	disable_and_unregister(event);
	cpu_hotplug_enable();
}
