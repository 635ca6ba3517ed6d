/* SPDX-License-Identifier: Apache-2.0 */
/* A restart by SYSTEM_RESET and by SYSTEM_RESET2: image and tree are fresh again,
 * other memory may be as it was, CPUs are off. */
#include "guest.h"

#define MAGIC 0x7065726569746572UL
#define BOOTS 4

/* Not cleared by start.S: counts over restarts. Garbage at first power-on fails
 * the magic. */
static volatile u64 magic __attribute__((section(".noinit")));
static volatile u32 boots __attribute__((section(".noinit")));
/* In the image: a restart must bring it back. */
static volatile u32 pristine = 0x600d;

static volatile u32 running;

static void stay(u64 arg)
{
	(void)arg;
	running = 1;
	for (;;)
		wfi();
}

static void image_is_fresh(void)
{
	EXPECT_EQ(pristine, 0x600d);
	EXPECT(fdt_check(), "the device tree is damaged");
	pristine = 0xbad;
	/* Damage the tree too: the next start must have a good one. */
	for (u32 i = 0; i < 64; i++)
		((volatile u8 *)fdt)[i] = 0xff;
}

static void cpus_are_off(void)
{
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		EXPECT_EQ(hvc_call(PSCI64(PSCI_AFFINITY_INFO), percpu[cpu].mpidr, 0, 0), 1);
}

static void from_other_cpu(u64 arg)
{
	(void)arg;
	hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
}

static void restart(void)
{
	print("boot %u\n", boots);
	switch (boots) {
	case 1:
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
		break;
	case 2:
		if (hvc_call(PSCI_SYSTEM_RESET2, 0, 0, 0) == PSCI_NOT_SUPPORTED)
			hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
		break;
	case 3: /* with every CPU running, from another CPU than the first */
		for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
			running = 0;
			EXPECT_EQ(cpu_start(cpu, cpu == nr_cpus - 1 ? from_other_cpu : stay, 0), 0);
			if (cpu != nr_cpus - 1)
				wait_for(&running, 1);
		}
		if (nr_cpus == 1)
			hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
		for (;;)
			wfi();
	default:
		EXPECT_EQ(boots, BOOTS);
		magic = 0;
		return;
	}
	test_fail("the reset returned");
}

void guest_setup(void)
{
	if (magic != MAGIC) {
		magic = MAGIC;
		boots = 0;
	}
	boots++;
}

const struct test guest_tests[] = {
    {"reset-cpus-off", cpus_are_off, 0},
    {"reset-image-fresh", image_is_fresh, 0},
    {"reset-restart", restart, 0},
    {0},
};
