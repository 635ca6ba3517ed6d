/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition's life: stopped, loading, running, stopping. Every change of state is made under the
 * partition's lock, and one that ends and will start again goes from stopping to loading: it is
 * stopped only when it stays so.
 *
 * Loading and ending are tables of stages, each done in bounded steps by the CPU of the first
 * vCPU, in that vCPU's turn. So a partition that comes and goes takes its own time, and not that
 * of others.
 */
#include <arch/barrier.h>
#include <arch/io.h>
#include <drivers/console.h>
#include <drivers/log.h>
#include <drivers/psci.h>
#include <drivers/timer.h>
#include <el2/channel.h>
#include <el2/cpu_timer.h>
#include <el2/partition.h>
#include <el2/pvtime.h>
#include <el2/terminal.h>
#include <el2/vsdei.h>

/* The number of items that one step handles. */
#define STEP_VCPUS 16
#define STEP_WRITES 64
#define STEP_PARTITIONS 16

/* No partition starts again more often. */
#define LEAST_BACKOFF_MS 5

enum partition_end partition_end = END_OFF;

/* Partitions that are not stopped; atomic. The machine ends with the last of them. */
static u32 nr_alive;

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
    [STOP_RESTART] = "restarted from the monitor",
};

/* A part of a partition's start or end. A step of it, which begins with *next and leaves there
 * where the next one begins; true: that was the last. */
typedef bool stage_fn(struct partition *p, u32 *next);

/* ---- beginnings of stages; under the partition's lock ---- */

/* The first vCPU's CPU does the steps, from then on. A step that it is doing now no longer
 * counts. */
static void begin_stages(struct partition *p, u64 then)
{
	p->stages_begun++;
	p->stage = 0;
	p->stage_next = 0;
	p->not_before = then;
	vcpu_request(&p->vcpus[0], REQ_STEP);
}

static void begin_loading(struct partition *p, u64 then)
{
	p->order = STOP_NOTHING;
	p->nr_on = 0;
	p->load_index = 0;
	p->load_done = 0;
	atomic_store_release(&p->state, PARTITION_LOADING);
	begin_stages(p, then);
}

bool partition_start(struct partition *p)
{
	bool starts;

	lock_acquire(&p->lock);
	starts = p->state == PARTITION_STOPPED;
	if (starts) {
		atomic_add(&nr_alive, 1);
		begin_loading(p, 0);
	}
	lock_release(&p->lock);
	return starts;
}

/* ---- stopping ---- */

/* Every vCPU is asked to stop by this CPU, a few at a time; the one that runs here, if it is
 * of p, before it could go on. */
static void begin_halting(struct partition *p)
{
	struct vcpu *here = this_cpu()->current;
	u64 now = timer_now();

	p->stages_begun++; /* the step that has just made it run does not continue with a step of
			      its end */
	atomic_store(&p->nr_stopping, p->nr_vcpus + 1);
	p->asked = here && here->partition == p ? here : NULL;
	if (p->asked)
		atomic_or(&p->asked->requests, REQ_STOP);
	p->stop_next = 0;
	atomic_store_release(&p->stopper, this_cpu());
	cpu_timer_at(CPU_TIMER_PARTITION, now, now);
}

static bool is_order(enum stop_reason reason)
{
	return reason == STOP_ORDER || reason == STOP_MONITOR || reason == STOP_RESTART;
}

bool partition_stop(struct partition *p, enum stop_reason reason)
{
	bool counts;
	u32 was;

	lock_acquire(&p->lock);
	was = p->state;
	counts = was == PARTITION_RUNNING || was == PARTITION_LOADING;
	if (counts) {
		p->stop_reason = reason;
		atomic_store_release(&p->state, PARTITION_STOPPING);
	}
	/* The order counts at any step of the partition's end. */
	if (was != PARTITION_STOPPED && is_order(reason))
		p->order = reason;
	if (counts && reason == STOP_WATCHDOG)
		p->crash.happened = false; /* report_watchdog() */
	if (was == PARTITION_RUNNING)
		begin_halting(p);
	else if (was == PARTITION_LOADING)
		begin_stages(p, 0); /* no vCPU is on */
	lock_release(&p->lock);
	return counts;
}

void partition_counted_off(struct partition *p)
{
	if (atomic_sub(&p->nr_stopping, 1) != 1)
		return;
	lock_acquire(&p->lock);
	begin_stages(p, 0);
	lock_release(&p->lock);
}

void partition_timer(struct partition *p, u64 now)
{
	u32 end;

	if (atomic_load(&p->stopper) != this_cpu())
		return;
	end = MIN(p->stop_next + STEP_VCPUS, p->nr_vcpus);
	for (; p->stop_next < end; p->stop_next++)
		if (&p->vcpus[p->stop_next] != p->asked)
			vcpu_request(&p->vcpus[p->stop_next], REQ_STOP);
	if (end < p->nr_vcpus) {
		cpu_timer_at(CPU_TIMER_PARTITION, now, now);
		return;
	}
	p->stopper = NULL;
	partition_counted_off(p);
}

/* ---- the stages of a start ---- */

/* One that cannot be loaded ends as after a fault. */
static bool load(struct partition *p, u32 *next)
{
	bool complete;

	if (!loading_step(p, &complete))
		return complete;
	partition_log(p, LOG_ERROR, "loading: no page left of Tocsin's memory for a map of 0x%lx",
		      p->config->load[p->load_index].to + p->load_done);
	(void)partition_stop(p, STOP_FAULT);
	return false;
}

/* Clears what devices have made pending since the partition ended. */
static bool forget_spis(struct partition *p, u32 *next)
{
	vgic_forget_spis(p);
	return true;
}

/* A pager's offer is valid before the pager reads it. */
static bool announce(struct partition *p, u32 *next)
{
	return channel_started(p, next);
}

/* Unless the partition has been told to stop since the last step. */
static bool run(struct partition *p, u32 *next)
{
	struct vcpu *first = &p->vcpus[0];
	bool runs;

	pvtime_reset(first); /* it has waited for its turns to load */
	lock_acquire(&p->lock);
	runs = p->state == PARTITION_LOADING;
	if (runs) {
		first->entry = p->config->entry;
		first->context = p->config->entry_x0;
		p->nr_on = 1;
		atomic_store_release(&first->power, POWER_ON_PENDING);
		atomic_store_release(&p->state, PARTITION_RUNNING);
		vcpu_request(first, REQ_START);
	}
	lock_release(&p->lock);
	if (runs)
		partition_log(p, LOG_INFO, "%u vCPUs, entry 0x%lx", p->nr_vcpus, p->config->entry);
	return true;
}

/* ---- the stages of an end ---- */

/* Stops the devices that boot code knows how to silence, so that they neither do DMA nor
 * interrupt, before any other part of the partition is reset. */
static bool quiesce(struct partition *p, u32 *next)
{
	const struct partition_config *c = p->config;
	u32 end = MIN(*next + STEP_WRITES, c->nr_quiesce);

	for (; *next < end; (*next)++) {
		const struct quiesce_write *w = &c->quiesce[*next];

		if (w->width == 4)
			io_write32(w->pa, w->value);
		else if (w->width == 2)
			io_write16(w->pa, (u16)w->value);
		else
			io_write8(w->pa, (u8)w->value);
	}
	dsb(sy);
	return end == c->nr_quiesce;
}

/* What there is one of. */
static bool reset_devices(struct partition *p, u32 *next)
{
	loading_close(p);
	vwatchdog_reset(p);
	stage2_flush_tlb(&p->stage2);
	if (p->config->uart.size)
		vpl011_init(&p->uart, p, p->config->uart_intid);
	terminal_close(p);
	return true;
}

/* Before interrupts are reset: a bell that rings no more pends none. */
static bool withdraw(struct partition *p, u32 *next)
{
	return channel_stopped(p, next);
}

static bool reset_vcpus(struct partition *p, u32 *next)
{
	u32 end = MIN(*next + STEP_VCPUS, p->nr_vcpus);

	for (; *next < end; (*next)++) {
		vcpu_forget(&p->vcpus[*next]);
		pvtime_reset(&p->vcpus[*next]);
	}
	return end == p->nr_vcpus;
}

static bool reset_events(struct partition *p, u32 *next)
{
	return vsdei_reset(p, next);
}

static bool reset_interrupts(struct partition *p, u32 *next)
{
	return vgic_reset(p, next);
}

static bool is_fault(enum stop_reason reason)
{
	return reason == STOP_FAULT || reason == STOP_WATCHDOG;
}

/* A safety policy: what p's end means for all others. */
static bool stop_others(struct partition *p, u32 *next)
{
	const struct partition_config *c = p->config;
	u32 end = MIN(*next + STEP_PARTITIONS, nr_partitions);

	if (!(is_fault(p->stop_reason) && c->on_fault == ACTION_STOP_ALL) &&
	    !(p->stop_reason == STOP_OFF && c->on_off == ACTION_STOP_ALL))
		return true;
	for (; *next < end; (*next)++)
		if (&partitions[*next] != p)
			(void)partition_stop(&partitions[*next], STOP_ORDER);
	return end == nr_partitions;
}

/* ---- the end of the end: again, or not ---- */

/* Milliseconds to wait before a restart after nr earlier ones: doubled each time, at most a day. */
static u64 backoff_ms(const struct partition *p, u32 nr)
{
	u64 first = MAX(p->config->restart_backoff_ms, LEAST_BACKOFF_MS);

	return MIN(first << MIN(nr, 16U), 24UL * 3600 * 1000);
}

static u64 ticks(u64 ms)
{
	return ms * timer_frequency() / 1000;
}

/* SYSTEM_RESET is at once, but one within the back-off of the last restart waits as after a
 * crash. */
static u64 reset_wait_ms(struct partition *p, u64 now)
{
	u64 wait = 0;

	if (p->again_at && now - p->again_at < ticks(backoff_ms(p, 0)))
		wait = backoff_ms(p, p->resets++);
	else
		p->resets = 0;
	return wait;
}

/* Does p start again, and after how many milliseconds? */
static bool starts_again(struct partition *p, u64 now, u64 *wait_ms)
{
	const struct partition_config *c = p->config;
	u8 action = is_fault(p->stop_reason) ? c->on_fault : c->on_off;

	*wait_ms = 0;
	if (p->order)
		return p->order == STOP_RESTART;
	if (p->stop_reason == STOP_RESET)
		*wait_ms = reset_wait_ms(p, now);
	else if (action != ACTION_RESTART || (c->restart_limit && p->restarts == c->restart_limit))
		return false;
	else
		*wait_ms = backoff_ms(p, p->restarts++);
	p->again_at = now + ticks(*wait_ms);
	return true;
}

static void tell_restart(struct partition *p, enum stop_reason reason, u64 wait_ms)
{
	if (!wait_ms)
		partition_log(p, LOG_INFO, "%s", endings[reason]);
	else if (reason == STOP_RESET)
		partition_log(p, LOG_INFO, "reset, starts in %lu ms", wait_ms);
	else
		partition_log(p, LOG_INFO, "%s, restart %u in %lu ms", endings[reason], p->restarts,
			      wait_ms);
}

static void tell_end(struct partition *p, enum stop_reason reason, enum stop_reason order)
{
	const struct partition_config *c = p->config;
	u8 action = is_fault(reason) ? c->on_fault : c->on_off;

	if (!order && action == ACTION_RESTART)
		partition_log(p, LOG_INFO, "%u restarts are its limit", p->restarts);
	partition_log(p, LOG_INFO, "%s", endings[reason]);
	if (order && order != reason)
		partition_log(p, LOG_INFO, "%s", endings[order]);
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

/* p is stopped. The user at the monitor, having stopped it, may want to start it again. */
static void gone(struct partition *p, enum stop_reason reason, enum stop_reason order)
{
	bool last;

	if (is_fault(reason))
		any_fault = true;
	tell_end(p, reason, order);
	last = atomic_sub(&nr_alive, 1) == 1;
	if (last && order != STOP_MONITOR)
		end_machine(any_fault ? partition_end : END_OFF);
}

/* An order that comes before this counts; after it, it finds the partition stopped or loading. */
static bool conclude(struct partition *p, u32 *next)
{
	enum stop_reason reason, order;
	u64 now = timer_now(), wait_ms;
	bool again;

	lock_acquire(&p->lock);
	reason = p->stop_reason;
	order = p->order;
	again = starts_again(p, now, &wait_ms);
	if (again)
		begin_loading(p, now + ticks(wait_ms));
	else
		atomic_store_release(&p->state, PARTITION_STOPPED);
	lock_release(&p->lock);
	if (again)
		tell_restart(p, order == STOP_RESTART ? STOP_RESTART : reason, wait_ms);
	else
		gone(p, reason, order);
	return true;
}

/* ---- all of it ---- */

static stage_fn *const start_stages[] = {load, forget_spis, announce, run};
static stage_fn *const end_stages[] = {quiesce,      reset_devices,    withdraw,    reset_vcpus,
				       reset_events, reset_interrupts, stop_others, conclude};

static bool is_changing(const struct partition *p)
{
	return p->state == PARTITION_LOADING || p->state == PARTITION_STOPPING;
}

/* The last stage of each table changes the state. */
bool partition_step(struct partition *p)
{
	stage_fn *const *stages;
	bool complete, goes_on;
	u32 begun, next;

	lock_acquire(&p->lock);
	stages = (p->state == PARTITION_LOADING ? start_stages : end_stages) + p->stage;
	begun = p->stages_begun;
	next = p->stage_next;
	lock_release(&p->lock);

	complete = (*stages)(p, &next);

	lock_acquire(&p->lock);
	goes_on = begun == p->stages_begun && is_changing(p);
	if (goes_on) {
		p->stage += complete;
		p->stage_next = complete ? 0 : next;
	}
	lock_release(&p->lock);
	return !goes_on;
}
