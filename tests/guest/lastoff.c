/* SPDX-License-Identifier: Apache-2.0 */
/* CPU_OFF of the last CPU: nothing of the guest can run again; the runner checks
 * that the machine is not left hanging. */
#include "guest.h"

static void last_off(void)
{
	long r;

	print("DONE\n");
	r = hvc_call(PSCI_CPU_OFF, 0, 0, 0);
	test_fail("CPU_OFF of the last CPU returned %ld", r);
}

void guest_setup(void)
{
}

const struct test guest_tests[] = {{"last-cpu-off", last_off, UNDER_TOCSIN}, {0}};
