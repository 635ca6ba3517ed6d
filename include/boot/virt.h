/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions with memory of their own: what they see is the platform of QEMU's virt
 * machine (interrupt controller, PL011, RAM from 1 GiB), whatever the machine is.
 */
#pragma once

#include <boot/config.h>
#include <boot/plan.h>

/* Takes memory for s, and for its tree (plan->tree, to be mapped for writing before
 * virt_plan()), out of free; fills in plan. Errors after a sentence: ERR_NO_MEMORY, ERR_UNSUPPORTED
 * (direct-map). */
enum err virt_reserve(struct plan *plan, const struct partition_spec *s, const struct machine *m,
		      struct ranges *free) MUST_CHECK;

/* Plans the loading of s, whose kernel is mapped. Errors after a sentence: ERR_FORMAT
 * (the kernel), ERR_RANGE (something does not fit), ERR_NO_MEMORY. */
enum err virt_plan(struct plan *plan, const struct partition_spec *s,
		   const struct machine *m) MUST_CHECK;

/* Bytes that virt_tree_write() needs at most. */
u32 virt_tree_room(u32 nr_vcpus, const char *bootargs);

/* As guest_tree_write(); there is no source. */
enum err virt_tree_write(const struct guest_tree *g, const void *source, void *to, u32 room,
			 u32 *size) MUST_CHECK;
