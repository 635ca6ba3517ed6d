/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions' stage-2 tables and what their entries mean. Lock: the stage2's
 * own, above the page pool's; cpus_lock, a leaf, while CPUs come up.
 */
#include <arch/barrier.h>
#include <arch/sysreg.h>
#include <arch/tlb.h>
#include <lib/layout.h>
#include <mm/stage2.h>
#include <mm/stage2_bits.h>
#include <mm/tlb.h>

REQUIRE(STAGE2_PAGED <= NOTE_KIND >> 1);                /* the last kind */
REQUIRE(!(NOTE_KIND & NOTE_VALUE) && !(NOTE_KIND & 1)); /* bit 0 is that of a valid entry */

bool tlb_walks_ahead;

#define MEMORY_ATTRIBUTES (S2_MEMORY | PTE_AF)
#define SHARED_ATTRIBUTES (S2_NORMAL | S2_INNER_SHAREABLE | S2_XN | PTE_AF)
#define DEVICE_ATTRIBUTES (S2_DEVICE | S2_READ_WRITE | S2_XN | PTE_AF)

/* VTCR_EL2, DDI0487 D24.2.203 */
#define VTCR_RES1 BIT(31)
#define VTCR_VS BIT(19)
#define VTCR_PS(parange) ((u64)(parange) << 16)
#define VTCR_WALK_CACHED (3UL << 12 | 1UL << 10 | 1UL << 8)
#define VTCR_SL0(start_level) ((u64)(2 - (start_level)) << 6)
#define VTTBR_VMID(vmid) ((u64)(vmid) << 48)

static const u8 parange_bits[] = {32, 36, 40, 42, 44, 48};

/* What all CPUs support, because any of them may use a table. */
static struct {
	u8 parange;
	bool vmid16;
} least = {ARRAY_SIZE(parange_bits) - 1, true};
static struct lock cpus_lock;

u8 stage2_parange_bits(u8 parange)
{
	return parange_bits[MIN(parange, ARRAY_SIZE(parange_bits) - 1)];
}

u8 stage2_parange(u8 bits)
{
	u8 parange = 0;

	while (parange < ARRAY_SIZE(parange_bits) - 1 && parange_bits[parange] < bits)
		parange++;
	return parange;
}

u8 stage2_bits_for(u64 top)
{
	u8 bits = 32;

	while (bits < 48 && top > BIT(bits))
		bits++;
	return stage2_parange_bits(stage2_parange(bits));
}

/*
 * TLBI by IPA works on the VMID in VTTBR_EL2. The second TLBI is needed because
 * combined stage 1 and 2 entries are tagged by VA (DDI0487 D8.13.5).
 */
static void invalidate(const ipa_t *ipas, u32 n)
{
	if (!n) {
		tlbi_stages12();
		return;
	}
	for (u32 i = 0; i < n; i++)
		tlbi_stage2_ipa(ipas[i]);
	dsb(ish);
	tlbi_stage1();
}

/* Registers of the loaded vCPU, saved while another VTTBR_EL2 is in use. */
struct borrowed {
	u64 vttbr, tcr, sctlr;
};

/* Sets VTTBR_EL2 to that of s2. Stage 1 stays that of the loaded guest. On a CPU that may walk it
 * speculatively, walks are disabled by TCR_EL1.EPD0 and EPD1, which need the MMU on. */
static struct borrowed borrow(const struct stage2 *s2)
{
	struct borrowed b = {.vttbr = read_sysreg(VTTBR_EL2)};

	if (b.vttbr == s2->vttbr)
		return b;
	if (tlb_walks_ahead) {
		b.tcr = read_sysreg(TCR_EL1);
		b.sctlr = read_sysreg(SCTLR_EL1);
		write_sysreg(TCR_EL1, b.tcr | TCR_EL1_EPD0 | TCR_EL1_EPD1);
		isb();
		write_sysreg(SCTLR_EL1, b.sctlr | SCTLR_EL1_M);
		isb();
	}
	write_sysreg(VTTBR_EL2, s2->vttbr);
	isb();
	return b;
}

static void give_back(const struct stage2 *s2, const struct borrowed *b)
{
	if (b->vttbr != s2->vttbr) {
		write_sysreg(VTTBR_EL2, b->vttbr);
		if (tlb_walks_ahead) {
			isb();
			write_sysreg(SCTLR_EL1, b->sctlr);
			isb();
			write_sysreg(TCR_EL1, b->tcr);
		}
	}
	isb();
}

/* Invalidates the TLBs of all CPUs for these pages of s2, or for all if n is 0. */
static void forget(const struct stage2 *s2, const ipa_t *ipas, u32 n)
{
	struct borrowed b = borrow(s2);

	for (int i = 0; i <= tlb_repeat; i++) {
		invalidate(ipas, n);
		dsb(ish);
	}
	give_back(s2, &b);
}

static void invalidate_ipa(const void *owner, u64 ipa, int level)
{
	forget(owner, &ipa, 1);
}

static void invalidate_all(const void *owner)
{
	forget(owner, NULL, 0);
}

static const struct pgtable_ops ops = {invalidate_ipa, invalidate_all};

void stage2_init_cpu(void)
{
	u64 mmfr0 = read_sysreg(ID_AA64MMFR0_EL1);
	u64 mmfr1 = read_sysreg(ID_AA64MMFR1_EL1);

	lock_acquire(&cpus_lock);
	least.parange = MIN(least.parange, (u8)FIELD_GET(ID_AA64MMFR0_EL1_PARANGE, mmfr0));
	least.vmid16 &= FIELD_GET(ID_AA64MMFR1_EL1_VMIDBITS, mmfr1) == 2;
	lock_release(&cpus_lock);
}

enum err stage2_create(struct stage2 *s2, u16 vmid, u8 ipa_bits)
{
	enum err err;

	if (ipa_bits > parange_bits[least.parange] || vmid > (least.vmid16 ? 0xffff : 0xff))
		return ERR_RANGE;
	err = pgtable_create(&s2->table, ipa_bits, true, &ops, s2);
	if (err)
		return err;
	s2->lock = (struct lock){0};
	s2->vmid = vmid;
	s2->vttbr = VTTBR_VMID(s2->vmid) | (u64)s2->table.root;
	s2->vtcr = VTCR_RES1 | VTCR_PS(least.parange) | VTCR_WALK_CACHED |
		   (least.vmid16 ? VTCR_VS : 0) | VTCR_SL0(s2->table.start_level) | (64 - ipa_bits);
	return OK;
}

static enum err map(struct stage2 *s2, ipa_t ipa, pa_t pa, u64 size, u64 attributes)
{
	enum err err;

	lock_acquire(&s2->lock);
	err = pgtable_map(&s2->table, ipa, pa, size, attributes);
	lock_release(&s2->lock);
	return err;
}

static enum err note(struct stage2 *s2, ipa_t ipa, u64 size, enum stage2_kind kind, u64 value)
{
	enum err err;

	lock_acquire(&s2->lock);
	err = pgtable_annotate(&s2->table, ipa, size,
			       kind == STAGE2_NOTHING
				   ? 0
				   : FIELD_PREP(NOTE_KIND, kind) | FIELD_PREP(NOTE_VALUE, value));
	lock_release(&s2->lock);
	return err;
}

enum err stage2_map_memory(struct stage2 *s2, ipa_t ipa, pa_t pa, u64 size)
{
	return map(s2, ipa, pa, size, MEMORY_ATTRIBUTES);
}

enum err stage2_map_shared(struct stage2 *s2, ipa_t ipa, pa_t pa, u64 size, bool write)
{
	return map(s2, ipa, pa, size, SHARED_ATTRIBUTES | (write ? S2_READ_WRITE : S2_READ));
}

enum err stage2_map_device(struct stage2 *s2, ipa_t ipa, pa_t pa, u64 size)
{
	return map(s2, ipa, pa, size, DEVICE_ATTRIBUTES);
}

enum err stage2_annotate_mmio(struct stage2 *s2, ipa_t ipa, u64 size, u32 region)
{
	return note(s2, ipa, size, STAGE2_MMIO, region);
}

enum err stage2_unmap(struct stage2 *s2, ipa_t ipa, u64 size)
{
	return note(s2, ipa, size, STAGE2_NOTHING, 0);
}

void stage2_flush_tlb(struct stage2 *s2)
{
	dsb(ishst);
	forget(s2, NULL, 0);
}

void stage2_pages_flush_tlb(const struct stage2 *s2, const ipa_t *ipas, u32 n)
{
	dsb(ishst);
	if (n)
		forget(s2, ipas, n);
}

struct stage2_entry stage2_lookup(struct stage2 *s2, ipa_t ipa)
{
	struct stage2_entry e = {0};
	u64 span;

	lock_acquire(&s2->lock);
	e.raw = pgtable_lookup(&s2->table, ipa, &e.level);
	lock_release(&s2->lock);
	span = pgtable_level_size(e.level);
	if (e.raw & PTE_VALID) {
		e.kind = (e.raw & S2_NORMAL) == S2_NORMAL ? STAGE2_MEMORY : STAGE2_DEVICE;
		e.value = (e.raw & PTE_ADDR & ~(span - 1)) + ALIGN_DOWN(ipa % span, PAGE_SIZE);
	} else {
		e.kind = FIELD_GET(NOTE_KIND, e.raw);
		e.value = FIELD_GET(NOTE_VALUE, e.raw);
	}
	return e;
}
