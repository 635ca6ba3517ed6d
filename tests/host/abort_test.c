/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stage-2 abort comes to, by syndrome and by what stage 2 has at the address.
 * sources: el2/entry/abort.c
 */
#include <arch/at.h>
#include <arch/esr.h>
#include <el2/abort.h>
#include <el2/errata.h>
#include <el2/partition.h>
#include <string.h>
#include <test.h>

#define DEVICE 0x9000000UL
#define VA 0xffff800012345678UL
#define VA_NEXT_PAGE 0xffff800012346000UL

static struct cpu cpu;
static struct partition partition;
static struct vcpu vcpu;
static struct stage2_entry at_ipa;
static u64 pstate = PSTATE_EL1H;
static u64 far = VA;
static u64 looked_up;
static u32 accesses;
static struct {
	u64 par;
	bool el0, write;
	u32 calls;
} at;

static enum mmio_result access_device(struct vcpu *v, void *device, struct mmio_access *a)
{
	(void)v, (void)device;
	accesses++;
	a->value = 0x11;
	return MMIO_DONE;
}

static struct mmio_region region = {{DEVICE, PAGE_SIZE}, access_device, NULL, "device"};

struct stage2_entry stage2_lookup(struct stage2 *s2, ipa_t ipa)
{
	(void)s2;
	looked_up = ipa;
	return at_ipa;
}

struct verdict paging_fault(struct vcpu *v, u64 esr, u64 ipa)
{
	(void)v, (void)esr, (void)ipa;
	return VERDICT(STOP);
}

void at_stage1(u64 va, bool el0, bool write)
{
	EXPECT_EQ(va, far);
	at.el0 = el0;
	at.write = write;
	at.calls++;
	host_PAR_EL1 = at.par;
}

#define DABT ((u64)EC_DABT_LOWER << 26 | ESR_IL)
#define IABT ((u64)EC_IABT_LOWER << 26 | ESR_IL)
#define TRANSLATION (FSC_TRANSLATION | 3)
#define PERMISSION (FSC_PERMISSION | 3)
#define WORD (ESR_ABT_ISV | 2UL << 22 | 5UL << 16)

static enum action abort_with(u64 esr, enum stage2_kind kind, u64 ipa)
{
	vcpu = (struct vcpu){.partition = &partition, .cpu = &cpu, .mmio_last = &region};
	partition.mmio = &region;
	partition.nr_mmio = 1;
	vcpu.regs.pstate = pstate;
	at_ipa = (struct stage2_entry){.kind = kind};
	looked_up = at.calls = accesses = 0;
	host_PAR_EL1 = 0x77;
	host_FAR_EL2 = far;
	host_HPFAR_EL2 = ipa >> PAGE_SHIFT << 4;
	return trap_abort(&vcpu, esr).action;
}

/* DC IVAC of memory that may only be read, as on a channel's: the syndrome in full. */
TEST(maintenance_of_read_only_memory_is_skipped)
{
	EXPECT_EQ(abort_with(0x9300014f, STAGE2_MEMORY, 0x50000000), ACT_SKIP);
	EXPECT_EQ(abort_with(0x9300014f & ~ESR_ABT_CM, STAGE2_MEMORY, 0x50000000), ACT_ABORT);
	EXPECT_EQ(abort_with(0x9300014f | ESR_ABT_S1PTW, STAGE2_MEMORY, 0x50000000), ACT_ABORT);
	EXPECT_EQ(abort_with(0x9200014f, STAGE2_MEMORY, 0x50000000), ACT_SKIP);
	EXPECT_EQ(abort_with(0x9200014f, STAGE2_DEVICE, 0x50000000), ACT_SKIP);
	EXPECT_EQ(abort_with(0x9200014d, STAGE2_MEMORY, 0x50000000), ACT_SKIP); /* a block */
	EXPECT_EQ(at.calls, 0);
}

TEST(maintenance_elsewhere)
{
	u64 dc = DABT | ESR_ABT_CM | ESR_ABT_WNR;

	EXPECT_EQ(abort_with(dc | TRANSLATION, STAGE2_MMIO, DEVICE), ACT_SKIP);
	EXPECT_EQ(abort_with(dc | TRANSLATION | ESR_ABT_S1PTW, STAGE2_MMIO, DEVICE), ACT_ABORT);
	EXPECT_EQ(abort_with(dc | TRANSLATION, STAGE2_MEMORY, 0x50000000), ACT_RESUME);
	EXPECT_EQ(abort_with(dc | TRANSLATION, STAGE2_NOTHING, 0x50000000), ACT_ABORT);
	EXPECT_EQ(abort_with(dc | FSC_EXTERNAL, STAGE2_MEMORY, 0x50000000), ACT_ABORT);
	EXPECT_EQ(accesses, 0);
}

TEST(fetches_and_stores)
{
	EXPECT_EQ(abort_with(IABT | PERMISSION, STAGE2_DEVICE, DEVICE), ACT_ABORT);
	EXPECT_EQ(abort_with(IABT | PERMISSION | ESR_ABT_CM, STAGE2_DEVICE, DEVICE), ACT_ABORT);
	EXPECT_EQ(abort_with(IABT | TRANSLATION, STAGE2_MMIO, DEVICE), ACT_ABORT);
	EXPECT_EQ(abort_with(DABT | PERMISSION | ESR_ABT_WNR | WORD, STAGE2_MEMORY, 0x50000000),
		  ACT_ABORT);
	EXPECT_EQ(abort_with(DABT | TRANSLATION, STAGE2_MMIO, DEVICE), ACT_ABORT); /* no ISV */
	EXPECT_EQ(abort_with(DABT | TRANSLATION | WORD, STAGE2_MMIO, DEVICE), ACT_SKIP);
	EXPECT_EQ(vcpu.regs.x[5], 0x11);
	EXPECT_EQ(looked_up, 0); /* the region is known already */
}

/* Cortex-A57 834220: HPFAR_EL2 is not believed before stage 1 lets the access pass. */
TEST(stage1_is_asked_first_where_stage2_may_be_wrong)
{
	cpu.errata = ERRATA_STAGE2_FAULT;
	at.par = PAR_EL1_F | 0xd << 1;
	/* Within a page there is no doubt. */
	EXPECT_EQ(abort_with(DABT | TRANSLATION | WORD, STAGE2_MMIO, DEVICE), ACT_SKIP);
	EXPECT(accesses == 1 && at.calls == 0);
	far = VA_NEXT_PAGE;
	EXPECT_EQ(abort_with(DABT | TRANSLATION | WORD, STAGE2_MMIO, DEVICE), ACT_RESUME);
	EXPECT(accesses == 0 && at.calls == 1);
	EXPECT_EQ(abort_with(DABT | TRANSLATION, STAGE2_MEMORY, DEVICE), ACT_RESUME); /* a pair */
	EXPECT_EQ(at.calls, 1);
	far = VA | 2;
	EXPECT_EQ(abort_with(DABT | TRANSLATION | WORD, STAGE2_MMIO, DEVICE), ACT_RESUME);
	EXPECT_EQ(accesses, 0);
	EXPECT(at.calls == 1 && !at.write && !at.el0);
	EXPECT_EQ(host_PAR_EL1, 0x77);

	at.par = DEVICE + 0x5000; /* what HPFAR_EL2 says is stale */
	EXPECT_EQ(abort_with(DABT | TRANSLATION | WORD | ESR_ABT_WNR, STAGE2_NOTHING, DEVICE),
		  ACT_ABORT);
	EXPECT(at.write && !accesses);
	EXPECT_EQ(looked_up, DEVICE + 0x567a);
	EXPECT_EQ(abort_ipa(&vcpu), DEVICE + 0x567a);

	at.par = DEVICE;
	far = VA_NEXT_PAGE;
	EXPECT_EQ(abort_with(DABT | TRANSLATION | WORD, STAGE2_NOTHING, 0x1000), ACT_SKIP);
	EXPECT_EQ(accesses, 1);

	pstate = PSTATE_EL0T;
	abort_with(DABT | TRANSLATION | WORD, STAGE2_NOTHING, 0x1000);
	EXPECT(at.el0 && !at.write);
	abort_with(IABT | TRANSLATION, STAGE2_NOTHING, 0x1000); /* it may be execute-only */
	EXPECT(!at.el0 && !at.write);
	pstate = PSTATE_EL1H;

	/* Faults of a walk, and others, are what they are. */
	abort_with(DABT | TRANSLATION | ESR_ABT_S1PTW, STAGE2_NOTHING, DEVICE);
	EXPECT_EQ(at.calls, 0);
	abort_with(DABT | FSC_EXTERNAL, STAGE2_NOTHING, DEVICE);
	EXPECT_EQ(at.calls, 0);
	cpu.errata = 0;
	abort_with(DABT | TRANSLATION | WORD, STAGE2_MMIO, DEVICE);
	EXPECT_EQ(at.calls, 0);
	far = VA;
}
