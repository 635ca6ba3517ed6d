/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDEI as a guest calls it: arguments, results, and handlers.
 * sources: el2/sdei/vsdei.c el2/sdei/alarm.c el2/entry/inject.c sdei/pe.c sdei/event.c
 */
#include <test.h>

#define world_expect EXPECT

#include <sdei_guest.h>

#define LAST_CALL SDEI_SHARED_RESET
#define UNKNOWN 0x1234u

/* ---- convention ---- */

TEST(vsdei_version)
{
	struct vcpu *v = world_init();

	EXPECT_EQ(CALL(v, SDEI_VERSION), 0x0001000100000000 | TOCSIN_SDEI_VENDOR);
	EXPECT_EQ(CALL(v, SDEI_FEATURES, 0), 1 << 16 | NR_BOUND);
	EXPECT_EQ(CALL(v, SDEI_FEATURES, 1), 0);
	EXPECT_EQ(CALL(v, SDEI_FEATURES, 2), -2UL);
	EXPECT_EQ(CALL(v, SDEI_FEATURES, ~0UL), -2UL);
}

TEST(vsdei_absent)
{
	struct vcpu *v = world_init();

	world.config.sdei = false;
	EXPECT_EQ(vsdei_create(&world.partition), OK);
	for (u32 fid = SDEI_VERSION; fid <= LAST_CALL; fid++)
		EXPECT_EQ(CALL(v, fid), -1UL);
	for (u32 fid = TOCSIN_ALARM; fid <= TOCSIN_ALARM_STATUS; fid++)
		EXPECT_EQ(CALL(v, fid), -1UL);
	EXPECT_EQ(v->requests, 0);
}

/* Everything but x0 is as it was, whether the call succeeds or fails. */
TEST(vsdei_registers_preserved)
{
	for (u32 fid = SDEI_VERSION; fid <= LAST_CALL; fid++)
		for (u64 event = 0; event < 2; event++) {
			struct vcpu *v = world_init();
			struct regs before;

			CALL(v, fid, event, ENTRY);
			before = guest();
			before.x[0] = v->regs.x[0];
			before.x[1] = event;
			before.x[2] = ENTRY;
			before.x[3] = before.x[4] = 0;
			EXPECT(!memcmp(&before, &v->regs, sizeof(before)));
		}
}

TEST(vsdei_upper_halves)
{
	const u64 junk = 0x5a5a5a5a00000000;
	struct vcpu *v = ready();

	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, junk), 3);
	EXPECT_EQ(CALL(v, SDEI_EVENT_DISABLE, junk), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_ENABLE, junk), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_GET_INFO, junk, junk | 1), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_UNREGISTER, junk), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, junk, ENTRY), 0);
	EXPECT_EQ(CALL(v, SDEI_INTERRUPT_BIND, junk | 30), BOUND);
	EXPECT_EQ(CALL(v, SDEI_INTERRUPT_RELEASE, junk | BOUND), 0);
	EXPECT_EQ(CALL(v, SDEI_FEATURES, junk), 1 << 16 | NR_BOUND);
	EXPECT_EQ(CALL(v, SDEI_EVENT_SIGNAL, junk, v->mpidr), 0);
	v = handling();
	EXPECT_EQ(CALL(v, SDEI_EVENT_CONTEXT, junk | 6), guest().x[6]);
	EXPECT_EQ(CALL(v, SDEI_EVENT_CONTEXT, junk | 18), -2UL);
}

/* ---- calls on events ---- */

TEST(vsdei_unknown_event)
{
	static const u32 fids[] = {
	    SDEI_EVENT_REGISTER,    SDEI_EVENT_ENABLE,      SDEI_EVENT_DISABLE,
	    SDEI_EVENT_UNREGISTER,  SDEI_EVENT_STATUS,      SDEI_EVENT_GET_INFO,
	    SDEI_EVENT_ROUTING_SET, SDEI_INTERRUPT_RELEASE, SDEI_EVENT_SIGNAL};
	static const u32 events[] = {UNKNOWN, 1u << 31, ~0u, BOUND + NR_BOUND, SHARED + 1};
	struct vcpu *v = world_init();

	for (u32 i = 0; i < ARRAY_SIZE(fids); i++)
		for (u32 e = 0; e < ARRAY_SIZE(events); e++)
			EXPECT_EQ(
			    CALL(v, fids[i], events[e], fids[i] == SDEI_EVENT_REGISTER ? ENTRY : 0),
			    -2UL);
}

TEST(vsdei_register_refuses)
{
	static const u64 entries[] = {0, ENTRY + 1, ENTRY + 2, 0x7fff800008001000};
	struct vcpu *v = world_init();

	for (u32 i = 0; i < ARRAY_SIZE(entries); i++)
		EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, 0, entries[i]), -2UL);
	for (u32 bit = 1; bit < 64; bit++)
		EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, 0, ENTRY, 0, BIT(bit)), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, BOUND, ENTRY), -3UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, BOUND), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, 0), 0);
	/* RM_PE and an affinity (x5 is rubbish) mean nothing here. */
	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, 0, ENTRY, 0, SDEI_REGISTER_RM_PE), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, 0, ENTRY + 8), -3UL);
	EXPECT_EQ(v->sdei.handler[SDEI_SOFTWARE].entry, ENTRY);
}

/* What is wrong with an argument counts before what is wrong with the state. */
TEST(vsdei_double_errors)
{
	struct vcpu *v = ready();

	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, 0, 0), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, 0, ENTRY, 0, 2), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_REGISTER, BOUND, 0), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_GET_INFO, UNKNOWN, 9), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_CONTEXT, 18), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_CONTEXT, 17), -3UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_COMPLETE_AND_RESUME, 0), -3UL);
	EXPECT_EQ(v->regs.pc, PC);
	EXPECT_EQ(CALL(v, SDEI_EVENT_COMPLETE, 0), -3UL);
	EXPECT_EQ(v->regs.pc, PC);
}

TEST(vsdei_get_info)
{
	static const struct {
		u32 event;
		long info[6];
	} rows[] = {{0, {0, 0, 0, -2, -2, -2}},
		    {TOCSIN_EVENT_ALARM, {0, 1, 1, -2, -2, -2}},
		    {BOUND, {0, 1, 0, -2, -2, -2}},
		    {SHARED, {1, 1, 0, SHARED_INFO + 3, SHARED_INFO + 4, -2}}};
	struct vcpu *v = world_init();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		for (u32 info = 0; info < 6; info++)
			EXPECT_EQ(CALL(v, SDEI_EVENT_GET_INFO, rows[i].event, info),
				  rows[i].info[info]);
		EXPECT_EQ(CALL(v, SDEI_EVENT_GET_INFO, rows[i].event, ~0u), -2UL);
	}
}

TEST(vsdei_private_reset)
{
	struct vcpu *v = world_init(), *other = &world.vcpus[1];

	begin(v, 0);
	begin(v, TOCSIN_EVENT_ALARM);
	begin(other, 0);
	EXPECT_EQ(CALL(v, SDEI_PRIVATE_RESET), 0);
	EXPECT_EQ(CALL(v, SDEI_PRIVATE_RESET), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, TOCSIN_EVENT_ALARM), 0);
	EXPECT_EQ(CALL(other, SDEI_EVENT_STATUS, 0), 3);
	EXPECT_EQ(CALL(v, SDEI_PE_MASK), 0);
	v = handling();
	EXPECT_EQ(CALL(v, SDEI_PRIVATE_RESET), -3UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, 0), 4);
	EXPECT_EQ(CALL(v, SDEI_PE_MASK), 1);
	CALL(v, SDEI_EVENT_COMPLETE, 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, 0), 0);
}

/* ---- delivery by calls ---- */

TEST(vsdei_signal_self)
{
	struct vcpu *v = handling();

	EXPECT_EQ(v->regs.x[2], PC);
	EXPECT_EQ(v->regs.x[3], guest().pstate);
	EXPECT(!memcmp(&v->regs.x[5], &guest().x[5], 26 * 8));
	EXPECT_EQ(v->requests, 0);
	/* What was interrupted already has the call's result. */
	EXPECT_EQ(CALL(v, SDEI_EVENT_CONTEXT, 0), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_CONTEXT, 2), 0);
	EXPECT_EQ(CALL(v, SDEI_EVENT_CONTEXT, 17), guest().x[17]);
}

/* Pending, masked and disabled: delivered by the call that removes the last obstacle. */
TEST(vsdei_unmask_and_enable_deliver)
{
	struct vcpu *v = ready();

	CALL(v, SDEI_PE_MASK);
	EXPECT_EQ(CALL(v, SDEI_EVENT_DISABLE, 0), 0);
	for (u32 i = 0; i < 100; i++)
		EXPECT_EQ(CALL(v, SDEI_EVENT_SIGNAL, 0, v->mpidr), 0);
	EXPECT_EQ(CALL(v, SDEI_PE_UNMASK), 0);
	EXPECT_EQ(v->regs.pc, PC);
	CALL(v, SDEI_EVENT_ENABLE, 0);
	EXPECT(in_handler(v, 0));
	CALL(v, SDEI_EVENT_COMPLETE);
	EXPECT(v->regs.pc == PC && v->regs.x[0] == 0);
	CALL(v, SDEI_PE_MASK);
	CALL(v, SDEI_EVENT_SIGNAL, 0, v->mpidr);
	CALL(v, SDEI_PE_UNMASK);
	EXPECT(in_handler(v, 0));
}

TEST(vsdei_complete)
{
	struct vcpu *v = handling();
	struct regs before = guest();

	EXPECT_EQ(CALL(v, SDEI_EVENT_SIGNAL, 0, v->mpidr), 0); /* again, after this one */
	memset(&v->regs, 0x77, sizeof(v->regs));
	v->regs.x[0] = SDEI_EVENT_COMPLETE;
	v->regs.x[1] = 0x1234;
	world_call(v);
	EXPECT(in_handler(v, 0));
	EXPECT_EQ(v->regs.x[2], PC);
	memset(&v->regs, 0x66, sizeof(v->regs));
	v->regs.x[0] = SDEI_EVENT_COMPLETE;
	world_call(v);
	before.x[0] = before.x[1] = before.x[2] = before.x[3] = before.x[4] = 0; /* the call's */
	EXPECT(!memcmp(&v->regs, &before, 18 * 8));
	EXPECT_EQ(v->regs.x[18], 0x6666666666666666);
	EXPECT_EQ(v->regs.pc, PC);
	EXPECT_EQ(v->regs.pstate, before.pstate);
}

TEST(vsdei_complete_and_resume)
{
	struct vcpu *v = handling();

	host_ELR_EL1 = host_SPSR_EL1 = 0x99;
	EXPECT_EQ(CALL(v, SDEI_EVENT_COMPLETE_AND_RESUME, RESUME + 2), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_COMPLETE_AND_RESUME, 0x0010000000000000), -2UL);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, 0), 7);
	EXPECT(host_ELR_EL1 == 0x99 && host_SPSR_EL1 == 0x99);
	CALL(v, SDEI_PE_MASK);
	CALL(v, SDEI_EVENT_COMPLETE_AND_RESUME, RESUME);
	EXPECT_EQ(v->regs.pc, RESUME);
	EXPECT_EQ(v->regs.pstate, PSTATE_EL1H | PSTATE_DAIF | PSTATE_NZCV);
	EXPECT_EQ(v->regs.x[0], 0);
	EXPECT_EQ(v->regs.x[17], guest().x[17]);
	EXPECT_EQ(host_ELR_EL1, PC);
	EXPECT_EQ(host_SPSR_EL1, guest().pstate);
	EXPECT_EQ(CALL(v, SDEI_EVENT_STATUS, 0), 3);
}

/* The next event interrupts at the address that the handler has named. */
TEST(vsdei_resume_then_next)
{
	struct vcpu *v = handling();

	CALL(v, SDEI_EVENT_SIGNAL, 0, v->mpidr);
	host_ELR_EL1 = 0;
	CALL(v, SDEI_EVENT_COMPLETE_AND_RESUME, RESUME);
	EXPECT(in_handler(v, 0));
	EXPECT_EQ(v->regs.x[2], RESUME);
	EXPECT_EQ(host_ELR_EL1, PC);
}

/* ---- PSTATE at entry ---- */

static u64 entered_with(u64 pstate)
{
	struct vcpu *v = ready();

	world.partition.idreg[IDREG_INDEX(SYS_ID_AA64MMFR1_EL1)] = ID_AA64MMFR1_EL1_PAN;
	world.partition.idreg[IDREG_INDEX(SYS_ID_AA64PFR1_EL1)] = ID_AA64PFR1_EL1_SSBS;
	world.partition.idreg[IDREG_INDEX(SYS_ID_AA64PFR0_EL1)] = ID_AA64PFR0_EL1_DIT;
	inject_prepare(&world.partition);
	v->regs = guest();
	v->regs.pstate = pstate;
	vsdei_raise(v, SDEI_SOFTWARE);
	world_serve(v);
	EXPECT_EQ(v->regs.pc, ENTRY);
	return v->regs.pstate;
}

TEST(vsdei_entry_pstate)
{
	const u64 entry = PSTATE_EL1H | PSTATE_DAIF;
	const u64 lost = PSTATE_IL | PSTATE_SS | PSTATE_BTYPE | PSTATE_UAO | PSTATE_SSBS;

	host_SCTLR_EL1 = 0;
	EXPECT_EQ(entered_with(PSTATE_EL1H | lost), entry | PSTATE_PAN);
	EXPECT_EQ(entered_with(PSTATE_EL0T | PSTATE_NZCV), entry | PSTATE_PAN | PSTATE_NZCV);
	EXPECT_EQ(entered_with(PSTATE_EL1T | PSTATE_DIT), entry | PSTATE_PAN | PSTATE_DIT);
	EXPECT_EQ(entered_with(PSTATE_AARCH32), entry | PSTATE_PAN);
	EXPECT_EQ(entered_with(PSTATE_AARCH32 | PSTATE_SS), entry | PSTATE_PAN);
	EXPECT_EQ(entered_with(PSTATE_AARCH32 | PSTATE_DIT), entry | PSTATE_PAN | PSTATE_DIT);
	host_SCTLR_EL1 = SCTLR_EL1_SPAN;
	EXPECT_EQ(entered_with(PSTATE_EL1H), entry);
	EXPECT_EQ(entered_with(PSTATE_EL1H | PSTATE_PAN), entry | PSTATE_PAN);
	host_SCTLR_EL1 = SCTLR_EL1_SPAN | SCTLR_EL1_DSSBS;
	EXPECT_EQ(entered_with(PSTATE_EL1H), entry | PSTATE_SSBS);
	host_SCTLR_EL1 = 0;
}
