/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of paged memory that come and go while others' table walks look: mm/stage2_page.c and
 * stage2_pages_flush_tlb() in mm/stage2.c. The walk's side is tests/litmus/memory.py's.
 *
 * sources: mm/stage2_page.c mm/stage2.c lib/lock.c
 * fault: made: mm/stage2_page.c: atomic_store_release(entry, -> atomic_store(entry,
 * fault: entered: mm/stage2_page.c: PTE_TABLE | PTE_VALID);\n\tdsb(ishst); -> PTE_TABLE |
 * PTE_VALID);
 * fault: aged: mm/stage2_page.c: atomic_or(entry, PTE_AF);\n\tdsb(ishst); -> atomic_or(entry,
 * PTE_AF);
 * fault: executed: mm/stage2_page.c: atomic_andnot(entry, S2_XN);\n\tdsb(ishst); ->
 * atomic_andnot(entry, S2_XN);
 * fault: executed: mm/stage2_page.c: tlbi_stage2_ipa(ipa);\n\t\tdsb(ish); -> tlbi_stage2_ipa(ipa);
 * fault: evicted read: mm/stage2.c: dsb(ishst);\n\tif (n) -> if (n)
 * fault: evicted read: mm/stage2.c: invalidate(ipas, n);\n\t\tdsb(ish); -> invalidate(ipas, n);
 * fault: evicted read: mm/stage2.c: tlbi_stage2_ipa(ipas[i]);\n\tdsb(ish); ->
 * tlbi_stage2_ipa(ipas[i]);
 * fault: evicted read: mm/stage2.c: dsb(ish);\n\ttlbi_stage1(); -> dsb(ish);
 * fault: all: mm/stage2.c: dsb(ishst);\n\tforget(s2, NULL, 0); -> forget(s2, NULL, 0);
 */
#include "litmus.h"
#include <mm/stage2.h>
#include <mm/tlb.h>

bool tlb_repeat;

static u64 entry, page[512] __attribute__((aligned(4096))), moved;
static struct stage2 s2;
static const ipa_t ipa = 0x40000000;

/* ---- a page comes ---- */

/* Another vCPU's walk finds it with what was written to it. */
u64 made_0(void)
{
	atomic_store(&page[0], 7);
	stage2_page_make(&entry, (pa_t)page, false, true);
	return 0;
}

u64 made_1(void)
{
	return guest_load(&entry);
}

bool made_forbidden(const u64 *r)
{
	return r[1] != 7 && r[1] != FAULT;
}

bool made_allowed(const u64 *r)
{
	return r[1] == 7;
}

/* The vCPU that faulted finds it when it is entered again: no second fault. */
u64 entered_0(void)
{
	stage2_page_make(&entry, (pa_t)page, false, true);
	enter_guest();
	return guest_load(&entry);
}

bool entered_forbidden(const u64 *r)
{
	return r[0] == FAULT;
}

/* The same of one that was there, but old, and of one that was not to be executed: that the TLB
 * may have kept. */
void aged_init(void)
{
	stage2_page_make(&entry, (pa_t)page, false, false);
}

u64 aged_0(void)
{
	stage2_page_make_young(&entry);
	enter_guest();
	return guest_load(&entry);
}

bool aged_forbidden(const u64 *r)
{
	return r[0] == FAULT;
}

void executed_init(void)
{
	stage2_page_make(&entry, (pa_t)page, false, true);
}

u64 executed_0(void)
{
	stage2_page_allow_exec(&entry, ipa);
	enter_guest();
	return guest_fetch(&entry);
}

bool executed_forbidden(const u64 *r)
{
	return r[0] == FAULT;
}

/* ---- a page goes ---- */

static void present(void)
{
	stage2_page_make(&entry, (pa_t)page, false, true);
}

/* Its contents are read, and the frame given to another, when no vCPU can write to it. */
void evicted_init(void)
{
	present();
}

u64 evicted_0(void)
{
	stage2_page_break(&entry, 0);
	stage2_pages_flush_tlb(&s2, &ipa, 1);
	return atomic_load(&page[0]);
}

u64 evicted_1(void)
{
	return guest_store(&entry, 9);
}

bool evicted_forbidden(const u64 *r)
{
	return r[0] != 9 && r[1] != FAULT;
}

bool evicted_allowed(const u64 *r)
{
	return r[0] == 9;
}

/* No guest reads what comes into the frame afterwards. */
void read_init(void)
{
	present();
}

u64 read_0(void)
{
	stage2_page_break(&entry, 0);
	stage2_pages_flush_tlb(&s2, &ipa, 1);
	atomic_store(&page[0], 8);
	return 0;
}

u64 read_1(void)
{
	return guest_load(&entry);
}

bool read_forbidden(const u64 *r)
{
	return r[1] == 8;
}

bool read_allowed(const u64 *r)
{
	return r[1] == 0;
}

/* All of a partition's, when it has ended. */
void all_init(void)
{
	present();
}

u64 all_0(void)
{
	stage2_page_break(&entry, 0);
	stage2_flush_tlb(&s2);
	return atomic_load(&page[0]);
}

u64 all_1(void)
{
	return guest_store(&entry, 9);
}

bool all_forbidden(const u64 *r)
{
	return r[0] != 9 && r[1] != FAULT;
}
