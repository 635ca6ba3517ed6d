/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What el2/sdei/vsdei.c needs around it: a partition of three vCPUs with interrupts that
 * can be bound, and one shared event that is always ready. For one test or fuzz
 * program, which says before what world_expect(condition) does.
 */
#pragma once

#include <abi/tocsin.h>
#include <arch/esr.h>
#include <el2/alarm.h>
#include <el2/inject.h>
#include <el2/partition.h>
#include <el2/sdei/vsdei_bound.h>
#ifndef WITH_PAGING /* a test that links el2/paging/paging.c */
#include <no_paging.h>
#endif
#include <sdei/handler.h>
#include <sdei/words.h>
#include <string.h>

#define NR_VCPUS 3
#define NR_BOUND 3 /* slots for PPIs */
#define SHARED_ENTRY 0xffff800000f00000UL
#define SHARED_ARGUMENT 0x5a5a

static struct world {
	struct partition partition;
	struct partition_config config;
	struct cpu cpu;
	struct vcpu vcpus[NR_VCPUS];
	struct {
		u32 intid, holders;
	} binding[NR_BOUND];
	u32 claimed[NR_VCPUS], active[NR_VCPUS]; /* interrupts of private slots */
	bool shared_waits;
	const struct vcpu *shared_on;
	bool race; /* somebody signals the vCPU that looks for a shared event */
	struct {
		u32 slot;
		struct sdei_handler handler;
		u64 flags, affinity;
	} registered; /* what the last shared REGISTER or ROUTING_SET was about */
} world;

static inline struct vcpu *world_init(void)
{
	static const u64 mpidr[NR_VCPUS] = {0, 0x80000, 0x0100000201};

	memset(&world, 0, sizeof(world));
	world.config.sdei = true;
	world.partition.config = &world.config;
	world.partition.vcpus = world.vcpus;
	world.partition.nr_vcpus = NR_VCPUS;
	world.partition.sdei.nr_private = NR_BOUND;
	world.partition.sdei.nr_shared = 1;
	inject_prepare(&world.partition);
	for (u32 i = 0; i < NR_VCPUS; i++) {
		world.vcpus[i].partition = &world.partition;
		world.vcpus[i].cpu = &world.cpu;
		world.vcpus[i].mpidr = mpidr[i];
		world.vcpus[i].power = POWER_ON;
		world.vcpus[i].index = i;
		memset(&world.vcpus[i].sdei, 0xc3, sizeof(world.vcpus[i].sdei));
	}
	world_expect(vsdei_create(&world.partition) == OK);
	world.cpu.current = &world.vcpus[0];
	return &world.vcpus[0];
}

/* The call that x0 names: as el2/calls/smccc.c does. */
static inline void world_call(struct vcpu *v)
{
	u32 fid = (u32)v->regs.x[0];
	struct verdict verdict;

	world.cpu.current = v;
	if (fid == TOCSIN_ALARM)
		verdict = alarm_ring(v, fid);
	else if (fid == TOCSIN_ALARM_CANCEL)
		verdict = alarm_cancel(v, fid);
	else if (fid == TOCSIN_ALARM_STATUS)
		verdict = alarm_status(v, fid);
	else
		verdict = vsdei_call(v, fid);
	world_expect(verdict.action == ACT_RESUME);
}

/* REQ_SDEI, as the scheduler serves it. */
static inline void world_serve(struct vcpu *v)
{
	v->requests &= ~(u32)REQ_SDEI;
	vsdei_serve(v);
}

/* The interrupt of a private slot comes, if v has let go of it. */
static inline bool world_interrupt(struct vcpu *v, u32 slot)
{
	if (!(world.claimed[v->index] & ~world.active[v->index] & 1u << slot))
		return false;
	world.active[v->index] |= 1u << slot;
	vsdei_raise(v, slot);
	return true;
}

static inline void world_offer_shared(struct vcpu *v)
{
	atomic_or(&v->sdei.pending, SDEI_PENDING_SHARED);
	vcpu_request(v, REQ_SDEI);
}

void vcpu_request(struct vcpu *v, u32 requests)
{
	v->requests |= requests;
}

/* ---- bound PPIs ---- */

bool vsdei_bound_get(struct vcpu *v, u32 slot)
{
	world_expect(!(world.claimed[v->index] >> slot & 1));
	if (!world.binding[slot - SDEI_BOUND].intid)
		return false;
	world.binding[slot - SDEI_BOUND].holders++;
	return true;
}

void vsdei_bound_take(struct vcpu *v, u32 slot)
{
	world_expect(world.binding[slot - SDEI_BOUND].holders && v->sdei.registered >> slot & 1);
	world.claimed[v->index] |= 1u << slot;
}

void vsdei_bound_gone(struct vcpu *v, u32 slot)
{
	world_expect(world.claimed[v->index] >> slot & 1 && !(v->sdei.running >> slot & 1));
	world_expect(world.binding[slot - SDEI_BOUND].holders-- > 0);
	world.claimed[v->index] &= ~(1u << slot);
	world.active[v->index] &= ~(1u << slot);
}

void vsdei_bound_again(struct vcpu *v, u32 slot)
{
	world_expect(world.claimed[v->index] & world.active[v->index] & 1u << slot);
	world_expect(v->sdei.registered >> slot & 1 && !(v->sdei.running >> slot & 1));
	world.active[v->index] &= ~(1u << slot);
}

long vsdei_bind(struct vcpu *v, u32 intid)
{
	u32 slot = NR_BOUND;

	(void)v;
	if (intid < 16 || intid >= 32)
		return SDEI_INVALID_PARAMETERS;
	for (u32 i = NR_BOUND; i--;)
		if (!world.binding[i].intid)
			slot = i;
	for (u32 i = 0; i < NR_BOUND; i++)
		if (world.binding[i].intid == intid)
			slot = i;
	if (slot == NR_BOUND)
		return SDEI_OUT_OF_RESOURCE;
	world.binding[slot].intid = intid;
	return TOCSIN_EVENT_BOUND_PRIVATE + slot;
}

long vsdei_release(struct vcpu *v, u32 slot)
{
	(void)v;
	if (slot >= SDEI_SHARED)
		return SDEI_DENIED;
	if (!world.binding[slot - SDEI_BOUND].intid)
		return SDEI_INVALID_PARAMETERS;
	if (world.binding[slot - SDEI_BOUND].holders)
		return SDEI_DENIED;
	world.binding[slot - SDEI_BOUND].intid = 0;
	return SDEI_SUCCESS;
}

/* ---- the shared event: results that tell who was asked ---- */

enum { SHARED_ENABLED = 101, SHARED_DISABLED, SHARED_STATUS, SHARED_INFO, SHARED_RESET = 120 };

long vsdei_shared_register(struct vcpu *v, u32 slot, const struct sdei_handler *handler, u64 flags,
			   u64 affinity)
{
	(void)v;
	world.registered.slot = slot;
	world.registered.handler = *handler;
	world.registered.flags = flags;
	world.registered.affinity = affinity;
	return SDEI_DENIED;
}

long vsdei_shared_enable(struct vcpu *v, u32 slot)
{
	(void)v;
	world_expect(slot == SDEI_SHARED);
	return SHARED_ENABLED;
}

long vsdei_shared_disable(struct vcpu *v, u32 slot)
{
	(void)v;
	world_expect(slot == SDEI_SHARED);
	return SHARED_DISABLED;
}

long vsdei_shared_unregister(struct vcpu *v, u32 slot)
{
	(void)v;
	world_expect(slot == SDEI_SHARED);
	return SDEI_PENDING;
}

long vsdei_shared_status(struct vcpu *v, u32 slot)
{
	(void)v;
	world_expect(slot == SDEI_SHARED);
	return SHARED_STATUS;
}

long vsdei_shared_info(struct vcpu *v, u32 slot, enum sdei_info info)
{
	(void)v;
	world_expect(slot == SDEI_SHARED && info >= SDEI_INFO_ROUTING_MODE);
	return SHARED_INFO + info;
}

long vsdei_routing_set(struct vcpu *v, u32 slot, u64 mode, u64 affinity)
{
	(void)v;
	world.registered.slot = slot;
	world.registered.flags = mode;
	world.registered.affinity = affinity;
	return SDEI_DENIED;
}

bool vsdei_shared_reset(struct vcpu *v, long *result)
{
	(void)v;
	*result = SHARED_RESET;
	return true;
}

bool vsdei_shared_enter(struct vcpu *v, u64 pstate)
{
	static const struct sdei_handler handler = {SHARED_ENTRY, SHARED_ARGUMENT};

	atomic_andnot(&v->sdei.pending, SDEI_PENDING_SHARED);
	if (world.race) {
		vsdei_raise(v, SDEI_SOFTWARE);
		vsdei_raise(v, SDEI_ALARM);
	}
	if (!world.shared_waits)
		return false;
	world_expect(!sdei_is_running(&v->sdei) && !world.shared_on);
	world_expect(!(v->sdei.pending & SDEI_MASKED));
	world.shared_waits = false;
	world.shared_on = v;
	sdei_enter_shared(&v->sdei, SDEI_SHARED, &handler, &v->regs, pstate);
	return true;
}

void vsdei_shared_pass(struct vcpu *v)
{
	atomic_andnot(&v->sdei.pending, SDEI_PENDING_SHARED);
	if (world.shared_waits)
		world_offer_shared(&world.vcpus[(v->index + 1) % NR_VCPUS]);
}

void vsdei_shared_over(struct vcpu *v, u32 slot)
{
	world_expect(world.shared_on == v && slot == SDEI_SHARED);
	world.shared_on = NULL;
}

enum err vsdei_bound_create(struct partition *p)
{
	(void)p;
	return OK;
}

bool vsdei_bound_reset(struct partition *p, u32 *next)
{
	(void)p, (void)next;
	return true;
}
