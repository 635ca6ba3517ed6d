/* SPDX-License-Identifier: Apache-2.0 */
/* What the guests that bind interrupts to SDEI events share: calls, and sources of
 * interrupts that can be raised and silenced at will. */
#pragma once

#include "sdei.h"

#define FREE_SPI 64 /* and on: nobody raises these */
#define SETTLE_US 300

static inline long bind(u64 intid)
{
	return sdei1(SDEI_INTERRUPT_BIND, intid);
}
static inline long release(long event)
{
	return sdei1(SDEI_INTERRUPT_RELEASE, (u64)event);
}
static inline long info(u64 event, enum sdei_info what)
{
	return sdei_call(SDEI_EVENT_GET_INFO, event, what, 0, 0, 0);
}
static inline long route(u64 event, u64 mode, u64 affinity)
{
	return sdei_call(SDEI_EVENT_ROUTING_SET, event, mode, affinity, 0, 0);
}
/* REGISTER to one PE. */
static inline long register_pe(u64 event, u64 affinity)
{
	return sdei_call(SDEI_EVENT_REGISTER, event, (u64)sdei_entry, sdei_argument(event),
			 SDEI_REGISTER_RM_PE, affinity);
}

/* Level-sensitive, all of them. */
struct source {
	u32 intid;
	void (*fire)(void);
	void (*silence)(void);
	void (*arm)(void);      /* fires in 0.5 ms; NULL: it cannot */
	void (*arm_late)(void); /* in 200 ms */
};

/* ---- the timers ---- */

static inline u64 in_us(u64 us)
{
	return counter() + us * read_sysreg(CNTFRQ_EL0) / 1000000;
}
static inline void set_timer(u64 cval)
{
	write_sysreg(CNTP_CVAL_EL0, cval); /* both counters are the same */
	write_sysreg(CNTP_CTL_EL0, 1);
	isb();
}
static void fire_timer(void)
{
	set_timer(0);
}
static void arm_timer(void)
{
	set_timer(in_us(500));
}
static void arm_timer_late(void)
{
	set_timer(in_us(200000));
}
static void silence_timer(void)
{
	write_sysreg(CNTP_CTL_EL0, 0);
	isb();
}
static inline void set_vtimer(u64 cval)
{
	write_sysreg(CNTV_CVAL_EL0, cval);
	write_sysreg(CNTV_CTL_EL0, 1);
	isb();
}
static void fire_vtimer(void)
{
	set_vtimer(0);
}
static void arm_vtimer(void)
{
	set_vtimer(in_us(500));
}
static void arm_vtimer_late(void)
{
	set_vtimer(in_us(200000));
}
static void silence_vtimer(void)
{
	write_sysreg(CNTV_CTL_EL0, 0);
	isb();
}

/* ---- the PL031 clock: its alarm, when it is set to now, comes at once ---- */

#define RTC_DR 0x00
#define RTC_MR 0x04
#define RTC_IMSC 0x10
#define RTC_RIS 0x14
#define RTC_ICR 0x1c

static u64 rtc;

static void fire_clock(void)
{
	io_write32(rtc + RTC_IMSC, 0);
	do { /* the second may be over just now */
		io_write32(rtc + RTC_MR, io_read32(rtc + RTC_DR));
	} while (!(io_read32(rtc + RTC_RIS) & 1));
	io_write32(rtc + RTC_IMSC, 1);
}
static void silence_clock(void)
{
	io_write32(rtc + RTC_IMSC, 0);
	io_write32(rtc + RTC_ICR, 1);
	dsb(sy);
}

/* ---- the UART: it can always send ---- */

#define UART_IMSC 0x38
#define UART_TX BIT(5)

static void fire_uart(void)
{
	io_write32(machine.uart.base + UART_IMSC, UART_TX);
}
static void silence_uart(void)
{
	io_write32(machine.uart.base + UART_IMSC, 0);
}

static const struct source source_timer = {INTID_PTIMER, fire_timer, silence_timer, arm_timer,
					   arm_timer_late};
static const struct source source_vtimer = {INTID_VTIMER, fire_vtimer, silence_vtimer, arm_vtimer,
					    arm_vtimer_late};
static struct source source_clock = {.fire = fire_clock, .silence = silence_clock};
static struct source source_uart = {.fire = fire_uart, .silence = silence_uart};

static inline void sources_find(void)
{
	int node = fdt_compatible(-1, "arm,pl031");
	struct range reg = {0};
	const u8 *irq = node < 0 ? NULL : fdt_prop(node, "interrupts", NULL);

	if (irq && fdt_reg(node, 0, &reg))
		source_clock.intid = (u32)fdt_cells(irq + 4, 1) + 32;
	rtc = reg.base;
	source_uart.intid = machine.uart_intid;
}

/* ---- a test with a source ---- */

/* What the hook silences. */
static const struct source *volatile active;

static inline void silence_it(struct sdei_entry *e)
{
	(void)e;
	active->silence();
}

/* Bound, registered, enabled and unmasked here, with a hook that silences it. */
static inline long begin(const struct source *s)
{
	long event;

	s->silence();
	sdei_fresh();
	active = s;
	sdei_hook = silence_it;
	event = bind(s->intid);
	EXPECT(event > 0, "INTID %u: BIND says %ld", s->intid, event);
	sdei_add((u64)event);
	EXPECT_EQ(sdei_unmask(), 0);
	return event;
}

static inline void end(const struct source *s, long event)
{
	s->silence();
	EXPECT_EQ(sdei_unregister((u64)event), SDEI_SUCCESS);
	EXPECT_EQ(sdei_status((u64)event), 0);
	EXPECT(!gic_is_enabled(s->intid), "INTID %u is enabled", s->intid);
	EXPECT(!gic_is_active(s->intid), "INTID %u is active", s->intid);
	EXPECT(!gic_is_pending(s->intid), "INTID %u is pending", s->intid);
	EXPECT_EQ(release(event), SDEI_SUCCESS);
}

/* Waits until so many handlers have run here, and no more come. */
static inline bool expect_runs(u32 n)
{
	wait_for(&sdei_cpu[me()->index].runs, n);
	delay_us(SETTLE_US);
	return sdei_runs() == n;
}

/* It comes as an interrupt, twice. */
static inline void as_interrupt(const struct source *s)
{
	irq_disable();
	gic_enable(s->intid);
	for (u32 i = 0; i < 2; i++) {
		u32 iar, waited = 0;

		s->fire();
		do {
			iar = gic_ack();
		} while ((iar & 0x3ff) >= 1020 && ++waited < 1000000);
		EXPECT((iar & 0x3ff) == s->intid, "INTID %u comes, not %u", iar & 0x3ff, s->intid);
		s->silence();
		if ((iar & 0x3ff) < 1020)
			gic_eoi(iar);
	}
	gic_disable(s->intid);
}
