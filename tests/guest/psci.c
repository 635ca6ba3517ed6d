/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI 1.1 (DEN0022) as a guest meets it, over HVC and SMC. */
#include "guest.h"

#define RACE_ROUNDS 50
#define AFFINITY_ON 0
#define AFFINITY_OFF 1
#define POWER_DOWN_STATE BIT(16)
#define NO_CPU 0x00ff00ff00UL /* affinities that no test machine has */

static volatile u32 started[MAX_CPUS], hold;
static volatile u64 argument[MAX_CPUS];

static void note_start(u64 arg)
{
	argument[me()->index] = arg;
	started[me()->index] = 1;
	while (hold)
		;
}

static void start_and_check(u32 cpu)
{
	u64 arg = 0x1234567800000000UL + cpu;

	started[cpu] = 0;
	EXPECT_EQ(cpu_start(cpu, note_start, arg), PSCI_SUCCESS);
	EXPECT(wait_for(&started[cpu], 1), "CPU %u does not start", cpu);
	EXPECT_EQ(argument[cpu], arg);
}

static void version(void)
{
	EXPECT_EQ(hvc_call(PSCI_VERSION, 0, 0, 0), 0x10001);
}

static void version_by_smc(void)
{
	EXPECT_EQ(smc_call(PSCI_VERSION, 0, 0, 0), 0x10001);
	EXPECT_EQ(smc_call(PSCI_FEATURES, PSCI_SYSTEM_OFF, 0, 0), 0);
	EXPECT_EQ(smc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[0].mpidr, 0, 0), AFFINITY_ON);
}

static void features(void)
{
	static const u32 offered[] = {
	    PSCI_VERSION,
	    PSCI_CPU_SUSPEND,
	    PSCI64(PSCI_CPU_SUSPEND),
	    PSCI_CPU_OFF,
	    PSCI_CPU_ON,
	    PSCI64(PSCI_CPU_ON),
	    PSCI_AFFINITY_INFO,
	    PSCI64(PSCI_AFFINITY_INFO),
	    PSCI_SYSTEM_OFF,
	    PSCI_SYSTEM_RESET,
	    PSCI_MIGRATE_INFO_TYPE,
	    PSCI_FEATURES,
	    SMCCC_VERSION,
	};
	static const u32 absent[] = {PSCI_MIGRATE, PSCI_SYSTEM_SUSPEND, 0x8400001fu, 0xc4000000u,
				     0x12345678u,  0xffffffffu,         0x86000000u};

	for (u32 i = 0; i < ARRAY_SIZE(offered); i++)
		EXPECT(hvc_call(PSCI_FEATURES, offered[i], 0, 0) >= 0, "0x%x is not offered",
		       offered[i]);
	for (u32 i = 0; i < ARRAY_SIZE(absent); i++)
		EXPECT(hvc_call(PSCI_FEATURES, absent[i], 0, 0) == PSCI_NOT_SUPPORTED,
		       "0x%x is said to be there", absent[i]);
	EXPECT_EQ(hvc_call(PSCI_FEATURES, PSCI_SYSTEM_RESET2, 0, 0), 0);
	EXPECT_EQ(hvc_call(PSCI_FEATURES, PSCI64(PSCI_SYSTEM_RESET2), 0, 0), 0);
	/* The function identifier is 32 bits wide; above it is garbage. */
	EXPECT_EQ(hvc_call(PSCI_FEATURES, 0xdead00000000 | PSCI_CPU_OFF, 0, 0), 0);
}

static void migrate_info(void)
{
	EXPECT_EQ(hvc_call(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), 2);
	EXPECT_EQ(hvc_call(PSCI_MIGRATE, 0, 0, 0), PSCI_NOT_SUPPORTED);
}

static void cpu_on_all(void)
{
	hold = 1;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		start_and_check(cpu);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		EXPECT_EQ(hvc_call(PSCI64(PSCI_CPU_ON), percpu[cpu].mpidr, (u64)secondary_entry, 0),
			  PSCI_ALREADY_ON);
		EXPECT_EQ(hvc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[cpu].mpidr, 0, 0),
			  AFFINITY_ON);
	}
	hold = 0;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		cpu_wait_off(cpu);
		start_and_check(cpu);
		cpu_wait_off(cpu);
	}
}

static void cpu_on_self(void)
{
	EXPECT_EQ(hvc_call(PSCI64(PSCI_CPU_ON), percpu[0].mpidr, (u64)secondary_entry, 0),
		  PSCI_ALREADY_ON);
}

static void cpu_on_no_such(void)
{
	EXPECT_EQ(hvc_call(PSCI64(PSCI_CPU_ON), NO_CPU, (u64)secondary_entry, 0),
		  PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(hvc_call(PSCI64(PSCI_CPU_ON), percpu[nr_cpus - 1].mpidr | BIT(39),
			   (u64)secondary_entry, 0),
		  PSCI_INVALID_PARAMETERS);
}

/* Addresses outside the guest's memory: nothing, a device, beyond any memory. */
static void cpu_on_bad_address(void)
{
	static const u64 bad[] = {0x3f000000, ~0UL << 2, BIT(52), BIT(47)};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT(hvc_call(PSCI64(PSCI_CPU_ON), percpu[1].mpidr, bad[i], 1) ==
			   PSCI_INVALID_ADDRESS,
		       "entry 0x%lx is taken", bad[i]);
	EXPECT(hvc_call(PSCI64(PSCI_CPU_ON), percpu[1].mpidr, (u64)secondary_entry | 2, 1) ==
		   PSCI_INVALID_ADDRESS,
	       "a misaligned entry is taken");
	EXPECT_EQ(hvc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[1].mpidr, 0, 0), AFFINITY_OFF);
}

/* Bits that are no affinity must be zero, in both widths. */
static void cpu_on_reserved_bits(void)
{
	static const u64 reserved[] = {BIT(24), BIT(30), BIT(31),
				       BIT(40), BIT(63), 0xffffff00ff000000};
	u64 mpidr = percpu[1].mpidr;

	for (u32 i = 0; i < ARRAY_SIZE(reserved); i++) {
		u64 target = mpidr | reserved[i];

		EXPECT(hvc_call(PSCI64(PSCI_CPU_ON), target, (u64)secondary_entry, 1) ==
			   PSCI_INVALID_PARAMETERS,
		       "CPU_ON takes 0x%lx", target);
		EXPECT(hvc_call(PSCI64(PSCI_AFFINITY_INFO), target, 0, 0) ==
			   PSCI_INVALID_PARAMETERS,
		       "AFFINITY_INFO takes 0x%lx", target);
	}
	EXPECT_EQ(hvc_call(PSCI_CPU_ON, mpidr | BIT(31), (u64)secondary_entry, 1),
		  PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(hvc_call(PSCI_AFFINITY_INFO, mpidr | BIT(24), 0, 0), PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(hvc_call(PSCI64(PSCI_AFFINITY_INFO), mpidr, 0, 0), AFFINITY_OFF);
}

/* SMC32 functions see the low half of each register only. */
static void smc32(void)
{
	u64 junk = 0xdeadbeef00000000;

	started[1] = 0;
	percpu[1].entry = note_start;
	percpu[1].arg = 7;
	if ((u64)secondary_entry >> 32 == 0 && percpu[1].mpidr >> 32 == 0) {
		EXPECT_EQ(hvc_call(junk | PSCI_CPU_ON, junk | percpu[1].mpidr,
				   junk | (u64)secondary_entry, junk | 1),
			  PSCI_SUCCESS);
		EXPECT(wait_for(&started[1], 1), "CPU 1 does not start");
		cpu_wait_off(1);
		EXPECT_EQ(hvc_call(PSCI_AFFINITY_INFO, junk | percpu[1].mpidr, junk, 0),
			  AFFINITY_OFF);
	}
}

static void affinity_info(void)
{
	u64 self = percpu[0].mpidr;

	EXPECT_EQ(hvc_call(PSCI64(PSCI_AFFINITY_INFO), self, 0, 0), AFFINITY_ON);
	EXPECT_EQ(hvc_call(PSCI64(PSCI_AFFINITY_INFO), NO_CPU, 0, 0), PSCI_INVALID_PARAMETERS);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		EXPECT_EQ(hvc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[cpu].mpidr, 0, 0),
			  AFFINITY_OFF);
}

static void affinity_levels(void)
{
	for (u64 level = 1; level < 5; level++)
		EXPECT_EQ(hvc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[0].mpidr, level, 0),
			  PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(hvc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[0].mpidr, ~0UL, 0),
		  PSCI_INVALID_PARAMETERS);
}

/* CPUs 0 and 1 call CPU_ON for the last CPU at the same moment. */
static volatile u32 race_go, race_ready, race_done;
static volatile long race_result;

static void racer(u64 target)
{
	for (u32 round = 1; round <= RACE_ROUNDS; round++) {
		race_ready = round;
		while (race_go != round)
			;
		race_result = hvc_call(PSCI64(PSCI_CPU_ON), percpu[target].mpidr,
				       (u64)secondary_entry, target);
		dsb(sy);
		race_done = round;
	}
}

static void race_round(u32 target, u32 round)
{
	long mine, other;

	started[target] = 0;
	if (!wait_for(&race_ready, round)) {
		test_fail("racer is not ready");
		return;
	}
	race_go = round;
	mine = hvc_call(PSCI64(PSCI_CPU_ON), percpu[target].mpidr, (u64)secondary_entry, target);
	EXPECT(wait_for(&race_done, round), "racer does not come back");
	other = race_result;
	EXPECT((mine == PSCI_SUCCESS) + (other == PSCI_SUCCESS) == 1, "round %u: %ld and %ld",
	       round, mine, other);
	EXPECT(mine == PSCI_SUCCESS || mine == PSCI_ALREADY_ON || mine == PSCI_ON_PENDING,
	       "loser gets %ld", mine);
	EXPECT(other == PSCI_SUCCESS || other == PSCI_ALREADY_ON || other == PSCI_ON_PENDING,
	       "loser gets %ld", other);
	EXPECT(wait_for(&started[target], 1), "round %u: nobody started", round);
}

static void race(void)
{
	u32 target = nr_cpus - 1;

	if (nr_cpus < 3)
		return;
	EXPECT_EQ(cpu_start(1, racer, target), PSCI_SUCCESS);
	percpu[target].entry = note_start;
	for (u32 round = 1; round <= RACE_ROUNDS; round++) {
		hold = 1;
		race_round(target, round);
		hold = 0;
		cpu_wait_off(target);
	}
	cpu_wait_off(1);
}

/* ---- CPU_SUSPEND ---- */

static void arm_timer(void)
{
	gic_enable(INTID_VTIMER);
	write_sysreg(CNTV_CVAL_EL0, counter() + read_sysreg(CNTFRQ_EL0) / 1000);
	write_sysreg(CNTV_CTL_EL0, CNTV_CTL_EL0_ENABLE);
	isb();
}

static void disarm_timer(void)
{
	u32 iar;

	write_sysreg(CNTV_CTL_EL0, 0);
	isb();
	iar = gic_ack();
	if ((iar & 0x3ff) < 1020)
		gic_eoi(iar);
}

static void suspend_standby(void)
{
	arm_timer();
	EXPECT_EQ(hvc_call(PSCI64(PSCI_CPU_SUSPEND), 0, 0, 0), PSCI_SUCCESS);
	EXPECT(read_sysreg(CNTV_CTL_EL0) & CNTV_CTL_EL0_ISTATUS, "woken before the timer");
	disarm_timer();
	arm_timer();
	EXPECT_EQ(hvc_call(PSCI_CPU_SUSPEND, 0, 0, 0), PSCI_SUCCESS);
	disarm_timer();
}

/* A power-down may wake up at the entry point or, as the architecture allows,
 * just return. CPU 1 does it, so that its entry is the usual one. */
static volatile u32 suspend_state;
static volatile long suspend_result;

static void after_power_down(u64 arg)
{
	(void)arg;
	suspend_state = read_sysreg(CNTV_CTL_EL0) & CNTV_CTL_EL0_ISTATUS ? 2 : 3;
	disarm_timer();
}

static void power_down(u64 arg)
{
	(void)arg;
	gic_cpu_init();
	arm_timer();
	me()->entry = after_power_down;
	suspend_result =
	    hvc_call(PSCI64(PSCI_CPU_SUSPEND), POWER_DOWN_STATE, (u64)secondary_entry, me()->index);
	suspend_state = 4;
	disarm_timer();
}

static void suspend_power_down(void)
{
	suspend_state = 0;
	suspend_result = 0;
	EXPECT_EQ(cpu_start(1, power_down, 0), PSCI_SUCCESS);
	cpu_wait_off(1);
	EXPECT(suspend_state != 3, "woken at the entry before the timer");
	EXPECT(suspend_state == 2 || (suspend_state == 4 && suspend_result == PSCI_SUCCESS),
	       "state %u, result %ld", suspend_state, suspend_result);
}

static void suspend_bad(void)
{
	long r;

	EXPECT_EQ(hvc_call(PSCI64(PSCI_CPU_SUSPEND), POWER_DOWN_STATE, 0x3f000000, 0),
		  PSCI_INVALID_ADDRESS);
	r = hvc_call(PSCI64(PSCI_CPU_SUSPEND), BIT(31) | BIT(28), 0, 0);
	EXPECT(r == PSCI_INVALID_PARAMETERS, "reserved power_state bits: %ld", r);
}

static void reset2_bad(void)
{
	/* Architectural resets other than warm, and vendor ones, are not ours. */
	EXPECT_EQ(hvc_call(PSCI_SYSTEM_RESET2, 1, 0, 0), PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(hvc_call(PSCI_SYSTEM_RESET2, 0x80000001, 0, 0), PSCI_INVALID_PARAMETERS);
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {
    {"psci-version", version, 0},
    {"psci-version-smc", version_by_smc, UNDER_TOCSIN},
    {"psci-features", features, UNDER_TOCSIN},
    {"psci-migrate-info", migrate_info, 0},
    {"psci-affinity-info", affinity_info, 0},
    {"psci-affinity-levels", affinity_levels, UNDER_TOCSIN},
    {"psci-on-self", cpu_on_self, 0},
    {"psci-on-no-such", cpu_on_no_such, 0},
    {"psci-on-bad-address", cpu_on_bad_address, UNDER_TOCSIN | NEEDS_SMP},
    {"psci-on-all", cpu_on_all, NEEDS_SMP},
    {"psci-on-garbage", cpu_on_reserved_bits, UNDER_TOCSIN | NEEDS_SMP},
    {"psci-smc32", smc32, NEEDS_SMP | UNDER_TOCSIN},
    /* QEMU itself lets both callers succeed. */
    {"psci-race", race, NEEDS_SMP | UNDER_TOCSIN},
    {"psci-suspend-standby", suspend_standby, 0},
    {"psci-suspend-power-down", suspend_power_down, UNDER_TOCSIN | NEEDS_SMP},
    {"psci-suspend-bad", suspend_bad, UNDER_TOCSIN},
    {"psci-reset2-bad", reset2_bad, UNDER_TOCSIN},
    {0},
};
