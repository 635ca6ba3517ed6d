/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PE's private events: the state table, eligibility, nesting, contexts.
 * sources: sdei/pe.c sdei/event.c
 */
#include <abi/tocsin.h>
#include <arch/esr.h>
#include <sdei/domain.h>
#include <sdei/handler.h>
#include <string.h>
#include <test.h>

#define ENTRY 0xffff800008001000UL
#define ARGUMENT 0xfedcba9876543210UL
#define ENTRY_PSTATE (PSTATE_EL1H | PSTATE_DAIF)
#define SHARED_SLOT (SDEI_SHARED + 1)

static const u32 slots[] = {SDEI_SOFTWARE, SDEI_ALARM, SDEI_BOUND, SDEI_NR_PRIVATE - 1};

static struct regs guest_regs(u64 seed)
{
	struct regs r;

	for (u64 i = 0; i < ARRAY_SIZE(r.x); i++)
		r.x[i] = seed << 32 | 0x1000 | i;
	r.pc = 0x40080000 + seed * 4;
	r.pstate = PSTATE_EL1H | PSTATE_NZCV | (seed & 1 ? PSTATE_I : 0);
	return r;
}

static void pend(struct sdei_pe *pe, u32 slot)
{
	sdei_raise(pe, slot);
}

static struct regs enter(struct sdei_pe *pe, u32 slot, const struct regs *from)
{
	struct regs r = *from;

	pend(pe, slot);
	EXPECT(sdei_enter(pe, slot, &r, ENTRY_PSTATE));
	return r;
}

static struct sdei_pe reset_pe(void)
{
	struct sdei_pe pe;

	memset(&pe, 0xa5, sizeof(pe));
	sdei_pe_reset(&pe);
	return pe;
}

/* A PE whose event is in a state of the table, by calls. */
static struct sdei_pe pe_in(u32 slot, u32 status)
{
	struct sdei_pe pe = reset_pe();
	struct regs regs = guest_regs(0);

	if (!status)
		return pe;
	EXPECT_EQ(sdei_register(&pe, slot, ENTRY, ARGUMENT), SDEI_SUCCESS);
	if (status == 1)
		return pe;
	EXPECT_EQ(sdei_enable(&pe, slot), SDEI_SUCCESS);
	if (status & SDEI_STATUS_RUNNING)
		enter(&pe, slot, &regs);
	if (status == 5)
		EXPECT_EQ(sdei_disable(&pe, slot), SDEI_SUCCESS);
	if (status == 4)
		EXPECT_EQ(sdei_unregister(&pe, slot), SDEI_PENDING);
	EXPECT_EQ(sdei_status(&pe, slot), status);
	return pe;
}

/* ---- DEN0054C 6.1: states and calls ---- */

enum { REGISTER, ENABLE, DISABLE, UNREGISTER, COMPLETE, NR_CALLS };

/* COMPLETE's result is the caller's matter: here -3 stands for no handler. */
static const struct row {
	u32 status;
	struct {
		long result;
		u32 next;
	} call[NR_CALLS];
	bool dispatch;
} table[] = {
    /*    REGISTER  ENABLE    DISABLE   UNREGISTER COMPLETE */
    {0, {{0, 1}, {-3, 0}, {-3, 0}, {-3, 0}, {-3, 0}}, false},
    {1, {{-3, 1}, {0, 3}, {0, 1}, {0, 0}, {-3, 1}}, false},
    {3, {{-3, 3}, {0, 3}, {0, 1}, {0, 0}, {-3, 3}}, true},
    {7, {{-3, 7}, {0, 7}, {0, 5}, {-5, 4}, {0, 3}}, false},
    {5, {{-3, 5}, {0, 7}, {0, 5}, {-5, 4}, {0, 1}}, false},
    {4, {{-3, 4}, {-3, 4}, {-3, 4}, {-5, 4}, {0, 0}}, false},
};

static long make(struct sdei_pe *pe, u32 call, u32 slot)
{
	struct regs regs = guest_regs(1);

	switch (call) {
	case REGISTER:
		return sdei_register(pe, slot, ENTRY + 8, ARGUMENT + 1);
	case ENABLE:
		return sdei_enable(pe, slot);
	case DISABLE:
		return sdei_disable(pe, slot);
	case UNREGISTER:
		return sdei_unregister(pe, slot);
	default:
		if (!sdei_is_running(pe))
			return SDEI_DENIED;
		EXPECT_EQ(sdei_complete(pe, &regs), slot);
		return SDEI_SUCCESS;
	}
}

TEST(sdei_state_table)
{
	for (u32 s = 0; s < ARRAY_SIZE(slots); s++)
		for (u32 i = 0; i < ARRAY_SIZE(table); i++)
			for (u32 call = 0; call < NR_CALLS; call++) {
				struct sdei_pe pe = pe_in(slots[s], table[i].status);

				EXPECT_EQ(make(&pe, call, slots[s]), table[i].call[call].result);
				EXPECT_EQ(sdei_status(&pe, slots[s]), table[i].call[call].next);
			}
}

TEST(sdei_dispatch_column)
{
	for (u32 s = 0; s < ARRAY_SIZE(slots); s++)
		for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
			struct sdei_pe pe = pe_in(slots[s], table[i].status);

			EXPECT_EQ(sdei_deliverable(&pe), 0);
			sdei_unmask(&pe);
			EXPECT_EQ(sdei_deliverable(&pe), 0);
			pend(&pe, slots[s]);
			EXPECT_EQ(sdei_deliverable(&pe), table[i].dispatch ? 1u << slots[s] : 0);
		}
}

/* A call is about its event: all others stay, in whatever state they are. */
TEST(sdei_other_events_stay)
{
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		for (u32 call = 0; call < COMPLETE; call++) {
			struct sdei_pe pe = pe_in(SDEI_BOUND, table[i].status);

			sdei_register(&pe, SDEI_ALARM, ENTRY, ARGUMENT);
			pend(&pe, SDEI_BOUND);
			make(&pe, call, SDEI_SOFTWARE);
			make(&pe, call, SDEI_ALARM);
			EXPECT_EQ(sdei_status(&pe, SDEI_BOUND), table[i].status);
			EXPECT_EQ(pe.pending, 1u << SDEI_BOUND | SDEI_MASKED);
		}
}

/* A refused REGISTER keeps the handler that was there. */
TEST(sdei_register_refused_keeps_handler)
{
	struct sdei_pe pe = pe_in(SDEI_SOFTWARE, 3);

	EXPECT_EQ(sdei_register(&pe, SDEI_SOFTWARE, ENTRY + 8, 0), SDEI_DENIED);
	EXPECT_EQ(pe.handler[SDEI_SOFTWARE].entry, ENTRY);
	EXPECT_EQ(pe.handler[SDEI_SOFTWARE].argument, ARGUMENT);
}

/* ---- pending ---- */

/* Which calls, in which state, leave an event pending. */
TEST(sdei_pending_life)
{
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		for (u32 call = 0; call < NR_CALLS; call++) {
			struct sdei_pe pe = pe_in(SDEI_SOFTWARE, table[i].status);
			bool dropped = (call == REGISTER && table[i].status == 0) ||
				       (call == UNREGISTER && table[i].status != 0);

			pend(&pe, SDEI_SOFTWARE);
			make(&pe, call, SDEI_SOFTWARE);
			EXPECT_EQ(pe.pending, SDEI_MASKED | !dropped << SDEI_SOFTWARE);
		}
}

TEST(sdei_pending_is_one)
{
	struct sdei_pe pe = pe_in(SDEI_SOFTWARE, 3);
	struct regs regs = guest_regs(3);

	for (u32 i = 0; i < 100; i++)
		pend(&pe, SDEI_SOFTWARE);
	sdei_unmask(&pe);
	EXPECT_EQ(sdei_deliverable(&pe), 1u << SDEI_SOFTWARE);
	regs = enter(&pe, SDEI_SOFTWARE, &regs);
	EXPECT_EQ(pe.pending, 0);
	pend(&pe, SDEI_SOFTWARE);
	pend(&pe, SDEI_SOFTWARE);
	EXPECT_EQ(sdei_deliverable(&pe), 0);
	sdei_complete(&pe, &regs);
	EXPECT_EQ(sdei_deliverable(&pe), 1u << SDEI_SOFTWARE);
	regs = enter(&pe, SDEI_SOFTWARE, &regs);
	sdei_complete(&pe, &regs);
	EXPECT_EQ(sdei_deliverable(&pe), 0);
}

TEST(sdei_cancel)
{
	for (u32 s = 0; s < ARRAY_SIZE(slots); s++) {
		struct sdei_pe pe = pe_in(slots[s], 3);

		EXPECT(!sdei_cancel(&pe, slots[s]));
		pend(&pe, slots[s]);
		EXPECT(sdei_cancel(&pe, slots[s]));
		EXPECT(!sdei_cancel(&pe, slots[s]));
		EXPECT_EQ(pe.pending, SDEI_MASKED);
	}
}

/* Whoever raised it may take it back until the very last moment. */
TEST(sdei_enter_cancelled)
{
	struct sdei_pe pe = pe_in(SDEI_SOFTWARE, 3), before;
	struct regs r = guest_regs(2), same = r;

	before = pe;
	EXPECT(!sdei_enter(&pe, SDEI_SOFTWARE, &r, ENTRY_PSTATE));
	EXPECT(!memcmp(&pe, &before, sizeof(pe)) && !memcmp(&r, &same, sizeof(r)));
}

/* ---- mask ---- */

TEST(sdei_mask_results)
{
	struct sdei_pe pe = reset_pe();

	EXPECT_EQ(sdei_mask(&pe), 0);
	sdei_unmask(&pe);
	sdei_unmask(&pe);
	pend(&pe, SDEI_ALARM);
	EXPECT_EQ(sdei_mask(&pe), 1);
	EXPECT_EQ(sdei_mask(&pe), 0);
	EXPECT_EQ(pe.pending, SDEI_MASKED | 1u << SDEI_ALARM);
}

/* ---- DEN0054C 6.2: who may be delivered ---- */

/* Every state of a normal and a critical event, a third one or a shared one running,
 * and the mask. */
TEST(sdei_eligibility)
{
	static const u32 others[] = {0, SDEI_BOUND, SHARED_SLOT};

	for (u32 bits = 0; bits < 1 << 10; bits++) {
		bool normal[4], critical[4], masked = bits & 1 << 8, offer = bits & 1 << 9;

		for (u32 i = 0; i < 4; i++) {
			normal[i] = bits & 1 << i;
			critical[i] = bits & 1 << (i + 4);
		}
		for (u32 o = 0; o < ARRAY_SIZE(others); o++) {
			bool other = others[o] != 0;
			struct sdei_pe pe = {
			    .registered = normal[0] << SDEI_SOFTWARE | critical[0] << SDEI_ALARM,
			    .enabled = normal[1] << SDEI_SOFTWARE | critical[1] << SDEI_ALARM,
			    .running = normal[2] << SDEI_SOFTWARE | critical[2] << SDEI_ALARM,
			    .pending = normal[3] << SDEI_SOFTWARE | critical[3] << SDEI_ALARM |
				       (masked ? SDEI_MASKED : 0) |
				       (offer ? SDEI_PENDING_SHARED : 0),
			    .shared = others[o] == SHARED_SLOT ? SHARED_SLOT : 0};
			u32 expected = 0;

			if (others[o] == SDEI_BOUND)
				pe.running |= 1u << SDEI_BOUND;
			if ((normal[1] && !normal[0]) || (critical[1] && !critical[0]))
				continue;
			if (other && normal[2])
				continue;
			if (!masked && !critical[2]) {
				if (critical[0] && critical[1] && critical[3])
					expected |= 1u << SDEI_ALARM;
				if (!normal[2] && !other && normal[0] && normal[1] && normal[3])
					expected |= 1u << SDEI_SOFTWARE;
				if (!normal[2] && !other && offer)
					expected |= SDEI_PENDING_SHARED;
			}
			EXPECT_EQ(sdei_deliverable(&pe), expected);
		}
	}
}

/* ---- handlers ---- */

TEST(sdei_handler_sees)
{
	for (u32 s = 0; s < ARRAY_SIZE(slots); s++) {
		struct sdei_pe pe = pe_in(slots[s], 3);
		struct regs before = guest_regs(s), r = enter(&pe, slots[s], &before);

		EXPECT_EQ(sdei_status(&pe, slots[s]), 7);
		EXPECT_EQ(r.x[0], sdei_number(slots[s]));
		EXPECT_EQ(r.x[1], ARGUMENT);
		EXPECT_EQ(r.x[2], before.pc);
		EXPECT_EQ(r.x[3], before.pstate);
		EXPECT(!memcmp(&r.x[4], &before.x[4], 27 * 8));
		EXPECT_EQ(r.pc, ENTRY);
		EXPECT_EQ(r.pstate, ENTRY_PSTATE);
	}
}

TEST(sdei_complete_restores)
{
	struct sdei_pe pe = pe_in(SDEI_SOFTWARE, 3);
	struct regs before = guest_regs(5), r = enter(&pe, SDEI_SOFTWARE, &before);

	memset(&r, 0x77, sizeof(r));
	EXPECT_EQ(sdei_complete(&pe, &r), SDEI_SOFTWARE);
	EXPECT(!memcmp(r.x, before.x, 18 * 8));
	EXPECT_EQ(r.pc, before.pc);
	EXPECT_EQ(r.pstate, before.pstate);
	for (u32 i = 18; i < 31; i++)
		EXPECT_EQ(r.x[i], 0x7777777777777777);
}

static bool shows(const struct sdei_pe *pe, const struct regs *regs)
{
	const struct sdei_context *c = sdei_innermost(pe);

	return !memcmp(c->x, regs->x, sizeof(c->x)) && c->pc == regs->pc &&
	       c->pstate == regs->pstate;
}

/* A critical event over a normal one, private or shared: the innermost context shows,
 * and what was outside is still there afterwards. */
TEST(sdei_nesting)
{
	static const struct sdei_handler shared = {ENTRY + 64, 5};

	for (u32 outer = SDEI_SOFTWARE; outer <= SHARED_SLOT; outer += SHARED_SLOT) {
		struct sdei_pe pe = pe_in(SDEI_SOFTWARE, 3);
		struct regs before = guest_regs(6), inside, r = before;

		sdei_register(&pe, SDEI_ALARM, ENTRY + 16, 7);
		sdei_enable(&pe, SDEI_ALARM);
		sdei_unmask(&pe);
		EXPECT(!sdei_is_running(&pe));
		if (outer == SDEI_SOFTWARE)
			r = enter(&pe, outer, &r);
		else
			sdei_enter_shared(&pe, outer, &shared, &r, ENTRY_PSTATE);
		EXPECT_EQ(r.x[0], sdei_number(outer));
		EXPECT_EQ(r.pc, outer == SDEI_SOFTWARE ? ENTRY : ENTRY + 64);
		EXPECT(sdei_is_running(&pe) && shows(&pe, &before));
		pend(&pe, SDEI_ALARM);
		pend(&pe, SDEI_SOFTWARE);
		EXPECT_EQ(sdei_deliverable(&pe), 1u << SDEI_ALARM);
		r.x[5] = 0x5555;
		inside = r;
		r = enter(&pe, SDEI_ALARM, &r);
		EXPECT_EQ(r.x[2], inside.pc);
		EXPECT(shows(&pe, &inside));
		pend(&pe, SDEI_ALARM);
		EXPECT_EQ(sdei_deliverable(&pe), 0);
		EXPECT_EQ(sdei_complete(&pe, &r), SDEI_ALARM);
		EXPECT(!memcmp(&r, &inside, sizeof(r)) && shows(&pe, &before));
		EXPECT_EQ(sdei_deliverable(&pe), 1u << SDEI_ALARM);
		EXPECT_EQ(sdei_complete(&pe, &r), outer);
		EXPECT(!memcmp(&r, &before, sizeof(r)) && !sdei_is_running(&pe));
		EXPECT_EQ(sdei_deliverable(&pe), 1u << SDEI_ALARM | 1u << SDEI_SOFTWARE);
	}
}

/* Unregistered inside its handler, an event runs to its end. */
TEST(sdei_unregister_in_handler)
{
	struct sdei_pe pe = pe_in(SDEI_SOFTWARE, 3);
	struct regs before = guest_regs(8), r = enter(&pe, SDEI_SOFTWARE, &before);

	EXPECT_EQ(sdei_unregister(&pe, SDEI_SOFTWARE), SDEI_PENDING);
	EXPECT_EQ(sdei_unregister(&pe, SDEI_SOFTWARE), SDEI_PENDING);
	EXPECT(shows(&pe, &before));
	EXPECT_EQ(sdei_complete(&pe, &r), SDEI_SOFTWARE);
	EXPECT_EQ(sdei_unregister(&pe, SDEI_SOFTWARE), SDEI_DENIED);
	EXPECT_EQ(sdei_register(&pe, SDEI_SOFTWARE, ENTRY, 0), SDEI_SUCCESS);
	EXPECT_EQ(sdei_status(&pe, SDEI_SOFTWARE), 1);
}

TEST(sdei_drop)
{
	struct sdei_pe pe = pe_in(SDEI_SOFTWARE, 7);
	struct regs r = guest_regs(9);

	sdei_register(&pe, SDEI_ALARM, ENTRY, 0);
	r = enter(&pe, SDEI_ALARM, &r);
	sdei_unregister(&pe, SDEI_ALARM);
	pend(&pe, SDEI_SOFTWARE);
	EXPECT_EQ(sdei_pe_drop(&pe), 1u << SDEI_SOFTWARE | 1u << SDEI_ALARM);
	EXPECT_EQ(sdei_pe_drop(&pe), 0);
	EXPECT_EQ(sdei_status(&pe, SDEI_SOFTWARE), 3);
	EXPECT_EQ(sdei_status(&pe, SDEI_ALARM), 0);
	EXPECT_EQ(pe.pending, SDEI_MASKED | 1u << SDEI_SOFTWARE);
	pe.shared = SHARED_SLOT;
	EXPECT_EQ(sdei_pe_drop(&pe), 0);
	EXPECT(!sdei_is_running(&pe));
}

TEST(sdei_reset)
{
	struct sdei_pe pe = pe_in(SDEI_ALARM, 5);

	sdei_unmask(&pe);
	pend(&pe, SDEI_ALARM);
	pe.shared = SHARED_SLOT;
	sdei_pe_reset(&pe);
	EXPECT_EQ(pe.pending, SDEI_MASKED);
	EXPECT(!sdei_is_running(&pe));
	for (u32 slot = 0; slot < SDEI_NR_PRIVATE; slot++)
		EXPECT_EQ(sdei_status(&pe, slot), 0);
}

/* ---- numbers, addresses ---- */

TEST(sdei_numbers)
{
	struct sdei_domain d = {.nr_private = 3, .nr_shared = 40};
	static const u32 unknown[] = {1,
				      0x40000000,
				      0x40000004,
				      TOCSIN_EVENT_BOUND_PRIVATE - 1,
				      TOCSIN_EVENT_BOUND_PRIVATE + 3,
				      TOCSIN_EVENT_BOUND_SHARED - 1,
				      TOCSIN_EVENT_BOUND_SHARED + 40,
				      1u << 31,
				      0xffffffff,
				      TOCSIN_EVENT_ALARM | 1u << 31};

	EXPECT_EQ(sdei_slot(&d, SDEI_EVENT_SOFTWARE), SDEI_SOFTWARE);
	EXPECT_EQ(sdei_slot(&d, TOCSIN_EVENT_ALARM), SDEI_ALARM);
	EXPECT_EQ(sdei_slot(&d, TOCSIN_EVENT_WATCHDOG), SDEI_WATCHDOG);
	EXPECT_EQ(sdei_slot(&d, TOCSIN_EVENT_APF), SDEI_APF);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(sdei_slot(&d, TOCSIN_EVENT_BOUND_PRIVATE + i), SDEI_BOUND + i);
	for (u32 i = 0; i < 40; i++)
		EXPECT_EQ(sdei_slot(&d, TOCSIN_EVENT_BOUND_SHARED + i), SDEI_SHARED + i);
	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++)
		EXPECT_EQ(sdei_slot(&d, unknown[i]), SDEI_NO_SLOT);
	d.nr_private = SDEI_NR_BOUND;
	for (u32 slot = 0; slot < SDEI_SHARED + 40; slot++)
		if (slot < SDEI_NR_PRIVATE || slot >= SDEI_SHARED)
			EXPECT_EQ(sdei_slot(&d, sdei_number(slot)), slot);
	d.nr_private = d.nr_shared = 0;
	EXPECT_EQ(sdei_slot(&d, TOCSIN_EVENT_BOUND_PRIVATE), SDEI_NO_SLOT);
	EXPECT_EQ(sdei_slot(&d, TOCSIN_EVENT_BOUND_SHARED), SDEI_NO_SLOT);
}

/* What GET_INFO builds on. */
TEST(sdei_event_table)
{
	EXPECT_EQ(SDEI_CRITICAL_SLOTS, 1u << SDEI_ALARM | 1u << SDEI_WATCHDOG | 1u << SDEI_APF);
	EXPECT(SDEI_APF < SDEI_ALARM); /* who raises it counts on its being the first */
	for (u32 slot = 0; slot < SDEI_NR_PRIVATE; slot++)
		EXPECT_EQ(sdei_signalable(slot), slot == SDEI_SOFTWARE);
	EXPECT(!sdei_signalable(SDEI_SHARED));
}

TEST(sdei_addresses)
{
	static const u64 valid[] = {4,   ENTRY, 0x40080000, 0xffffffffffffc, 0xfff0000000000000,
				    ~3UL};
	static const u64 invalid[] = {0,
				      1,
				      2,
				      3,
				      ENTRY + 1,
				      ENTRY + 2,
				      0x10000000000000,
				      0xffe0000000000000,
				      0xffefffffffffff00,
				      0x7ff0000000000000,
				      0x0100000040080000,
				      ~0UL};

	for (u32 i = 0; i < ARRAY_SIZE(valid); i++)
		EXPECT(sdei_address_valid(valid[i]));
	for (u32 i = 0; i < ARRAY_SIZE(invalid); i++)
		EXPECT(!sdei_address_valid(invalid[i]));
}
