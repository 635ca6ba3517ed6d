/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of boot. Boot code itself is given back here, so nothing in this file may
 * return to it. No lock: only the boot CPU does anything, before others go on.
 */
#include <arch/barrier.h>
#include <drivers/log.h>
#include <el2/handover.h>
#include <el2/sched.h>
#include <lib/atomic.h>
#include <lib/check.h>
#include <mm/pages.h>
#include <mm/stage1.h>

static u32 over; /* the CPUs may schedule */

void handover_join(struct cpu *cpu)
{
	atomic_store_release(&cpu->online, true);
	while (!atomic_load_acquire(&over))
		__asm__ volatile("wfe");
	sched_start(cpu);
}

void handover(struct cpu *cpu, const struct range *ranges, u32 nr)
{
	u64 size = 0;

	for (u32 i = 0; i < nr; i++) {
		struct range r = ranges[i];

		/* Page by page invalid, forgotten by all CPUs, then data (mm/pgtable.c). */
		CHECK(stage1_map(r, STAGE1_DATA) == OK);
		pages_give(r);
		size += r.size;
	}
	if (size)
		log_info("boot is over: %lu KiB given back", size >> 10);
	atomic_store_release(&over, 1);
	dsb(ish);
	__asm__ volatile("sev");
	sched_start(cpu);
}
