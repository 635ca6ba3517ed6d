/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's PSCI and SMCCC discovery, over firmware that the test plays.
 * sources: drivers/psci.c
 */
#include <arch/smccc.h>
#include <drivers/psci.h>
#include <test.h>

static u64 last[4];
static unsigned calls;
static u64 version = 0x10002, knows_version = 0, answer = 0;

struct smc_result smc_call(u64 fid, u64 a1, u64 a2, u64 a3)
{
	u64 x0 = answer;

	last[0] = fid, last[1] = a1, last[2] = a2, last[3] = a3;
	calls++;
	if (fid == PSCI_FEATURES)
		x0 = knows_version;
	else if (fid == SMCCC_VERSION)
		x0 = version;
	return (struct smc_result){{x0, 0, 0, 0}};
}

TEST(without_firmware_nothing_is_called)
{
	psci_init(false);
	EXPECT_EQ(psci_cpu_on(1, 2, 3), PSCI_NOT_SUPPORTED);
	EXPECT_EQ(smccc_arch_features(SMCCC_ARCH_WORKAROUND_1), SMCCC_NOT_SUPPORTED);
	psci_system_off();
	psci_system_reset();
	EXPECT_EQ(calls, 0);
}

TEST(cpu_on_is_the_64_bit_call)
{
	psci_init(true);
	EXPECT_EQ(psci_cpu_on(0x100000003, 0x4000000000, 7), 0);
	EXPECT_EQ(last[0], 0xc4000003);
	EXPECT_EQ(last[1], 0x100000003);
	EXPECT_EQ(last[2], 0x4000000000);
	EXPECT_EQ(last[3], 7);
	answer = (u32)-4; /* firmware that extends only to 32 bits */
	EXPECT_EQ(psci_cpu_on(0, 0, 0), PSCI_ALREADY_ON);
	answer = (u64)-2L;
	EXPECT_EQ(psci_cpu_on(0, 0, 0), PSCI_INVALID_PARAMETERS);
}

TEST(off_and_reset)
{
	psci_system_off();
	EXPECT_EQ(last[0], 0x84000008);
	psci_system_reset();
	EXPECT_EQ(last[0], 0x84000009);
}

TEST(arch_features_only_from_firmware_that_has_them)
{
	answer = 1;
	EXPECT_EQ(smccc_arch_features(SMCCC_ARCH_WORKAROUND_2), 1);
	EXPECT_EQ(last[0], SMCCC_ARCH_FEATURES);
	EXPECT_EQ(last[1], SMCCC_ARCH_WORKAROUND_2);
	version = 0x10000;
	EXPECT_EQ(smccc_arch_features(SMCCC_ARCH_WORKAROUND_2), SMCCC_NOT_SUPPORTED);
	EXPECT_EQ(last[0], SMCCC_VERSION);
	knows_version = (u32)-1;
	EXPECT_EQ(smccc_arch_features(SMCCC_ARCH_WORKAROUND_2), SMCCC_NOT_SUPPORTED);
	EXPECT_EQ(last[0], PSCI_FEATURES);
}
