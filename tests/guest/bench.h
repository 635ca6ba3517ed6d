/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guests that measure share: loops of one instruction, virtual time to the
 * nanosecond, and the marks between which tools/bench traces.
 */
#pragma once

#include "guest.h"

#define ITERATIONS 16000
#define ONE_SHOTS 64
#define NS_PER_TICK 16

/* One operation, ITERATIONS times. x9: address or function; x0-x3 are free, and before is
 * done once to those that body keeps. */
#define LOOP_AFTER(before, body, x9_value)                                                         \
	({                                                                                         \
		u64 n_ = ITERATIONS, t_ = counter();                                               \
		register u64 x9 __asm__("x9") = (x9_value);                                        \
		__asm__ volatile(                                                                  \
		    before "\n1: mov x0, x9\n\t" body "\n\tsubs %0, %0, #1\n\tb.ne 1b"             \
		    : "+r"(n_), "+r"(x9)::"x0", "x1", "x2", "x3", "x10", "cc", "memory");          \
		counter() - t_;                                                                    \
	})
/* The same once, for the trace. */
#define ONCE(before, body, x9_value)                                                               \
	({                                                                                         \
		register u64 x9 __asm__("x9") = (x9_value);                                        \
		trace_begin();                                                                     \
		__asm__ volatile(before "\nmov x0, x9\n\t" body                                    \
				 : "+r"(x9)::"x0", "x1", "x2", "x3", "x10", "cc", "memory");       \
		trace_end();                                                                       \
	})

__attribute__((noinline)) void trace_begin(void);
__attribute__((noinline)) void trace_end(void);
void trace_begin(void)
{
	__asm__ volatile("" ::: "memory");
}
void trace_end(void)
{
	__asm__ volatile("" ::: "memory", "x1");
}

static bool tracing __attribute__((unused)); /* by who only measures */
static u64 empty_ticks;

/* ---- rows that are a loop of one instruction ---- */

static inline void row(const char *name, u64 ticks)
{
	u64 net = ticks > empty_ticks ? ticks - empty_ticks : 0;

	print("BENCH %s %lu\n", name, net * NS_PER_TICK * 100 / ITERATIONS);
}

/* The runner turns its log on, then types a byte. */
static inline void wait_for_tracer(const char *name)
{
	print("TRACE %s\n", name);
	while (io_read32(machine.uart.base + 0x18) & BIT(4))
		;
	(void)io_read32(machine.uart.base);
}

#define ROW_AFTER(name, before, body, x9_value)                                                    \
	do {                                                                                       \
		if (tracing) {                                                                     \
			LOOP_AFTER(before, body, x9_value);                                        \
			wait_for_tracer(name);                                                     \
			ONCE(before, body, x9_value);                                              \
			print("TRACED\n");                                                         \
		} else {                                                                           \
			row(name, LOOP_AFTER(before, body, x9_value));                             \
		}                                                                                  \
	} while (0)

#define LOOP(body, x9_value) LOOP_AFTER("", body, x9_value)
#define ROW(name, body, x9_value) ROW_AFTER(name, "", body, x9_value)

/* The virtual time of this call in nanoseconds: 16 readings of the counter, one
 * instruction each, show where in its tick the first one was. */
extern u64 bench_now(void);
__asm__(".globl bench_now\n"
	"bench_now:\n\t"
	"mrs x0, cntvct_el0; mrs x1, cntvct_el0; mrs x2, cntvct_el0; mrs x3, cntvct_el0\n\t"
	"mrs x4, cntvct_el0; mrs x5, cntvct_el0; mrs x6, cntvct_el0; mrs x7, cntvct_el0\n\t"
	"mrs x8, cntvct_el0; mrs x9, cntvct_el0; mrs x10, cntvct_el0; mrs x11, cntvct_el0\n\t"
	"mrs x12, cntvct_el0; mrs x13, cntvct_el0; mrs x14, cntvct_el0; mrs x15, cntvct_el0\n\t"
	"add x1, x1, x2; add x3, x3, x4; add x5, x5, x6; add x7, x7, x8\n\t"
	"add x9, x9, x10; add x11, x11, x12; add x13, x13, x14; add x1, x1, x3\n\t"
	"add x5, x5, x7; add x9, x9, x11; add x13, x13, x15; add x1, x1, x5\n\t"
	"add x9, x9, x13; add x1, x1, x9\n\t"
	"sub x1, x1, x0, lsl #4; add x1, x1, x0\n\t" /* how many of 15 were a tick later */
	"add x0, x1, x0, lsl #4\n\t"
	"ret\n");
