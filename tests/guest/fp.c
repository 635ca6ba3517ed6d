/* SPDX-License-Identifier: Apache-2.0 */
/* FP/SIMD registers, system registers and the general ones survive exits, other
 * vCPUs on the same CPU, and interrupts. */
#include "guest.h"

#define ROUNDS 200
#define FP ".arch_extension fp\n\t.arch_extension simd\n\t"

struct fp_set {
	u64 d[64]; /* q0-q31 */
	u64 fpcr, fpsr;
} __attribute__((aligned(16)));

static void fp_load(const struct fp_set *s)
{
	__asm__ volatile(FP "ldp q0, q1, [%0]; ldp q2, q3, [%0, #32]\n\t"
			    "ldp q4, q5, [%0, #64]; ldp q6, q7, [%0, #96]\n\t"
			    "ldp q8, q9, [%0, #128]; ldp q10, q11, [%0, #160]\n\t"
			    "ldp q12, q13, [%0, #192]; ldp q14, q15, [%0, #224]\n\t"
			    "ldp q16, q17, [%0, #256]; ldp q18, q19, [%0, #288]\n\t"
			    "ldp q20, q21, [%0, #320]; ldp q22, q23, [%0, #352]\n\t"
			    "ldp q24, q25, [%0, #384]; ldp q26, q27, [%0, #416]\n\t"
			    "ldp q28, q29, [%0, #448]; ldp q30, q31, [%0, #480]\n\t"
			    "msr fpcr, %1; msr fpsr, %2" ::"r"(s->d),
			 "r"(s->fpcr), "r"(s->fpsr)
			 : "memory");
}

static void fp_store(struct fp_set *s)
{
	__asm__ volatile(FP "stp q0, q1, [%2]; stp q2, q3, [%2, #32]\n\t"
			    "stp q4, q5, [%2, #64]; stp q6, q7, [%2, #96]\n\t"
			    "stp q8, q9, [%2, #128]; stp q10, q11, [%2, #160]\n\t"
			    "stp q12, q13, [%2, #192]; stp q14, q15, [%2, #224]\n\t"
			    "stp q16, q17, [%2, #256]; stp q18, q19, [%2, #288]\n\t"
			    "stp q20, q21, [%2, #320]; stp q22, q23, [%2, #352]\n\t"
			    "stp q24, q25, [%2, #384]; stp q26, q27, [%2, #416]\n\t"
			    "stp q28, q29, [%2, #448]; stp q30, q31, [%2, #480]\n\t"
			    "mrs %0, fpcr; mrs %1, fpsr"
			 : "=&r"(s->fpcr), "=&r"(s->fpsr)
			 : "r"(s->d)
			 : "memory");
}

static void fp_random(struct fp_set *s, u64 *seed)
{
	for (u32 i = 0; i < 64; i++)
		s->d[i] = random_next(seed);
	s->fpcr = random_next(seed) & 0x07c00000; /* AHP, DN, FZ, RMode */
	s->fpsr = random_next(seed) & 0x0800009f; /* QC and the sticky flags */
}

static void fp_compare(const struct fp_set *a, const struct fp_set *b, u32 round)
{
	for (u32 i = 0; i < 64; i++)
		EXPECT(a->d[i] == b->d[i], "CPU %u round %u: q%u half %u 0x%lx became 0x%lx",
		       me()->index, round, i / 2, i % 2, a->d[i], b->d[i]);
	EXPECT_EQ(b->fpcr, a->fpcr);
	EXPECT_EQ(b->fpsr, a->fpsr);
}

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
