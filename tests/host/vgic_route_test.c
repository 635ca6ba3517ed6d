/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU on one CPU uses every register, and takes and ends its interrupts, against a sibling whose
 * CPU another partition has: no physical interrupt may come there. When the sibling has
 * its turn it does, so that the direct way is taken again.
 * sources: el2/vgic/vgic.c el2/vgic/vgic_lr.c el2/vgic/vgic_irq.c el2/vgic/vgic_reg.c
 * sources: el2/vgic/vgic_dist.c el2/vgic/vgic_cpu.c el2/vgic/vgic_redist.c el2/vgic/vgic_v2.c
 * sources: el2/vgic/vgic_sgi.c el2/vgic/vgic_sdei.c drivers/gic.c drivers/gicv2.c
 * sources: drivers/gicv3.c drivers/gic_virt.c
 */
#include <el2/sysreg.h>
#include <test.h>
#include <vgic_machine.h>

#define STEPS 200000

static u32 came[NR_CPUS];
static bool claimed[NR_INTIDS];

static void put(u64 offset, u8 size, u64 value)
{
	struct mmio_access a = {.offset = offset, .value = value, .size = size, .write = true};

	on_cpu(0);
	(void)vgic_dist_access(&vcpus[0], &part, &a);
}

/* What the hardware has for that CPU. */
static void take_physical(u32 cpu)
{
	on_cpu(cpu);
	for (u32 intid = FIRST_HW; intid <= LAST_HW; intid++) {
		struct wire *w = &spi[intid];

		if (!w->enabled || w->active || !is_raised(w) || w->route != cpu)
			continue;
		w->active = true;
		w->latch = false;
		came[cpu]++;
		EXPECT_EQ(vgic_inject_physical(host_cpus[cpu].current, intid), !claimed[intid]);
	}
}

/* The first vCPU goes on; the guest in it takes an interrupt, or ends one. */
static void go_on(bool take)
{
	on_cpu(0);
	if (vcpus[0].requests & REQ_VGIC)
		vgic_flush(&vcpus[0]);
	vcpus[0].requests = 0;
	for (u32 i = 0; i < gic.nr_lrs; i++) {
		u64 *lr = host_lr[i];

		if (!(*lr & (take ? LR_PENDING : LR_ACTIVE)))
			continue;
		*lr ^= take ? LR_STATE : LR_ACTIVE;
		if (!take && *lr & LR_HW)
			spi[*lr & 0x3ff].active = false;
		return;
	}
}

static void claim(u32 intid, u32 what)
{
	on_cpu(0);
	if (!claimed[intid]) {
		vgic_sdei_take(&vcpus[0], intid);
		claimed[intid] = true;
	} else if (what == 0) {
		vgic_sdei_release(&vcpus[0], intid);
		claimed[intid] = false;
	} else if (what == 1) {
		vgic_sdei_again(&vcpus[0], intid);
	} else if (what == 2) {
		vgic_sdei_here(&part, intid);
	} else {
		vgic_sdei_enable(&part, intid, what & 1);
	}
}

static void step(void)
{
	static const u32 regs[] = {GICD_ISENABLER, GICD_ICENABLER, GICD_ISPENDR,
				   GICD_ICPENDR,   GICD_ISACTIVER, GICD_ICACTIVER};
	u64 r = test_random();
	u32 intid = FIRST_HW + r % 4, word = intid / 32 * 4;

	switch (r >> 8 & 15) {
	case 0 ... 7:
		put(regs[(r >> 16) % ARRAY_SIZE(regs)] + word, 4, 1UL << intid % 32);
		break;
	case 8:
		put(GICD_ICFGR + intid / 16 * 4, 4, r >> 16);
		break;
	case 9:
		if (gic.version == 3)
			put(GICD_IROUTER + intid * 8, 8, r >> 16 & 1);
		else
			put(GICD_ITARGETSR + intid, 1, 1UL << (r >> 16 & 1));
		break;
	case 10:
		put(GICD_CTLR, 4, r >> 16 & 3);
		break;
	case 11:
		claim(intid, r >> 16 & 7);
		break;
	case 12:
		spi[intid].line = r >> 16 & 1;
		break;
	default:
		go_on(r >> 16 & 1);
	}
}

static void start(u8 version)
{
	machine_init(version, 4);
	memset(came, 0, sizeof(came));
	memset(claimed, 0, sizeof(claimed));
}

static void others_are_not_interrupted(u8 version)
{
	start(version);
	for (u32 i = 0; i < STEPS; i++) {
		step();
		take_physical(0);
		take_physical(1);
		EXPECT_EQ(came[1], 0);
	}
	printf("  GICv%u: %u interrupts on the caller's CPU\n", version, came[0]);
	EXPECT(came[0] > STEPS / 200);
}

TEST(registers_interrupt_no_other_cpu)
{
	test_seed(20261201);
	others_are_not_interrupted(3);
	others_are_not_interrupted(2);
}

/* Device after device interrupt comes where it is wanted, from the second on. */
TEST(the_second_comes_directly)
{
	start(3);
	put(GICD_CTLR, 4, 2);
	put(GICD_IROUTER + 48 * 8, 8, 1);
	put(GICD_ISENABLER + 4, 4, 1UL << 16);
	spi[48].line = true;
	take_physical(1);
	EXPECT_EQ(came[1], 0);
	take_physical(0);
	EXPECT(came[0] == 1 && spi[48].route == 1);
	on_cpu(1);
	EXPECT(vcpus[1].requests & REQ_VGIC);
	vgic_flush(&vcpus[1]);
	for (u32 i = 0; i < 10; i++) {
		EXPECT(vgic_pending(&vcpus[1]));
		for (u32 n = 0; n < gic.nr_lrs; n++)
			*host_lr[n] &= ~LR_STATE;
		spi[48].active = false;
		take_physical(0);
		take_physical(1);
		EXPECT(came[0] == 1 && came[1] == i + 1);
	}
}
