/* SPDX-License-Identifier: Apache-2.0 */
/* Self-hosted debug: the breakpoint and the watchpoint that ID_AA64DFR0_EL1 says
 * there are, on the way through EL2 and over a switch to another vCPU. */
#include "guest.h"

#define EC_BREAKPOINT_SAME 0x31
#define EC_WATCHPOINT_SAME 0x35

#define MDSCR_KDE BIT(13)
#define MDSCR_MDE BIT(15)
#define ENABLED_AT_EL1 (BIT(0) | 1UL << 1) /* E, PMC/PAC */
#define BAS_WORD (0xfUL << 5)
#define BAS_DOUBLE (0xffUL << 5)
#define LOAD_AND_STORE (3UL << 3)

static volatile u64 watched;

static __attribute__((noinline)) void target(void)
{
	__asm__ volatile("nop" ::: "memory");
}

static void debug_on(void)
{
	write_sysreg(MDSCR_EL1, MDSCR_KDE | MDSCR_MDE);
	isb();
	__asm__ volatile("msr daifclr, #8" ::: "memory");
}

static void debug_off(void)
{
	__asm__ volatile("msr daifset, #8" ::: "memory");
	write_sysreg(MDSCR_EL1, 0);
	write_sysreg(DBGBCR0_EL1, 0);
	write_sysreg(DBGWCR0_EL1, 0);
	isb();
}

static struct fault call_target(void)
{
	fault_expect();
	target();
	return fault_end();
}

static struct fault touch_watched(void)
{
	fault_expect();
	watched = 1;
	return fault_end();
}

static void arm(void)
{
	write_sysreg(DBGBVR0_EL1, (u64)target);
	write_sysreg(DBGBCR0_EL1, ENABLED_AT_EL1 | BAS_WORD);
	write_sysreg(DBGWVR0_EL1, (u64)&watched);
	write_sysreg(DBGWCR0_EL1, ENABLED_AT_EL1 | BAS_DOUBLE | LOAD_AND_STORE);
	isb();
}

static void expect_both(void)
{
	struct fault f = call_target();

	EXPECT(f.taken && ESR_EC(f.esr) == EC_BREAKPOINT_SAME && f.elr == (u64)target,
	       "breakpoint: taken %u, esr 0x%lx", f.taken, f.esr);
	f = touch_watched();
	EXPECT(f.taken && ESR_EC(f.esr) == EC_WATCHPOINT_SAME && f.far == (u64)&watched,
	       "watchpoint: taken %u, esr 0x%lx", f.taken, f.esr);
}

static void hits(void)
{
	arm();
	EXPECT(!call_target().taken, "a breakpoint with MDSCR_EL1.MDE clear");
	debug_on();
	expect_both();
	EXPECT_EQ(read_sysreg(DBGBVR0_EL1), (u64)target);
	EXPECT_EQ(read_sysreg(MDSCR_EL1), MDSCR_KDE | MDSCR_MDE);
	debug_off();
	EXPECT(!call_target().taken && !touch_watched().taken, "hits when switched off");
}

static volatile u64 seen;

static void other(u64 arg)
{
	(void)arg;
	seen = read_sysreg(MDSCR_EL1) | read_sysreg(DBGBCR0_EL1) | call_target().taken;
}

static void belongs_to_the_cpu(void)
{
	arm();
	debug_on();
	seen = ~0UL;
	EXPECT_EQ(cpu_start(1, other, 0), PSCI_SUCCESS);
	cpu_wait_off(1);
	EXPECT_EQ(seen, 0);
	expect_both();
	debug_off();
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {
    {"debug-hits", hits, 0},
    {"debug-belongs-to-the-cpu", belongs_to_the_cpu, NEEDS_SMP},
    {0},
};
