/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts: timers, SGIs, waiting; what comes is acknowledged in some way; and how all is made
 * sane. */
#include "chaos.h"
#include <arch/sdei.h>

#define MOST_IRQS 8 /* of one operation: then they are masked */
#define GICR_SGI 0x10000UL
#define WAKER_SLEEP 2u
#define DIST_ON 0x12u
#define UARTLCR_H 0x2c
#define UARTCR 0x30
#define UARTIMSC 0x38
#define LCR_8_FIFO 0x70
#define CR_ON 0x301
#define WCS 0
#define WOR 8

static u32 sgi_word(void)
{
	return once_in(4) ? (u32)some_value() : below(4) << 24 | below(256) << 16 | below(16);
}

/* To itself, to its sibling, to all others, to none. */
void chaos_sgi(void)
{
	u64 mask = once_in(2) ? below(4) : any() & 0xffff;
	u64 value = once_in(8) ? any() : (u64)below(16) << 24 | mask | (once_in(8) ? BIT(40) : 0);

	if (machine.gic == 2) {
		io_write32(machine.gicd.base + GICD_SGIR, sgi_word());
		return;
	}
	switch (below(8)) {
	case 0:
		__asm__ volatile("msr s3_0_c12_c11_7, %0; isb" ::"r"(value)); /* SGI0R */
		break;
	case 1:
		__asm__ volatile("msr s3_0_c12_c11_6, %0; isb" ::"r"(value)); /* ASGI1R */
		break;
	default:
		write_sysreg(ICC_SGI1R_EL1, value);
		isb();
	}
}

static void timer_at(bool physical, u64 when, u64 control)
{
	if (physical) {
		write_sysreg(CNTP_CVAL_EL0, when);
		write_sysreg(CNTP_CTL_EL0, control);
	} else {
		write_sysreg(CNTV_CVAL_EL0, when);
		write_sysreg(CNTV_CTL_EL0, control);
	}
	isb();
}

void chaos_timer(void)
{
	u64 ms = read_sysreg(CNTFRQ_EL0) / 1000;
	u64 when = once_in(4) ? some_value() : counter() + below(ms) - ms / 8;

	timer_at(once_in(2), when, once_in(2) ? 1 : below(8));
}

void arm_timer(u64 us)
{
	timer_at(false, counter() + us * read_sysreg(CNTFRQ_EL0) / 1000000, 1);
}

/* What it waits for is sure to come. */
void chaos_wait(void)
{
	heal();
	arm_timer(below(60));
	switch (below(4)) {
	case 0:
		__asm__ volatile("sevl; wfe; wfe");
		break;
	case 1:
		__asm__ volatile("sev; yield; isb");
		break;
	default:
		wfi();
	}
	if (once_in(2))
		timer_at(false, 0, 0);
}

static u32 acknowledge(void)
{
	u64 iar;

	if (machine.gic == 2)
		return io_read32(machine.gicc.base + GICC_IAR);
	if (once_in(8)) {
		__asm__ volatile("mrs %0, s3_0_c12_c8_0" : "=r"(iar)); /* IAR0 */
		return (u32)iar;
	}
	return (u32)read_sysreg(ICC_IAR1_EL1);
}

/* At once, split in two, only by half, twice, never. */
static void finish(u32 iar)
{
	switch (below(8)) {
	case 0:
		break;
	case 1:
		gic_set_eoi_split(once_in(2));
		gic_eoi(iar);
		if (once_in(2))
			gic_deactivate(iar);
		break;
	case 2:
		gic_deactivate(iar);
		gic_eoi(iar);
		break;
	case 3:
		gic_eoi(once_in(2) ? iar : (u32)some_value());
		gic_eoi(iar);
		break;
	default:
		gic_eoi(iar);
	}
}

/* The CPU interface, with interrupts masked or not. */
void chaos_ack(void)
{
	switch (below(4)) {
	case 0:
		finish(acknowledge());
		break;
	case 1:
		gic_set_pmr((u8)some_value());
		break;
	case 2:
		gic_set_pending(once_in(4) ? below(machine.nr_intids) : below(80));
		break;
	default:
		gic_enable(below(80));
	}
	if (once_in(2)) {
		__asm__ volatile("msr daifclr, #7");
		for (volatile u32 i = below(200); i; i--)
			;
		__asm__ volatile("msr daifset, #7");
	}
}

/* From entry.S: bits that SPSR gets besides. */
u64 chaos_irq(void);
u64 chaos_irq(void)
{
	u32 iar = acknowledge();

	if ((iar & 0x3ff) == INTID_VTIMER)
		write_sysreg(CNTV_CTL_EL0, 0);
	if ((iar & 0x3ff) == INTID_PTIMER)
		write_sysreg(CNTP_CTL_EL0, 0);
	finish(iar);
	return ++chaos_me()->irqs >= MOST_IRQS ? PSTATE_I | PSTATE_F : 0;
}

/* ---- sane again ---- */

static void heal_interface(void)
{
	if (machine.gic == 2) {
		for (u32 i = 0; i < 16; i += 4)
			io_write32(machine.gicc.base + 0xd0 + i, 0);
		io_write32(machine.gicc.base + GICC_PMR, 0xf0);
		io_write32(machine.gicc.base + GICC_CTLR, 1);
		return;
	}
	__asm__ volatile("msr s3_0_c12_c8_4, xzr; msr s3_0_c12_c9_0, xzr"); /* AP0R0, AP1R0 */
	write_sysreg(ICC_PMR_EL1, 0xf0);
	write_sysreg(ICC_CTLR_EL1, 0);
	write_sysreg(ICC_IGRPEN1_EL1, 1);
	isb();
}

/* So that the timer can wake each vCPU. */
static void heal_private(u64 bank)
{
	io_write32(bank + GICD_IGROUPR, machine.gic == 3 ? ~0u : 0);
	io_write32(bank + GICD_ICACTIVER, ~0u);
	io_write32(bank + GICD_IPRIORITYR + 24, 0xa0a0a0a0u);
	io_write32(bank + GICD_ISENABLER, (u32)BIT(INTID_VTIMER));
}

static void heal_controller(void)
{
	if (machine.gic == 2) {
		heal_private(machine.gicd.base);
	} else {
		for (u32 i = 0; i < nr_cpus; i++) {
			io_write32(map.redist[i] + GICR_WAKER, 0);
			heal_private(map.redist[i] + GICR_SGI);
		}
	}
	for (u32 i = 32; i < 128; i += 32)
		io_write32(machine.gicd.base + GICD_ICACTIVER + i / 8, ~0u);
	io_write32(machine.gicd.base + GICD_CTLR, machine.gic == 3 ? DIST_ON : 1);
}

static void heal_console(void)
{
	io_write32(machine.uart.base + UARTIMSC, 0);
	io_write32(machine.uart.base + UARTLCR_H, LCR_8_FIFO);
	io_write32(machine.uart.base + UARTCR, CR_ON);
}

/* If none of its vCPUs goes on. */
static void heal_watchdog(void)
{
	if (!map.watchdog)
		return;
	io_write32(map.watchdog + WOR, (u32)(2 * map.patience));
	io_write32(map.watchdog + WOR + 4, 0);
	io_write32(map.watchdog + WCS, 1);
}

void heal(void)
{
	__asm__ volatile("msr daifset, #15"); /* what the caller waits for must not come before */
	heal_interface();
	heal_controller();
	heal_watchdog();
}

/* The other one makes progress; one that is off is turned on; else this life is over. */
static void see_to_sibling(void)
{
	u32 i = 1 - chaos_index();
	struct chaos_cpu *c = chaos_me();
	u64 now = counter();

	if (nr_cpus < 2)
		return;
	if (chaos_cpu[i].n != c->sibling_n || !c->sibling_at) {
		c->sibling_n = chaos_cpu[i].n;
		c->sibling_at = now;
		return;
	}
	if (hvc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[i].mpidr, 0, 0) == 1)
		hvc_call(PSCI64(PSCI_CPU_ON), percpu[i].mpidr, (u64)chaos_secondary, 0);
	else if (now - c->sibling_at > map.patience)
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
}

void chaos_heal(void)
{
	heal();
	heal_console();
	see_to_sibling();
	if (once_in(2)) {
		hvc_call(SDEI_EVENT_COMPLETE_AND_RESUME, (u64)chaos_recover, 0, 0);
		chaos_me()->handlers = 0; /* there was none, or it would not come here */
	}
}
