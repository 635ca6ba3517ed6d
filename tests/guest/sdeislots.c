/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDEI with other numbers of slots for bindings than usual: the boot argument slots=N
 * says how many there are of each kind, 0 or 1. Test 108 of docs/sdei-tests.md.
 */
#include "sdeibound.h"

static u32 slots;

static void as_told(void)
{
	EXPECT_EQ(sdei1(SDEI_FEATURES, SDEI_FEATURE_BIND_SLOTS), slots << 16 | slots);
}

static void bind_more(void)
{
	static const u32 private[] = {INTID_PTIMER, INTID_VTIMER}, shared[] = {64, 65};

	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(bind(private[i]),
			  i < slots ? TOCSIN_EVENT_BOUND_PRIVATE : SDEI_OUT_OF_RESOURCE);
		EXPECT_EQ(bind(shared[i]),
			  i < slots ? TOCSIN_EVENT_BOUND_SHARED : SDEI_OUT_OF_RESOURCE);
	}
	EXPECT_EQ(bind(5), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(bind(5000), SDEI_INVALID_PARAMETERS);
}

static void events_there_are(void)
{
	EXPECT_EQ(sdei_status(TOCSIN_EVENT_BOUND_PRIVATE), slots ? 0 : SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_status(TOCSIN_EVENT_BOUND_SHARED), slots ? 0 : SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_status(TOCSIN_EVENT_BOUND_PRIVATE + slots), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_status(TOCSIN_EVENT_BOUND_SHARED + slots), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), SDEI_SUCCESS);
	EXPECT_EQ(sdei1(SDEI_SHARED_RESET, 0), SDEI_SUCCESS);
}

/* Other events are none the worse for it. */
static void event_0(void)
{
	sdei_ready(E0);
	EXPECT_EQ(sdei_signal(0), 0);
	EXPECT_EQ(sdei_runs(), 1);
	sdei_fresh();
}

void guest_setup(void)
{
	sdei_setup();
	slots = strstr(machine.bootargs, "slots=1") != NULL;
}

const struct test guest_tests[] = {
    {"slots-as-told", as_told, UNDER_TOCSIN},
    {"slots-bind-more", bind_more, UNDER_TOCSIN},
    {"slots-events", events_there_are, UNDER_TOCSIN},
    {"slots-event-0", event_0, UNDER_TOCSIN},
    {0},
};
