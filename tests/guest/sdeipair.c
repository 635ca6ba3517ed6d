/* SPDX-License-Identifier: Apache-2.0 */
/* Two partitions run this at the same time, with vCPUs of the same MPIDRs: each registers,
 * signals, masks, binds and resets as it likes, and sees nothing of what the other does. */
#include "sdei.h"

#define ROUNDS 1000
#define NOBODY 7 /* Aff0 of a PE that neither has */

static long bound;

static long signal_to(u64 mpidr)
{
	return sdei_call(SDEI_EVENT_SIGNAL, E0, mpidr, 0, 0, 0);
}

/* Events of one's own come once each, those of the other never. */
static void round(u32 n)
{
	EXPECT_EQ(sdei_status(E0), 0);
	sdei_ready(E0);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(signal_to(NOBODY), SDEI_INVALID_PARAMETERS);
	delay_us(n % 64);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_status(E0), SDEI_STATUS_REGISTERED | SDEI_STATUS_ENABLED);
	EXPECT_EQ(sdei_mask(), 1);
	EXPECT_EQ(sdei_signal(0), 0);
	delay_us(n % 16);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 2);
	EXPECT_EQ(sdei_last()->x[1], sdei_argument(E0));
	EXPECT_EQ(sdei_unregister(E0), 0);
}

/* The same INTID and number in both; the other's SHARED_RESET does not release it. */
static void bind(void)
{
	bound = sdei_call(SDEI_INTERRUPT_BIND, machine.uart_intid, 0, 0, 0, 0);
	EXPECT(bound > 0, "BIND: %ld", bound);
}

static void blind(void)
{
	bind();
	for (u32 n = 0; n < ROUNDS && !test_failed(); n++) {
		EXPECT_EQ(sdei_register((u64)bound, sdei_entry, 0), 0);
		round(n);
		EXPECT_EQ(sdei_status((u64)bound), SDEI_STATUS_REGISTERED);
		EXPECT_EQ(sdei_unregister((u64)bound), 0);
		if (n % 8)
			continue;
		EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), 0);
		EXPECT_EQ(sdei_register((u64)bound, sdei_entry, 0), SDEI_DENIED);
		bind();
	}
}

void guest_setup(void)
{
	sdei_setup();
}

const struct test guest_tests[] = {{"97 blind", blind, UNDER_TOCSIN}, {0}};
