/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile partition: the interrupt controller, its CPUs, its console. */
#include "attack.h"
#include "gic.h"
#include "sdei.h"
#include <abi/tocsin.h>

/* ---- registers ---- */

#define GICC_APR 0xd0
#define GICC_PAGE KIB(4)

/* Every offset at every width, read and written with anything. */
static void hammer(struct range r, u32 least)
{
	for (u32 size = least; size <= 8; size *= 2) {
		for (u64 a = r.base; a < r.base + r.size; a += size) {
			try_read(a, size, NULL);
			try_write(a, size, random_next(&seed));
		}
	}
}

static void registers(void)
{
	irq_disable();
	hammer(machine.gicd, 1);
	if (machine.gic == 3) {
		hammer((struct range){gic_redist(0), MIN(nr_cpus * KIB(128), KIB(256))}, 1);
	} else {
		hammer((struct range){machine.gicc.base, GICC_PAGE}, 4);
		for (u32 i = 0; i < 16; i += 4)
			io_write32(machine.gicc.base + GICC_APR + i, 0);
	}
	reset();
	expect_served();
}

/* ---- floods ---- */

#define SGIS 10000

static volatile u32 flooding;

/* With values in FP registers, which its vCPUs take from one another. */
static void flood(u64 n)
{
	for (u64 i = 0; i < n || (!n && flooding); i++) {
		__asm__ volatile("fmov d0, %0" : : "r"(i));
		if (RANDOM(2))
			gic_send_sgi_others(RANDOM(16));
		else
			gic_send_sgi(RANDOM(16), RANDOM(nr_cpus));
	}
}

static void secondary_flood(u64 n)
{
	gic_cpu_init();
	for (u32 i = 0; i < 16; i++)
		gic_enable(i);
	irq_enable();
	flood(n);
	irq_disable();
}

/* From all CPUs to all CPUs, taken and not taken. */
static void sgis(void)
{
	reset();
	for (u32 i = 0; i < 16; i++)
		gic_enable(i);
	flooding = 1;
	for (u32 i = 1; i < nr_cpus; i++)
		EXPECT_EQ(cpu_start(i, secondary_flood, 0), PSCI_SUCCESS);
	flood(SGIS);
	irq_enable();
	flood(SGIS);
	irq_disable();
	flooding = 0;
	for (u32 i = 1; i < nr_cpus; i++)
		cpu_wait_off(i);
	reset();
	expect_served();
}

/* ---- interrupts that nobody sees to ---- */

#define HELD_US 20000
#define NAPS 2000
#define NAP_US 10

static void arm_timers(void)
{
	gic_enable(INTID_VTIMER);
	gic_enable(INTID_PTIMER);
	write_sysreg(CNTV_CVAL_EL0, counter());
	write_sysreg(CNTV_CTL_EL0, CNTV_CTL_EL0_ENABLE);
	write_sysreg(CNTP_CVAL_EL0, counter());
	write_sysreg(CNTP_CTL_EL0, CNTV_CTL_EL0_ENABLE);
	isb();
}

static void everything_pending(void)
{
	for (u32 i = 0; i < machine.nr_intids; i++) {
		gic_enable(i);
		gic_set_pending(i);
	}
}

/* Nothing is pending: WFI, or the same by PSCI, waits until its timer. */
static void sleeps(void)
{
	u64 nap = NAP_US * read_sysreg(CNTFRQ_EL0) / 1000000;

	gic_enable(INTID_VTIMER);
	for (u32 i = 0; i < NAPS / 10; i++) {
		write_sysreg(CNTV_CVAL_EL0, counter() + nap);
		write_sysreg(CNTV_CTL_EL0, CNTV_CTL_EL0_ENABLE);
		isb();
		if (i & 1)
			wfi();
		else
			hvc_call(PSCI64(PSCI_CPU_SUSPEND), 0, 0, 0);
		write_sysreg(CNTV_CTL_EL0, 0);
		isb();
		gic_eoi(gic_ack());
	}
}

/* Its timers and all others: pending for good; then acknowledged, never finished. With
 * something pending WFI does not wait, which makes a loop of exits of it. */
static void unacked(void)
{
	reset();
	sleeps();
	arm_timers();
	everything_pending();
	delay_us(HELD_US);
	for (u32 i = 0; i < NAPS; i++)
		wfi();
	for (u32 i = 0; i < machine.nr_intids; i++) {
		u32 iar = gic_ack();

		gic_set_eoi_split(i & 1);
		if (!NOTHING(iar))
			gic_eoi(iar); /* half of them: a priority drop only */
	}
	gic_set_eoi_split(false);
	arm_timers();
	delay_us(HELD_US);
	for (u32 i = 0; i < 8; i++)
		gic_ack();
	delay_us(HELD_US);
	expect_served();
	if (!strstr(machine.bootargs, "leave")) {
		write_sysreg(CNTV_CTL_EL0, 0);
		write_sysreg(CNTP_CTL_EL0, 0);
		for (u32 i = 0; i < 8; i++)
			gic_eoi(i);
		reset();
	}
}

/* ---- CPUs ---- */

#define STARTS 40

static void at_once(u64 arg)
{
	(void)arg;
}

/* Off again as soon as they are on; and asked for over and over meanwhile. */
static void cpus(void)
{
	for (u32 n = 0; n < STARTS && !test_failed(); n++) {
		u32 i = 1 + n % (nr_cpus - 1);

		EXPECT_EQ(cpu_start(i, at_once, 0), PSCI_SUCCESS);
		for (u32 k = 0; k < 8; k++)
			hvc_call(PSCI64(PSCI_CPU_ON), percpu[i].mpidr, random_next(&seed) | 1, 0);
		cpu_wait_off(i);
	}
	expect_served();
}

/* ---- calls between CPUs ---- */

#define CALLS 1000

/* All for which its CPU may have to call another, at a vCPU that gets no time there. */
static void siblings(void)
{
	u64 ctlr = machine.gicd.base + GICD_CTLR, sibling = machine.gicd.base;
	u32 on = io_read32(ctlr);

	if (machine.gic == 3)
		sibling = gic_redist(1) + KIB(64);
	io_write32(sibling + GICD_IGROUPR, ~0U);
	cpu_start(1, at_once, 0);
	for (u32 n = 0; n < CALLS; n++) {
		gic_send_sgi(RANDOM(16), 1);
		hvc_call(SDEI_EVENT_SIGNAL, 0, percpu[1].mpidr, 0);
		hvc_call(TOCSIN_ALARM, percpu[1].mpidr, 0, 0);
		io_write32(sibling + GICD_ISPENDR, 0xffff);
		io_write32(ctlr, 0);
		io_write32(ctlr, on);
	}
	expect_served();
}

#define LINE 64u

/* The same by a physical SPI: made pending, withdrawn, enabled, ended and moved by registers, and
 * bound to an event that comes to the sibling. */
static void lines(void)
{
	u64 d = machine.gicd.base, word = LINE / 32 * 4;
	u32 bit = 1U << LINE % 32;
	long event;

	for (u32 n = 0; n < CALLS; n++) {
		gic_route(LINE, 1);
		io_write32(d + GICD_ISENABLER + word, bit);
		io_write32(d + GICD_ISPENDR + word, bit);
		io_write32(d + GICD_ICPENDR + word, bit);
		io_write32(d + GICD_ISACTIVER + word, bit);
		io_write32(d + GICD_ISPENDR + word, bit);
		io_write32(d + GICD_ICACTIVER + word, bit);
		io_write32(d + GICD_ICENABLER + word, bit);
		gic_route(LINE, 0);
	}
	io_write32(d + GICD_ICPENDR + word, bit);
	event = (long)hvc_call(SDEI_INTERRUPT_BIND, LINE, 0, 0);
	for (u32 n = 0; n < CALLS / 10 && event >= 0; n++) {
		sdei_call(SDEI_EVENT_REGISTER, (u64)event, (u64)at_once, 0, SDEI_REGISTER_RM_PE,
			  percpu[1].mpidr);
		hvc_call(SDEI_EVENT_ENABLE, (u64)event, 0, 0);
		hvc_call(SDEI_EVENT_ROUTING_SET, (u64)event, 1, percpu[1].mpidr);
		hvc_call(SDEI_EVENT_DISABLE, (u64)event, 0, 0);
		hvc_call(SDEI_EVENT_UNREGISTER, (u64)event, 0, 0);
	}
	hvc_call(SDEI_INTERRUPT_RELEASE, (u64)event, 0, 0);
	expect_served();
}

/* ---- the watchdog ---- */

#define WCS 0
#define WOR 8
#define PERIOD_US 300

static struct range control, refresh;

/* Its CPU looks after the watchdog. */
static void keep(u64 ticks)
{
	io_write32(control.base + WOR, (u32)ticks);
	io_write32(control.base + WCS, 1);
	for (;;)
		wfi();
}

/* One vCPU starts it with a short period, the other refreshes it. */
static void keeper(void)
{
	int node = fdt_compatible(-1, "arm,sbsa-gwdt");

	fdt_reg(node, 0, &control);
	fdt_reg(node, 1, &refresh);
	cpu_start(1, keep, PERIOD_US * read_sysreg(CNTFRQ_EL0) / 1000000);
	for (;;)
		io_write32(refresh.base, 0);
}

/* ---- the console ---- */

#define BYTES 20000
#define UARTDR 0x00
#define UARTFR 0x18
#define UARTLCR_H 0x2c
#define UARTCR 0x30
#define UARTIMSC 0x38
#define UARTICR 0x44
#define LCR_8_FIFO 0x70
#define CR_ON 0x301

/* Its registers, all but what goes out. */
static void uart(void)
{
	for (u64 i = 4; i < machine.uart.size; i++) {
		u64 a = machine.uart.base + i;

		try_read(a, 1U << RANDOM(4), NULL);
		try_write(a, 1U << RANDOM(4), random_next(&seed));
	}
	io_write32(machine.uart.base + UARTIMSC, 0);
	io_write32(machine.uart.base + UARTICR, 0x7ff);
	io_write32(machine.uart.base + UARTLCR_H, LCR_8_FIFO);
	io_write32(machine.uart.base + UARTCR, CR_ON);
	expect_served();
}

/* Anything that is not a line of its own, without looking whether there is room. */
static void console(void)
{
	for (u32 i = 0; i < BYTES; i++)
		io_write32(machine.uart.base + UARTDR, RANDOM(64) ? 32 + RANDOM(94) : 10);
	print("\n");
	expect_served();
}

void guest_setup(void)
{
	attack_only();
}

const struct test guest_tests[] = {{"registers", registers, UNDER_TOCSIN},
				   {"sgis", sgis, UNDER_TOCSIN},
				   {"unacked", unacked, UNDER_TOCSIN},
				   {"cpus", cpus, UNDER_TOCSIN | NEEDS_SMP},
				   {"siblings", siblings, UNDER_TOCSIN | NEEDS_SMP},
				   {"lines", lines, UNDER_TOCSIN | NEEDS_SMP},
				   {"keeper", keeper, UNDER_TOCSIN | NEEDS_SMP},
				   {"uart", uart, UNDER_TOCSIN},
				   {"console", console, UNDER_TOCSIN},
				   {0}};
