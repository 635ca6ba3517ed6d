/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controller between CPUs: SGIs, routing, state seen from elsewhere. */
#include "gic.h"

static volatile u32 stop_workers;

static void worker(u64 arg)
{
	(void)arg;
	gic_cpu_init();
	for (u32 i = 0; i < 16; i++)
		gic_enable(i);
	me()->irq_count = 0;
	irq_enable();
	me()->online = 2;
	while (!stop_workers)
		wfi_unless(stop_workers);
	irq_disable();
}

static void start_workers(void)
{
	stop_workers = 0;
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		EXPECT_EQ(cpu_start(cpu, worker, 0), PSCI_SUCCESS);
		EXPECT(wait_for(&percpu[cpu].online, 2), "CPU %u does not come up", cpu);
	}
}

static void stop_all_workers(void)
{
	stop_workers = 1;
	dsb(sy);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		gic_send_sgi(15, cpu);
		cpu_wait_off(cpu);
	}
}

static void sgi_to_others(void)
{
	reset();
	for (u32 i = 0; i < 16; i++)
		gic_enable(i);
	start_workers();
	for (u32 n = 1; n <= 50; n++) {
		for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
			gic_send_sgi(n & 7, cpu);
			EXPECT(wait_for(&percpu[cpu].irq_count, n), "CPU %u: %u of %u came", cpu,
			       percpu[cpu].irq_count, n);
			EXPECT_EQ(percpu[cpu].irq_last, n & 7);
		}
	}
	EXPECT_NOTHING();
	stop_all_workers();
}

static void sgi_all_but_self(void)
{
	reset();
	for (u32 i = 0; i < 16; i++)
		gic_enable(i);
	start_workers();
	for (u32 n = 1; n <= 20; n++) {
		gic_send_sgi_others(9);
		for (u32 cpu = 1; cpu < nr_cpus; cpu++)
			EXPECT(wait_for(&percpu[cpu].irq_count, n), "CPU %u: %u of %u came", cpu,
			       percpu[cpu].irq_count, n);
	}
	EXPECT_NOTHING();
	stop_all_workers();
}

/* GICv2 tells who sent an SGI, and keeps one pending per sender. */
static volatile u32 sender_go;

static void sender(u64 arg)
{
	(void)arg;
	gic_send_sgi(6, 0);
	sender_go = 1;
}

static void sgi_sources(void)
{
	u32 iar, from = 0;

	reset();
	gic_enable(6);
	sender_go = 0;
	EXPECT_EQ(cpu_start(1, sender, 0), PSCI_SUCCESS);
	EXPECT(wait_for(&sender_go, 1), "CPU 1 does not send");
	cpu_wait_off(1);
	gic_send_sgi(6, 0);
	for (u32 i = 0; i < 2; i++) {
		iar = EXPECT_IRQ(6);
		from |= (u32)BIT(iar >> 10 & 7);
		gic_eoi(iar);
	}
	EXPECT_EQ(from, 3);
	EXPECT_NOTHING();
}

/* An SPI goes where it is routed, also after it was routed elsewhere. */
static void routing(void)
{
	u32 spi = spi_free(8);

	reset();
	start_workers();
	gic_set_edge(spi, true);
	gic_enable(spi);
	for (u32 round = 0; round < 3; round++) {
		for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
			u32 before = percpu[cpu].irq_count;

			gic_route(spi, cpu);
			gic_set_pending(spi);
			EXPECT(wait_for(&percpu[cpu].irq_count, before + 1),
			       "CPU %u does not get the SPI", cpu);
			EXPECT_EQ(percpu[cpu].irq_last, spi);
		}
		gic_route(spi, 0);
		gic_set_pending(spi);
		gic_eoi(EXPECT_IRQ(spi));
	}
	stop_all_workers();
}

/* Exactly one CPU takes a 1-of-N interrupt. */
static void one_of_n(void)
{
	u32 spi = spi_free(9), before = 0, after = 0;

	if (machine.gic == 2 && !machine.tocsin)
		return; /* QEMU's GICv2 gives it to each */
	reset();
	start_workers();
	gic_set_edge(spi, true);
	if (machine.gic == 3)
		io_write64(machine.gicd.base + GICD_IROUTER + 8UL * spi, BIT(31));
	else
		io_write8(machine.gicd.base + GICD_ITARGETSR + spi, (u8)(BIT(nr_cpus) - 1));
	gic_enable(spi);
	for (u32 round = 0; round < 20; round++) {
		u32 iar;

		before = after = 0;
		for (u32 cpu = 1; cpu < nr_cpus; cpu++)
			before += percpu[cpu].irq_count;
		gic_set_pending(spi);
		delay_us(10 * SETTLE_US);
		iar = gic_ack();
		if (!NOTHING(iar))
			gic_eoi(iar), after++;
		for (u32 cpu = 1; cpu < nr_cpus; cpu++)
			after += percpu[cpu].irq_count;
		EXPECT_EQ(after, before + 1);
	}
	stop_all_workers();
}

/* State of an interrupt that is in another CPU's list registers. */
static void read_across(void)
{
	u32 spi = spi_free(10);

	reset();
	start_workers();
	gic_route(spi, 1);
	gic_set_edge(spi, true);
	gic_set_priority(spi, 0xf0); /* masked there by PMR 0xf0 */
	gic_enable(spi);
	gic_set_pending(spi);
	/* On its way from one CPU's acknowledgement into a list register it may be seen
	 * nowhere: a write takes effect in finite time, not at once. */
	delay_us(10 * SETTLE_US);
	EXPECT(gic_is_pending(spi), "pending on CPU 1, reads 0");
	gic_clear_pending(spi);
	delay_us(10 * SETTLE_US); /* "in finite time" */
	EXPECT(!gic_is_pending(spi), "cannot be cleared from CPU 0");
	stop_all_workers();
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {
    {"gic-sgi-to-others", sgi_to_others, NEEDS_SMP},
    {"gic-sgi-all-but-self", sgi_all_but_self, NEEDS_SMP},
    {"gic-sgi-sources", sgi_sources, NEEDS_SMP | NEEDS_GICV2},
    {"gic-routing", routing, NEEDS_SMP},
    {"gic-one-of-n", one_of_n, NEEDS_SMP},
    {"gic-read-across", read_across, NEEDS_SMP},
    {0},
};
