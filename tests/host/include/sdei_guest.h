/* SPDX-License-Identifier: Apache-2.0 */
/* Guests in the world of sdei_world.h that call, and some that are ready to be called. */
#pragma once

#include <sdei_world.h>
#include <test.h>

#define ENTRY 0xffff800008001000UL
#define ARGUMENT 0xfedcba9876543210UL
#define PC 0x40081234UL
#define RESUME 0xffff800008020280UL
#define BOUND TOCSIN_EVENT_BOUND_PRIVATE
#define SHARED TOCSIN_EVENT_BOUND_SHARED

/* A guest somewhere, with a value of its own in each register. */
static inline struct regs guest(void)
{
	struct regs r;

	for (u64 i = 0; i < ARRAY_SIZE(r.x); i++)
		r.x[i] = 0xabcd000000000000 + i * 0x0101;
	r.pc = PC;
	r.pstate = PSTATE_EL1H | PSTATE_NZCV;
	return r;
}

static inline u64 call_of(struct vcpu *v, u32 fid, u64 a1, u64 a2, u64 a3, u64 a4)
{
	v->regs = guest();
	v->regs.x[0] = fid;
	v->regs.x[1] = a1;
	v->regs.x[2] = a2;
	v->regs.x[3] = a3;
	v->regs.x[4] = a4;
	world_call(v);
	return v->regs.x[0];
}

#define CALL(v, fid, ...) CALL_(v, fid, ##__VA_ARGS__, 0, 0, 0, 0)
#define CALL_(v, fid, a1, a2, a3, a4, ...) call_of(v, fid, a1, a2, a3, a4)

static inline void begin(struct vcpu *v, u32 event)
{
	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, event, ENTRY, ARGUMENT), SDEI_SUCCESS);
	EXPECT_EQ(CALL(v, SDEI_EVENT_ENABLE, event), SDEI_SUCCESS);
}

/* A vCPU that takes event 0. */
static inline struct vcpu *ready(void)
{
	struct vcpu *v = world_init();

	begin(v, 0);
	EXPECT_EQ(CALL(v, SDEI_PE_UNMASK), 0);
	return v;
}

static inline bool in_handler(const struct vcpu *v, u32 event)
{
	return v->regs.pc == ENTRY && v->regs.x[0] == event && v->regs.x[1] == ARGUMENT &&
	       v->regs.pstate == (PSTATE_EL1H | PSTATE_DAIF | PSTATE_NZCV);
}

/* A vCPU in its handler of event 0. */
static inline struct vcpu *handling(void)
{
	struct vcpu *v = ready();

	CALL(v, SDEI_EVENT_SIGNAL, 0, v->mpidr);
	EXPECT(in_handler(v, 0));
	return v;
}
