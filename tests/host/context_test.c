/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a switch of vCPUs does beside the registers: which partition is charged with an SError,
 * which optional registers go along, what a sibling's CPU forgets. The SError itself cannot be had
 * from QEMU. sources: el2/vcpu/context.c
 */
#include <arch/tlb.h>
#include <drivers/timer.h>
#include <el2/context.h>
#include <el2/panic.h>
#include <el2/partition.h>
#include <el2/sched.h>
#include <el2/trap.h>
#include <el2/trapreg.h>
#include <el2/vtimer.h>
#include <mm/cache.h>
#include <mm/tlb.h>
#include <string.h>
#include <test.h>

#define ESR 0xbe000011UL

bool tlb_repeat;

static struct partition a, b;
static struct vcpu a0, a1, b0;
static struct cpu cpu;
static struct vcpu *last_a, *last_b, *stopped;
static u32 drains, chosen, ics, tlbis;
static u64 drained;

void vtimer_put(struct vcpu *v)
{
	(void)v;
}
void vtimer_load(const struct vcpu *v)
{
	(void)v;
}
void vgic_put(struct vcpu *v)
{
	(void)v;
}
void vgic_load(struct vcpu *v)
{
	(void)v;
}
void fp_save(struct fp_state *fp)
{
	(void)fp;
}
void fp_restore(const struct fp_state *fp)
{
	(void)fp;
}
void tlbi_stage1_local(void)
{
	tlbis++;
}
void cache_forget_own_instructions(void)
{
	ics++;
}
u64 timer_now(void)
{
	return 1;
}

void sched_choose_by(struct cpu *c, u64 then)
{
	EXPECT(c == &cpu && then == 1);
	chosen++;
}

/* Its own doing: the SError is taken. */
u64 panic_drain_serror(void)
{
	drains++;
	host_ISR_EL1 = 0;
	return drained;
}

void trap_stop(struct vcpu *v, u64 esr)
{
	EXPECT_EQ(esr, ESR);
	/* The report is of its registers. */
	EXPECT_EQ(host_VBAR_EL1, v->el1[EL1_VBAR_EL1]);
	stopped = v;
}

static void begin(void)
{
	memset(&cpu, 0, sizeof(cpu));
	a.last_vcpu = &last_a;
	b.last_vcpu = &last_b;
	last_a = last_b = stopped = NULL;
	a0 = (struct vcpu){.partition = &a, .cpu = &cpu};
	a1 = (struct vcpu){.partition = &a, .cpu = &cpu};
	b0 = (struct vcpu){.partition = &b, .cpu = &cpu};
	a0.el1[EL1_VBAR_EL1] = 0xa0000;
	a1.el1[EL1_VBAR_EL1] = 0xa1000;
	b0.el1[EL1_VBAR_EL1] = 0xb0000;
	drains = chosen = ics = tlbis = 0;
	drained = ESR;
	host_ISR_EL1 = 0;
	context_switch(&cpu, &a0);
}

TEST(context_serror_is_charged_to_who_leaves)
{
	begin();
	host_ISR_EL1 = ISR_EL1_A;
	context_switch(&cpu, &b0);
	EXPECT(stopped == &a0 && drains == 1 && chosen == 1);
	EXPECT(cpu.current == &b0 && host_VBAR_EL1 == 0xb0000);
	stopped = NULL;
	context_switch(&cpu, &a0);
	EXPECT(!stopped && drains == 1);
}

TEST(context_without_serror_nothing_is_charged)
{
	begin();
	host_ISR_EL1 = ~(u64)ISR_EL1_A; /* interrupts are */
	context_switch(&cpu, &b0);
	EXPECT(!stopped && !drains && !chosen);
	/* It has gone by itself. */
	host_ISR_EL1 = ISR_EL1_A;
	drained = 0;
	context_switch(&cpu, &a0);
	EXPECT(!stopped && drains == 1 && !chosen);
}

/* Within a partition it does not matter whose it was: that costs no barrier. */
TEST(context_siblings_share_their_errors)
{
	begin();
	host_ISR_EL1 = ISR_EL1_A;
	context_switch(&cpu, &a1);
	EXPECT(!stopped && !drains);
}

TEST(context_evicted_are_charged)
{
	begin();
	host_ISR_EL1 = ISR_EL1_A;
	context_evict(&cpu, &b0); /* it is not there */
	EXPECT(!stopped && !drains);
	context_evict(&cpu, &a0);
	EXPECT(stopped == &a0 && !cpu.current);
	context_switch(&cpu, &b0);
	EXPECT(drains == 1);
}

/* Optional registers go along on the CPUs that have them, and are not touched elsewhere. */
TEST(context_options)
{
	for (u32 options = 0; options < 8; options++) {
		begin();
		cpu.options = options;
		host_VDISR_EL2 = 0xd1;
		host_TPIDR2_EL0 = 0xd2;
		host_APGAKEYHI_EL1 = 0xd3;
		b0.el1[EL1_VDISR_EL2] = 0xe1;
		b0.el1[EL1_TPIDR2_EL0] = 0xe2;
		b0.el1[EL1_APGAKEYHI_EL1] = 0xe3;
		context_switch(&cpu, &b0);
		EXPECT_EQ(host_VDISR_EL2, options & OPTION_RAS ? 0xe1 : 0xd1);
		EXPECT_EQ(host_TPIDR2_EL0, options & OPTION_TPIDR2 ? 0xe2 : 0xd2);
		EXPECT_EQ(host_APGAKEYHI_EL1, options & OPTION_PAC ? 0xe3 : 0xd3);
		EXPECT_EQ(a0.el1[EL1_VDISR_EL2], options & OPTION_RAS ? 0xd1 : 0);
		context_switch(&cpu, &a0);
		EXPECT_EQ(host_VDISR_EL2, 0xd1);
		EXPECT_EQ(host_TPIDR2_EL0, 0xd2);
		EXPECT_EQ(host_APGAKEYHI_EL1, 0xd3);
	}
	a0.el1[EL1_VDISR_EL2] = 5;
	context_reset(&a0);
	EXPECT_EQ(a0.el1[EL1_VDISR_EL2], 0);
}

/* A CPU forgets one sibling's entries and instructions before the other runs, also if another
 * partition was there in between. */
TEST(context_forgets_siblings)
{
	begin();
	EXPECT(!ics && !tlbis);
	context_switch(&cpu, &a1);
	EXPECT(ics == 1 && tlbis == 1);
	context_switch(&cpu, &b0);
	context_switch(&cpu, &a1);
	EXPECT(ics == 1 && tlbis == 1);
	context_switch(&cpu, &b0);
	context_switch(&cpu, &a0);
	EXPECT(ics == 2 && tlbis == 2);
	tlb_repeat = true;
	context_switch(&cpu, &a1);
	EXPECT(ics == 3 && tlbis == 4);
	tlb_repeat = false;
}
