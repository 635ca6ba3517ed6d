/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much paged memory as there is, and as many vCPUs ("vcpus=N"): all is written, then every vCPU
 * reads the pages that have been stored, all of them in the same order, so that all wait for one
 * page at a time. Then the partition starts itself anew, once: all is as at the start, and it does
 * the same again.
 */
#include "guest.h"
#include <abi/apf.h>

#define WORDS (PAGE_SIZE / sizeof(u64))
#define READ 24 /* pages that all read */
#define MPIDR_OF(i) ((u64)((i) / 16) << 8 | (i) % 16)

/* Without a stack, of which there are not enough: x0 is the first page; then it sleeps. */
extern char reader[];
__asm__(".pushsection .text\n"
	".global reader\n"
	"reader:\n"
	"	mov	x1, #24\n"
	"1:	ldr	x2, [x0]\n"
	"	add	x0, x0, #4096\n"
	"	subs	x1, x1, #1\n"
	"	b.ne	1b\n"
	"2:	wfi\n"
	"	b	2b\n"
	".popsection");

static u64 base, nr;

static volatile u64 *last_word(u64 page)
{
	return (volatile u64 *)(base + page * PAGE_SIZE) + WORDS - 1;
}

static u64 count(u32 which)
{
	struct regs r = {{TOCSIN_APF_COUNT, which}};

	hvc_regs(&r);
	return r.x[1];
}

static void find_memory(void)
{
	struct range r = {0};

	for (int node = fdt_root(); node >= 0; node = fdt_next(node))
		if (fdt_string_is(node, "device_type", "memory"))
			fdt_reg(node, 0, &r);
	base = ALIGN_UP((u64)memory_end, PAGE_SIZE);
	nr = (MIN((u64)fdt, r.base + r.size) - base) / PAGE_SIZE;
}

static void many(void)
{
	u32 vcpus = (u32)bootarg_number("vcpus=", 1);
	bool second = count(TOCSIN_APF_COUNT_STORED);

	for (u64 n = 0; n < nr; n++) {
		u64 was = n % 64 ? 0 : *last_word(n);

		EXPECT(!was, "page %lu holds 0x%lx", n, was);
		*last_word(n) = n + 1;
	}
	for (u32 i = 1; i < vcpus; i++)
		EXPECT_EQ(hvc_call(PSCI64(PSCI_CPU_ON), MPIDR_OF(i), (u64)reader, base), 0);
	for (u64 n = 0; n < READ; n++)
		EXPECT_EQ(*last_word(n), n + 1);
	delay_us(500);
	EXPECT(count(TOCSIN_APF_COUNT_STORED) >= READ, "only %lu pages have been stored",
	       count(TOCSIN_APF_COUNT_STORED));
	print("%s\n", second ? "again" : "once");
	if (!second && !test_failed())
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
}

void guest_setup(void)
{
	find_memory();
}

const struct test guest_tests[] = {{"paged-many", many, UNDER_TOCSIN}, {0}};
