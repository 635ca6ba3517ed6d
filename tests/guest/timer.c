/* SPDX-License-Identifier: Apache-2.0 */
/* The generic timer: virtual and physical, spinning, in WFI and WFE, on every CPU. */
#include "guest.h"

#define TICKS 20
#define INTID_OF(physical) ((physical) ? INTID_PTIMER : INTID_VTIMER)

static volatile u32 fired[MAX_CPUS], early;

static void arm(bool physical, u64 deadline)
{
	if (physical) {
		write_sysreg(CNTP_CVAL_EL0, deadline);
		write_sysreg(CNTP_CTL_EL0, 1);
	} else {
		write_sysreg(CNTV_CVAL_EL0, deadline);
		write_sysreg(CNTV_CTL_EL0, 1);
	}
	isb();
}

static u64 count(bool physical)
{
	isb();
	return physical ? read_sysreg(CNTPCT_EL0) : read_sysreg(CNTVCT_EL0);
}

static u64 ms(u64 n)
{
	return n * read_sysreg(CNTFRQ_EL0) / 1000;
}

static void on_timer(u32 intid)
{
	u64 cval, ctl;

	if (intid != INTID_VTIMER && intid != INTID_PTIMER)
		return;
	ctl = intid == INTID_PTIMER ? read_sysreg(CNTP_CTL_EL0) : read_sysreg(CNTV_CTL_EL0);
	cval = intid == INTID_PTIMER ? read_sysreg(CNTP_CVAL_EL0) : read_sysreg(CNTV_CVAL_EL0);
	if (count(intid == INTID_PTIMER) < cval || !(ctl & CNTV_CTL_EL0_ISTATUS))
		early = 1;
	if (intid == INTID_PTIMER)
		write_sysreg(CNTP_CTL_EL0, 0);
	else
		write_sysreg(CNTV_CTL_EL0, 0);
	isb();
	fired[me()->index]++;
}

enum how { SPIN, WAIT_INTERRUPT, WAIT_EVENT };

static void wait_fired(u32 before, enum how how)
{
	u64 start = counter();

	while (fired[me()->index] == before) {
		if (how == WAIT_INTERRUPT)
			wfi_unless(fired[me()->index] != before);
		else if (how == WAIT_EVENT)
			__asm__ volatile("wfe" ::: "memory");
		if (counter() - start > ms(5000)) {
			test_fail("CPU %u: timer never fires", me()->index);
			return;
		}
	}
}

static void ticks(bool physical, enum how how)
{
	gic_enable(INTID_OF(physical));
	irq_enable();
	for (u32 i = 0; i < TICKS; i++) {
		u32 before = fired[me()->index];

		arm(physical, count(physical) + ms(1));
		wait_fired(before, how);
		EXPECT_EQ(fired[me()->index], before + 1);
	}
	irq_disable();
	gic_disable(INTID_OF(physical));
	EXPECT(!early, "fired before its time");
}

static void virtual_spin(void)
{
	ticks(false, SPIN);
}
static void virtual_wfi(void)
{
	ticks(false, WAIT_INTERRUPT);
}
static void virtual_wfe(void)
{
	ticks(false, WAIT_EVENT);
}
static void physical_spin(void)
{
	ticks(true, SPIN);
}
static void physical_wfi(void)
{
	ticks(true, WAIT_INTERRUPT);
}

/* WFI returns for an interrupt that is masked in PSTATE, too. */
static void wfi_masked(void)
{
	u32 iar;

	gic_enable(INTID_VTIMER);
	arm(false, counter() + ms(2));
	while (!(read_sysreg(CNTV_CTL_EL0) & CNTV_CTL_EL0_ISTATUS))
		wfi();
	iar = gic_ack();
	EXPECT_EQ(iar & 0x3ff, INTID_VTIMER);
	write_sysreg(CNTV_CTL_EL0, 0);
	isb();
	if ((iar & 0x3ff) < 1020)
		gic_eoi(iar);
	gic_disable(INTID_VTIMER);
}

/* Level: as long as the condition holds it comes again; gone, it is not pending. */
static void level(void)
{
	u32 iar;

	gic_enable(INTID_VTIMER);
	arm(false, counter());
	for (u32 i = 0; i < 5; i++) {
		delay_us(100);
		iar = gic_ack();
		EXPECT((iar & 0x3ff) == INTID_VTIMER, "round %u: INTID %u", i, iar & 0x3ff);
		if ((iar & 0x3ff) < 1020)
			gic_eoi(iar);
	}
	write_sysreg(CNTV_CTL_EL0, CNTV_CTL_EL0_ENABLE | CNTV_CTL_EL0_IMASK);
	isb();
	/* One that is on its way may still come: list registers keep it. */
	for (u32 i = 0; i < 2; i++) {
		delay_us(100);
		iar = gic_ack();
		if ((iar & 0x3ff) < 1020)
			gic_eoi(iar);
	}
	EXPECT((iar & 0x3ff) >= 1020, "comes while masked in CNTV_CTL");
	EXPECT(read_sysreg(CNTV_CTL_EL0) & CNTV_CTL_EL0_ISTATUS, "ISTATUS is clear");
	write_sysreg(CNTV_CTL_EL0, 0);
	isb();
	delay_us(100);
	EXPECT(!gic_is_pending(INTID_VTIMER), "pending with the timer off");
	gic_disable(INTID_VTIMER);
}

static void registers(void)
{
	u64 frq = read_sysreg(CNTFRQ_EL0), v, p;

	EXPECT(frq >= 1000000 && frq <= 1000000000, "CNTFRQ %lu", frq);
	write_sysreg(CNTP_CVAL_EL0, 0x123456789abcdef0);
	EXPECT_EQ(read_sysreg(CNTP_CVAL_EL0), 0x123456789abcdef0);
	write_sysreg(CNTV_CVAL_EL0, ~0UL - 5);
	EXPECT_EQ(read_sysreg(CNTV_CVAL_EL0), ~0UL - 5);
	v = count(false);
	p = count(true);
	EXPECT(p - v + frq < 2 * frq || p > v, "virtual count %lu ahead of physical %lu", v, p);
	delay_us(10);
	EXPECT(count(false) > v && count(true) > p, "counters stand still");
}

/* Both timers at once, one deadline each. */
static void both(void)
{
	u32 before = fired[0];
	u64 start = counter();

	gic_enable(INTID_VTIMER);
	gic_enable(INTID_PTIMER);
	irq_enable();
	arm(false, count(false) + ms(1));
	arm(true, count(true) + ms(1));
	while (fired[0] != before + 2 && counter() - start < ms(5000))
		wfi_unless(fired[0] == before + 2);
	irq_disable();
	EXPECT_EQ(fired[0], before + 2);
	gic_disable(INTID_VTIMER);
	gic_disable(INTID_PTIMER);
}

static volatile u32 done[MAX_CPUS];

static void ticking_cpu(u64 how)
{
	gic_cpu_init();
	ticks(how & 1, (enum how)(how >> 1));
	done[me()->index] = 1;
}

static void all_cpus(enum how how)
{
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		done[cpu] = 0;
		EXPECT_EQ(cpu_start(cpu, ticking_cpu, (u64)how << 1 | (cpu & 1)), PSCI_SUCCESS);
	}
	ticks(false, how);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		EXPECT(wait_for(&done[cpu], 1), "CPU %u does not finish", cpu);
		cpu_wait_off(cpu);
	}
}

static void all_spin(void)
{
	all_cpus(SPIN);
}
static void all_wfi(void)
{
	all_cpus(WAIT_INTERRUPT);
}

/* One CPU that never waits does not keep the others from their timers. */
static volatile u32 hog_stop;

static void hog(u64 arg)
{
	(void)arg;
	while (!hog_stop)
		;
}

static void beside_a_hog(void)
{
	hog_stop = 0;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		EXPECT_EQ(cpu_start(cpu, hog, 0), PSCI_SUCCESS);
	ticks(false, WAIT_INTERRUPT);
	ticks(true, SPIN);
	hog_stop = 1;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		cpu_wait_off(cpu);
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
	irq_hook = on_timer;
}

const struct test guest_tests[] = {
    {"timer-registers", registers, 0},
    {"timer-virtual-spin", virtual_spin, 0},
    {"timer-virtual-wfi", virtual_wfi, 0},
    {"timer-virtual-wfe", virtual_wfe, 0},
    {"timer-physical-spin", physical_spin, 0},
    {"timer-physical-wfi", physical_wfi, 0},
    {"timer-wfi-masked", wfi_masked, 0},
    {"timer-level", level, 0},
    {"timer-both", both, 0},
    {"timer-all-cpus-spin", all_spin, NEEDS_SMP},
    {"timer-all-cpus-wfi", all_wfi, NEEDS_SMP},
    {"timer-beside-a-hog", beside_a_hog, NEEDS_SMP},
    {0},
};
