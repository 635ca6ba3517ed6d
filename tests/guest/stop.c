/* SPDX-License-Identifier: Apache-2.0 */
/* Guests that go wrong on purpose; bootargs choose how. Whatever happens, the
 * runner looks for Tocsin to go on or to report. */
#include "guest.h"

#define STORM 20000

u64 call_at(u64 address, u64 x0);

static volatile u32 undefs;

static bool mode(const char *name)
{
	return strstr(machine.bootargs, name) != NULL;
}

/* No vectors: exceptions at EL1 without end. Tocsin sees that the partition cannot
 * go on. */
static void no_vectors(u64 arg)
{
	(void)arg;
	write_sysreg(VBAR_EL1, 0x0b800000);
	isb();
	call_at(0x0b800000, 0);
}

static void recursion(void)
{
	if (!mode("recursion"))
		return;
	EXPECT_EQ(cpu_start(1, no_vectors, 0), PSCI_SUCCESS);
	for (;;)
		wfi();
}

static void storms(void)
{
	u64 seed = 77, dummy;

	for (u32 i = 0; i < STORM; i++)
		hvc_call(random_next(&seed) & 0x3fffffff, 1, 2, 3); /* yielding calls: none known */
	for (u32 i = 0; i < STORM; i++)
		try_read(0x0b800000 + i * 8, 8, &dummy);
	for (u32 i = 0; i < STORM; i++) {
		u64 x0 = 0;

		if (i % 16 == 0)
			undefs += run_insn(0xd4024002 | (i & 0xff) << 5, &x0).taken;
	}
	EXPECT(undefs > 0, "no UNDEF");
}

static void illegal_state(void)
{
	/* An illegal exception return is the guest's own, not Tocsin's. */
	struct fault f;

	fault_expect();
	__asm__ volatile("adr x6, 1f; msr elr_el1, x6; mov x6, #0x3cd; msr spsr_el1, x6; eret;"
			 "1: nop" ::
			     : "x6", "memory");
	f = fault_end();
	EXPECT(f.taken && ESR_EC(f.esr) == EC_ILLEGAL, "esr 0x%lx", f.esr);
}

static void misaligned(void)
{
	struct fault f;

	fault_expect();
	call_at((u64)image_start + 2, 0);
	f = fault_end();
	EXPECT(f.taken && ESR_EC(f.esr) == EC_PC_ALIGN, "esr 0x%lx", f.esr);
}

void guest_setup(void)
{
	if (mode("hang"))
		for (;;)
			wfi();
	if (mode("flood"))
		for (;;)
			print("flood ");
}

const struct test guest_tests[] = {
    {"stop-illegal-state", illegal_state, 0},
    {"stop-misaligned", misaligned, 0},
    {"stop-storms", storms, UNDER_TOCSIN},
    {"stop-recursion", recursion, NEEDS_SMP | UNDER_TOCSIN},
    {0},
};
