/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fault reports. A report is recorded at once and printed line by line, so that it blocks neither
 * the CPU nor the console.
 */
#include <arch/esr.h>
#include <arch/sysreg.h>
#include <drivers/log.h>
#include <drivers/timer.h>
#include <el2/abort.h>
#include <el2/cpu_timer.h>
#include <el2/esr.h>
#include <el2/partition.h>
#include <el2/report.h>

#define REPORT_LAST 11 /* line */

static const char *kind_name(const struct partition *p, const struct stage2_entry *e)
{
	switch (e->kind) {
	case STAGE2_MEMORY:
		return "memory";
	case STAGE2_DEVICE:
		return "device";
	case STAGE2_PAGED:
		return "absent page";
	case STAGE2_MMIO:
		return e->value < p->nr_mmio ? p->mmio[e->value].name : "emulated";
	default:
		return "nothing";
	}
}

static const char *access_name(u64 esr)
{
	return ESR_EC(esr) == EC_IABT_LOWER ? "fetch" : esr & ESR_ABT_WNR ? "write" : "read";
}

static bool is_abort(u64 esr)
{
	return ESR_EC(esr) == EC_IABT_LOWER || ESR_EC(esr) == EC_DABT_LOWER;
}

/* HPFAR_EL2 holds an address for translation faults only. */
static bool has_ipa(u64 esr)
{
	return is_abort(esr) && FSC_TYPE(ESR_ABT_FSC(esr)) == FSC_TRANSLATION;
}

static void print_registers(const struct regs *r, u32 i, print_fn *print)
{
	print("  x%-2u 0x%016lx 0x%016lx 0x%016lx 0x%016lx", i, r->x[i], r->x[i + 1], r->x[i + 2],
	      i + 3 < 31 ? r->x[i + 3] : 0);
}

bool report_line(const struct partition *p, u32 line, print_fn *print)
{
	const struct crash *c = &p->crash;

	if (line == 0)
		print("partition %s, vCPU %u stopped: %s at pc 0x%lx, pstate 0x%lx, esr 0x%lx",
		      p->config->name, c->vcpu,
		      c->watchdog ? "watchdog expired" : esr_class_name(ESR_EC(c->esr)), c->regs.pc,
		      c->regs.pstate, c->esr);
	else if (line == 1 && is_abort(c->esr))
		print("  %s, level %lu, %s%s: far 0x%lx", fault_status_name(ESR_ABT_FSC(c->esr)),
		      c->esr & 3, c->esr & ESR_ABT_S1PTW ? "walking stage 1, " : "",
		      access_name(c->esr), c->far);
	else if (line == 2 && has_ipa(c->esr))
		print("  ipa 0x%lx; stage 2, vmid %u: level %d entry 0x%lx: %s", c->ipa,
		      p->stage2.vmid, c->at_ipa.level, c->at_ipa.raw, kind_name(p, &c->at_ipa));
	else if (line >= 3 && line < REPORT_LAST)
		print_registers(&c->regs, 4 * (line - 3), print);
	else if (line == REPORT_LAST)
		print("  vbar_el1 0x%lx, elr_el1 0x%lx, esr_el1 0x%lx, far_el1 0x%lx", c->vbar,
		      c->elr, c->esr_el1, c->far_el1);
	return line < REPORT_LAST;
}

/* A line each so often. */
#define LINE_SHIFT 10 /* 1/1024 s */

static void print_soon(void)
{
	u64 now = timer_now();

	cpu_timer_at(CPU_TIMER_REPORT, now + (timer_frequency() >> LINE_SHIFT), now);
}

/* The report is written down; the vCPU that it is about is not counted off yet. */
static void have_printed(struct partition *p)
{
	atomic_add(&p->nr_stopping, 1);
	print_soon();
}

void report_fault(const struct vcpu *v, u64 esr)
{
	struct partition *p = v->partition;
	struct crash *c = &p->crash;

	*c = (struct crash){.happened = true,
			    .vcpu = v->index,
			    .regs = v->regs,
			    .esr = esr,
			    .far = v->far,
			    .vbar = read_sysreg(VBAR_EL1),
			    .elr = read_sysreg(ELR_EL1),
			    .esr_el1 = read_sysreg(ESR_EL1),
			    .far_el1 = read_sysreg(FAR_EL1),
			    .reporter = v->cpu};
	if (has_ipa(esr)) {
		c->ipa = abort_ipa(v);
		c->at_ipa = stage2_lookup(&p->stage2, c->ipa);
	}
	have_printed(p);
}

static void print_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vline(LOG_ERROR, format, args);
	va_end(args);
}

void report_timer(struct partition *p, u64 now)
{
	struct crash *c = &p->crash;

	if (atomic_load(&c->reporter) != this_cpu())
		return;
	if (c->line <= REPORT_LAST) {
		if (partition_may_log(p))
			(void)report_line(p, c->line, print_error);
		c->line++;
		print_soon();
		return;
	}
	c->reporter = NULL;
	partition_counted_off(p);
}

/* Where a vCPU's registers are when it does not run on. */
#define EL1(v, loaded, name) ((loaded) ? read_sysreg(name) : (v)->el1[EL1_##name])

void report_watchdog(const struct vcpu *v)
{
	bool loaded = v->cpu->current == v;
	struct partition *p = v->partition;
	struct crash *c = &p->crash;

	if (atomic_swap(&c->happened, true)) {
		partition_log(p, LOG_ERROR, "vCPU %u was at pc 0x%lx, pstate 0x%lx", v->index,
			      v->regs.pc, v->regs.pstate);
		return;
	}
	*c = (struct crash){.happened = true,
			    .watchdog = true,
			    .vcpu = v->index,
			    .regs = v->regs,
			    .vbar = EL1(v, loaded, VBAR_EL1),
			    .elr = EL1(v, loaded, ELR_EL1),
			    .esr_el1 = EL1(v, loaded, ESR_EL1),
			    .far_el1 = EL1(v, loaded, FAR_EL1),
			    .reporter = v->cpu};
	have_printed(p);
}
