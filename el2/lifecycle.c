/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition's stages: stopped, loading, running, stopping. Loading is done in
 * steps by the first vCPU's CPU; stopping ends when each vCPU has served its
 * REQ_STOP on its own CPU. Lock: the partition's, for state and stop_reason.
 */
#include <arch/barrier.h>
#include <arch/io.h>
#include <drivers/console.h>
#include <drivers/log.h>
#include <drivers/psci.h>
#include <drivers/timer.h>
#include <el2/channel.h>
#include <el2/partition.h>
#include <el2/pvtime.h>
#include <el2/terminal.h>
#include <el2/vsdei.h>
#include <lib/check.h>
#include <lib/string.h>
#include <mm/cache.h>
#include <mm/stage1.h>

/* Copying and cache maintenance of so much take about 5000 instructions, to move on the
 * window in EL2's map that it lies in as many. */
#define LOAD_STEP KIB(16)
#define LOAD_WINDOW KIB(128)
#define LARGE_WINDOW MIB(2) /* one entry, where memory is aligned to that */

enum partition_end partition_end = END_OFF;

/* A partition that was not restarted ended by a fault: what the machine does at the end
 * is partition_end. */
static bool any_fault;

static const char *const endings[] = {
    [STOP_OFF] = "powered off",
    [STOP_RESET] = "reset",
    [STOP_FAULT] = "stopped after a fault",
    [STOP_WATCHDOG] = "stopped by its watchdog",
    [STOP_ORDER] = "stopped",
    [STOP_MONITOR] = "stopped from the monitor",
};

void partition_start(struct partition *p)
{
	for (u32 i = 0; i < p->nr_vcpus; i++) {
		atomic_andnot(&p->vcpus[i].requests, REQ_START | REQ_STOP);
		atomic_store(&p->vcpus[i].power, POWER_OFF);
	}
	pvtime_reset(p);
	p->nr_on = 0;
	p->load_index = 0;
	p->load_done = 0;
	atomic_store_release(&p->state, PARTITION_LOADING);
	vcpu_request(&p->vcpus[0], REQ_LOAD);
}

/* Complete. It may have been told to stop since its last step. */
static void run(struct partition *p)
{
	struct vcpu *first = &p->vcpus[0];
	bool go;

	lock_take(&p->lock);
	go = p->state == PARTITION_LOADING;
	if (go)
		p->state = PARTITION_RUNNING;
	lock_drop(&p->lock);
	if (!go) {
		partition_stopped(p);
		return;
	}
	cache_forget_instructions();
	vgic_forget_spis(p);
	channel_started(p); /* a pager's offer is as it should be before it looks */
	first->entry = p->config->entry;
	first->context = p->config->entry_x0;
	p->nr_on = 1;
	atomic_store_release(&first->power, POWER_ON_PENDING);
	vcpu_request(first, REQ_START);
	log_info("partition %s: %u vCPUs, entry 0x%lx", p->config->name, p->nr_vcpus,
		 p->config->entry);
}

/* Guest memory is in EL2's map only while it is written. */
static void close_window(struct partition *p)
{
	struct range old = p->load_window;

	p->load_window.size = 0;
	/* What is mapped by whole pages needs no new table. */
	CHECK(!old.size || stage1_unmap(old) == OK);
}

/* What begins at from, before end. ERR_NO_MEMORY: nothing of it is mapped. */
static enum err open_window(struct partition *p, u64 from, u64 end)
{
	u64 span = IS_ALIGNED(from, LARGE_WINDOW) && end - from >= LARGE_WINDOW ? LARGE_WINDOW
										: LOAD_WINDOW;
	struct range window = {from, MIN(ALIGN_DOWN(from, span) + span, end) - from};
	enum err err;

	close_window(p);
	err = stage1_map(window, STAGE1_DATA);
	p->load_window = window;
	if (err)
		close_window(p);
	return err;
}

/* One step within s, which is not complete yet: to move the window, or to fill some. */
static enum err copy_step(struct partition *p, const struct load_segment *s)
{
	u64 done = p->load_done, at = s->to + done;
	u64 n = MIN(LOAD_STEP, p->load_window.base + p->load_window.size - at);

	if (!range_contains(p->load_window, (struct range){at, 1}))
		return open_window(p, at, s->to + s->size + s->fill);
	if (done < s->size) {
		n = MIN(n, s->size - done);
		memcpy((void *)at, (const void *)(s->from + done), n);
	} else {
		memset((void *)at, 0, n);
	}
	cache_hand_to_guest((const void *)at, n);
	p->load_done += n;
	if (p->load_done == s->size + s->fill) {
		p->load_index++;
		p->load_done = 0;
	}
	return OK;
}

/* It cannot be loaded, and ends as after a fault; unless it has been told to stop. */
static void give_up(struct partition *p, u64 at)
{
	log_error("partition %s: loading: no page left of Tocsin's memory for a map of 0x%lx",
		  p->config->name, at);
	lock_take(&p->lock);
	if (p->state == PARTITION_LOADING)
		p->stop_reason = STOP_FAULT;
	lock_drop(&p->lock);
	partition_stopped(p);
}

/* The pages of paged memory come when they are touched: only where from is written. */
static bool is_loaded(const struct partition *p)
{
	return p->paging ? paging_is_reset(p, p->load_done) : p->load_index == p->config->nr_load;
}

static enum err load_more(struct partition *p)
{
	if (!p->paging)
		return copy_step(p, &p->config->load[p->load_index]);
	paging_reset_step(p, &p->load_done);
	return OK;
}

bool partition_load_step(struct partition *p)
{
	bool loading = atomic_load(&p->state) == PARTITION_LOADING;

	if (loading && !is_loaded(p)) {
		if (!load_more(p))
			return false;
		give_up(p, p->config->load[p->load_index].to + p->load_done);
		return true;
	}
	close_window(p);
	if (loading)
		run(p);
	else
		partition_stopped(p);
	return true;
}

bool partition_stop(struct partition *p, enum stop_reason reason)
{
	bool counts = true;

	/* The requests are set under the lock: whoever comes second finds its own. */
	lock_take(&p->lock);
	if (p->state == PARTITION_RUNNING) {
		p->stop_reason = reason;
		if (reason == STOP_WATCHDOG)
			p->crash.happened = false; /* report_watchdog() */
		atomic_store(&p->nr_stopping, p->nr_vcpus);
		atomic_store_release(&p->state, PARTITION_STOPPING);
		for (u32 i = 0; i < p->nr_vcpus; i++)
			vcpu_request(&p->vcpus[i], REQ_STOP);
	} else if (p->state == PARTITION_LOADING) {
		/* Its next step, which comes at once, is the last. */
		p->stop_reason = reason;
		p->not_before = 0;
		atomic_store_release(&p->state, PARTITION_STOPPING);
		vcpu_request(&p->vcpus[0], REQ_LOAD);
	} else {
		counts = false;
	}
	lock_drop(&p->lock);
	return counts;
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
	terminal_flush();
	if (end == END_OFF)
		psci_system_off();
	else if (end == END_RESET)
		psci_system_reset();
	log_info("halted");
	console_flush();
}

/* How many milliseconds before the next restart: doubled each time, at most a day. */
static u64 backoff_ms(const struct partition *p)
{
	return MIN((u64)p->config->restart_backoff_ms << MIN(p->restarts, 16U), 24UL * 3600 * 1000);
}

static bool is_fault(enum stop_reason reason)
{
	return reason == STOP_FAULT || reason == STOP_WATCHDOG;
}

/* Restarts p if that is its policy, and the limit not reached. */
static bool restarted(struct partition *p, enum stop_reason reason)
{
	const struct partition_config *c = p->config;
	u8 action = is_fault(reason) ? c->on_fault : c->on_off;
	u64 wait;

	if (reason == STOP_RESET) {
		log_info("partition %s: reset", c->name);
		partition_start(p);
		return true;
	}
	if (reason == STOP_ORDER || reason == STOP_MONITOR || action != ACTION_RESTART)
		return false;
	if (c->restart_limit && p->restarts == c->restart_limit) {
		log_info("partition %s: %u restarts are its limit", c->name, p->restarts);
		return false;
	}
	wait = backoff_ms(p);
	p->not_before = timer_now() + wait * timer_frequency() / 1000;
	p->restarts++;
	log_info("partition %s: %s, restart %u in %lu ms", c->name, endings[reason], p->restarts,
		 wait);
	partition_start(p);
	return true;
}

static void stop_others(const struct partition *p)
{
	for (u32 i = 0; i < nr_partitions; i++)
		if (&partitions[i] != p)
			partition_stop(&partitions[i], STOP_ORDER);
}

/* Devices that boot code knows how to silence get no further, neither by DMA nor by an
 * interrupt, before anything else of the partition is looked at. */
static void quiesce(const struct partition_config *c)
{
	for (u32 i = 0; i < c->nr_quiesce; i++) {
		const struct quiesce_write *w = &c->quiesce[i];

		if (w->width == 4)
			io_write32(w->pa, w->value);
		else if (w->width == 2)
			io_write16(w->pa, (u16)w->value);
		else
			io_write8(w->pa, (u8)w->value);
	}
	dsb(sy);
}

void partition_stopped(struct partition *p)
{
	enum stop_reason reason = p->stop_reason;
	const struct partition_config *c = p->config;

	quiesce(c);
	vwatchdog_reset(p);
	vsdei_reset(p);
	vgic_reset(p);
	stage2_forget(&p->stage2);
	channel_stopped(p);
	if (c->uart.size)
		vpl011_init(&p->uart, p, c->uart_intid);
	terminal_close(p);
	atomic_store_release(&p->state, PARTITION_STOPPED);
	if (restarted(p, reason))
		return;
	log_info("partition %s: %s", c->name, endings[reason]);
	if ((is_fault(reason) && c->on_fault == ACTION_STOP_ALL) ||
	    (reason == STOP_OFF && c->on_off == ACTION_STOP_ALL))
		stop_others(p);
	if (is_fault(reason))
		any_fault = true;
	if (reason != STOP_MONITOR && !any_running())
		end_machine(any_fault ? partition_end : END_OFF);
}
