/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tocsin's own bugs end here: other CPUs stopped, registers and a backtrace on
 * the console and in the log ring, then what the command line asks for. Only the
 * first CPU to panic reports; a second one stops silently behind it.
 */
#include <arch/barrier.h>
#include <arch/esr.h>
#include <drivers/console.h>
#include <drivers/gic.h>
#include <drivers/log.h>
#include <drivers/psci.h>
#include <drivers/uart.h>
#include <el2/cpu.h>
#include <el2/esr.h>
#include <el2/panic.h>
#include <lib/atomic.h>
#include <lib/check.h>
#include <lib/fmt.h>
#include <lib/string.h>
#include <mm/stage1.h>

#define BACKTRACE_DEPTH 24
#define BEGIN_STACK 2048 /* at least what begin() and its callees use: tests/check/panic-stack */

extern const char image_start[], image_end[];

enum panic_end panic_end = PANIC_HALT;

static u32 panicking; /* 1 + index of the CPU that reports */
static bool ending;   /* its report is over */

_Noreturn static void stop_here(void)
{
	for (;;)
		wfi();
}

void panic_join(void)
{
	if (atomic_load(&panicking))
		stop_here();
}

static bool in_image(u64 addr)
{
	return addr >= (u64)image_start && addr < (u64)image_end;
}

/* Addresses in the image are given from its start, as make addr2line wants them. */
static void log_address(const char *what, u64 addr)
{
	if (in_image(addr))
		log_error("  %s tocsin+0x%lx", what, addr - (u64)image_start);
	else
		log_error("  %s 0x%lx", what, addr);
}

/* Frame records (AAPCS64 6.4.6); every word is looked up before it is read. */
static void backtrace(u64 frame)
{
	for (int i = 0; i < BACKTRACE_DEPTH; i++) {
		const u64 *record = (const u64 *)frame;

		if (!IS_ALIGNED(frame, 8) || !stage1_mapped((struct range){frame, 16}))
			return;
		if (!record[1])
			return;
		log_address("from", record[1]);
		if (record[0] <= frame)
			return;
		frame = record[0];
	}
}

void earlycon_map(void)
{
	for (u32 i = 0;; i++) {
		struct range r = earlycon_candidate(i);

		if (!r.size || (!stage1_mapped(r) && stage1_map(r, STAGE1_DEVICE) != OK))
			return;
	}
}

/* A panic before the device tree named a console: try the UARTs that are known.
 * Their probes fault where there is none, on what is left of the panic stack. */
static void find_console(void)
{
	struct uart u;

	earlycon_map();
	if (earlycon_find(&u))
		console_init(&u);
}

_Noreturn static void end(void)
{
	ending = true;
	console_flush();
	if (panic_end == PANIC_OFF)
		psci_system_off();
	else if (panic_end == PANIC_RESET)
		psci_system_reset();
	stop_here();
}

static void begin(void)
{
	u32 none = 0;
	u32 me = this_cpu()->index;

	/* From here on exceptions of our own must not start on top of us. */
	this_cpu()->panic_stack_top = ALIGN_DOWN((u64)__builtin_frame_address(0) - BEGIN_STACK, 16);

	if (!__atomic_compare_exchange_n(&panicking, &none, me + 1, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		/* A fault during the report: ends at once with what was printed so far. */
		if (none == me + 1 && !ending)
			end();
		stop_here();
	}
	log_enter_panic();
	if (!console_present())
		find_console();
	for (u32 i = 0; i < nr_cpus; i++)
		if (i != me && cpus[i].online)
			gic_send_sgi(SGI_STOP, i, cpus[i].mpidr);
}

static void describe(const struct el2_frame *f, enum el2_exception_kind kind)
{
	static const char *const kinds[] = {"synchronous exception", "IRQ", "FIQ", "SError"};
	u32 ec = ESR_EC(f->esr);

	if (kind == EL2_SYNC && ec == EC_BRK64 && ESR_IMM16(f->esr) == CHECK_BRK)
		log_error("panic on cpu%u: CHECK(%s) failed at %s:%lu", this_cpu()->index,
			  (const char *)f->x[0], (const char *)f->x[1], f->x[2]);
	else
		log_error("panic on cpu%u: %s in EL2: %s, esr 0x%lx, far 0x%lx%s%s",
			  this_cpu()->index, kinds[kind], esr_class_name(ec), f->esr, f->far,
			  ec == EC_DABT_SAME || ec == EC_IABT_SAME ? ", " : "",
			  ec == EC_DABT_SAME || ec == EC_IABT_SAME
			      ? fault_status_name(ESR_ABT_FSC(f->esr))
			      : "");
	log_address("pc", f->elr);
	log_error("  sp 0x%lx, spsr 0x%lx", f->sp, f->spsr);
	for (u32 i = 0; i < 31; i += 4)
		log_error("  x%-2u 0x%016lx 0x%016lx 0x%016lx 0x%016lx", i, f->x[i], f->x[i + 1],
			  f->x[i + 2], i + 3 < 31 ? f->x[i + 3] : 0);
}

u64 panic_drain_serror(void)
{
	struct cpu *cpu = this_cpu();

	cpu->drained = 0;
	atomic_store(&cpu->draining, true);
	__asm__ volatile("msr daifclr, #4\n\tisb\n\tmsr daifset, #4" ::: "memory");
	atomic_store(&cpu->draining, false);
	return atomic_load(&cpu->drained);
}

void el2_exception(struct el2_frame *f, enum el2_exception_kind kind)
{
	if (kind == EL2_SERROR && atomic_load(&this_cpu()->draining)) {
		atomic_store(&this_cpu()->drained, f->esr);
		return;
	}
	if (kind == EL2_SYNC && f->elr == (u64)probe_insn) {
		f->elr = (u64)probe_fixup;
		f->x[0] = 0;
		return;
	}
	begin();
	describe(f, kind);
	log_address("from", f->x[30]);
	backtrace(f->x[29]);
	end();
}

void panic(const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	fmt_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	begin();
	log_error("panic on cpu%u: %s", this_cpu()->index, text);
	backtrace((u64)__builtin_frame_address(0));
	end();
}
