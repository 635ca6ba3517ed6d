/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUs that go through stage 2 as hardware may: each remembers entries, with the access flag
 * only, by IPA and combined with stage 1, and goes on using them until it is told to forget.
 * While TLB and cache maintenance is under way they run: a write through what should have been
 * forgotten is lost, and found so. For one test program, which defines cpus_meanwhile().
 */
#pragma once

#include <arch/sysreg.h>
#include <arch/tlb.h>
#include <mm/cache.h>
#include <mm/stage2.h>
#include <mm/stage2_bits.h>
#include <string.h>
#include <test.h>

#define NR_CPUS 4
#define BY_IPA 4
#define COMBINED 8
#define FOREIGN_VTTBR (99UL << 48)

struct remembered {
	ipa_t ipa;
	u64 entry; /* 0: unused */
};

static struct {
	struct stage2 *s2;
	struct remembered by_ipa[NR_CPUS][BY_IPA], combined[NR_CPUS][COMBINED];
	unsigned long nr_ipa, nr_stage1, nr_all; /* TLBI by kind */
	unsigned long nr_shared, nr_published;
} cpus;

/* What other CPUs do in the middle of maintenance. */
static void cpus_meanwhile(void);

static u64 *remember(struct remembered *r, u32 n, ipa_t ipa)
{
	for (u32 i = 0; i < n; i++)
		if (r[i].entry && r[i].ipa == ipa)
			return &r[i].entry;
	return NULL;
}

static void learn(struct remembered *r, u32 n, ipa_t ipa, u64 entry)
{
	u64 *known = remember(r, n, ipa);

	if (known)
		*known = entry;
	else
		r[test_random() % n] = (struct remembered){ipa, entry};
}

/* What the walker finds at ipa; 0: a translation or access flag fault. */
static u64 walk(u32 cpu, ipa_t ipa)
{
	u64 *known = remember(cpus.by_ipa[cpu], BY_IPA, ipa);
	u64 *entry = stage2_page(cpus.s2, ipa);

	if (known)
		return *known;
	if (!(*entry & PTE_VALID))
		return 0;
	if (!(*entry & PTE_AF)) {
		if (!(cpus.s2->vtcr & BIT(21))) /* HA */
			return 0;
		*entry |= PTE_AF;
	}
	learn(cpus.by_ipa[cpu], BY_IPA, ipa, *entry);
	return *entry;
}

/* An access: where its page is, or NULL if it faults. */
static void *cpu_access(u32 cpu, ipa_t ipa, bool fetch)
{
	u64 *known = remember(cpus.combined[cpu], COMBINED, ipa);
	u64 entry = known ? *known : walk(cpu, ipa);

	if (entry && !known)
		learn(cpus.combined[cpu], COMBINED, ipa, entry);
	if (!entry || (fetch && entry & S2_XN))
		return NULL;
	return (void *)(entry & PTE_ADDR);
}

/* Nothing that a CPU remembers differs from the table but in the flag. */
static bool agrees(const struct remembered *r, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (r[i].entry &&
		    (r[i].entry | PTE_AF) != (*stage2_page(cpus.s2, r[i].ipa) | PTE_AF))
			return false;
	return true;
}

static bool cpus_agree(void)
{
	for (u32 c = 0; c < NR_CPUS; c++)
		if (!agrees(cpus.by_ipa[c], BY_IPA) || !agrees(cpus.combined[c], COMBINED))
			return false;
	return true;
}

static bool cpus_know(ipa_t ipa)
{
	for (u32 c = 0; c < NR_CPUS; c++)
		if (remember(cpus.by_ipa[c], BY_IPA, ipa) ||
		    remember(cpus.combined[c], COMBINED, ipa))
			return true;
	return false;
}

/* ---- maintenance ---- */

static bool ours(void)
{
	return cpus.s2 && host_VTTBR_EL2 == cpus.s2->vttbr;
}

void tlbi_stage2_ipa(u64 ipa)
{
	cpus.nr_ipa++;
	cpus_meanwhile();
	for (u32 c = 0; c < NR_CPUS && ours(); c++)
		for (u32 i = 0; i < BY_IPA; i++)
			if (cpus.by_ipa[c][i].ipa == ipa)
				cpus.by_ipa[c][i].entry = 0;
	cpus_meanwhile();
}

void tlbi_stage1(void)
{
	cpus.nr_stage1++;
	cpus_meanwhile();
	if (ours())
		memset(cpus.combined, 0, sizeof(cpus.combined));
	cpus_meanwhile();
}

void tlbi_stages12(void)
{
	cpus.nr_all++;
	if (ours()) {
		memset(cpus.combined, 0, sizeof(cpus.combined));
		memset(cpus.by_ipa, 0, sizeof(cpus.by_ipa));
	}
}

/* What of each frame has reached memory, for whoever sees that a page was made. */
static struct cleaned {
	const void *shared, *published;
} cleaned;

void cache_hand_to_guest(const void *start, size_t size)
{
	EXPECT_EQ(size, PAGE_SIZE);
	cpus.nr_shared++;
	cpus_meanwhile();
	cleaned.shared = start;
}

void cache_zero_for_guest(void *page)
{
	memset(page, 0, PAGE_SIZE);
	cache_hand_to_guest(page, PAGE_SIZE);
}

void cache_publish_code(const void *start, size_t size)
{
	EXPECT_EQ(size, PAGE_SIZE);
	cpus.nr_published++;
	cpus_meanwhile();
	cleaned.published = start;
}
