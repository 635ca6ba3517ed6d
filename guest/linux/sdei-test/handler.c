// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handler of event 0: what it was told of the interrupted context must be what was there, and
 * what the dispatcher says of it. It runs like an NMI: it only notes what is wrong.
 */
#include "sdei_test.h"

#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/panic.h>
#include <linux/ptrace.h>

#define CONTEXT_REGISTERS 18

/* guest/linux/spin has these in x0 to x28, always. */
#define SPIN_PATTERN(i) (0x5de1ull << 48 | (i))

DEFINE_PER_CPU(struct listener, listener);
enum handler_end handler_end;

void blame(struct listener *l, const char *what, unsigned int which, u64 got, u64 want)
{
	if (l->faults++)
		return;
	l->what = what;
	l->which = which;
	l->got = got;
	l->want = want;
}

static void compare(struct listener *l, const char *what, unsigned int which, u64 got, u64 want)
{
	if (got != want)
		blame(l, what, which, got, want);
}

/* Linux has x4 to x17 from the registers that its handler was entered with. */
static void compare_context(struct listener *l, const struct pt_regs *regs)
{
	for (unsigned int i = 0; i < CONTEXT_REGISTERS; i++)
		compare(l, "EVENT_CONTEXT of x", i, regs->regs[i], sdei_call(CALL_CONTEXT, i, 0));
	compare(l, "EVENT_CONTEXT beyond", 18, sdei_call(CALL_CONTEXT, 18, 0), -2);
}

static void compare_planted(struct listener *l, const struct pt_regs *regs)
{
	const u64 *in = l->planted;
	bool signalled = regs->pc == (u64)plant_signalled;
	bool spinning = regs->pc >= (u64)plant_spinning && regs->pc < (u64)plant_spun;

	if (!in || !(signalled || spinning)) {
		if (l->must_be_planted)
			blame(l, "interrupted elsewhere", 0, regs->pc, (u64)plant_signalled);
		return;
	}
	l->on_planted++;
	compare(l, "planted x", 0, regs->regs[0], signalled ? 0 : in[0]);
	for (unsigned int i = 1; i < NR_PLANTED; i++)
		compare(l, "planted x", i, regs->regs[i], in[i]);
	compare(l, "planted NZCV", 0, regs->pstate & 0xf0000000, PLANTED_FLAGS);
	compare(l, "interrupted mode", 0, regs->pstate & PSR_MODE_MASK, PSR_MODE_EL1h);
	if (l->must_be_planted)
		compare(l, "PSTATE.I", 0, regs->pstate & PSR_I_BIT, PSR_I_BIT);
}

static void compare_user(struct listener *l, const struct pt_regs *regs)
{
	if (regs->regs[28] != SPIN_PATTERN(28))
		return;
	l->in_user++;
	for (unsigned int i = 0; i < NR_PLANTED; i++)
		compare(l, "user's x", i, regs->regs[i], SPIN_PATTERN(i));
}

int on_event(u32 event, struct pt_regs *regs, void *arg)
{
	struct listener *l = this_cpu_ptr(&listener);

	l->runs++;
	compare(l, "event", 0, event, EVENT);
	compare(l, "argument", 0, (u64)arg, (u64)&listener);
	compare(l, "EVENT_STATUS in the handler", 0, sdei_call(CALL_STATUS, EVENT, 0),
		STATUS_REGISTERED | STATUS_ENABLED | STATUS_RUNNING);
	compare_context(l, regs);
	if (user_mode(regs))
		compare_user(l, regs);
	else
		compare_planted(l, regs);
	for (unsigned int i = 0; i < nr_cpu_ids; i++)
		WRITE_ONCE(l->heard[i], READ_ONCE(l->mail[i]));
	if (handler_end == END_IN_PANIC)
		panic(TAG "in the handler");
	return handler_end == END_FAILING ? -EIO : 0;
}
