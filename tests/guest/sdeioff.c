/* SPDX-License-Identifier: Apache-2.0 */
/* A partition without SDEI: every call is unknown, and the tree has no node. */
#include "sdei.h"

static void nothing_answers(void)
{
	for (u32 by_smc = 0; by_smc < 2; by_smc++) {
		sdei_by_smc = by_smc;
		for (u32 n = 0x20; n < 0x40; n++) {
			EXPECT_EQ(sdei1(0xc4000000u | n, 0), SDEI_NOT_SUPPORTED);
			EXPECT_EQ(sdei1(0xc4010000u | n, 0xffffffff), SDEI_NOT_SUPPORTED);
		}
		EXPECT_EQ(sdei_call(SDEI_EVENT_REGISTER, E0, (u64)sdei_entry, 0, 0, 0),
			  SDEI_NOT_SUPPORTED);
	}
	sdei_by_smc = false;
}

static void no_alarm(void)
{
	EXPECT_EQ(sdei_ring(0, 0), SDEI_NOT_SUPPORTED);
	EXPECT_EQ(sdei_ring(0, TOCSIN_ALARM_NOW), SDEI_NOT_SUPPORTED);
	EXPECT_EQ(sdei1(TOCSIN_ALARM_CANCEL, percpu[0].mpidr), SDEI_NOT_SUPPORTED);
	EXPECT_EQ(sdei1(TOCSIN_ALARM_STATUS, percpu[0].mpidr), SDEI_NOT_SUPPORTED);
}

static void no_node(void)
{
	EXPECT(fdt_compatible(-1, "arm,sdei-1.0") < 0, "there is a node");
	EXPECT(fdt_node("/firmware/sdei") < 0, "there is a node");
}

void guest_setup(void)
{
	sdei_setup();
}

const struct test guest_tests[] = {
    {"98 nothing-answers", nothing_answers, UNDER_TOCSIN},
    {"98 no-alarm", no_alarm, UNDER_TOCSIN},
    {"98 no-node", no_node, UNDER_TOCSIN},
    {0},
};
