/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDEI from a guest's side: calls by either conduit with the whole of x0, and one
 * handler for every event that writes down each register it was entered with, runs
 * a hook, spoils x0-x17 and the flags, and completes.
 */
#pragma once

/* Offsets of struct sdei_entry, for assembly. */
#define ENTRY_SP 248
#define ENTRY_PSTATE 256
#define ENTRY_ELR 264
#define ENTRY_ESR 280
#define ENTRY_VBAR 296
#define ENTRY_SP_EL0 312
#define ENTRY_CALL 320
#define ENTRY_SIZE 336

#ifndef __ASSEMBLER__
#include "program.h"
#include <abi/tocsin.h>
#include <arch/sdei.h>

#define ALARM TOCSIN_EVENT_ALARM
#define E0 SDEI_EVENT_SOFTWARE

/* What the handler found; the hook may change x18-x30 and how it ends. */
struct sdei_entry {
	u64 x[31];
	u64 sp;     /* of the handler */
	u64 pstate; /* of the handler, but for BTYPE, IL and SS */
	u64 elr, spsr, esr, far, vbar, tpidr, sp_el0;
	u64 call, call_x1; /* the call that ends it: COMPLETE with 0 unless changed */
};

/* The handler's address; argument is any. */
extern char sdei_entry[];
/* Runs in each handler, on its CPU; or NULL. */
extern void (*volatile sdei_hook)(struct sdei_entry *e);

/* What each CPU has had of events. */
struct sdei_cpu {
	volatile u32 runs; /* handlers that have come to their end */
	struct sdei_entry last;
};
extern struct sdei_cpu sdei_cpu[MAX_CPUS];

/* Calls go by SMC instead of HVC: the boot argument "smc", or for a while. */
extern volatile bool sdei_by_smc;

/* A call with x0-x5 as given; x0. */
long sdei_call(u64 fid, u64 x1, u64 x2, u64 x3, u64 x4, u64 x5);
/* The same with all of x0-x17. */
void sdei_regs(struct regs *r);

static inline long sdei1(u64 fid, u64 x1)
{
	return sdei_call(fid, x1, 0, 0, 0, 0);
}
static inline long sdei_status(u64 event)
{
	return sdei1(SDEI_EVENT_STATUS, event);
}
static inline long sdei_enable(u64 event)
{
	return sdei1(SDEI_EVENT_ENABLE, event);
}
static inline long sdei_disable(u64 event)
{
	return sdei1(SDEI_EVENT_DISABLE, event);
}
static inline long sdei_unregister(u64 event)
{
	return sdei1(SDEI_EVENT_UNREGISTER, event);
}
static inline long sdei_register(u64 event, const void *entry, u64 argument)
{
	return sdei_call(SDEI_EVENT_REGISTER, event, (u64)entry, argument, 0, 0);
}
static inline long sdei_context(u64 n)
{
	return sdei1(SDEI_EVENT_CONTEXT, n);
}
static inline long sdei_mask(void)
{
	return sdei1(SDEI_PE_MASK, 0);
}
static inline long sdei_unmask(void)
{
	return sdei1(SDEI_PE_UNMASK, 0);
}
static inline long sdei_signal(u32 cpu)
{
	return sdei_call(SDEI_EVENT_SIGNAL, E0, percpu[cpu].mpidr, 0, 0, 0);
}
static inline long sdei_ring(u32 cpu, u64 flags)
{
	return sdei_call(TOCSIN_ALARM, percpu[cpu].mpidr, flags, 0, 0, 0);
}

/* This CPU: nothing registered, masked, nothing counted. The first one: no hook. */
void sdei_fresh(void);
/* The same, and then event is registered with sdei_entry and sdei_argument(event),
 * enabled, and the PE unmasked. */
void sdei_ready(u64 event);
/* Registers and enables it with the same. */
void sdei_add(u64 event);
u64 sdei_argument(u64 event); /* differs by CPU */

/* How many of this CPU's handlers have ended since sdei_fresh(). */
static inline u32 sdei_runs(void)
{
	return sdei_cpu[me()->index].runs;
}
static inline struct sdei_entry *sdei_last(void)
{
	return &sdei_cpu[me()->index].last;
}

/* A program that signals event 0 to this CPU and then ends with an SVC, with what
 * interrupts it at its second instruction; and whether it came to that end. */
struct program sdei_program(u64 pstate);
void sdei_program_ended(const struct program *before, const struct program *after);

/* GIC, conduit. To be called by guest_setup(). */
void sdei_setup(void);

#endif
