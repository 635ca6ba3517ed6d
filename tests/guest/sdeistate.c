/* SPDX-License-Identifier: Apache-2.0 */
/* An event's states on one PE: what calls answer while its handler runs, and what
 * becomes of signals that cannot be delivered at once. */
#include "sdei.h"

#define REGISTERED SDEI_STATUS_REGISTERED
#define ENABLED SDEI_STATUS_ENABLED
#define RUNNING SDEI_STATUS_RUNNING

/* Runs check in E0's handler, once, and expects that this was all. */
static void in_handler(void (*check)(struct sdei_entry *e))
{
	sdei_ready(E0);
	sdei_hook = check;
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_context(0), SDEI_DENIED);
}

static void check_status(struct sdei_entry *e)
{
	(void)e;
	EXPECT_EQ(sdei_status(E0), REGISTERED | ENABLED | RUNNING);
	EXPECT_EQ(sdei_disable(E0), 0);
	EXPECT_EQ(sdei_status(E0), REGISTERED | RUNNING);
	EXPECT_EQ(sdei_disable(E0), 0);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_status(E0), REGISTERED | ENABLED | RUNNING);
}

static void status(void)
{
	in_handler(check_status);
	EXPECT_EQ(sdei_status(E0), REGISTERED | ENABLED);
}

static void check_register(struct sdei_entry *e)
{
	(void)e;
	EXPECT_EQ(sdei_register(E0, sdei_entry, 0), SDEI_DENIED);
	EXPECT_EQ(sdei_disable(E0), 0);
	EXPECT_EQ(sdei_register(E0, sdei_entry, 0), SDEI_DENIED);
	EXPECT_EQ(sdei_status(E0), REGISTERED | RUNNING);
}

static void register_running(void)
{
	in_handler(check_register);
}

/* Unregister-pending: running without registered. */
static void check_unregister(struct sdei_entry *e)
{
	(void)e;
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(sdei_unregister(E0), SDEI_PENDING);
		EXPECT_EQ(sdei_status(E0), RUNNING);
	}
	EXPECT_EQ(sdei_enable(E0), SDEI_DENIED);
	EXPECT_EQ(sdei_disable(E0), SDEI_DENIED);
	EXPECT_EQ(sdei_register(E0, sdei_entry, 0), SDEI_DENIED);
	EXPECT_EQ(sdei_status(E0), RUNNING);
	EXPECT_EQ(sdei_context(0), 0);
	EXPECT_EQ(sdei_context(2), percpu[0].mpidr);
}

static void unregister_running(void)
{
	in_handler(check_unregister);
	EXPECT_EQ(sdei_status(E0), 0);
	EXPECT_EQ(sdei_unregister(E0), SDEI_DENIED);
	/* Nothing is left over: all anew. */
	sdei_add(E0);
	sdei_hook = NULL;
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 2);
}

static void hook_disable(struct sdei_entry *e)
{
	(void)e;
	EXPECT_EQ(sdei_disable(E0), 0);
	EXPECT_EQ(sdei_signal(0), 0);
}

static void disable_running(void)
{
	in_handler(hook_disable);
	EXPECT_EQ(sdei_status(E0), REGISTERED);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 1);
}

static void check_bad_context(struct sdei_entry *e)
{
	(void)e;
	EXPECT_EQ(sdei_context(18), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_context(0xffffffff), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_context(~0UL), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_context(BIT(32)), sdei_context(0));
}

static void bad_context(void)
{
	in_handler(check_bad_context);
}

/* ---- signals to oneself in one's handler ---- */

static volatile u32 again;
static u64 seen_pc, seen_x[18];

/* The first time signals to itself; all runs have interrupted the same. */
static void hook_again(struct sdei_entry *e)
{
	if (sdei_runs() == 0) {
		seen_pc = e->x[2];
		for (u32 i = 0; i < 18; i++)
			seen_x[i] = (u64)sdei_context(i);
		for (u32 i = 0; i < again; i++)
			EXPECT_EQ(sdei_signal(0), 0);
		EXPECT_EQ(sdei_runs(), 0);
	}
	EXPECT_EQ(e->x[2], seen_pc);
	for (u32 i = 0; i < 18; i++)
		EXPECT_EQ(sdei_context(i), seen_x[i]);
	EXPECT_EQ(sdei_status(E0), REGISTERED | ENABLED | RUNNING);
}

static void signal_in_handler(void)
{
	for (again = 1; again <= 3; again++) {
		sdei_ready(E0);
		sdei_hook = hook_again;
		EXPECT_EQ(sdei_signal(0), 0);
		EXPECT_EQ(sdei_runs(), 2);
	}
}

static volatile u64 end_status;

static void hook_end(struct sdei_entry *e)
{
	e->call_x1 = end_status;
}

static void complete_status(void)
{
	static const u64 codes[] = {0, 1, 0x1234, 0xffffffff, ~0UL, BIT(63)};

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		end_status = codes[i];
		in_handler(hook_end);
		EXPECT_EQ(sdei_status(E0), REGISTERED | ENABLED);
	}
}

/* ---- the mask ---- */

static void hook_mask_unmask(struct sdei_entry *e)
{
	(void)e;
	EXPECT_EQ(sdei_mask(), 1);
	EXPECT_EQ(sdei_mask(), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_unmask(), 0);
}

static void mask_in_handler(void)
{
	in_handler(hook_mask_unmask);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 2);
}

static void hook_mask(struct sdei_entry *e)
{
	(void)e;
	sdei_mask();
}

static void mask_persists(void)
{
	in_handler(hook_mask);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_mask(), 0);
	sdei_hook = NULL;
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 2);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 2);
}

static void pends_while_masked(void)
{
	sdei_ready(E0);
	sdei_mask();
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_status(E0), REGISTERED | ENABLED);
	EXPECT_EQ(sdei_disable(E0), 0);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 1);
}

static void pends_while_disabled(void)
{
	sdei_ready(E0);
	EXPECT_EQ(sdei_disable(E0), 0);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_status(E0), REGISTERED);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_runs(), 1);
}

/* With a pending event that is disabled, UNMASK delivers nothing and comes back. */
static void masked_and_disabled(void)
{
	sdei_fresh();
	EXPECT_EQ(sdei_register(E0, sdei_entry, 0), 0);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_status(E0), REGISTERED);
	EXPECT_EQ(sdei_enable(E0), 0);
	EXPECT_EQ(sdei_runs(), 1);
}

static void signals_collapse(void)
{
	sdei_ready(E0);
	sdei_mask();
	for (u32 i = 0; i < 100; i++)
		EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 1);
}

/* What was signalled to a handler that is no more is not for the next one. */
static void unregister_drops(void)
{
	sdei_ready(E0);
	sdei_mask();
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_unregister(E0), 0);
	EXPECT_EQ(sdei_unmask(), 0);
	sdei_add(E0);
	EXPECT_EQ(sdei_runs(), 0);
	EXPECT_EQ(sdei_unregister(E0), 0);
	/* Nor one to an event that nobody had registered. */
	EXPECT_EQ(sdei_signal(0), 0);
	sdei_add(E0);
	EXPECT_EQ(sdei_runs(), 0);
	/* Nor in a reset. */
	sdei_mask();
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei1(SDEI_PRIVATE_RESET, 0), 0);
	sdei_add(E0);
	EXPECT_EQ(sdei_unmask(), 0);
	EXPECT_EQ(sdei_runs(), 0);
}

/* ---- resets in a handler ---- */

static void hook_reset(struct sdei_entry *e)
{
	(void)e;
	EXPECT_EQ(sdei_signal(0), 0);
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(sdei1(SDEI_PRIVATE_RESET, 0), SDEI_DENIED);
		EXPECT_EQ(sdei_status(E0), RUNNING);
		EXPECT_EQ(sdei_status(ALARM), 0);
	}
	EXPECT_EQ(sdei_register(E0, sdei_entry, 0), SDEI_DENIED);
	EXPECT_EQ(sdei_context(0), 0);
}

static void reset_in_handler(void)
{
	sdei_ready(E0);
	sdei_add(ALARM);
	sdei_hook = hook_reset;
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 1);
	EXPECT_EQ(sdei_status(E0), 0);
	EXPECT_EQ(sdei_context(0), SDEI_DENIED);
	EXPECT_EQ(sdei_mask(), 1);
	EXPECT_EQ(sdei1(SDEI_PRIVATE_RESET, 0), 0);
}

static void hook_shared_reset(struct sdei_entry *e)
{
	(void)e;
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), 0);
	EXPECT_EQ(sdei_status(E0), REGISTERED | ENABLED | RUNNING);
}

static void shared_reset_in_handler(void)
{
	in_handler(hook_shared_reset);
	EXPECT_EQ(sdei_status(E0), REGISTERED | ENABLED);
}

void guest_setup(void)
{
	sdei_setup();
}

const struct test guest_tests[] = {
    {"54 status", status, UNDER_TOCSIN},
    {"55 register-running", register_running, UNDER_TOCSIN},
    {"56 57 58 unregister-running", unregister_running, UNDER_TOCSIN},
    {"59 disable-running", disable_running, UNDER_TOCSIN},
    {"42 bad-context", bad_context, UNDER_TOCSIN},
    {"60 signal-in-handler", signal_in_handler, UNDER_TOCSIN},
    {"61 complete-status", complete_status, UNDER_TOCSIN},
    {"69 mask-in-handler", mask_in_handler, UNDER_TOCSIN},
    {"70 mask-persists", mask_persists, UNDER_TOCSIN},
    {"71 pends-while-masked", pends_while_masked, UNDER_TOCSIN},
    {"72 pends-while-disabled", pends_while_disabled, UNDER_TOCSIN},
    {"73 masked-and-disabled", masked_and_disabled, UNDER_TOCSIN},
    {"74 signals-collapse", signals_collapse, UNDER_TOCSIN},
    {"75 unregister-drops", unregister_drops, UNDER_TOCSIN},
    {"79 reset-in-handler", reset_in_handler, UNDER_TOCSIN},
    {"82 shared-reset-in-handler", shared_reset_in_handler, UNDER_TOCSIN},
    {0},
};
