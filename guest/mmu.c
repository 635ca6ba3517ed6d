/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's own stage 1: identity, 1 GiB blocks below 512 GiB. */
#include "guest.h"

#define BLOCK 1UL
#define AF BIT(10)
#define INNER_SHAREABLE (3UL << 8)
#define ATTR_DEVICE 0UL
#define ATTR_NORMAL (1UL << 2)
#define XN (3UL << 53)
#define MAIR 0xff00UL
/* T0SZ 25 (39 bits), 4 KiB, write-back inner-shareable walks, no TTBR1, 48-bit PA. */
#define TCR (25UL | 1UL << 8 | 1UL << 10 | 3UL << 12 | TCR_EL1_EPD1 | 5UL << 32)
#define TCR_IPS GENMASK(34, 32)
#define SCTLR_M BIT(0)
#define SCTLR_C BIT(2)
#define SCTLR_I BIT(12)

static u64 table[512] __attribute__((aligned(4096)));

static bool is_ram(struct range block)
{
	for (int node = fdt_root(); node >= 0; node = fdt_next(node)) {
		struct range r;

		if (!fdt_string_is(node, "device_type", "memory"))
			continue;
		for (u32 i = 0; fdt_reg(node, i, &r); i++) {
			if (ranges_overlap(r, block))
				return true;
		}
	}
	return false;
}

static void fill(void)
{
	for (u64 i = 0; i < ARRAY_SIZE(table); i++) {
		struct range block = {i << 30, GIB(1)};

		table[i] = block.base | AF | BLOCK |
			   (is_ram(block) ? ATTR_NORMAL | INNER_SHAREABLE : ATTR_DEVICE);
	}
	dsb(sy);
}

void mmu_on(void)
{
	u64 pa_size = MIN(read_sysreg(ID_AA64MMFR0_EL1) & 15, 5UL);

	if (!table[0])
		fill();
	write_sysreg(MAIR_EL1, MAIR);
	write_sysreg(TCR_EL1, (TCR & ~TCR_IPS) | pa_size << 32);
	write_sysreg(TTBR0_EL1, (u64)table);
	__asm__ volatile("tlbi vmalle1; dsb nsh; isb" ::: "memory");
	write_sysreg(SCTLR_EL1, read_sysreg(SCTLR_EL1) | SCTLR_M | SCTLR_C | SCTLR_I);
	isb();
}

void mmu_alias(u32 block, u64 attributes)
{
	table[block] = 0;
	__asm__ volatile("dsb ishst; tlbi vmalle1; dsb ish; isb" ::: "memory");
	table[block] = table[(u64)image_start >> 30] | attributes;
	dsb(ishst);
	isb();
}

void mmu_window(u32 block, u64 at)
{
	table[block] = 0;
	__asm__ volatile("dsb ishst; tlbi vmalle1; dsb ish; isb" ::: "memory");
	table[block] = at | AF | BLOCK | ATTR_NORMAL | INNER_SHAREABLE | XN;
	dsb(ishst);
	isb();
}

void mmu_off(void)
{
	dsb(sy);
	write_sysreg(SCTLR_EL1, read_sysreg(SCTLR_EL1) & ~(SCTLR_M | SCTLR_C | SCTLR_I));
	isb();
}
