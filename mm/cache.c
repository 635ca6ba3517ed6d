/* SPDX-License-Identifier: Apache-2.0 */
/* Cache maintenance by reason; the header says which one is needed when. */
#include "set_way.h"
#include <arch/barrier.h>
#include <arch/sysreg.h>
#include <arch/zva.h>
#include <lib/bits.h>
#include <lib/string.h>
#include <mm/cache.h>

bool cache_clean_unsafe;

static u64 data_line(void)
{
	return 4UL << FIELD_GET(CTR_EL0_DMINLINE, read_sysreg(CTR_EL0));
}

#define FOR_LINES(op, start, size, line)                                                           \
	for (u64 a_ = ALIGN_DOWN((u64)(start), line); a_ < (u64)(start) + (size); a_ += (line))    \
	__asm__ volatile(op ", %0" ::"r"(a_) : "memory")

/* Unrolled by eight, because a guest waits for the page. */
#define FOR_PAGE(op, page, step)                                                                   \
	for (u64 a_ = (u64)(page), end_ = a_ + PAGE_SIZE; a_ < end_;)                              \
	__asm__ volatile(".rept 8\n\t" op ", %0\n\tadd %0, %0, %1\n\t.endr"                        \
			 : "+r"(a_)                                                                \
			 : "r"(step)                                                               \
			 : "memory")
#define IN_EIGHTS(step) (8 * (step) <= PAGE_SIZE)

void cache_clean_for_uncached(const void *start, size_t size)
{
	u64 line = data_line();

	if (cache_clean_unsafe)
		FOR_LINES("dc civac", start, size, line);
	else
		FOR_LINES("dc cvac", start, size, line);
	dsb(sy);
}

void cache_forget_instructions(void)
{
	__asm__ volatile("ic ialluis" ::: "memory");
	dsb(ish);
	isb();
}

void cache_forget_own_instructions(void)
{
	__asm__ volatile("ic iallu" ::: "memory");
}

/* An operand that names no line could be UNDEFINED, which must not happen to EL2. */
void cache_hand_out_set_way(u64 operand)
{
	u64 level = operand >> 1 & 7;
	u64 type = read_sysreg(CLIDR_EL1) >> 3 * level & 7; /* 2, 3, 4: it has data */
	u64 selected = read_sysreg(CSSELR_EL1), ccsidr;

	if (level == 7 || type < 2)
		return;
	write_sysreg(CSSELR_EL1, level << 1);
	isb();
	ccsidr = read_sysreg(CCSIDR_EL1);
	write_sysreg(CSSELR_EL1, selected);
	if (set_way_exists(&operand, ccsidr,
			   read_sysreg(ID_AA64MMFR2_EL1) & ID_AA64MMFR2_EL1_CCIDX))
		__asm__ volatile("dc cisw, %0" ::"r"(operand) : "memory");
}

void cache_hand_to_guest(const void *start, size_t size)
{
	u64 line = data_line();

	if (size == PAGE_SIZE && IN_EIGHTS(line))
		FOR_PAGE("dc civac", start, line);
	else
		FOR_LINES("dc civac", start, size, line);
	dsb(sy);
}

/* On most CPUs the DC ZVA block is a cache line. */
void cache_zero_for_guest(void *page)
{
	u64 line = data_line();

	if (zva_block() != line || !IN_EIGHTS(line)) {
		memset(page, 0, PAGE_SIZE);
		cache_hand_to_guest(page, PAGE_SIZE);
		return;
	}
	FOR_PAGE("dc zva, %0\n\tdc civac", page, line);
	dsb(sy);
}

void cache_publish_code(const void *start, size_t size)
{
	u64 ctr = read_sysreg(CTR_EL0);
	u64 line = data_line();

	if (cache_clean_unsafe)
		FOR_LINES("dc civac", start, size, line);
	else if (!(ctr & CTR_EL0_IDC))
		FOR_LINES("dc cvau", start, size, line);
	dsb(ish);
	if (!(ctr & CTR_EL0_DIC))
		cache_forget_instructions();
}
