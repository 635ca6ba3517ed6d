/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual CPU interface of the calling CPU: ICH_* system registers on GICv3,
 * GICH on GICv2, whose 32-bit list registers are converted (IHI0048 5.3.10).
 */
#include <arch/barrier.h>
#include <drivers/gic_regs.h>

#define V2_VIRTUAL_ID GENMASK(9, 0)
#define V2_PHYSICAL_ID GENMASK(19, 10)
#define V2_SOURCE GENMASK(12, 10)
#define V2_EOI BIT(19)
#define V2_PRIORITY GENMASK(27, 23)
#define V2_STATE GENMASK(29, 28)
#define V2_GROUP1 BIT(30)
#define V2_HW BIT(31)

u32 gicv2_lr_from_v3(u64 lr)
{
	u64 v2 = lr & V2_VIRTUAL_ID;

	v2 |= FIELD_PREP(V2_STATE, lr >> 62);
	v2 |= FIELD_PREP(V2_PRIORITY, FIELD_GET(LR_PRIORITY, lr) >> 3);
	if (lr & LR_GROUP1)
		v2 |= V2_GROUP1;
	if (lr & LR_HW)
		v2 |= V2_HW | FIELD_PREP(V2_PHYSICAL_ID, FIELD_GET(LR_PINTID, lr));
	else
		v2 |= (lr & V2_SOURCE) | (lr & LR_EOI ? V2_EOI : 0);
	return (u32)v2;
}

u64 gicv2_lr_to_v3(u32 v2)
{
	u64 lr = v2 & V2_VIRTUAL_ID;

	lr |= FIELD_GET(V2_STATE, (u64)v2) << 62;
	lr |= FIELD_PREP(LR_PRIORITY, FIELD_GET(V2_PRIORITY, (u64)v2) << 3);
	if (v2 & V2_GROUP1)
		lr |= LR_GROUP1;
	if (v2 & V2_HW)
		lr |= LR_HW | FIELD_PREP(LR_PINTID, FIELD_GET(V2_PHYSICAL_ID, (u64)v2));
	else
		lr |= (v2 & V2_SOURCE) | (v2 & V2_EOI ? LR_EOI : 0);
	return lr;
}

#define EACH_LR(X)                                                                                 \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

u64 gic_lr_read(u32 n)
{
	if (gic.version == 2)
		return gicv2_lr_to_v3(io_read32(gic.hyp + GICH_LR + n * 4));
	switch (n) {
#define READ_LR(i)                                                                                 \
	case i:                                                                                    \
		return read_sysreg(ICH_LR##i##_EL2);
		EACH_LR(READ_LR)
	default:
		return 0;
	}
}

void gic_lr_write(u32 n, u64 lr)
{
	if (gic.version == 2) {
		io_write32(gic.hyp + GICH_LR + n * 4, gicv2_lr_from_v3(lr));
		return;
	}
	switch (n) {
#define WRITE_LR(i)                                                                                \
	case i:                                                                                    \
		write_sysreg(ICH_LR##i##_EL2, lr);                                                 \
		break;
		EACH_LR(WRITE_LR)
	default:
		break;
	}
}

u32 gic_empty_lrs(void)
{
	if (gic.version == 2)
		return io_read32(gic.hyp + GICH_ELRSR);
	isb(); /* list registers that have just been written count */
	return (u32)read_sysreg(ICH_ELRSR_EL2);
}

u32 gic_hcr_read(void)
{
	return gic.version == 3 ? (u32)read_sysreg(ICH_HCR_EL2) : io_read32(gic.hyp + GICH_HCR);
}

void gic_hcr_write(u32 hcr)
{
	if (gic.version == 3)
		write_sysreg(ICH_HCR_EL2, hcr);
	else
		io_write32(gic.hyp + GICH_HCR, hcr);
}

/* Active priorities: 1, 2 or 4 registers a group for 5, 6 or 7 preemption bits; the
 * others are UNDEFINED. */
static void read_active(struct gic_virt *s)
{
	s->ap0r[0] = (u32)read_sysreg(ICH_AP0R0_EL2);
	s->ap1r[0] = (u32)read_sysreg(ICH_AP1R0_EL2);
	s->any_active = s->ap0r[0] | s->ap1r[0];
	if (gic.pre_bits >= 6) {
		s->ap0r[1] = (u32)read_sysreg(ICH_AP0R1_EL2);
		s->ap1r[1] = (u32)read_sysreg(ICH_AP1R1_EL2);
		s->any_active |= s->ap0r[1] | s->ap1r[1];
	}
	if (gic.pre_bits >= 7) {
		s->ap0r[2] = (u32)read_sysreg(ICH_AP0R2_EL2);
		s->ap0r[3] = (u32)read_sysreg(ICH_AP0R3_EL2);
		s->ap1r[2] = (u32)read_sysreg(ICH_AP1R2_EL2);
		s->ap1r[3] = (u32)read_sysreg(ICH_AP1R3_EL2);
		s->any_active |= s->ap0r[2] | s->ap0r[3] | s->ap1r[2] | s->ap1r[3];
	}
}

static __attribute__((noinline)) void write_active(const struct gic_virt *s)
{
	if (gic.version == 2) {
		io_write32(gic.hyp + GICH_APR, s->ap1r[0]);
		return;
	}
	write_sysreg(ICH_AP0R0_EL2, s->ap0r[0]);
	write_sysreg(ICH_AP1R0_EL2, s->ap1r[0]);
	if (gic.pre_bits >= 6) {
		write_sysreg(ICH_AP0R1_EL2, s->ap0r[1]);
		write_sysreg(ICH_AP1R1_EL2, s->ap1r[1]);
	}
	if (gic.pre_bits >= 7) {
		write_sysreg(ICH_AP0R2_EL2, s->ap0r[2]);
		write_sysreg(ICH_AP0R3_EL2, s->ap0r[3]);
		write_sysreg(ICH_AP1R2_EL2, s->ap1r[2]);
		write_sysreg(ICH_AP1R3_EL2, s->ap1r[3]);
	}
}

static const struct gic_virt none;

/* A guest may have turned ICC_* registers off for itself. Bits of ICH_VMCR_EL2 depend on them:
 * before it is written for another partition there is an ISB (load() in el2/vcpu/context.c). */
static void turn_on_registers(void)
{
	write_sysreg(ICC_SRE_EL1, 7);
}

static void write_control(const struct gic_virt *s)
{
	if (gic.version == 2) {
		io_write32(gic.hyp + GICH_VMCR, s->vmcr);
		return;
	}
	write_sysreg(ICH_VMCR_EL2, s->vmcr);
}

void gic_virt_reset(u32 vtr)
{
	gic_save_vtr(vtr);
	gic_hcr_write(ICH_HCR_EL2_EN);
	if (gic.version == 3) {
		turn_on_registers();
		isb();
	}
	for (u32 n = 0; n <= (vtr & 0x3f); n++) /* also those that others do not have */
		gic_lr_write(n, 0);
	write_control(&none);
	write_active(&none);
}

void gic_virt_save(struct gic_virt *s)
{
	if (gic.version == 2) {
		s->vmcr = io_read32(gic.hyp + GICH_VMCR);
		s->ap1r[0] = s->any_active = io_read32(gic.hyp + GICH_APR);
	} else {
		s->vmcr = (u32)read_sysreg(ICH_VMCR_EL2);
		read_active(s);
		turn_on_registers();
	}
	if (s->any_active)
		write_active(&none);
}

void gic_virt_restore(const struct gic_virt *s)
{
	write_control(s);
	if (s->any_active)
		write_active(s);
}
