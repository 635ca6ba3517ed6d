/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's calls: dispatch, PSCI, TRNG, workarounds, our own service.
 * sources: el2/calls/smccc.c el2/calls/smccc_arch.c el2/vcpu/pvtime.c el2/calls/vpsci.c
 * sources: el2/calls/trng.c el2/calls/vendor.c
 */
#include <el2/pvtime.h>
#include <smccc_world.h>
#include <test.h>

/* Calls by HVC from v; the result is x0. */
static u64 hvc(struct vcpu *v, u64 fid, u64 a1, u64 a2, u64 a3)
{
	v->regs.x[0] = fid;
	v->regs.x[1] = a1;
	v->regs.x[2] = a2;
	v->regs.x[3] = a3;
	world.random_next = 0;
	EXPECT_EQ(trap_hvc64(v, 0).action, ACT_RESUME);
	return v->regs.x[0];
}

#define CALL(fid, ...) CALL_(fid, ##__VA_ARGS__, 0, 0, 0)
#define CALL_(fid, a1, a2, a3, ...) hvc(&world.vcpus[0], fid, a1, a2, a3)
#define FAST64(fid) ((u64)(fid) | SMCCC_64)

TEST(smccc_verdicts)
{
	struct vcpu *v = world_init();

	v->regs.x[0] = PSCI_VERSION;
	v->regs.pc = RAM + 8;
	EXPECT_EQ(trap_smc64(v, 0x8000).action, ACT_UNDEF);
	EXPECT_EQ(v->regs.pc, RAM + 8);
	EXPECT_EQ(trap_hvc64(v, 1).action, ACT_UNDEF);
	EXPECT_EQ(v->regs.pc, RAM + 4); /* where the HVC was */
	EXPECT_EQ(v->regs.x[0], PSCI_VERSION);
	EXPECT_EQ(trap_smc64(v, ESR_IL).action, ACT_RESUME);
	EXPECT_EQ(v->regs.pc, RAM + 8); /* behind the SMC */
	EXPECT_EQ(v->regs.x[0], 0x10001);
	v->regs.x[0] = PSCI_VERSION;
	EXPECT_EQ(trap_hvc64(v, ESR_IL).action, ACT_RESUME);
	EXPECT_EQ(v->regs.x[0], 0x10001);
}

TEST(smccc_unknown_functions)
{
	static const u64 unknown[] = {
	    0x84000013,
	    0x840000ff,
	    0x8400ffff,
	    0x84010100,                 /* number is 0x100 behind the hint */
	    PSCI_VERSION & ~SMCCC_FAST, /* yielding */
	    FAST64(PSCI_VERSION),
	    FAST64(PSCI_CPU_OFF),
	    FAST64(PSCI_SYSTEM_OFF),
	    FAST64(SMCCC_VERSION),
	    0x84020000, /* bits 23:17 must be 0 */
	    0x84800000,
	    PSCI_MIGRATE,
	    PSCI_SYSTEM_SUSPEND,
	    SMCCC_ARCH_SOC_ID,
	    SMCCC_ARCH_WORKAROUND_2,
	    0x86000001,
	    0x8600ff00,
	    0x8600ff02,
	    0x84000020, /* SDEI is SMC64 */
	    0xc400001f,
	    0xc4000033,
	    0xc400003f,
	    0xc6000000,
	    0xc6000008,
	    0x86000001,
	    0x83000000,
	    0xbf000000,
	    0xffffffff,
	    0,
	};
	struct vcpu *v = world_init();

	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++) {
		for (u64 r = 1; r < 31; r++)
			v->regs.x[r] = r * 0x0101010101010101;
		v->regs.x[0] = unknown[i];
		trap_hvc64(v, 0);
		EXPECT_EQ(v->regs.x[0], ~0UL);
		for (u64 r = 1; r < 31; r++)
			EXPECT_EQ(v->regs.x[r], r * 0x0101010101010101);
	}
	EXPECT_EQ(world.effects, 0);
}

/* The upper half of x0 and the SVE hint are nobody's business. */
TEST(smccc_identifier_bits)
{
	world_init();
	EXPECT_EQ(CALL(PSCI_VERSION | SMCCC_SVE_HINT), 0x10001);
	EXPECT_EQ(CALL(PSCI_VERSION | 0xdead00000000), 0x10001);
	EXPECT_EQ(CALL(SMCCC_VERSION), 0x10003);
	EXPECT_EQ(CALL(PSCI_MIGRATE_INFO_TYPE), 2);
	EXPECT(!smccc_implemented(0x84000013) && smccc_implemented(FAST64(PSCI_CPU_ON)));
}

/* Room for two structures: the other vCPUs have none. */
TEST(stolen_time)
{
	static struct pvtime room[3];
	struct vcpu *v = world_init();

	EXPECT_EQ(CALL(PV_TIME_FEATURES, PV_TIME_ST), ~0UL);
	EXPECT_EQ(CALL(PV_TIME_ST), ~0UL);
	EXPECT_EQ(CALL(SMCCC_ARCH_FEATURES, PV_TIME_FEATURES), ~0UL);
	memset(room, 0xff, sizeof(room));
	world.config.pvtime.ipa = 0x9020000;
	world.config.pvtime.pa = (u64)room;
	world.config.pvtime.size = 2 * sizeof(room[0]) + 63;
	pvtime_create(&world.partition);
	EXPECT(world.cpu.schedule.account_wait);
	for (u32 i = 0; i < world.partition.nr_vcpus; i++)
		pvtime_reset(&world.partition.vcpus[i]);
	EXPECT_EQ(CALL(PV_TIME_FEATURES, PV_TIME_FEATURES), 0);
	EXPECT_EQ(CALL(PV_TIME_FEATURES, PV_TIME_ST), 0);
	EXPECT_EQ(CALL(PV_TIME_FEATURES, PV_TIME_ST + 1), ~0UL);
	EXPECT_EQ(CALL(SMCCC_ARCH_FEATURES, PV_TIME_FEATURES), 0);
	EXPECT_EQ(CALL(PV_TIME_ST), 0x9020000);
	EXPECT_EQ(hvc(&world.vcpus[1], PV_TIME_ST, 0, 0, 0), 0x9020040);
	EXPECT_EQ(hvc(&world.vcpus[2], PV_TIME_ST, 0, 0, 0), ~0UL);
	pvtime_add(v, 62500000UL * 3600 * 24 + 1); /* a day and 16 ns */
	pvtime_add(v, 2);
	pvtime_add(&world.vcpus[2], 1);
	EXPECT_EQ(room[0].stolen_ns, 3600UL * 24 * 1000000000 + 48);
	EXPECT_EQ(room[0].revision | room[0].attributes, 0);
	EXPECT_EQ(room[1].stolen_ns, 0);
	EXPECT_EQ(room[2].stolen_ns, ~0UL);
}

TEST(psci_features)
{
	static const u32 there[] = {PSCI_VERSION,
				    PSCI_CPU_SUSPEND,
				    PSCI_CPU_OFF,
				    PSCI_CPU_ON,
				    PSCI_AFFINITY_INFO,
				    PSCI_MIGRATE_INFO_TYPE,
				    PSCI_SYSTEM_OFF,
				    PSCI_SYSTEM_RESET,
				    PSCI_FEATURES,
				    PSCI_SYSTEM_RESET2,
				    SMCCC_VERSION,
				    FAST64(PSCI_CPU_SUSPEND),
				    FAST64(PSCI_CPU_ON),
				    FAST64(PSCI_AFFINITY_INFO),
				    FAST64(PSCI_SYSTEM_RESET2)};
	static const u32 not_there[] = {PSCI_SYSTEM_SUSPEND,
					PSCI_MIGRATE,
					PSCI_MIGRATE_INFO_UP_CPU,
					TRNG_VERSION,
					SMCCC_ARCH_FEATURES,
					FAST64(PSCI_VERSION),
					FAST64(PSCI_CPU_OFF),
					0,
					0x4000000,
					0xffffffff};

	world_init();
	for (u32 i = 0; i < ARRAY_SIZE(there); i++)
		EXPECT_EQ(CALL(PSCI_FEATURES, there[i]), 0);
	for (u32 i = 0; i < ARRAY_SIZE(not_there); i++)
		EXPECT_EQ(CALL(PSCI_FEATURES, not_there[i]), ~0UL);
}

TEST(psci_cpu_on)
{
	struct vcpu *target;

	world_init();
	target = &world.vcpus[2];
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), 0x100, RAM, 1UL << 40 | 7), 0);
	EXPECT_EQ(target->power, POWER_ON_PENDING);
	EXPECT_EQ(target->requests, REQ_START);
	EXPECT_EQ(target->entry, RAM);
	EXPECT_EQ(target->context, 1UL << 40 | 7);
	EXPECT_EQ(world.partition.nr_on, 2);
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), 0x100, RAM + 4, 0), (u64)PSCI_ON_PENDING);
	EXPECT_EQ(target->entry, RAM);
	target->power = POWER_ON;
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), 0x100, RAM, 0), (u64)PSCI_ALREADY_ON);
	EXPECT_EQ(CALL(PSCI_CPU_ON, 0, RAM, 0), (u64)PSCI_ALREADY_ON);
	EXPECT_EQ(world.partition.nr_on, 2);
}

/* The argument is an affinity: bits of MPIDR that are none are reserved (5.1.4). */
TEST(psci_cpu_on_affinity)
{
	world_init();
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), 0x80000001, RAM), (u64)PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), 1 | 1UL << 30, RAM), (u64)PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), 1 | 1UL << 40, RAM), (u64)PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), 1, RAM), 0);
	EXPECT_EQ(world.vcpus[1].power, POWER_ON_PENDING);
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), 0x100000000, RAM), 0);
	EXPECT_EQ(world.vcpus[3].power, POWER_ON_PENDING);
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), 2, RAM), (u64)PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), ~0UL, RAM), (u64)PSCI_INVALID_PARAMETERS);
}

/* SMC32: garbage in the upper halves is cut off, of the context too. */
TEST(psci_cpu_on_32)
{
	world_init();
	EXPECT_EQ(CALL(PSCI_CPU_ON, 0xffffffff00000100, 0xabcd00000000 | RAM, ~0UL), 0);
	EXPECT_EQ(world.vcpus[2].entry, RAM);
	EXPECT_EQ(world.vcpus[2].context, 0xffffffff);
}

TEST(psci_invalid_address)
{
	static const u64 entries[] = {0,       RAM + 1,   RAM + 2,         RAM + RAM_SIZE,
				      RAM - 4, 1UL << 40, RAM | 1UL << 63, ~3UL};

	world_init();
	for (u32 i = 0; i < ARRAY_SIZE(entries); i++) {
		EXPECT_EQ(CALL(FAST64(PSCI_CPU_ON), 1, entries[i]), (u64)PSCI_INVALID_ADDRESS);
		EXPECT_EQ(CALL(FAST64(PSCI_CPU_SUSPEND), 1 << 16, entries[i]),
			  (u64)PSCI_INVALID_ADDRESS);
	}
	EXPECT_EQ(world.vcpus[1].power, POWER_OFF);
	EXPECT_EQ(world.effects, 0);
}

/* Of two calls racing for one vCPU one wins: the loser finds it pending. */
TEST(psci_cpu_on_race)
{
	world_init();
	world.vcpus[1].power = POWER_ON;
	world.race = &world.vcpus[2];
	EXPECT_EQ(hvc(&world.vcpus[0], FAST64(PSCI_CPU_ON), 0x100, RAM, 0xb), (u64)PSCI_ON_PENDING);
	EXPECT_EQ(world.vcpus[2].context, 0xa);
	EXPECT_EQ(world.partition.nr_on, 2);
}

TEST(psci_affinity_info)
{
	world_init();
	world.vcpus[2].power = POWER_ON_PENDING;
	EXPECT_EQ(CALL(PSCI_AFFINITY_INFO, 0, 0), 0);
	EXPECT_EQ(CALL(PSCI_AFFINITY_INFO, 1, 0), 1);
	EXPECT_EQ(CALL(FAST64(PSCI_AFFINITY_INFO), 0x80000100, 0), (u64)PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(CALL(FAST64(PSCI_AFFINITY_INFO), 0x100, 0), 2);
	EXPECT_EQ(CALL(FAST64(PSCI_AFFINITY_INFO), 0x100000000, 1UL << 32), 1);
	EXPECT_EQ(CALL(PSCI_AFFINITY_INFO, 0, 1), (u64)PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(CALL(PSCI_AFFINITY_INFO, 0, 3), (u64)PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(CALL(PSCI_AFFINITY_INFO, 7, 0), (u64)PSCI_INVALID_PARAMETERS);
}

TEST(psci_suspend_and_off)
{
	world_init();
	EXPECT_EQ(CALL(PSCI_CPU_SUSPEND, 0), 0);
	EXPECT_EQ(world.effects, DID_WAIT);
	world_init();
	EXPECT_EQ(CALL(FAST64(PSCI_CPU_SUSPEND), 0x01010005, RAM + 8, 9), 0);
	EXPECT_EQ(world.effects, DID_POWERDOWN);
	EXPECT_EQ(world.entry, RAM + 8);
	EXPECT_EQ(world.context, 9);
	world_init();
	for (u32 bit = 0; bit < 32; bit++) {
		bool reserved = (bit >= 17 && bit <= 23) || bit >= 26;
		u64 result = CALL(PSCI_CPU_SUSPEND, 1UL << bit, RAM);

		EXPECT_EQ(result, reserved ? (u64)PSCI_INVALID_PARAMETERS : 0);
	}
	world_init();
	CALL(PSCI_CPU_OFF);
	EXPECT_EQ(world.effects, DID_OFF);
}

TEST(psci_system)
{
	world_init();
	CALL(PSCI_SYSTEM_OFF);
	EXPECT_EQ(world.effects, DID_STOP);
	EXPECT_EQ(world.stop_reason, STOP_OFF);
	world_init();
	CALL(PSCI_SYSTEM_RESET);
	EXPECT_EQ(world.stop_reason, STOP_RESET);
	world_init();
	EXPECT_EQ(CALL(PSCI_SYSTEM_RESET2, 1), (u64)PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(CALL(PSCI_SYSTEM_RESET2, 0x80000000), (u64)PSCI_INVALID_PARAMETERS);
	EXPECT_EQ(world.effects, 0);
	CALL(FAST64(PSCI_SYSTEM_RESET2), 0);
	EXPECT_EQ(world.stop_reason, STOP_RESET);
	EXPECT_EQ(world.effects, DID_STOP);
}

TEST(smccc_workarounds)
{
	world_init();
	world.answer = 0;
	EXPECT_EQ(CALL(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_1), 0);
	EXPECT_EQ(CALL(SMCCC_ARCH_WORKAROUND_1), 0);
	EXPECT_EQ(world.smc_fid, SMCCC_ARCH_WORKAROUND_1);
	EXPECT_EQ(CALL(SMCCC_ARCH_WORKAROUND_3), 0);
	EXPECT_EQ(world.smc_fid, SMCCC_ARCH_WORKAROUND_3);
	world_init();
	world.answer = 1;
	EXPECT_EQ(CALL(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_3), 1);
	EXPECT_EQ(CALL(SMCCC_ARCH_WORKAROUND_1), 0);
	world.answer = -1;
	EXPECT_EQ(CALL(SMCCC_ARCH_WORKAROUND_1), ~0UL);
	world.answer = -2;
	EXPECT_EQ(CALL(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_2), -2UL);
	EXPECT_EQ(world.effects, 0);
	EXPECT_EQ(CALL(SMCCC_ARCH_FEATURES, SMCCC_VERSION), 0);
	EXPECT_EQ(CALL(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES), 0);
	EXPECT_EQ(CALL(SMCCC_ARCH_FEATURES, SMCCC_ARCH_SOC_ID), ~0UL);
	EXPECT_EQ(CALL(SMCCC_ARCH_FEATURES, PSCI_VERSION), ~0UL);
}

TEST(trng_without_rndr)
{
	world_init();
	for (u32 fid = TRNG_VERSION; fid <= TRNG_RND; fid++)
		EXPECT_EQ(CALL(fid, 32), ~0UL);
	EXPECT_EQ(CALL(FAST64(TRNG_RND), 64), ~0UL);
}

TEST(trng_with_rndr)
{
	struct vcpu *v = world_init();

	world_add_rndr();
	EXPECT_EQ(CALL(TRNG_VERSION), 0x10000);
	EXPECT_EQ(CALL(TRNG_FEATURES, TRNG_RND), 0);
	EXPECT_EQ(CALL(TRNG_FEATURES, FAST64(TRNG_RND)), 0);
	EXPECT_EQ(CALL(TRNG_FEATURES, FAST64(TRNG_VERSION)), ~0UL);
	EXPECT_EQ(CALL(TRNG_FEATURES, PSCI_VERSION), ~0UL);
	EXPECT_EQ(CALL(TRNG_GET_UUID), 0x33a8e212);
	EXPECT_EQ(v->regs.x[3], 0xefe3c25e);

	EXPECT_EQ(CALL(FAST64(TRNG_RND), 192), 0);
	EXPECT_EQ(v->regs.x[3], world.random[0]);
	EXPECT_EQ(v->regs.x[2], world.random[1]);
	EXPECT_EQ(v->regs.x[1], world.random[2]);
	EXPECT_EQ(CALL(FAST64(TRNG_RND), 65), 0);
	EXPECT_EQ(v->regs.x[3], world.random[0]);
	EXPECT_EQ(v->regs.x[2], world.random[1] & 1);
	EXPECT_EQ(v->regs.x[1], 0);
	EXPECT_EQ(CALL(TRNG_RND, 0xff00000000 | 96), 0);
	EXPECT_EQ(v->regs.x[3], (u32)world.random[0]);
	EXPECT_EQ(v->regs.x[2], (u32)world.random[1]);
	EXPECT_EQ(v->regs.x[1], (u32)world.random[2]);
	EXPECT_EQ(CALL(TRNG_RND, 40), 0);
	EXPECT_EQ(v->regs.x[3], (u32)world.random[0]);
	EXPECT_EQ(v->regs.x[2], world.random[1] & 0xff);

	EXPECT_EQ(CALL(TRNG_RND, 97), -2UL);
	EXPECT_EQ(CALL(TRNG_RND, 0), -2UL);
	EXPECT_EQ(CALL(FAST64(TRNG_RND), 193), -2UL);
	EXPECT_EQ(CALL(FAST64(TRNG_RND), 1UL << 32 | 64), -2UL);
}

TEST(trng_no_entropy)
{
	struct vcpu *v = world_init();

	world_add_rndr();
	world.rndr_failures = 3; /* asked again */
	EXPECT_EQ(CALL(FAST64(TRNG_RND), 64), 0);
	world.rndr_failures = 1000;
	EXPECT_EQ(CALL(FAST64(TRNG_RND), 128), -3UL);
	EXPECT_EQ(v->regs.x[1] | v->regs.x[2] | v->regs.x[3], 0);
}

TEST(vendor_service)
{
	struct vcpu *v = world_init();

	EXPECT_EQ(CALL(VENDOR_HYP_UID), TOCSIN_UID_0);
	EXPECT_EQ(v->regs.x[1], TOCSIN_UID_1);
	EXPECT_EQ(v->regs.x[2], TOCSIN_UID_2);
	EXPECT_EQ(v->regs.x[3], TOCSIN_UID_3);
	EXPECT_EQ(CALL(VENDOR_HYP_REVISION, 5, 6), 0);
	EXPECT_EQ(v->regs.x[1], 1);
	EXPECT_EQ(v->regs.x[2], 6);
	EXPECT_EQ(CALL(TOCSIN_FEATURES, 5, 6, 7), 1);
	EXPECT_EQ(v->regs.x[1] | v->regs.x[2] | v->regs.x[3], 0);
}

TEST(sdei_calls_arrive)
{
	struct vcpu *v = world_init();

	EXPECT_EQ(CALL(TOCSIN_FEATURES), TOCSIN_FEATURE_FEATURES);
	world.config.sdei = true;
	EXPECT_EQ(CALL(TOCSIN_FEATURES), TOCSIN_FEATURE_FEATURES | TOCSIN_FEATURE_ALARMS);
	for (u32 fid = SDEI_VERSION; fid <= SDEI_SHARED_RESET; fid++) {
		EXPECT_EQ(CALL(fid | SMCCC_SVE_HINT | 0xdead00000000), 0);
		EXPECT_EQ(world.sdei_fid, fid);
		v->regs.x[0] = fid;
		world.sdei_fid = 0;
		EXPECT_EQ(trap_smc64(v, 0).action, ACT_RESUME);
		EXPECT_EQ(world.sdei_fid, fid);
	}
	for (u32 fid = TOCSIN_ALARM; fid <= TOCSIN_APF_COUNT; fid++) {
		EXPECT_EQ(CALL(fid), 0);
		EXPECT_EQ(world.sdei_fid, fid);
	}
}
