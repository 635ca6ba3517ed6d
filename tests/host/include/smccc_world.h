/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What el2/calls/smccc.c and its services need around them: a partition of four
 * vCPUs, of which the first is on, that notes what is done to it. For one test
 * or fuzz program.
 */
#pragma once

#include <abi/tocsin.h>
#include <arch/esr.h>
#include <arch/rndr.h>
#include <arch/smccc.h>
#include <drivers/psci.h>
#include <drivers/timer.h>
#include <el2/alarm.h>
#include <el2/errata.h>
#include <el2/partition.h>
#include <el2/smccc.h>
#include <string.h>

#define RAM 0x40000000UL
#define RAM_SIZE 0x100000UL
#define NR_VCPUS 4

enum { DID_WAIT = 1, DID_POWERDOWN = 2, DID_OFF = 4, DID_STOP = 8, DID_SMC = 16, DID_SDEI = 32 };

static struct world {
	struct partition partition;
	struct partition_config config;
	struct cpu cpu;
	struct vcpu vcpus[NR_VCPUS];
	u32 effects;
	enum stop_reason stop_reason;
	u64 entry, context;
	u64 smc_fid;
	u32 sdei_fid;      /* SDEI and the alarm are only reached here */
	long answer;       /* of errata_answer() */
	struct vcpu *race; /* somebody turns it on while we look up an address */
	u64 random[3];
	u32 random_next;
	u32 rndr_failures;
} world;

static inline struct vcpu *world_init(void)
{
	static const u64 mpidr[NR_VCPUS] = {0, 1, 0x100, 0x100000000};

	memset(&world, 0, sizeof(world));
	world.config.ipa_bits = 40;
	world.partition.config = &world.config;
	world.partition.vcpus = world.vcpus;
	world.partition.nr_vcpus = NR_VCPUS;
	world.partition.nr_on = 1;
	for (u32 i = 0; i < NR_VCPUS; i++) {
		world.vcpus[i].partition = &world.partition;
		world.vcpus[i].cpu = &world.cpu;
		world.vcpus[i].mpidr = mpidr[i];
		world.vcpus[i].power = i == 0 ? POWER_ON : POWER_OFF;
		world.vcpus[i].index = i;
	}
	for (u32 i = 0; i < 3; i++)
		world.random[i] = 0xfedcba9876543210UL * (i + 3);
	return &world.vcpus[0];
}

static inline void world_add_rndr(void)
{
	world.partition.idreg[IDREG_INDEX(SYS_ID_AA64ISAR0_EL1)] = 1UL << 60;
}

struct stage2_entry stage2_lookup(struct stage2 *s2, ipa_t ipa)
{
	struct stage2_entry entry = {.kind = STAGE2_NOTHING};
	struct vcpu *v = world.race;

	(void)s2;
	world.race = NULL;
	if (v) {
		v->power = POWER_ON_PENDING;
		v->context = 0xa;
		world.partition.nr_on++;
	}
	ipa &= GENMASK(39, 0); /* a walk looks at no more */
	if (ipa >= RAM && ipa < RAM + RAM_SIZE)
		entry.kind = STAGE2_MEMORY;
	return entry;
}

void vcpu_request(struct vcpu *v, u32 requests)
{
	v->requests |= requests;
}

void vcpu_off(struct vcpu *v)
{
	(void)v;
	world.effects |= DID_OFF;
}

void vcpu_wait(struct vcpu *v)
{
	(void)v;
	world.effects |= DID_WAIT;
}

void vcpu_suspend_powerdown(struct vcpu *v, u64 entry, u64 context)
{
	(void)v;
	world.effects |= DID_POWERDOWN;
	world.entry = entry;
	world.context = context;
}

bool partition_stop(struct partition *p, enum stop_reason reason)
{
	(void)p;
	world.effects |= DID_STOP;
	world.stop_reason = reason;
	return true;
}

u64 timer_frequency(void)
{
	return 62500000;
}

long errata_answer(u32 actions, u32 fid)
{
	(void)actions, (void)fid;
	return world.answer;
}

struct smc_result smc_call(u64 fid, u64 a1, u64 a2, u64 a3)
{
	(void)a1, (void)a2, (void)a3;
	world.effects |= DID_SMC;
	world.smc_fid = fid;
	return (struct smc_result){{0}};
}

bool rndr_read(u64 *value)
{
	if (world.rndr_failures) {
		world.rndr_failures--;
		*value = 0;
		return false;
	}
	*value = world.random[world.random_next++ % 3];
	return true;
}

struct verdict vsdei_call(struct vcpu *v, u32 fid)
{
	world.effects |= DID_SDEI;
	world.sdei_fid = fid;
	return smccc_return(v, SDEI_SUCCESS);
}

#define APF_FAKE(name)                                                                             \
	struct verdict name(struct vcpu *v, u32 fid)                                               \
	{                                                                                          \
		return vsdei_call(v, fid);                                                         \
	}
APF_FAKE(apf_info)
APF_FAKE(apf_enable)
APF_FAKE(apf_disable)
APF_FAKE(apf_count)

struct verdict alarm_ring(struct vcpu *v, u32 fid)
{
	return vsdei_call(v, fid);
}

struct verdict alarm_cancel(struct vcpu *v, u32 fid)
{
	return vsdei_call(v, fid);
}

struct verdict alarm_status(struct vcpu *v, u32 fid)
{
	return vsdei_call(v, fid);
}
