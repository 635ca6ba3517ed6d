/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's partitions, made of its configuration or, without one, of its modules. */
#pragma once

#include <boot/config.h>
#include <boot/layout_channel.h>
#include <boot/ranges.h>

/* Makes all partitions that can be; the others after a sentence each. Stops after one if
 * there is none. The page pool is there, and all CPUs that there will be are up. */
void partitions_make(void);

/*
 * Makes the partition of s, which is not broken, with memory out of free. Or an error after a
 * sentence, and then free, boot's memory, EL2's map and page pool are as they were before.
 */
enum err partitions_make_one(struct partition_spec *s, const struct layout_channels *channels,
			     struct ranges *free) MUST_CHECK;
