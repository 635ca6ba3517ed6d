/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition's stage 2. It says for each guest-physical address what is there. Holes carry a note:
 * nothing, the number of the emulated region, or where the contents of an absent page are.
 */
#pragma once

#include <lib/lock.h>
#include <mm/pgtable.h>
#include <mm/stage2_bits.h>

enum stage2_kind {
	STAGE2_NOTHING, /* hole: accesses get an external abort */
	STAGE2_MEMORY,  /* RAM */
	STAGE2_DEVICE,  /* a device passed through */
	STAGE2_MMIO,    /* hole: emulated, value is the region's number */
	STAGE2_PAGED    /* hole: memory whose page is absent, value is mm/paged.c's */
};

struct stage2 {
	struct pgtable table;
	struct lock lock;
	u16 vmid;
	u64 vttbr; /* table and VMID */
	u64 vtcr;
};

struct stage2_entry {
	enum stage2_kind kind;
	u64 value; /* MEMORY, DEVICE: the pa of the page asked for; MMIO: region number */
	int level;
	u64 raw; /* the descriptor, for reports */
};

/* Records the physical address size and VMID size of the calling CPU; the smallest of all CPUs
 * counts. Each CPU calls it as it comes up, before stage2_create(). */
void stage2_init_cpu(void);

/* Empty tables for ipa_bits (a size ID_AA64MMFR0_EL1.PARange can state) and a VMID
 * that no other partition has; 0 is for "no partition". ERR_NO_MEMORY; ERR_RANGE: a size or
 * VMID that not every CPU of the machine has. */
enum err stage2_create(struct stage2 *s2, u16 vmid, u8 ipa_bits) MUST_CHECK;

/* Each takes the lock; range page-aligned; errors as pgtable_map. */
enum err stage2_map_memory(struct stage2 *s2, ipa_t ipa, pa_t pa, u64 size) MUST_CHECK;
/* Memory that two partitions share: never executable, and read-only unless write. */
enum err stage2_map_shared(struct stage2 *s2, ipa_t ipa, pa_t pa, u64 size, bool write) MUST_CHECK;
enum err stage2_map_device(struct stage2 *s2, ipa_t ipa, pa_t pa, u64 size) MUST_CHECK;
enum err stage2_annotate_mmio(struct stage2 *s2, ipa_t ipa, u64 size, u32 region) MUST_CHECK;
enum err stage2_unmap(struct stage2 *s2, ipa_t ipa, u64 size) MUST_CHECK;

/* ---- pages that come and go (mm/paged.c) ---- */

/* Fills the range with absent pages of value 0, each with an entry of its own. */
enum err stage2_make_paged(struct stage2 *s2, ipa_t ipa, u64 size) MUST_CHECK;

/* The entry of a page of such a range. From then on the lock of the page's owner guards it. */
u64 *stage2_page(const struct stage2 *s2, ipa_t ipa);

/* Replaces a hole by memory. Without young its access flag is clear, so the first access shows. */
void stage2_page_make(u64 *entry, pa_t pa, bool exec, bool young);

/* Replaces a page or a hole by a hole with value, at most 56 bits. CPUs may still access the old
 * page until stage2_pages_flush_tlb(). */
void stage2_page_break(u64 *entry, u64 value);

/* The value of a hole. */
static inline u64 stage2_page_value(u64 entry)
{
	return FIELD_GET(NOTE_VALUE, entry);
}

/* Tests and clears the access flag: was the page accessed since the last call, or since it was
 * made? */
static inline bool stage2_page_was_young(u64 *entry)
{
	return atomic_load(entry) & PTE_AF && atomic_andnot(entry, PTE_AF) & PTE_AF;
}
void stage2_page_make_young(u64 *entry);

/* May instructions be fetched from it? */
static inline bool stage2_page_exec(u64 entry)
{
	return !(entry & S2_XN);
}

/* Makes the page executable. The calling CPU sees the change on return; another CPU may fault once
 * more. VTTBR_EL2 is that of the entry's stage 2. */
void stage2_page_allow_exec(u64 *entry, ipa_t ipa);

/* Invalidates the TLBs of all CPUs for n pages that stage2_page_break() has unmapped. Any CPU. */
void stage2_pages_flush_tlb(const struct stage2 *s2, const ipa_t *ipas, u32 n);

/* Invalidates the TLBs of all CPUs for this address space. */
void stage2_flush_tlb(struct stage2 *s2);

/* What ipa is. Takes the lock. */
struct stage2_entry stage2_lookup(struct stage2 *s2, ipa_t ipa);

/* The smallest PARange size in bits, at least 32, that covers [0, top). */
u8 stage2_bits_for(u64 top);
/* That size as the encoding of ID_AA64MMFR0_EL1.PARange and back. */
u8 stage2_parange(u8 bits);
u8 stage2_parange_bits(u8 parange);
