/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the machine's partitions from its configuration or, without one, from its modules. */
#pragma once

#include <boot/config.h>
#include <boot/layout_channel.h>
#include <boot/ranges.h>

/* Makes all partitions that it can, and logs a message for each other one. Stops the boot if there
 * is none. The page pool is ready, and all CPUs are up. */
void partitions_make(void);

/*
 * Makes the partition of s, which is not broken, with memory out of free. Returns an error after a
 * message; then free, boot's memory, EL2's map and the page pool are as they were before.
 */
enum err partitions_make_one(struct partition_spec *s, const struct layout_channels *channels,
			     struct ranges *free) MUST_CHECK;
