/* SPDX-License-Identifier: Apache-2.0 */
/* What the guests that test the interrupt controller share: a clean start for each
 * test, and waiting for interrupts by polling, with IRQs masked. */
#pragma once

#include "guest.h"

#define FIRST_SPI 64 /* software-pended only: beyond the board's own interrupts */
#define SPARE_PPI 24
#define INTID(iar) ((iar)&0x3ff)
#define NOTHING(iar) (INTID(iar) >= 1020)
#define SETTLE_US 200

/* QEMU's GICv2 with several CPUs ignores GICD_ISPENDR for PPIs. */
static inline bool ppi_by_software(void)
{
	return machine.gic == 3 || machine.tocsin || nr_cpus == 1;
}

static inline u32 spi_free(u32 n)
{
	return FIRST_SPI + n;
}

/* Everything off, inactive and not pending, and this CPU's interface as gic_cpu_init has it. */
static inline void reset(void)
{
	irq_disable();
	irq_hook = NULL;
	irq_raw = NULL;
	gic_init();
	gic_cpu_init();
	for (u32 i = 0; i < 16; i++)
		gic_clear_pending(i);
}

/* Polls for an interrupt with IRQs masked: the next acknowledged one. */
static inline u32 next_irq(void)
{
	u64 end = counter() + read_sysreg(CNTFRQ_EL0) / 50;
	u32 iar;

	do {
		iar = gic_ack();
	} while (NOTHING(iar) && counter() < end);
	return iar;
}

static inline u32 nothing_comes(void)
{
	delay_us(SETTLE_US);
	return gic_ack();
}

#define EXPECT_NOTHING()                                                                           \
	do {                                                                                       \
		u32 iar_ = nothing_comes();                                                        \
		EXPECT(NOTHING(iar_), "line %u: INTID %u comes", __LINE__, INTID(iar_));           \
		if (!NOTHING(iar_))                                                                \
			gic_eoi(iar_);                                                             \
	} while (0)
#define EXPECT_IRQ(intid)                                                                          \
	({                                                                                         \
		u32 iar_ = next_irq();                                                             \
		EXPECT(INTID(iar_) == (intid), "line %u: INTID %u, not %u", __LINE__, INTID(iar_), \
		       (u32)(intid));                                                              \
		iar_;                                                                              \
	})

/* SGIs to itself come, once each: the controller is alive. */
static inline void self_sgis(void)
{
	reset();
	gic_enable(5);
	for (u32 i = 0; i < 100; i++) {
		u32 iar;

		gic_send_sgi(5, 0);
		EXPECT(gic_is_pending(5), "not pending");
		iar = EXPECT_IRQ(5);
		EXPECT(!gic_is_pending(5) && gic_is_active(5), "state after acknowledge");
		gic_eoi(iar);
	}
	EXPECT_NOTHING();
	gic_disable(5);
	if (gic_is_enabled(5))
		return; /* SGIs may be permanently on */
	gic_send_sgi(5, 0);
	EXPECT_NOTHING();
	gic_enable(5);
	gic_eoi(EXPECT_IRQ(5));
}
