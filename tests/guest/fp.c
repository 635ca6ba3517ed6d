/* SPDX-License-Identifier: Apache-2.0 */
/* FP/SIMD registers, system registers and the general ones survive exits, other
 * vCPUs on the same CPU, and interrupts. */
#include "fpset.h"

#define ROUNDS 200

static void over_exits(void)
{
	struct fp_set in, out;
	u64 seed = 0xf00d;

	for (u32 round = 0; round < ROUNDS; round++) {
		fp_random(&in, &seed);
		fp_load(&in);
		hvc_call(PSCI_VERSION, 0, 0, 0);
		io_read32(machine.gicd.base + GICD_TYPER);
		fp_store(&out);
		fp_compare(&in, &out, round);
	}
}

/* ---- several vCPUs, on one CPU when the runner says tocsin.vcpus= ---- */

static volatile u32 finished[MAX_CPUS];

static const struct {
	const char *name;
	u64 (*get)(void);
	void (*set)(u64);
} context[] = {
#define CONTEXT(reg)                                                                               \
	{                                                                                          \
#reg, sysreg_read_##reg, sysreg_write_##reg                                        \
	}
    CONTEXT(TPIDR_EL0),     CONTEXT(TPIDRRO_EL0),    CONTEXT(SP_EL0),
    CONTEXT(AMAIR_EL1),     CONTEXT(CONTEXTIDR_EL1), CONTEXT(TTBR1_EL1),
    CONTEXT(CNTV_CVAL_EL0), CONTEXT(CNTP_CVAL_EL0),  CONTEXT(PAR_EL1),
};

static void churn(u64 arg)
{
	struct fp_set in, out;
	u64 seed = 0xabc123 + me()->index * 0x10001, values[ARRAY_SIZE(context)];

	(void)arg;
	for (u32 round = 0; round < ROUNDS; round++) {
		for (u32 i = 0; i < ARRAY_SIZE(context); i++) {
			context[i].set(random_next(&seed) & 0x0000ffffffff0000);
			values[i] = context[i].get();
		}
		fp_random(&in, &seed);
		fp_load(&in);
		if (round & 1) { /* let others run: the timer wakes us */
			gic_enable(INTID_VTIMER);
			write_sysreg(CNTV_CVAL_EL0, counter() + 2000);
			write_sysreg(CNTV_CTL_EL0, 1);
			isb();
			wfi();
			write_sysreg(CNTV_CTL_EL0, 0);
			isb();
			values[6] = context[6].get();
		} else {
			delay_us(50);
			hvc_call(PSCI_VERSION, 0, 0, 0);
		}
		fp_store(&out);
		fp_compare(&in, &out, round);
		for (u32 i = 0; i < ARRAY_SIZE(context); i++)
			EXPECT(context[i].get() == values[i],
			       "CPU %u round %u: %s is 0x%lx, was 0x%lx", me()->index, round,
			       context[i].name, context[i].get(), values[i]);
	}
	finished[me()->index] = 1;
}

static void churn_secondary(u64 arg)
{
	gic_cpu_init();
	churn(arg);
}

static void several_cpus(void)
{
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		finished[cpu] = 0;
		EXPECT_EQ(cpu_start(cpu, churn_secondary, 0), PSCI_SUCCESS);
	}
	churn(0);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		EXPECT(wait_for(&finished[cpu], 1), "CPU %u does not finish", cpu);
		cpu_wait_off(cpu);
	}
}

static void trap_enable(void)
{
	struct fault f;
	u64 old = read_sysreg(CPACR_EL1);

	write_sysreg(CPACR_EL1, 0);
	isb();
	fault_expect();
	__asm__ volatile(FP "fmov d0, xzr");
	f = fault_end();
	write_sysreg(CPACR_EL1, old);
	isb();
	EXPECT(f.taken && ESR_EC(f.esr) == EC_FP, "FP while off: esr 0x%lx", f.esr);
}

/* A started CPU sees reset values, whatever ran there before. */
static volatile u64 fresh[4];

static void look(u64 arg)
{
	(void)arg;
	fresh[0] = read_sysreg(CONTEXTIDR_EL1);
	fresh[1] = read_sysreg(CNTV_CTL_EL0) & 1;
	fresh[2] = read_sysreg(CNTP_CTL_EL0) & 1;
	fresh[3] = 1;
}

static void dirty(u64 arg)
{
	(void)arg;
	write_sysreg(CONTEXTIDR_EL1, 0x77);
	write_sysreg(CNTV_CTL_EL0, 3);
	write_sysreg(CNTP_CTL_EL0, 3);
}

static void reset_on_start(void)
{
	EXPECT_EQ(cpu_start(1, dirty, 0), PSCI_SUCCESS);
	cpu_wait_off(1);
	fresh[3] = 0;
	EXPECT_EQ(cpu_start(1, look, 0), PSCI_SUCCESS);
	cpu_wait_off(1);
	EXPECT_EQ(fresh[3], 1);
	EXPECT_EQ(fresh[1], 0);
	EXPECT_EQ(fresh[2], 0);
	if (machine.tocsin)
		EXPECT_EQ(fresh[0], 0);
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {
    {"fp-over-exits", over_exits, 0},
    {"fp-trap-enable", trap_enable, 0},
    {"fp-several-cpus", several_cpus, 0},
    {"fp-reset-on-start", reset_on_start, NEEDS_SMP},
    {0},
};
