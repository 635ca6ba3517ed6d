/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single pages of stage 2 that are mapped and unmapped at run time. Their tables never change, so
 * only an entry is written. The lock of the pages' owner guards it. Atomic operations are needed,
 * because hardware may set the access flag of an entry at any time (VTCR_EL2.HA).
 */
#include <arch/barrier.h>
#include <arch/sysreg.h>
#include <arch/tlb.h>
#include <lib/atomic.h>
#include <mm/stage2.h>
#include <mm/stage2_bits.h>
#include <mm/tlb.h>

/* VTCR_EL2: a CPU with FEAT_HAFDBS sets access flags itself; without it there are faults. */
#define VTCR_HA BIT(21)

static u64 note(u64 value)
{
	return FIELD_PREP(NOTE_KIND, STAGE2_PAGED) | FIELD_PREP(NOTE_VALUE, value);
}

enum err stage2_make_paged(struct stage2 *s2, ipa_t ipa, u64 size)
{
	u64 span = pgtable_level_size(2);
	enum err err = range_valid((struct range){ipa, size}) ? OK : ERR_RANGE;

	/* The note of one page makes the tables above it, which serve all pages that they cover. */
	lock_acquire(&s2->lock);
	for (u64 at = ipa; !err && at < ipa + size; at = ALIGN_DOWN(at, span) + span)
		err = pgtable_annotate(&s2->table, at, PAGE_SIZE, note(0));
	lock_release(&s2->lock);
	for (u64 at = ipa; !err && at < ipa + size; at += PAGE_SIZE)
		atomic_store(stage2_page(s2, at), note(0));
	if (FIELD_GET(ID_AA64MMFR1_EL1_HAFDBS, read_sysreg(ID_AA64MMFR1_EL1)))
		s2->vtcr |= VTCR_HA;
	return err;
}

u64 *stage2_page(const struct stage2 *s2, ipa_t ipa)
{
	return pgtable_page_entry(&s2->table, ipa);
}

void stage2_page_make(u64 *entry, pa_t pa, bool exec, bool young)
{
	/* The release makes earlier writes to the page visible first. */
	atomic_store_release(entry, pa | S2_MEMORY | (exec ? 0 : S2_XN) | (young ? PTE_AF : 0) |
					PTE_TABLE | PTE_VALID);
	dsb(ishst);
}

void stage2_page_break(u64 *entry, u64 value)
{
	atomic_swap(entry, note(value));
}

void stage2_page_make_young(u64 *entry)
{
	atomic_or(entry, PTE_AF);
	dsb(ishst);
}

/* Less restrictive: no break before make is needed (DDI0487 D8.14.1). */
void stage2_page_allow_exec(u64 *entry, ipa_t ipa)
{
	atomic_andnot(entry, S2_XN);
	dsb(ishst);
	for (int i = 0; i <= tlb_repeat; i++) {
		tlbi_stage2_ipa(ipa);
		dsb(ish);
		tlbi_stage1();
		dsb(ish);
	}
	isb();
}
