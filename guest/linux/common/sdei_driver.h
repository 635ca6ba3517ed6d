/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's SDEI driver, which exports nothing; part of each module that uses it. */
#pragma once

#include <linux/arm_sdei.h>
#include <linux/types.h>

struct sdei_driver {
	int (*event_register)(u32 event, sdei_event_callback *callback, void *arg);
	int (*event_unregister)(u32 event);
	int (*event_enable)(u32 event);
	int (*event_disable)(u32 event);
};
extern struct sdei_driver sdei_driver;

/* Fills sdei_driver; 0 or an error of errno.h. Process context. */
int sdei_driver_find(void);

/*
 * Registers and enables event, or leaves nothing; disables and unregisters it, so that nobody runs
 * its handler any more. Process context; CPU hotplug is refused meanwhile.
 */
int sdei_driver_begin(u32 event, sdei_event_callback *callback, void *arg);
void sdei_driver_end(u32 event);
