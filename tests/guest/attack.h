/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hostile guests share. The boot argument "only=NAME" picks one attack;
 * "forever" repeats it until the machine ends. A test of theirs passes if Tocsin
 * still serves its author; what counts is how the neighbour (victim.c) fares.
 */
#pragma once

#include "guest.h"

#define RANDOM(n) ((u32)(random_next(&seed) % (n)))
static u64 seed = 0xa77ac4;

/* Tocsin answers, and says what it is. */
static inline void expect_served(void)
{
	EXPECT_EQ(hvc_call(PSCI_VERSION, 0, 0, 0), 0x10001);
}

/* Runs what the boot arguments pick and does not return; or returns. */
static inline void attack_only(void)
{
	const char *only = strstr(machine.bootargs, "only=");
	bool forever = strstr(machine.bootargs, "forever");

	if (!only)
		return;
	for (const struct test *t = guest_tests; t->name; t++) {
		if (strstr(only, t->name) != only + 5)
			continue;
		do {
			t->run();
		} while (forever && !test_failed());
		if (!test_failed())
			print("PASS %s\n", t->name);
	}
	if (test_failed())
		print("FAIL %s\n", only);
	guest_done();
}
