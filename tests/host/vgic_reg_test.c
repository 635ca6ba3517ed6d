/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual interrupt controller's registers as a guest reads and writes them.
 * sources: el2/vgic/vgic.c el2/vgic/vgic_lr.c el2/vgic/vgic_irq.c el2/vgic/vgic_reg.c
 * sources: el2/vgic/vgic_dist.c el2/vgic/vgic_cpu.c el2/vgic/vgic_redist.c el2/vgic/vgic_v2.c
 * sources: el2/vgic/vgic_sgi.c drivers/gic.c drivers/gicv2.c drivers/gicv3.c drivers/gic_virt.c
 */
#include <el2/sysreg.h>
#include <test.h>
#include <vgic_machine.h>

static enum mmio_result last;

static u64 access_as(u32 vcpu, bool redist, u64 offset, u8 size, bool write, u64 value)
{
	struct mmio_access a = {
	    .offset = offset, .value = write ? value : 0, .size = size, .write = write};

	on_cpu(vcpus[vcpu].cpu->index);
	last = redist ? vgic_redist_access(&vcpus[vcpu], &part.vgic.frames[0], &a)
		      : vgic_dist_access(&vcpus[vcpu], &part, &a);
	return a.value;
}

static u64 dist(u64 offset, u8 size)
{
	return access_as(0, false, offset, size, false, 0);
}

static void dist_write(u64 offset, u8 size, u64 value)
{
	access_as(0, false, offset, size, true, value);
}

static u64 redist(u32 frame, u64 offset, u8 size)
{
	return access_as(0, true, frame * GICR_FRAME + offset, size, false, 0);
}

static void redist_write(u32 frame, u64 offset, u8 size, u64 value)
{
	access_as(0, true, frame * GICR_FRAME + offset, size, true, value);
}

TEST(gicd_v3_identity)
{
	machine_init(3, 4);
	EXPECT_EQ(dist(GICD_TYPER, 4), 2 | 9 << 19 | 1 << 24); /* 96 INTIDs, 10 bits, A3V */
	EXPECT_EQ(dist(GIC_V3_PIDR2, 4), 0x30);
	EXPECT_EQ(dist(GICD_CTLR, 4), 0x50); /* ARE, DS */
	dist_write(GICD_CTLR, 4, ~0U);
	EXPECT_EQ(dist(GICD_CTLR, 4) & ~GICD_CTLR_RWP, 0x53);
	EXPECT_EQ(dist(0x40, 4), 0); /* SETSPI_NSR: none */
	EXPECT_EQ(dist(0xe000, 4), 0);
	EXPECT_EQ(dist(GICD_TYPER, 1), 0);
	EXPECT_EQ(last, MMIO_DONE);
}

TEST(gicd_v3_has_no_private_interrupts)
{
	machine_init(3, 4);
	dist_write(GICD_ISENABLER, 4, ~0U);
	EXPECT_EQ(dist(GICD_ISENABLER, 4), 0);
	dist_write(GICD_IPRIORITYR, 4, ~0U);
	EXPECT_EQ(dist(GICD_IPRIORITYR, 4), 0);
	EXPECT_EQ(vcpus[0].vgic.bank.enabled, 0);
	EXPECT_EQ(dist(GICD_ITARGETSR + 40, 4), 0);
}

TEST(foreign_spis_do_not_exist)
{
	u32 bits = ~0U << 16; /* 48 to 63 are owned, and 40 is emulated */

	machine_init(3, 4);
	dist_write(GICD_ISENABLER + 4, 4, ~0U);
	EXPECT_EQ(dist(GICD_ISENABLER + 4, 4), bits | 1 << 8);
	EXPECT_EQ(dist(GICD_ICENABLER + 4, 4), bits | 1 << 8);
	EXPECT_EQ(dist(GICD_IGROUPR + 4, 4), bits | 1 << 8);
	EXPECT(!spi[33].enabled && spi[48].enabled && spi[63].enabled && !spi[40].enabled);
	dist_write(GICD_ICENABLER + 4, 4, 1U << 16);
	EXPECT(!spi[48].enabled && spi[49].enabled);
	dist_write(GICD_IPRIORITYR + 33, 1, 0xff);
	EXPECT_EQ(dist(GICD_IPRIORITYR + 33, 1), 0);
	dist_write(GICD_ISENABLER + 12, 4, ~0U); /* past the last */
	EXPECT_EQ(dist(GICD_ISENABLER + 12, 4), 0);
}

TEST(priorities_by_byte_and_word)
{
	machine_init(3, 4);
	dist_write(GICD_IPRIORITYR + 48, 4, 0x08ff4180);
	EXPECT_EQ(dist(GICD_IPRIORITYR + 48, 4), 0x08f84080); /* five bits */
	EXPECT_EQ(dist(GICD_IPRIORITYR + 50, 1), 0xf8);
	dist_write(GICD_IPRIORITYR + 49, 1, 0x20);
	EXPECT_EQ(dist(GICD_IPRIORITYR + 48, 4), 0x08f82080);
	redist_write(1, GICR_SGI_BASE + GICD_IPRIORITYR + 27, 1, 0xa0);
	EXPECT_EQ(redist(1, GICR_SGI_BASE + GICD_IPRIORITYR + 24, 4), 0xa0000000);
	EXPECT_EQ(redist(0, GICR_SGI_BASE + GICD_IPRIORITYR + 24, 4), 0);
}

TEST(configuration)
{
	machine_init(3, 4);
	EXPECT_EQ(redist(0, GICR_SGI_BASE + GICD_ICFGR, 4), 0xaaaaaaaa);
	redist_write(0, GICR_SGI_BASE + GICD_ICFGR, 4, 0);
	EXPECT_EQ(redist(0, GICR_SGI_BASE + GICD_ICFGR, 4), 0xaaaaaaaa);
	redist_write(0, GICR_SGI_BASE + GICD_ICFGR + 4, 4, ~0U); /* the timer is level */
	EXPECT_EQ(redist(0, GICR_SGI_BASE + GICD_ICFGR + 4, 4), 0xaaaaaaaa & ~(2U << (11 * 2)));
	dist_write(GICD_ICFGR + 12, 4, 0x2);
	EXPECT_EQ(dist(GICD_ICFGR + 12, 4), 0x2);
	EXPECT(spi[48].edge && !spi[49].edge);
}

TEST(routes_whole_and_in_halves)
{
	machine_init(3, 4);
	dist_write(GICD_IROUTER + 48 * 8, 8, ~0UL);
	EXPECT_EQ(dist(GICD_IROUTER + 48 * 8, 8), 0xff80ffffffUL);
	dist_write(GICD_IROUTER + 48 * 8, 4, 2);
	EXPECT_EQ(dist(GICD_IROUTER + 48 * 8, 8), 0xff00000002UL);
	EXPECT_EQ(part.vgic.target[48], VGIC_NOBODY);
	dist_write(GICD_IROUTER + 48 * 8 + 4, 4, 0);
	EXPECT_EQ(dist(GICD_IROUTER + 48 * 8 + 4, 4), 0);
	EXPECT_EQ(part.vgic.target[48], 2);
	EXPECT_EQ(spi[48].route, 0); /* until it has come */
	dist_write(GICD_IROUTER + 31 * 8, 8, 1);
	EXPECT_EQ(dist(GICD_IROUTER + 31 * 8, 8), 0);
}

TEST(one_of_many_goes_where_it_arrives)
{
	machine_init(3, 4);
	dist_write(GICD_CTLR, 4, 2);
	dist_write(GICD_ISENABLER + 4, 4, 1U << 16);
	dist_write(GICD_IROUTER + 48 * 8, 8, GICD_IROUTER_IRM);
	on_cpu(2);
	vgic_flush(&vcpus[2]);
	EXPECT(vgic_inject_physical(&vcpus[2], 48));
	vgic_flush(&vcpus[2]);
	EXPECT_EQ(*host_lr[gic.nr_lrs - 1], LR_PENDING | LR_HW | LR_GROUP1 | 48UL << 32 | 48);
}

TEST(redistributors)
{
	machine_init(3, 4);
	EXPECT_EQ(redist(0, GICR_TYPER, 8), 0);
	EXPECT_EQ(redist(2, GICR_TYPER, 8), 2UL << 32 | 2 << 8);
	EXPECT_EQ(redist(3, GICR_TYPER, 8), 3UL << 32 | 3 << 8 | 1 << 4);
	EXPECT_EQ(redist(3, GICR_TYPER, 4), 3 << 8 | 1 << 4);
	EXPECT_EQ(redist(3, GICR_TYPER + 4, 4), 3);
	EXPECT_EQ(redist(1, GIC_V3_PIDR2, 4), 0x30);
	EXPECT_EQ(redist(1, GICR_WAKER, 4), 6);
	redist_write(1, GICR_WAKER, 4, 0);
	EXPECT_EQ(redist(1, GICR_WAKER, 4), 0);
	EXPECT_EQ(redist(0, GICR_WAKER, 4), 6);
	EXPECT_EQ(redist(4, GICR_TYPER, 8), 0); /* past the last */
	EXPECT_EQ(redist(0, GICR_SGI_BASE, 4), 0);
}

TEST(reads_of_a_foreign_list_register_wait_for_it)
{
	machine_init(3, 4);
	dist_write(GICD_CTLR, 4, 2);
	redist_write(1, GICR_SGI_BASE + GICD_ISENABLER, 4, 1);
	redist_write(1, GICR_SGI_BASE + GICD_ISPENDR, 4, 1);
	on_cpu(2);
	vgic_flush(&vcpus[2]);
	on_cpu(1);
	vgic_flush(&vcpus[1]);
	EXPECT_EQ(*host_lr[gic.nr_lrs - 1] & LR_STATE, LR_PENDING);
	*host_lr[gic.nr_lrs - 1] ^= LR_STATE; /* acknowledged */
	vcpus[1].requests = 0;
	redist(1, GICR_SGI_BASE + GICD_ISACTIVER, 4);
	EXPECT_EQ(last, MMIO_RETRY);
	EXPECT_EQ(vcpus[1].requests, REQ_VGIC);
	redist(1, GICR_SGI_BASE + GICD_ISACTIVER, 4);
	EXPECT_EQ(last, MMIO_RETRY);
	EXPECT_EQ(dist(GICD_CTLR, 4) & GICD_CTLR_RWP, GICD_CTLR_RWP);
	on_cpu(1);
	vgic_flush(&vcpus[1]);
	EXPECT_EQ(redist(1, GICR_SGI_BASE + GICD_ISACTIVER, 4), 1);
	EXPECT_EQ(last, MMIO_DONE);
	EXPECT_EQ(dist(GICD_CTLR, 4) & GICD_CTLR_RWP, 0);
}

TEST(sgis_by_group_and_target)
{
	u64 all_others = 5UL << 24 | 1UL << 40, to_1 = 6UL << 24 | 2,
	    far = 6UL << 24 | 1UL << 32 | 2;

	machine_init(3, 4);
	on_cpu(0);
	EXPECT_EQ(sysreg_sgi1r(&vcpus[0], &all_others, true).action, ACT_UNDEF);
	sysreg_sgi1r(&vcpus[0], &all_others, false);
	EXPECT_EQ(vcpus[0].vgic.incoming, 0);
	EXPECT_EQ(vcpus[1].vgic.incoming, 1 << 5);
	EXPECT_EQ(vcpus[3].vgic.incoming, 1 << 5);
	sysreg_sgi0r(&vcpus[0], &to_1, false); /* it is Group 1 there */
	sysreg_asgi1r(&vcpus[0], &to_1, false);
	sysreg_sgi1r(&vcpus[0], &far, false);
	EXPECT_EQ(vcpus[1].vgic.incoming, 1 << 5);
	sysreg_sgi1r(&vcpus[0], &to_1, false);
	EXPECT_EQ(vcpus[1].vgic.incoming, 3 << 5);
}

TEST(gicd_v2)
{
	machine_init(2, 4);
	EXPECT_EQ(dist(GICD_TYPER, 4), 2 | 3 << 5);
	EXPECT_EQ(dist(GICD_V2_PIDR2, 4), 0x20);
	EXPECT_EQ(dist(GICD_CTLR, 4), 0);
	EXPECT_EQ(dist(GICD_ITARGETSR, 4), 0x01010101);
	EXPECT_EQ(access_as(2, false, GICD_ITARGETSR + 28, 4, false, 0), 0x04040404);
	dist_write(GICD_ITARGETSR + 48, 4, 0xff1002ff); /* four CPUs */
	EXPECT_EQ(dist(GICD_ITARGETSR + 48, 4), 0x0f00020f);
	EXPECT_EQ(part.vgic.target[49], 1);
	EXPECT_EQ(part.vgic.target[50], VGIC_NOBODY);
	dist_write(GICD_ITARGETSR + 50, 1, 4);
	EXPECT_EQ(dist(GICD_ITARGETSR + 50, 1), 4);
	EXPECT(part.vgic.target[50] == 2 && spi[50].route == 0);
	EXPECT_EQ(dist(GICD_ISENABLER, 4), 0xffff);
	dist_write(GICD_ISPENDR, 4, 0xffff); /* not for SGIs */
	EXPECT_EQ(dist(GICD_ISPENDR, 4), 0);
}

TEST(gicd_v2_sgi_sources)
{
	machine_init(2, 4);
	access_as(1, false, GICD_SGIR, 4, true, 1 << 16 | 3);
	access_as(2, false, GICD_SGIR, 4, true, 1 << 24 | 3); /* all others */
	EXPECT_EQ(dist(GICD_CPENDSGIR, 4), 6UL << 24);
	EXPECT_EQ(dist(GICD_SPENDSGIR + 3, 1), 6);
	EXPECT_EQ(access_as(2, false, GICD_CPENDSGIR + 3, 1, false, 0), 0);
	EXPECT_EQ(access_as(1, false, GICD_CPENDSGIR + 3, 1, false, 0), 4);
	dist_write(GICD_CPENDSGIR + 3, 1, 2);
	EXPECT_EQ(dist(GICD_ISPENDR, 4), 8);
	dist_write(GICD_CPENDSGIR + 3, 1, 0xff);
	EXPECT_EQ(dist(GICD_ISPENDR, 4), 0);
	dist_write(GICD_SPENDSGIR + 3, 1, 0xf8);
	EXPECT_EQ(dist(GICD_CPENDSGIR + 3, 1), 8);
	dist_write(GICD_SGIR, 4, 2 << 24 | 7); /* itself */
	EXPECT_EQ(dist(GICD_CPENDSGIR + 7, 1), 1);
}

TEST(gicv2_list_registers_convert)
{
	u64 lrs[] = {LR_PENDING | LR_HW | LR_GROUP1 | 0xa8UL << 48 | 77UL << 32 | 77,
		     LR_ACTIVE | LR_EOI | 0xf8UL << 48 | 0x805, LR_STATE | 40};

	for (u32 i = 0; i < ARRAY_SIZE(lrs); i++)
		EXPECT_EQ(gicv2_lr_to_v3(gicv2_lr_from_v3(lrs[i])), lrs[i]);
	EXPECT_EQ(gicv2_lr_from_v3(lrs[0]),
		  1U << 31 | 1 << 30 | 1 << 28 | 0x15 << 23 | 77 << 10 | 77);
}

TEST(reset_quiets_the_hardware)
{
	machine_init(3, 4);
	dist_write(GICD_ISENABLER + 4, 4, ~0U);
	spi[50].active = spi[51].latch = true;
	for (u32 next = 0; !vgic_reset(&part, &next);)
		;
	for (u32 i = FIRST_HW; i <= LAST_HW; i++)
		EXPECT(!spi[i].enabled && !spi[i].active && !spi[i].latch);
	EXPECT_EQ(dist(GICD_ISENABLER + 4, 4), 0);
	EXPECT_EQ(dist(GICD_IGROUPR + 4, 4), ~0U << 16 | 1 << 8);
}
