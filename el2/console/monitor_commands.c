/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's commands. Each runs in pieces and remembers in its struct job where it
 * is; what it shows of partitions that run may have changed between two lines.
 */
#include "monitor.h"
#include <arch/esr.h>
#include <drivers/log.h>
#include <drivers/timer.h>
#include <el2/channel.h>
#include <el2/partition.h>
#include <el2/report.h>
#include <el2/terminal.h>
#include <lib/string.h>

#define WALK_ENTRIES 24 /* in one piece: about 4000 instructions */

static bool run_help(struct job *j)
{
	const struct command *c = &monitor_commands[j->step++];

	static const char *const arguments[] = {"", " NAME", " NAME [VCPU]", " lines|focus",
						" [NAME]"};

	monitor_print("%s%s: %s", c->name, arguments[c->argument], c->help);
	return !c[1].name;
}

static bool run_quit(struct job *j)
{
	struct partition *p = terminal_focus();

	if (p)
		terminal_set_focus(p);
	else
		monitor_print("there is no console to go back to");
	return true;
}

static bool run_focus(struct job *j)
{
	if (j->p->uart.partition)
		terminal_set_focus(j->p);
	else
		monitor_print("%s has no console", j->p->config->name);
	return true;
}

static bool run_console(struct job *j)
{
	terminal_set_mode((enum terminal_mode)j->at);
	return true;
}

/* ---- what there is ---- */

static const char *const states[] = {"stopped", "loading", "running", "stopping"};

static const char *activity(const struct vcpu *v)
{
	u8 power = atomic_load(&v->power);

	if (power != POWER_ON)
		return power == POWER_OFF ? "off" : "starting";
	if (atomic_load(&v->paging.absent))
		return "waiting for a page";
	if (atomic_load(&v->waiting))
		return "waiting";
	return atomic_load(&v->cpu->current) == v ? "on its CPU" : "ready";
}

static void print_exits(const struct vcpu *v)
{
	const u64 *by = v->exits;
	u64 memory = by[EC_IABT_LOWER] + by[EC_DABT_LOWER], all = 0;

	for (u32 ec = 0; ec < ARRAY_SIZE(v->exits); ec++)
		all += by[ec];
	monitor_print("    exits %lu: WFI %lu, HVC %lu, SMC %lu, registers %lu, memory %lu, "
		      "interrupts %lu (calls %u)",
		      all, by[EC_WFX], by[EC_HVC64], by[EC_SMC64], by[EC_SYSREG], memory,
		      by[EXIT_IRQ], v->kicks);
}

static void print_vcpu(const struct vcpu *v)
{
	const struct schedule *s = &v->cpu->schedule;
	u64 ms =
	    schedule_ran(s, &s->entries[v->sched_slot], timer_now()) / (timer_frequency() / 1000);

	monitor_print("  vCPU %u on cpu%u: %s, %lu.%03lu s", v->index, v->cpu->index, activity(v),
		      ms / 1000, ms % 1000);
}

/* at: how many partitions are done; step: 0 for a partition's line, else two for each vCPU. */
static bool run_status(struct job *j)
{
	struct partition *p = j->p ? j->p : &partitions[j->at];

	if (j->at == (j->p ? 1 : nr_partitions))
		return true;
	if (!j->step) {
		monitor_print("%lu %s: %s, %u vCPUs%s%s", p - partitions, p->config->name,
			      states[atomic_load(&p->state)], p->nr_vcpus,
			      p == terminal_focus() ? ", console" : "",
			      p->crash.happened ? ", has crashed" : "");
		j->step = 1;
	} else if (j->step <= 2 * p->nr_vcpus) {
		const struct vcpu *v = &p->vcpus[(j->step - 1) / 2];

		if (j->step++ % 2)
			print_vcpu(v);
		else
			print_exits(v);
	} else {
		j->step = 0;
		j->at++;
	}
	return false;
}

static void print_frames(const struct partition *p)
{
	const struct paged *g = &p->paging->paged;
	const struct paged_counts *c = &g->counts;

	monitor_print("%s: %u of %u pages resident, %u on their way", p->config->name,
		      paged_nr_resident(g), g->config.nr_pages, paged_nr_loading(g));
	monitor_print("  filled %lu, loaded %lu, ahead %lu, lost %lu, evicted %lu, %lu of them "
		      "zero; used again %lu",
		      c->filled, c->loaded, c->ahead, c->lost, c->evicted, c->evicted_zero,
		      c->aged);
}

static void print_pager(const struct partition *p)
{
	const struct pager *g = &p->paging->pager;
	const struct pager_counts *c = &g->counts;

	monitor_print("  pager %s: %s, %u requests open; loads %lu, evictions %lu, drops %lu",
		      p->config->paging->pager->peer,
		      g->store.dead ? "does not answer"
		      : g->session  ? "heard"
				    : "not heard yet",
		      g->config.slots - numbers_left(&g->free), c->loads, c->evicts, c->drops);
	monitor_print("    hellos %lu, rescued %lu, failed %lu, late %lu, strange %lu", c->hellos,
		      c->rescued, c->failed, c->late, c->strange);
}

static void print_waits(const struct vcpu *v)
{
	const struct paging_counts *w = &v->paging.counts;
	const struct apf_counts *c = &v->apf->counts;

	monitor_print("  vCPU %u: waited for EL0 %lu, EL1 %lu, at most %lu us", v->index, w->el0,
		      w->el1, w->longest * 1000000 / timer_frequency());
	monitor_print("    told %lu, accepted %lu, declined %lu, cancelled %lu, early %lu, ready "
		      "%lu, at the limit %lu",
		      c->notified, c->accepted, c->declined, c->cancelled, c->early, c->ready,
		      c->limit);
}

/* at: the next vCPU. */
static bool run_paging(struct job *j)
{
	if (!j->p->paging) {
		monitor_print("%s: all of its memory is resident", j->p->config->name);
		return true;
	}
	if (!j->step++)
		print_frames(j->p);
	else if (j->step == 2 && j->p->config->paging->pager)
		print_pager(j->p);
	else
		print_waits(&j->p->vcpus[j->at++]);
	return j->at == j->p->nr_vcpus;
}

static bool run_regs(struct job *j)
{
	const struct regs *r = &j->v->regs;
	u32 i = 4 * (j->step - 1);

	if (j->step == 0)
		monitor_print("%s, vCPU %u, %s; as of its last exit: pc 0x%lx, pstate 0x%lx",
			      j->p->config->name, j->v->index, activity(j->v), r->pc, r->pstate);
	else
		monitor_print("  x%-2u 0x%016lx 0x%016lx 0x%016lx 0x%016lx", i, r->x[i],
			      r->x[i + 1], r->x[i + 2], i + 3 < 31 ? r->x[i + 3] : 0);
	return ++j->step > 8;
}

static void print_stretch(const struct partition *p, const struct stretch *s)
{
	u64 last = s->ipa + s->size - 1;

	if (s->kind == STAGE2_PAGED)
		monitor_print("  0x%012lx-0x%012lx absent pages", s->ipa, last);
	else if (s->kind == STAGE2_MMIO)
		monitor_print("  0x%012lx-0x%012lx emulated: %s", s->ipa, last,
			      s->value < p->nr_mmio ? p->mmio[s->value].name : "?");
	else
		monitor_print("  0x%012lx-0x%012lx at 0x%012lx: %s", s->ipa, last, s->value,
			      s->kind == STAGE2_MEMORY ? "memory, rwx, write-back"
						       : "device, rw, nGnRE");
}

static bool run_stage2(struct job *j)
{
	u32 budget = WALK_ENTRIES;
	struct stretch s;

	if (!j->step++) {
		monitor_print("%s: VMID %u, %u bits", j->p->config->name, j->p->stage2.vmid,
			      j->p->stage2.table.address_bits);
		walk_begin(&j->walk, j->p);
	}
	switch (walk_next(&j->walk, &s, &budget)) {
	case WALK_FOUND:
		print_stretch(j->p, &s);
		return false;
	case WALK_PAUSE:
		return false;
	default:
		return true;
	}
}

static void print_breach(const struct breach *b)
{
	monitor_print("  0x%lx, 0x%lx bytes, %s has at 0x%lx: %s%s", b->pa, b->size,
		      b->p->config->name, b->ipa, b->other ? "so has " : b->what,
		      b->other ? b->other->config->name : "");
}

static bool run_audit(struct job *j)
{
	struct audit *a = &j->audit;

	if (!j->step++)
		audit_begin(a);
	switch (audit_step(a, WALK_ENTRIES)) {
	case AUDIT_BREACH:
		print_breach(&a->breach);
		return false;
	case AUDIT_PAUSE:
		return false;
	default:
		monitor_print("%u stretches of %u partitions, %u breaches", a->nr_stretches,
			      nr_partitions, a->nr_breaches);
		return true;
	}
}

/* ---- what there was ---- */

/* Prints a line of text, or as much as fits; returns how much that was. */
static u32 print_line(const char *text, u32 n)
{
	const char *end = memchr(text, '\n', n);
	u32 len = end ? (u32)(end - text) : n;
	u32 shown = len && text[len - 1] == '\r' ? len - 1 : len;

	monitor_print("| %.*s", (int)shown, text);
	return end ? len + 1 : len;
}

static bool run_output(struct job *j)
{
	char text[128];
	u32 at = (u32)j->at;
	u32 n;

	if (!j->step++)
		at = 0; /* or the oldest there is */
	n = terminal_history(j->p, &at, text, sizeof(text));
	if (!n)
		return true;
	j->at = at - n + print_line(text, n);
	return false;
}

static bool run_log(struct job *j)
{
	u64 end = atomic_load(&log_ring.position);
	u64 oldest = end - MIN(end, LOG_RING_SIZE);
	char text[128];
	u32 n;

	j->at = MAX(j->at, oldest);
	for (n = 0; n < sizeof(text) && j->at + n < end; n++)
		text[n] = log_ring.text[(j->at + n) % LOG_RING_SIZE];
	if (!n)
		return true;
	j->at += print_line(text, n);
	return false;
}

static bool run_crash(struct job *j)
{
	if (!j->p->crash.happened) {
		monitor_print("%s has not crashed", j->p->config->name);
		return true;
	}
	return !report_line(j->p, j->step++, monitor_print);
}

/* ---- life ---- */

static bool run_start(struct job *j)
{
	if (!partition_start(j->p))
		monitor_print("%s is not stopped", j->p->config->name);
	return true;
}

/* At any step of its start or its end. */
static bool run_stop(struct job *j)
{
	if (atomic_load_acquire(&j->p->state) == PARTITION_STOPPED)
		monitor_print("%s is stopped", j->p->config->name);
	else
		(void)partition_stop(j->p, STOP_MONITOR);
	return true;
}

static bool run_restart(struct job *j)
{
	if (!partition_start(j->p)) {
		(void)partition_stop(j->p, STOP_RESTART);
		(void)partition_start(j->p); /* it has just stopped by itself */
	}
	return true;
}

const struct command monitor_commands[] = {
    {"help", ARG_NONE, run_help, "this list"},
    {"status", ARG_ANY, run_status, "partitions and vCPUs"},
    {"focus", ARG_PARTITION, run_focus, "ends the monitor, that partition has the input"},
    {"console", ARG_MODE, run_console, "show everybody's lines, or the focus only"},
    {"output", ARG_PARTITION, run_output, "what it printed last"},
    {"regs", ARG_VCPU, run_regs, "registers as the last exit saved them"},
    {"stage2", ARG_PARTITION, run_stage2, "what its addresses are"},
    {"paging", ARG_PARTITION, run_paging, "its absent pages"},
    {"audit", ARG_NONE, run_audit, "prove that no page has two owners"},
    {"log", ARG_NONE, run_log, "Tocsin's own messages"},
    {"crash", ARG_PARTITION, run_crash, "the report of its last fault"},
    {"start", ARG_PARTITION, run_start, "if it is stopped"},
    {"stop", ARG_PARTITION, run_stop, "until start"},
    {"restart", ARG_PARTITION, run_restart, "stop, then start"},
    {"quit", ARG_NONE, run_quit, "back to the consoles"},
    {0},
};
