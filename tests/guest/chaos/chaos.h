/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that does everything that a guest can do, at random and by a seed. What vCPU v does as
 * its n-th operation in the guest's life number l follows from the boot argument "seed=", l, v
 * and n alone: each operation has random numbers of its own. A life ends with a fault, a reset or
 * the like; how many there were, and what has been done, is kept over them in the first page of
 * the first channel's memory.
 *
 * No operation has to come to its end: an exception is counted and is followed by the next
 * operation (entry.S). What a vCPU cannot get out of, its sibling ends by a reset, or the watchdog.
 */
#pragma once

#include "guest.h"

#define CHAOS_CPUS 2

/* ---- one operation ---- */

struct chaos_cpu {
	u64 n;   /* operations in this life */
	u64 rng; /* of this operation */
	u32 kind;
	u32 irqs;     /* during this operation */
	u32 handlers; /* of events that have not completed, or more */
	u64 sibling_n, sibling_at;
};
extern struct chaos_cpu chaos_cpu[CHAOS_CPUS];

static inline u32 chaos_index(void)
{
	return (u32)read_sysreg(MPIDR_EL1) % CHAOS_CPUS;
}

static inline struct chaos_cpu *chaos_me(void)
{
	return &chaos_cpu[chaos_index()];
}

/* The operation's next random number; below n; once in n times. */
static inline u64 any(void)
{
	return random_next(&chaos_me()->rng);
}
static inline u32 below(u64 n)
{
	return (u32)((any() >> 16) % n);
}
static inline bool once_in(u32 n)
{
	return below(n) == 0;
}

/* A value for a register or an argument: zeros, ones, one bit, small, or anything. */
u64 some_value(void);
/* The MPIDR of a vCPU, or anything. */
u64 some_mpidr(void);
/* An address that is none of the program's own: its other memory, devices, nothing. */
u64 some_address(void);
u64 some_memory(void); /* RAM */
u64 some_device(void); /* a register of a device */

/* ---- where things are ---- */

struct chaos_map {
	struct range free; /* RAM that the program does not need */
	u64 code;          /* RAM with programs of one instruction: see chaos_code() */
	u64 random_code;   /* RAM with RANDOM_WORDS instructions for EL0 */
	struct range device[16];
	u32 nr_devices;
	struct range shared[4]; /* channels' memory */
	u32 nr_shared;
	u64 channel[4]; /* their registers */
	u32 nr_channels;
	u64 watchdog; /* control frame, 0: none */
	u64 clock;    /* a PL031, 0: none */
	u64 redist[CHAOS_CPUS];
	u64 stolen;
	bool exact;   /* QEMU's icount: no loop of exceptions without an instruction, its time stood
			 still */
	u64 patience; /* counter ticks; chaos.c */
};
extern struct chaos_map map;
#define RANDOM_WORDS 4096

/* Runs the instruction MRS x0 or MSR of that encoding (bits 19:5), or SYS and SYSL of CRn 7 and 8,
 * or MSR of an immediate value; x0 = value. */
#define CODE_MRS 0
#define CODE_MSR 32768
#define CODE_SYS 65536
#define CODE_IMMEDIATE (CODE_SYS + 4096)
#define NR_CODES (CODE_IMMEDIATE + 1024)
void run_code(u32 number, u64 value);
void make_codes(void);

/* A call of the word there, with x0; what it leaves in x0. */
u64 call_at(u64 address, u64 x0);

/* ---- operations, by file ---- */

/* access.c */
void chaos_mmio(void);
void chaos_memory(void);
void chaos_channel(void);
void chaos_exec(void);
/* calls.c */
void chaos_call(void);
void chaos_psci(void);
void chaos_sdei(void);
void chaos_apf(void);
void apf_ready(void);
/* cpu.c */
void chaos_read(void);
void chaos_write(void);
void chaos_system(void);
void chaos_mmu(void);
void chaos_fault(void);
void chaos_debug(void);
void chaos_fp(void);
void chaos_el0(void);
void chaos_die(void);
/* irq.c */
void chaos_heal(
    void); /* interrupt controller, UART and watchdog as they should be; the sibling lives */
void chaos_timer(void);
void chaos_wait(void);
void chaos_sgi(void);
void chaos_ack(void);
void heal(void);
void arm_timer(u64 us);

/* ---- entry.S ---- */

extern char chaos_vectors[], chaos_recover[], chaos_secondary[], chaos_event[];
/* To EL0 at pc with this PSTATE; all registers are random. Does not return. */
_Noreturn void chaos_enter_el0(const u64 x[31], u64 pc, u64 spsr, u64 sp);
