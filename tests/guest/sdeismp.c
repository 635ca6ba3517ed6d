/* SPDX-License-Identifier: Apache-2.0 */
/* Events between vCPUs: to one that runs, masks interrupts, sleeps, traps; storms of
 * them, of which the last is never lost; and what is each vCPU's own. */
#include "sdei.h"

#define STORM 10000
#define ROUNDS 2000
#define PATIENCE_MS 5000

static volatile u32 ready[MAX_CPUS], stop;

static u64 now_ms(void)
{
	return counter() / (read_sysreg(CNTFRQ_EL0) / 1000);
}

/* Rounds that need the other vCPU each time take a slice of time each where both share
 * a CPU: no more than some hundred then. */
static bool enough(u32 round, u64 begin_ms)
{
	return test_failed() || (round > 200 && now_ms() - begin_ms > PATIENCE_MS / 2);
}

/* Starts entry on every CPU but the first, or on CPU 1 only, and waits until it says
 * that it is ready. */
static void start(u32 last, void (*entry)(u64), u64 arg)
{
	stop = 0;
	for (u32 cpu = 1; cpu <= last; cpu++) {
		ready[cpu] = 0;
		EXPECT_EQ(cpu_start(cpu, entry, arg), PSCI_SUCCESS);
		EXPECT(wait_for(&ready[cpu], 1), "CPU %u does not start", cpu);
	}
}

static void finish(u32 last)
{
	stop = 1;
	for (u32 cpu = 1; cpu <= last; cpu++) {
		sdei_signal(cpu); /* in case it sleeps */
		cpu_wait_off(cpu);
	}
}

enum { SPIN, SPIN_UNMASKED, SLEEP };

/* Takes events until told to stop. */
static void target(u64 how)
{
	sdei_ready(E0);
	ready[me()->index] = 1;
	if (how == SPIN_UNMASKED)
		__asm__ volatile("msr daifclr, #0xf" ::: "memory");
	while (!stop) {
		if (how == SLEEP)
			wfi();
	}
}

/* ---- state is each PE's own ---- */

extern char other_entry[];
__asm__(".pushsection .text\n"
	".global other_entry\n"
	"other_entry:\n"
	"	b	sdei_entry\n"
	".popsection");

static volatile long other_status, other_enable;

static void own_state(u64 arg)
{
	(void)arg;
	other_status = sdei_status(E0);
	other_enable = sdei_enable(E0);
	EXPECT_EQ(sdei_register(E0, other_entry, sdei_argument(E0)), 0);
	EXPECT_EQ(sdei_status(E0), 1);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_signal(me()->index), 0);
}

static void private_state(void)
{
	sdei_ready(E0);
	EXPECT_EQ(cpu_start(1, own_state, 0), PSCI_SUCCESS);
	cpu_wait_off(1);
	EXPECT_EQ(other_status, 0);
	EXPECT_EQ(other_enable, SDEI_DENIED);
	EXPECT_EQ(sdei_cpu[1].last.x[1], sdei_argument(E0) + 1);
	EXPECT_EQ(sdei_status(E0), 3);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_last()->x[1], sdei_argument(E0));
}

static void reset_is_private(void)
{
	sdei_ready(E0);
	start(1, target, SPIN);
	EXPECT_EQ(sdei1(SDEI_PRIVATE_RESET, 0), 0);
	EXPECT_EQ(sdei_mask(), 1);
	EXPECT_EQ(sdei_signal(1), 0);
	EXPECT(wait_for(&sdei_cpu[1].runs, 1), "no event after the other one's reset");
	finish(1);
}

/* ---- to one that runs ---- */

static void signal_each(u64 how)
{
	sdei_ready(E0);
	start(nr_cpus - 1, target, how);
	for (u32 i = 1; i <= 3; i++)
		for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
			EXPECT_EQ(sdei_signal(cpu), 0);
			EXPECT(wait_for(&sdei_cpu[cpu].runs, i), "CPU %u runs %u handlers", cpu,
			       sdei_cpu[cpu].runs);
			EXPECT_EQ(sdei_cpu[cpu].last.x[1] & 0xff, cpu);
		}
	EXPECT_EQ(sdei_runs(), 0);
	finish(nr_cpus - 1);
}

static void signal_running(void)
{
	signal_each(SPIN_UNMASKED);
}

static void signal_masked_interrupts(void)
{
	signal_each(SPIN);
}

static volatile u32 in_handler, leave;

static void hook_stuck(struct sdei_entry *e)
{
	if (e->x[0] == ALARM) {
		leave = 1;
		return;
	}
	in_handler = 1;
	while (!leave)
		;
}

static void stuck_target(u64 arg)
{
	sdei_ready(ALARM);
	sdei_add(E0);
	ready[1] = 1;
	while (!stop)
		;
	(void)arg;
}

/* One that is stuck in a normal event's handler still hears the alarm. */
static void alarm_reaches_handler(void)
{
	sdei_fresh();
	sdei_hook = hook_stuck;
	in_handler = leave = 0;
	start(1, stuck_target, 0);
	EXPECT_EQ(sdei_signal(1), 0);
	EXPECT(wait_for(&in_handler, 1), "the normal handler does not begin");
	EXPECT_EQ(sdei_ring(1, 0), 0);
	EXPECT(wait_for(&sdei_cpu[1].runs, 2), "%u handlers are over", sdei_cpu[1].runs);
	leave = 1;
	finish(1);
}

/* ---- to one that sleeps ---- */

extern char sleeper[], awake[];
__asm__(".pushsection .text\n"
	".global sleeper, awake\n"
	"sleeper:\n"
	"	mov	w1, #1\n"
	"	str	w1, [x20]\n"
	"	wfi\n"
	"awake:	svc	#0\n"
	".popsection");

static volatile u32 asleep, woken;

static void hook_awake(struct sdei_entry *e)
{
	if (e->x[2] == (u64)awake)
		woken = 1;
}

static void sleeping_program(u64 arg)
{
	struct program p = program_at(sleeper, PSTATE_EL1H | PSTATE_DAIF);

	(void)arg;
	p.x[20] = (u64)&asleep;
	sdei_ready(E0);
	program_run(&p);
	EXPECT_EQ(p.pc, (u64)awake + 4);
	ready[1] = 1;
}

/* One that comes before the WFI does not end it: so more than one. */
static void wakes_wfi(void)
{
	u64 begin = now_ms();

	sdei_fresh();
	sdei_hook = hook_awake;
	asleep = woken = ready[1] = 0;
	EXPECT_EQ(cpu_start(1, sleeping_program, 0), PSCI_SUCCESS);
	EXPECT(wait_for(&asleep, 1), "CPU 1 does not start");
	while (!ready[1] && now_ms() - begin < PATIENCE_MS) {
		delay_us(2000);
		EXPECT_EQ(sdei_signal(1), 0);
	}
	cpu_wait_off(1);
	EXPECT(woken, "no handler found the PC after the WFI");
}

/* Signals at any moment before and after it sleeps: each wakes it. */
static void never_sleeps_over(void)
{
	u64 seed = 0x5109, begin = now_ms();

	sdei_fresh();
	start(1, target, SLEEP);
	for (u32 i = 1; i <= ROUNDS && !enough(i, begin); i++) {
		for (u64 n = random_next(&seed) & 0x3ff; n; n--)
			__asm__ volatile("" ::: "memory");
		EXPECT_EQ(sdei_signal(1), 0);
		EXPECT(wait_for(&sdei_cpu[1].runs, i), "round %u: it sleeps on", i);
	}
	finish(1);
}

/* A masked event is no reason to wake, and none to sleep on when there is one. */
static void masked_in_wfi(void)
{
	u32 iar;

	sdei_ready(E0);
	sdei_mask();
	EXPECT_EQ(sdei_signal(0), 0);
	gic_enable(INTID_VTIMER);
	write_sysreg(CNTV_CVAL_EL0, counter() + read_sysreg(CNTFRQ_EL0) / 500);
	write_sysreg(CNTV_CTL_EL0, CNTV_CTL_EL0_ENABLE);
	isb();
	while (!(read_sysreg(CNTV_CTL_EL0) & CNTV_CTL_EL0_ISTATUS))
		wfi();
	write_sysreg(CNTV_CTL_EL0, 0);
	iar = gic_ack();
	if ((iar & 0x3ff) < 1020)
		gic_eoi(iar);
	gic_disable(INTID_VTIMER);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 1);
}

/* ---- storms ---- */

static volatile u32 sent[MAX_CPUS];
/* What each CPU's handler found in sent[] the last time. */
static volatile u32 found[MAX_CPUS][MAX_CPUS];

static void hook_storm(struct sdei_entry *e)
{
	(void)e;
	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		found[me()->index][cpu] = sent[cpu];
}

static void storm_begin(void)
{
	memset((void *)sent, 0, sizeof(sent));
	memset((void *)found, 0, sizeof(found));
	sdei_ready(E0);
	sdei_hook = hook_storm;
}

static void signaller(u64 arg)
{
	(void)arg;
	ready[me()->index] = 1;
	for (u32 i = 1; i <= STORM; i++) {
		sent[me()->index] = i;
		EXPECT_EQ(sdei_signal(0), 0);
	}
}

/* All at one, which now runs and now sleeps. */
static void all_at_one(void)
{
	storm_begin();
	start(nr_cpus - 1, signaller, 0);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		u64 begin = now_ms();

		while (found[0][cpu] != STORM && now_ms() - begin < 6 * PATIENCE_MS)
			;
		EXPECT(found[0][cpu] == STORM, "CPU %u sent %u, %u came", cpu, sent[cpu],
		       found[0][cpu]);
		cpu_wait_off(cpu);
	}
	EXPECT(sdei_runs() >= 1 && sdei_runs() <= STORM * (nr_cpus - 1), "%u handlers",
	       sdei_runs());
	EXPECT_EQ(sdei_status(E0), 3);
	EXPECT_EQ(sdei_context(0), SDEI_DENIED);
}

static void storm_all(void)
{
	u32 self = me()->index;

	for (u32 i = 1; i <= STORM / 4; i++) {
		sent[self] = i;
		for (u32 cpu = 0; cpu < nr_cpus; cpu++)
			EXPECT_EQ(sdei_signal(cpu), 0);
	}
	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		EXPECT(wait_for(&found[self][cpu], STORM / 4), "CPU %u has %u of CPU %u", self,
		       found[self][cpu], cpu);
}

static void storming(u64 arg)
{
	(void)arg;
	sdei_ready(E0);
	ready[me()->index] = 1;
	wait_for(&ready[0], 1);
	storm_all();
	while (!stop)
		;
}

static void all_at_all(void)
{
	storm_begin();
	ready[0] = 0;
	start(nr_cpus - 1, storming, 0);
	ready[0] = 1;
	storm_all();
	finish(nr_cpus - 1);
}

/* ---- ordering ---- */

static u64 data[8]; /* plain memory: only the signal orders it */
static volatile u32 acked, torn;

static void hook_data(struct sdei_entry *e)
{
	(void)e;
	for (u32 i = 1; i < ARRAY_SIZE(data); i++)
		if (data[i] != data[0])
			torn = 1;
	__asm__ volatile("stlr %w0, [%1]" ::"r"((u32)data[0]), "r"(&acked) : "memory");
}

static void ordering(void)
{
	u64 begin = now_ms();

	sdei_fresh();
	sdei_hook = hook_data;
	acked = torn = 0;
	start(1, target, SPIN);
	for (u32 i = 1; i <= STORM && !enough(i, begin); i++) {
		for (u32 n = 0; n < ARRAY_SIZE(data); n++)
			data[n] = i;
		EXPECT_EQ(sdei_signal(1), 0);
		EXPECT(wait_for(&acked, i), "round %u: the handler saw %u", i, acked);
	}
	EXPECT(!torn, "the handler saw half of it");
	sdei_hook = NULL;
	finish(1);
}

/* ---- into emulated instructions ---- */

extern char trapping[];
__asm__(".pushsection .text\n"
	".global trapping\n"
	"trapping:\n"
	"1:	ldr	w1, [x20]\n"
	"	add	x19, x19, #1\n"
	"	add	x22, x22, x1\n"
	"	mrs	x2, id_aa64pfr0_el1\n"
	"	add	x19, x19, #1\n"
	"	str	wzr, [x23]\n"
	"	add	x19, x19, #1\n"
	"	sub	x21, x21, #1\n"
	"	cbnz	x21, 1b\n"
	"	svc	#0\n"
	".popsection");

static void pest(u64 arg)
{
	(void)arg;
	ready[me()->index] = 1;
	while (!stop)
		sdei_signal(0);
}

/* Each instruction is done once, and its result is not lost. */
static void in_emulation(void)
{
	struct program p = program_at(trapping, PSTATE_EL1H | PSTATE_DAIF);
	u64 value = io_read32(machine.gicd.base + GICD_TYPER), begin = now_ms();

	sdei_ready(E0);
	start(nr_cpus - 1, pest, 0);
	for (u32 i = 0; (i < 10 || sdei_runs() < 200) && now_ms() - begin < PATIENCE_MS; i++) {
		p.pc = (u64)trapping;
		p.pstate = PSTATE_EL1H | PSTATE_DAIF;
		p.x[19] = p.x[22] = 0;
		p.x[20] = machine.gicd.base + GICD_TYPER;
		p.x[21] = ROUNDS;
		p.x[23] = machine.gicd.base + GICD_IIDR;
		program_run(&p);
		EXPECT_EQ(ESR_EC(p.esr), EC_SVC64);
		EXPECT_EQ(p.x[19], 3 * ROUNDS);
		EXPECT_EQ(p.x[22], value * ROUNDS);
	}
	EXPECT(sdei_runs() > 0, "no event came");
	finish(nr_cpus - 1);
}

void guest_setup(void)
{
	sdei_setup();
}

const struct test guest_tests[] = {
    {"33 34 private-state", private_state, UNDER_TOCSIN | NEEDS_SMP},
    {"80 reset-is-private", reset_is_private, UNDER_TOCSIN | NEEDS_SMP},
    {"85 signal-running", signal_running, UNDER_TOCSIN | NEEDS_SMP},
    {"86 signal-masked-interrupts", signal_masked_interrupts, UNDER_TOCSIN | NEEDS_SMP},
    {"118 alarm-reaches-handler", alarm_reaches_handler, UNDER_TOCSIN | NEEDS_SMP},
    {"83 wakes-wfi", wakes_wfi, UNDER_TOCSIN | NEEDS_SMP},
    {"84 never-sleeps-over", never_sleeps_over, UNDER_TOCSIN | NEEDS_SMP},
    {"84 masked-in-wfi", masked_in_wfi, UNDER_TOCSIN},
    {"87 all-at-one", all_at_one, UNDER_TOCSIN | NEEDS_SMP},
    {"87 all-at-all", all_at_all, UNDER_TOCSIN | NEEDS_SMP},
    {"88 ordering", ordering, UNDER_TOCSIN | NEEDS_SMP},
    {"102 in-emulation", in_emulation, UNDER_TOCSIN | NEEDS_SMP},
    {0},
};
