/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile partition: every address, every call, every system register. */
#include "attack.h"
#include "encoding.h"
#include <abi/tocsin.h>
#include <arch/sdei.h>

/* ---- addresses ---- */

#define STEP KIB(64)   /* one access of each kind in each, at a random place; "fine": PAGE_SIZE */
#define LOW GIB(4)     /* so far; beyond, at random */
#define FAR_TRIES 4000 /* below 2^48, half of them within the IPA size */

static const u8 parange_bits[] = {32, 36, 40, 42, 44, 48};
static struct range own[4]; /* memory and devices of this partition */
static u32 nr_own;
static u64 readable; /* a page of Tocsin's that it may read: its stolen time */

static void find_own(void)
{
	long stolen = hvc_call(PV_TIME_ST, 0, 0, 0);

	readable = stolen > 0 ? ALIGN_DOWN((u64)stolen, PAGE_SIZE) : 0;
	nr_own = 0;
	for (int node = fdt_root(); node >= 0; node = fdt_next(node))
		if (fdt_string_is(node, "device_type", "memory") && nr_own < 1)
			fdt_reg(node, 0, &own[nr_own++]);
	own[nr_own++] = machine.gicd;
	own[nr_own++] = machine.gicc;
	own[nr_own++] = machine.uart;
}

static bool is_own(u64 a)
{
	for (u32 i = 0; i < nr_own; i++)
		if (a - ALIGN_DOWN(own[i].base, PAGE_SIZE) < ALIGN_UP(own[i].size, PAGE_SIZE))
			return true;
	return false;
}

/* Everything that is not ours is an abort. */
static void probe(u64 a)
{
	struct fault f;
	u64 value;

	if (is_own(a))
		return;
	f = try_read(a, 1U << RANDOM(4), &value);
	EXPECT((readable && ALIGN_DOWN(a, PAGE_SIZE) == readable) ||
		   (f.taken && ESR_EC(f.esr) == EC_DABT_SAME),
	       "0x%lx reads 0x%lx (esr 0x%lx)", a, value, f.esr);
	f = try_write(a, 1U << RANDOM(4), random_next(&seed));
	EXPECT(f.taken && ESR_EC(f.esr) == EC_DABT_SAME, "0x%lx can be written (esr 0x%lx)", a,
	       f.esr);
	if (test_failed())
		return; /* what was found there would run now */
	fault_expect();
	call_at(ALIGN_DOWN(a, 4), 0);
	f = fault_end();
	EXPECT(f.taken && ESR_EC(f.esr) == EC_IABT_SAME, "0x%lx can be executed (esr 0x%lx)", a,
	       f.esr);
}

static void ipa(void)
{
	u64 step = strstr(machine.bootargs, "fine") ? PAGE_SIZE : STEP;
	u64 bits = parange_bits[MIN(read_sysreg(ID_AA64MMFR0_EL1) & 15, 5UL)];

	find_own();
	mmu_off(); /* addresses as they are, beyond those that the map has too */
	for (u64 a = 0; a < LOW && !test_failed(); a += step)
		probe(a + RANDOM(step / 8) * 8UL);
	if (readable)
		probe(readable + 8);
	for (u64 size = BIT(32); size <= BIT(bits) && !test_failed(); size *= 2) {
		probe(size - 8);
		probe(size);
	}
	for (u32 i = 0; i < FAR_TRIES && !test_failed(); i++) {
		u64 top = i & 1 ? BIT(bits) : BIT(48);
		u64 a = random_next(&seed) & (top - 8);

		if (a >= LOW)
			probe(a);
	}
	mmu_on();
	expect_served();
}

/* ---- calls ---- */

#define NUMBERS 0x80      /* of each owner, in order */
#define RANDOM_NUMBERS 32 /* of each owner, besides */
#define SDEI_ROUNDS 4000

/* What would end or suspend the attack itself, and what would let events in, whose
 * handlers lie at random addresses; those who start CPUs have an attack of their own. */
static bool ends_it(u64 fid)
{
	switch ((u32)fid & ~(u32)SMCCC_64) {
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2:
	case (u32)(SDEI_PE_UNMASK & ~SMCCC_64):
		return true;
	}
	return false;
}

/* Small, near a limit, or anything. */
static u64 some_argument(void)
{
	switch (RANDOM(6)) {
	case 0:
		return RANDOM(4);
	case 1:
		return RANDOM(1100);
	case 2:
		return (u64)0 - RANDOM(4);
	case 3:
		return (u64)memory_end + RANDOM(4096);
	case 4:
		return TOCSIN_EVENT_BOUND_PRIVATE + (RANDOM(2) << 16) + RANDOM(3);
	default:
		return random_next(&seed);
	}
}

static void call(u64 fid)
{
	struct regs r;

	if (ends_it(fid & ~SMCCC_SVE_HINT))
		return;
	r.x[0] = fid;
	for (u32 i = 1; i < 18; i++)
		r.x[i] = some_argument();
	if (RANDOM(2))
		hvc_regs(&r);
	else
		smc_regs(&r);
}

static void calls(void)
{
	for (u64 top = 0; top < 256; top++) {
		for (u64 n = 0; n < NUMBERS; n++)
			call(top << 24 | n);
		for (u32 i = 0; i < RANDOM_NUMBERS; i++)
			call(random_next(&seed) << 32 | top << 24 | RANDOM(1 << 24));
	}
	for (u32 i = 0; i < SDEI_ROUNDS; i++)
		call(SDEI_VERSION + RANDOM(0x13));
	for (u32 i = 0; i < SDEI_ROUNDS / 4; i++)
		call(TOCSIN_ALARM + RANDOM(3));
	hvc_call(SDEI_PRIVATE_RESET, 0, 0, 0);
	hvc_call(SDEI_SHARED_RESET, 0, 0, 0);
	expect_served();
}

/* ---- system registers ---- */

#define BATCH 512

/* Its own registers, where a random value would only confuse itself: not trapped. */
static bool writes_itself(struct encoding e)
{
	if (e.op0 == 2 || e.op1 == 1 || e.op1 >= 4)
		return false;
	if (e.crn == 12)
		return e.op1 != 0 || e.crm != 11 || e.op2 < 5;
	if (e.crn == 10)
		return e.op1 != 0 || e.crm < 4;
	return e.crn != 0 && e.crn != 9 && e.crn != 11 && e.crn != 15;
}

/* Each is read; written with any value, and then with 0, so that no breakpoint stays. */
static void sysregs(void)
{
	static struct accessors code[BATCH] __attribute__((aligned(64)));

	/* Nothing of EL1's own traps SVE and SME, where they are: ZEN and SMEN. */
	write_sysreg(CPACR_EL1, read_sysreg(CPACR_EL1) | GENMASK(17, 16) | GENMASK(25, 24));
	isb();
	for (u32 n = 0; n < ENCODINGS; n++) {
		struct accessors *c = &code[n % BATCH];

		for (u32 i = 0; n % BATCH == 0 && i < BATCH; i++)
			code[i] = accessors_of(nth_encoding(n + i));
		if (n % BATCH == 0)
			code_sync(code, sizeof(code));
		fault_expect();
		call_at((u64)c->read, 0);
		fault_end();
		if (writes_itself(nth_encoding(n)))
			continue;
		for (u32 i = 0; i < 2; i++) {
			fault_expect();
			call_at((u64)c->write, i ? 0 : random_next(&seed));
			fault_end();
		}
	}
	expect_served();
}

void guest_setup(void)
{
	attack_only();
}

const struct test guest_tests[] = {{"ipa", ipa, UNDER_TOCSIN},
				   {"calls", calls, UNDER_TOCSIN},
				   {"sysregs", sysregs, UNDER_TOCSIN},
				   {0}};
