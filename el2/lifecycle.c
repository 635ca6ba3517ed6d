/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition's stages: stopped, loading, running, stopping. Loading is done in
 * steps by the first vCPU's CPU; stopping ends when each vCPU has served its
 * REQ_STOP on its own CPU. Lock: the partition's, for state and stop_reason.
 */
#include <drivers/console.h>
#include <drivers/log.h>
#include <drivers/psci.h>
#include <el2/partition.h>
#include <el2/vsdei.h>
#include <lib/string.h>
#include <mm/cache.h>
#include <mm/stage1.h>

/* Mapping, copying and cache maintenance of so much take about 18 000 instructions. */
#define LOAD_STEP KIB(64)

enum partition_end partition_end = END_OFF;

void partition_start(struct partition *p)
{
	for (u32 i = 0; i < p->nr_vcpus; i++) {
		atomic_andnot(&p->vcpus[i].requests, REQ_START | REQ_STOP);
		atomic_store(&p->vcpus[i].power, POWER_OFF);
	}
	p->nr_on = 0;
	p->load_index = 0;
	p->load_done = 0;
	atomic_store_release(&p->state, PARTITION_LOADING);
	vcpu_request(&p->vcpus[0], REQ_LOAD);
}

static void run(struct partition *p)
{
	struct vcpu *first = &p->vcpus[0];

	first->entry = p->config->entry;
	first->context = p->config->entry_x0;
	p->nr_on = 1;
	atomic_store(&first->power, POWER_ON_PENDING);
	atomic_store_release(&p->state, PARTITION_RUNNING);
	vcpu_request(first, REQ_START);
	log_info("partition %s: %u vCPUs, entry 0x%lx", p->config->name, p->nr_vcpus,
		 p->config->entry);
}

/* Guest memory and retained images are in EL2's map only while they are copied. */
static enum err copy_step(const struct load_segment *s, u64 done, u64 n)
{
	struct range from = {s->from + done, n}, to = {s->to + done, n};
	bool copy = done < s->size;
	enum err err = copy ? stage1_map(from, STAGE1_RODATA) : OK;

	if (!err)
		err = stage1_map(to, STAGE1_DATA);
	if (err)
		return err;
	if (copy)
		memcpy((void *)to.base, (const void *)from.base, n);
	else
		memset((void *)to.base, 0, n);
	cache_hand_to_guest((const void *)to.base, n);
	err = stage1_unmap(to);
	return err ?: copy ? stage1_unmap(from) : OK;
}

bool partition_load_step(struct partition *p)
{
	const struct load_segment *s = &p->config->load[p->load_index];
	u64 done = p->load_done;
	u64 n;

	if (p->load_index == p->config->nr_load) {
		run(p);
		return true;
	}
	n = MIN(LOAD_STEP, (done < s->size ? s->size : s->size + s->fill) - done);
	if (copy_step(s, done, n) != OK) {
		log_error("partition %s: no memory for a map of its image at 0x%lx",
			  p->config->name, s->to + done);
		p->stop_reason = STOP_FAULT;
		partition_stopped(p);
		return true;
	}
	p->load_done = done + n;
	if (p->load_done == s->size + s->fill) {
		p->load_index++;
		p->load_done = 0;
	}
	return false;
}

void partition_stop(struct partition *p, enum stop_reason reason)
{
	/* The requests are set under the lock: whoever comes second finds its own. */
	lock_take(&p->lock);
	if (p->state == PARTITION_RUNNING) {
		p->stop_reason = reason;
		atomic_store(&p->nr_stopping, p->nr_vcpus);
		atomic_store_release(&p->state, PARTITION_STOPPING);
		for (u32 i = 0; i < p->nr_vcpus; i++)
			vcpu_request(&p->vcpus[i], REQ_STOP);
	}
	lock_drop(&p->lock);
}

static bool any_running(void)
{
	for (u32 i = 0; i < nr_partitions; i++)
		if (atomic_load(&partitions[i].state) != PARTITION_STOPPED)
			return true;
	return false;
}

/* Ends the machine's run, as far as its firmware is willing. */
static void end_machine(enum partition_end end)
{
	console_flush();
	if (end == END_OFF)
		psci_system_off();
	else if (end == END_RESET)
		psci_system_reset();
	log_info("halted");
	console_flush();
}

void partition_stopped(struct partition *p)
{
	enum stop_reason reason = p->stop_reason;

	vsdei_reset(p);
	vgic_reset(p);
	stage2_forget(&p->stage2);
	if (p->config->uart.size)
		vpl011_init(&p->uart, p, p->config->uart_intid);
	atomic_store_release(&p->state, PARTITION_STOPPED);
	if (reason == STOP_RESET) {
		log_info("partition %s: reset", p->config->name);
		partition_start(p);
		return;
	}
	log_info("partition %s: %s", p->config->name,
		 reason == STOP_OFF ? "powered off" : "stopped after a fault");
	if (!any_running())
		end_machine(reason == STOP_OFF ? END_OFF : partition_end);
}
