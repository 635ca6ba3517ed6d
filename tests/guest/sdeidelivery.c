/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler finds, register by register, and what COMPLETE gives back. */
#include "sdei.h"

#define FLAGS 0x90000000UL /* N and V */
#define SGI 3

static u64 contexts[SDEI_CONTEXT_REGISTERS];

static void hook_contexts(struct sdei_entry *e)
{
	(void)e;
	for (u32 i = 0; i < ARRAY_SIZE(contexts); i++)
		contexts[i] = (u64)sdei_context(i);
}

/* Interrupts a program after its call; as which is in *before. */
static struct program interrupted(u64 pstate, struct program *before)
{
	struct program p = sdei_program(pstate);

	*before = p;
	program_run(&p);
	EXPECT_EQ(sdei_runs(), 1);
	return p;
}

static void self_signal(void)
{
	struct program before, after;

	sdei_ready(E0);
	sdei_hook = hook_contexts;
	after = interrupted(PSTATE_EL1H | FLAGS, &before);
	EXPECT_EQ(sdei_last()->x[2], before.pc + 4);
	EXPECT_EQ(contexts[0], 0);
	sdei_program_ended(&before, &after);
}

static void arguments(void)
{
	struct program before;

	sdei_ready(E0);
	interrupted(PSTATE_EL1H | FLAGS | PSTATE_A, &before);
	EXPECT_EQ(sdei_last()->x[0], E0);
	EXPECT_EQ(sdei_last()->x[1], sdei_argument(E0));
	EXPECT_EQ(sdei_last()->x[2], before.pc + 4);
	EXPECT_EQ(sdei_last()->x[3], before.pstate);
}

/* x4 to x30 and the stack pointers are those of the interrupted program. */
static void other_registers(void)
{
	struct program before, after;

	sdei_ready(E0);
	after = interrupted(PSTATE_EL1H, &before);
	for (u32 i = 4; i < 31; i++)
		EXPECT(sdei_last()->x[i] == before.x[i], "x%u is 0x%lx, not 0x%lx", i,
		       sdei_last()->x[i], before.x[i]);
	EXPECT_EQ(sdei_last()->sp, after.sp_el1);
	EXPECT_EQ(sdei_last()->sp_el0, before.sp_el0);
}

static void context_calls(void)
{
	struct program before;

	sdei_ready(E0);
	sdei_hook = hook_contexts;
	interrupted(PSTATE_EL1H, &before);
	EXPECT_EQ(contexts[0], 0);
	for (u32 i = 1; i < ARRAY_SIZE(contexts); i++)
		EXPECT(contexts[i] == before.x[i], "x%u is 0x%lx, not 0x%lx", i, contexts[i],
		       before.x[i]);
}

/* The runtime's handler spoils x0 to x17 and NZCV each time. */
static void complete_restores(void)
{
	struct program before, after;

	for (u64 nzcv = 0; nzcv < 16; nzcv++) {
		sdei_ready(E0);
		after = interrupted(PSTATE_EL1H | nzcv << 28, &before);
		sdei_program_ended(&before, &after);
		for (u32 i = 18; i < 31; i++)
			EXPECT_EQ(after.x[i], before.x[i]);
	}
}

static void hook_change(struct sdei_entry *e)
{
	for (u32 i = 18; i < 31; i++)
		e->x[i] = 0xc0ffee00 + i;
}

static void handlers_registers_stay(void)
{
	struct program before, after;

	sdei_ready(E0);
	sdei_hook = hook_change;
	after = interrupted(PSTATE_EL1H, &before);
	sdei_program_ended(&before, &after);
	for (u32 i = 18; i < 31; i++)
		EXPECT_EQ(after.x[i], 0xc0ffee00 + i);
}

/* ---- what an exception would change and an event does not ---- */

extern char planted[];
__asm__(".pushsection .text\n"
	".global planted\n"
	"planted:\n"
	"	msr	elr_el1, x20\n"
	"	msr	spsr_el1, x21\n"
	"	msr	esr_el1, x22\n"
	"	msr	far_el1, x23\n"
	"	msr	tpidr_el0, x24\n"
	"	msr	tpidrro_el0, x25\n"
	"	hvc	#0\n"
	"	mrs	x20, elr_el1\n"
	"	mrs	x21, spsr_el1\n"
	"	mrs	x22, esr_el1\n"
	"	mrs	x23, far_el1\n"
	"	mrs	x24, tpidr_el0\n"
	"	mrs	x25, tpidrro_el0\n"
	"	svc	#0\n"
	".popsection");

static void system_registers(void)
{
	struct program p = sdei_program(PSTATE_EL1H), before;
	u64 vbar = read_sysreg(VBAR_EL1);

	p.pc = (u64)planted;
	p.x[20] = 0x123456789abc;
	p.x[21] = 0x600003c5;
	p.x[22] = 0x92000045;
	before = p;
	sdei_ready(E0);
	program_run(&p);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(p.kind, PROGRAM_SYNC);
	EXPECT_EQ(sdei_last()->elr, before.x[20]);
	EXPECT_EQ(sdei_last()->spsr, before.x[21]);
	EXPECT_EQ(sdei_last()->esr, before.x[22]);
	EXPECT_EQ(sdei_last()->far, before.x[23]);
	EXPECT_EQ(sdei_last()->tpidr, (u64)me());
	EXPECT(sdei_last()->vbar != vbar, "that is not the program's VBAR");
	for (u32 i = 20; i < 26; i++)
		EXPECT_EQ(p.x[i], before.x[i]);
	EXPECT_EQ(read_sysreg(VBAR_EL1), vbar);
}

/* Whatever the guest masks, events are not. */
static void all_masked(void)
{
	struct program before, after;

	sdei_ready(E0);
	gic_set_pmr(0);
	after = interrupted(PSTATE_EL1H | PSTATE_DAIF, &before);
	gic_set_pmr(0xf0);
	EXPECT_EQ(sdei_last()->x[3], PSTATE_EL1H | PSTATE_DAIF);
	sdei_program_ended(&before, &after);
}

/* ---- traps in handlers ---- */

#define NOTHING 0x0b800000UL /* no device is there */

static void hook_traps(struct sdei_entry *e)
{
	u64 a = machine.gicd.base + GICD_IPRIORITYR + 40;
	struct fault f;

	(void)e;
	f = try_read(NOTHING, 8, NULL);
	EXPECT(f.taken && f.far == NOTHING, "stage 2: taken %u, far 0x%lx", f.taken, f.far);
	io_write8(a, 0x50);
	EXPECT_EQ(io_read8(a), 0x50);
	EXPECT_EQ(hvc_call(PSCI_VERSION, 0, 0, 0), 0x10001);
	EXPECT_EQ(smc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[0].mpidr, 0, 0), 0);
	EXPECT(read_sysreg(ID_AA64PFR0_EL1) & 0xf, "no EL0");
	EXPECT_EQ(sdei_status(E0), 7);
}

static void traps_in_handler(void)
{
	sdei_ready(E0);
	sdei_hook = hook_traps;
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_status(E0), 3);
}

/* ---- together with an interrupt ---- */

extern char signal_and_spin[];
__asm__(".pushsection .text\n"
	".global signal_and_spin\n"
	"signal_and_spin:\n"
	"	hvc	#0\n"
	"1:	sub	x19, x19, #1\n"
	"	cbnz	x19, 1b\n"
	"	svc	#0\n"
	".popsection");

/* When the first handler is over an interrupt and the event again are pending. */
static void hook_both(struct sdei_entry *e)
{
	(void)e;
	if (sdei_runs() == 0) {
		gic_send_sgi(SGI, 0);
		EXPECT_EQ(sdei_signal(0), 0);
	}
	EXPECT(gic_is_pending(SGI), "run %u: the interrupt was first", sdei_runs());
}

static void before_interrupt(void)
{
	struct program p = sdei_program(PSTATE_EL1H);
	u32 iar;

	p.pc = (u64)signal_and_spin;
	p.x[19] = 1 << 20;
	gic_enable(SGI);
	sdei_ready(E0);
	sdei_hook = hook_both;
	program_run(&p);
	EXPECT_EQ(sdei_runs(), 2);
	EXPECT_EQ(sdei_last()->x[2], (u64)signal_and_spin + 4);
	EXPECT(p.kind == PROGRAM_IRQ && p.x[19], "ended by vector %lu", p.kind);
	iar = gic_ack();
	EXPECT_EQ(iar & 0x3ff, SGI);
	if ((iar & 0x3ff) == SGI)
		gic_eoi(iar);
	gic_disable(SGI);
}

void guest_setup(void)
{
	sdei_setup();
}

const struct test guest_tests[] = {
    {"37 38 self-signal", self_signal, UNDER_TOCSIN},
    {"39 arguments", arguments, UNDER_TOCSIN},
    {"40 other-registers", other_registers, UNDER_TOCSIN},
    {"41 context-calls", context_calls, UNDER_TOCSIN},
    {"43 complete-restores", complete_restores, UNDER_TOCSIN},
    {"44 handlers-registers-stay", handlers_registers_stay, UNDER_TOCSIN},
    {"52 system-registers", system_registers, UNDER_TOCSIN},
    {"53 all-masked", all_masked, UNDER_TOCSIN},
    {"101 traps-in-handler", traps_in_handler, UNDER_TOCSIN},
    {"103 before-interrupt", before_interrupt, UNDER_TOCSIN},
    {0},
};
