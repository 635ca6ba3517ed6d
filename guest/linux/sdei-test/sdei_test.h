/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linux as a client of SDEI: event 0, registered through the kernel's own driver, signalled from
 * every CPU to every CPU. main.c finds the driver and runs tests, talk.c is who signals,
 * handler.c who is interrupted, plant.S the registers that must survive.
 */
#pragma once

#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/types.h>

#define TAG "sdei-test: "

#define EVENT 0
#define MAX_CPUS 16
#define NR_PLANTED 29 /* x0 to x28 */

#define SDEI_CALL(n) (0xc4000020u + (n))
#define CALL_VERSION SDEI_CALL(0x0)
#define CALL_CONTEXT SDEI_CALL(0x4)
#define CALL_STATUS SDEI_CALL(0x8)
#define CALL_SIGNAL SDEI_CALL(0xf)
#define CALL_FEATURES SDEI_CALL(0x10)

#define STATUS_REGISTERED 1
#define STATUS_ENABLED 2
#define STATUS_RUNNING 4

long sdei_call(u32 id, u64 a, u64 b);

/* What one CPU's handler has seen; mail is written by those who signal. */
struct listener {
	u64 mpidr;
	u64 mail[MAX_CPUS];  /* the newest message from each CPU ... */
	u64 heard[MAX_CPUS]; /* ... and the newest that the handler saw */
	unsigned long runs;
	unsigned long in_user;    /* of these, in guest/linux/spin */
	unsigned long on_planted; /* where the registers were planted */
	const u64 *planted;       /* x0 to x28 while they are */
	bool must_be_planted;     /* nothing else can be interrupted */
	unsigned int faults;      /* the rest is about the first one */
	const char *what;
	unsigned int which;
	u64 got, want;
};
DECLARE_PER_CPU(struct listener, listener);

/* What the handler does at its end. */
enum handler_end { END_WELL, END_FAILING, END_IN_PANIC };
extern enum handler_end handler_end;

int on_event(u32 event, struct pt_regs *regs, void *arg);

/* Notes that something is not as it must be; in any context of that CPU. */
void blame(struct listener *l, const char *what, unsigned int which, u64 got, u64 want);

/* Prints what was noted on all CPUs and forgets it; 0 or -EIO. */
int report_faults(void);

/* EVENT_STATUS on every online CPU must be this. */
void expect_status(long status);

/* Tests; a sentence at the end of each. */
int test_exchange(void);
int test_storm(void);
int test_users(void);
int test_failing(void);
int test_panic(void);
int test_pester(void);
int test_rest(void);

extern unsigned int rounds;

/* plant.S. in: x0 to x28 before, out: x0 to x28 after, then NZCV. */
void plant_signal(const u64 *in, u64 *out);
void plant_spin(const u64 *in, u64 *out);
extern const char plant_signalled[], plant_spinning[], plant_spun[];

/* What plant_spin finds in x27; x26 is 1, x28 is 0. */
struct gate {
	u32 open;     /* ends the loop */
	u32 spinning; /* 1 from the first round on */
};
#define PLANT_ONE 26
#define PLANT_GATE 27
#define PLANT_LOADED 28
#define PLANTED_FLAGS 0x60000000ul /* Z and C */
