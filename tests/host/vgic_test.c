/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vGIC's list-register management against a model that has no list registers:
 * random sequences of what devices, guests and register writes do, on four vCPUs of
 * three CPUs, with 1 to 16 list registers. After every step both must agree on what
 * is pending, active and delivered next.
 * sources: el2/vgic.c el2/vgic_lr.c el2/vgic_irq.c el2/vgic_reg.c el2/vgic_dist.c
 * sources: el2/vgic_cpu.c el2/vgic_redist.c el2/vgic_v2.c el2/vgic_sgi.c drivers/gic.c
 * sources: drivers/gicv2.c drivers/gicv3.c drivers/gic_virt.c
 */
#include <el2/sysreg.h>
#include <test.h>
#include <vgic_model.h>

/* ---- what can happen ---- */

static u64 mmio(u32 vcpu, bool redist, u64 offset, u8 size, bool write, u64 value)
{
	struct mmio_access a = {
	    .offset = offset, .value = write ? value : 0, .size = size, .write = write};
	enum mmio_result r = MMIO_RETRY;

	for (u32 i = 0; i < 4 && r == MMIO_RETRY; i++) {
		on_cpu(vcpus[vcpu].cpu->index);
		r = redist ? vgic_redist_access(&vcpus[vcpu], &part.vgic.frames[0], &a)
			   : vgic_dist_access(&vcpus[vcpu], &part, &a);
		if (r == MMIO_RETRY)
			settle();
	}
	EXPECT_EQ(r, MMIO_DONE);
	return a.value;
}

/* A bank register's access by the vCPU itself or (GICv3) another one. */
static u64 bank(u32 accessor, u32 vcpu, u32 intid, u64 offset, u8 size, bool write, u64 value)
{
	if (gic.version == 3 && intid < 32)
		return mmio(accessor, true, vcpu * GICR_FRAME + GICR_SGI_BASE + offset, size, write,
			    value);
	return mmio(intid < 32 ? vcpu : accessor, false, offset, size, write, value);
}

static u32 any_loaded(void)
{
	return cpus[test_random() % NR_CPUS].current->index;
}

/* The vCPU through which to act on an interrupt's registers. */
static u32 actor(u32 vcpu, u32 intid)
{
	if (intid < 32 && (gic.version == 2 || test_random() % 2))
		return vcpu;
	return any_loaded();
}

static void write_bit_reg(u32 vcpu, u32 intid, u32 reg)
{
	bank(actor(vcpu, intid), vcpu, intid, reg + intid / 32 * 4, 4, true, 1UL << intid % 32);
}

static void do_enable(u32 vcpu, u32 intid, bool enable)
{
	write_bit_reg(vcpu, intid, enable ? GICD_ISENABLER : GICD_ICENABLER);
	model_of(vcpu, intid)->enabled = enable;
}

static void do_pend(u32 vcpu, u32 intid, bool pend)
{
	struct model *m = model_of(vcpu, intid);

	if (gic.version == 2 && intid < 16)
		return;
	write_bit_reg(vcpu, intid, pend ? GICD_ISPENDR : GICD_ICPENDR);
	m->latch = pend;
}

static void do_activate(u32 vcpu, u32 intid, bool active)
{
	struct model *m = model_of(vcpu, intid);

	/* One that a guest has acknowledged is the guest's to end: the nests would
	 * not know. And what is active by decree must not be spilled. */
	if (gic.nr_lrs < 16 || (m->active && m->active_on != NR_VCPUS))
		return;
	/* The line of one that was acknowledged physically is not looked at again. */
	if (active && is_hw(intid) && model_pending(m))
		return;
	write_bit_reg(vcpu, intid, active ? GICD_ISACTIVER : GICD_ICACTIVER);
	m->active = active;
	m->active_on = NR_VCPUS;
}

static void do_priority(u32 vcpu, u32 intid, u8 priority)
{
	struct model *m = model_of(vcpu, intid);

	if (m->active)
		return;
	bank(actor(vcpu, intid), vcpu, intid, GICD_IPRIORITYR + intid, 1, true, priority);
	m->priority = priority & 0xf8;
}

static void do_target(u32 intid, u32 target)
{
	if (intid < 32)
		return;
	if (gic.version == 3)
		mmio(any_loaded(), false, GICD_IROUTER + intid * 8, 8, true, target);
	else
		mmio(any_loaded(), false, GICD_ITARGETSR + intid, 1, true, 1U << target);
	model_spi[intid].target = target;
}

static void do_line(u32 vcpu, u32 intid, bool level)
{
	struct model *m = model_of(vcpu, intid);
	struct wire *w = wire_of(vcpus[vcpu].cpu->index, intid);

	if (intid == EMULATED) {
		if (level && !m->line && m->edge)
			m->latch = true;
		m->line = level;
		vgic_set_level(&part, intid, level);
		return;
	}
	/* The timer's line is there only for the vCPU in the hardware. What has been
	 * acknowledged physically stays pending if the line falls before the guest
	 * sees it, and another edge counts anew: leave it alone until then. */
	if (!is_hw(intid) || (intid == TIMER && vcpus[vcpu].cpu->current != &vcpus[vcpu]))
		return;
	if (w->active && !m->active)
		return;
	if (level && !w->line && w->edge)
		w->latch = m->latch = true;
	w->line = m->line = level;
}

static void do_sgi(u32 vcpu, u32 intid, u32 to)
{
	struct vcpu *v = &vcpus[vcpu];
	struct model *m = model_of(to, intid);

	if (intid >= 16 || v->cpu->current != v)
		return;
	on_cpu(v->cpu->index);
	m->latch = true;
	if (gic.version == 3) {
		u64 value = (u64)intid << 24 | 1UL << to;

		sysreg_sgi1r(v, &value, false);
		return;
	}
	m->sources |= 1U << vcpu;
	mmio(vcpu, false, GICD_SGIR, 4, true, 1UL << (16 + to) | intid);
}

static void do_switch(void)
{
	struct cpu *cpu = &cpus[0];
	struct vcpu *next = cpu->current == &vcpus[0] ? &vcpus[3] : &vcpus[0];
	struct wire *w = &ppi[0][TIMER];

	on_cpu(0);
	if (w->line && !w->active)
		return; /* settle() took it, or it is disabled */
	vgic_put(cpu->current);
	EXPECT(!w->active);
	cpu->current = next;
	w->line = model_private[next->index][TIMER].line;
	vgic_load(next);
}

static void do_ctlr(bool on)
{
	mmio(any_loaded(), false, GICD_CTLR, 4, true, on ? 2 + (gic.version == 2) : 0);
	groups_on = on;
}

static void do_reads(u32 vcpu, u32 intid)
{
	struct model *m = model_of(vcpu, intid);
	u32 by = actor(vcpu, intid), word = intid / 32 * 4, bit = intid % 32;

	/* What a vCPU out of the hardware has of a timer's line is not to be seen. */
	if (intid != TIMER || (vcpus[vcpu].cpu->current == &vcpus[vcpu] && by == vcpu))
		EXPECT_EQ(bank(by, vcpu, intid, GICD_ISPENDR + word, 4, false, 0) >> bit & 1,
			  model_pending(m));
	EXPECT_EQ(bank(by, vcpu, intid, GICD_ICACTIVER + word, 4, false, 0) >> bit & 1, m->active);
	EXPECT_EQ(bank(by, vcpu, intid, GICD_ICENABLER + word, 4, false, 0) >> bit & 1, m->enabled);
	EXPECT_EQ(bank(by, vcpu, intid, GICD_IPRIORITYR + intid, 1, false, 0), m->priority);
}

static void step(void)
{
	u32 vcpu = test_random() % NR_VCPUS;
	u32 intid = tested[test_random() % ARRAY_SIZE(tested)];
	u64 r = test_random();
	bool flag = r >> 32 & 1;

	if (vcpus[vcpu].cpu->current != &vcpus[vcpu] && gic.version == 2)
		vcpu = vcpus[vcpu].cpu->current->index; /* banked: it acts for itself */
	switch (r % 24) {
	case 0:
		do_enable(vcpu, intid, true);
		break;
	case 1:
		do_enable(vcpu, intid, r >> 33 & 3);
		break;
	case 2:
		do_pend(vcpu, intid, flag);
		break;
	case 3:
		do_activate(vcpu, intid, flag);
		break;
	case 4:
		do_priority(vcpu, intid, (u8)(r >> 40));
		break;
	case 5:
		do_target(intid, r >> 40 & 3);
		break;
	case 6:
		do_switch();
		break;
	case 7:
		do_ctlr(r >> 33 & 7);
		break;
	case 8:
		do_reads(vcpu, intid);
		break;
	case 9 ... 12:
		do_line(vcpu, intid, flag);
		break;
	case 13 ... 15:
		do_sgi(vcpu, intid, r >> 40 & 3);
		break;
	case 16 ... 19:
		on_cpu(r >> 40 & 1 ? 0 : r >> 41 & 1 ? 1 : 2);
		guest_ack();
		break;
	default:
		on_cpu(r >> 40 & 1 ? 0 : r >> 41 & 1 ? 1 : 2);
		guest_eoi();
		break;
	}
}

static void start(u8 version, u8 nr_lrs)
{
	machine_init(version, nr_lrs);
	memset(model_spi, 0, sizeof(model_spi));
	memset(model_private, 0, sizeof(model_private));
	memset(nests, 0, sizeof(nests));
	groups_on = false;
	if (version == 2)
		for (u32 v = 0; v < NR_VCPUS; v++)
			for (u32 i = 0; i < 16; i++)
				model_private[v][i].enabled = true;
	for (u32 v = 0; v < NR_VCPUS; v++)
		for (u32 i = 0; i < 16; i++)
			model_private[v][i].edge = true;
	for (u32 i = 0; version == 2 && i < NR_INTIDS; i++)
		model_spi[i].target = NR_VCPUS;
	do_ctlr(true);
	/* Some SPIs edge-triggered, told as a guest does */
	mmio(0, false, GICD_ICFGR + 12, 4, true, 0x0000000a);
	mmio(0, false, GICD_ICFGR + 16, 4, true, 0x0000000a);
	for (u32 i = 0; i < 2; i++)
		model_spi[48 + i].edge = model_spi[64 + i].edge = true;
	settle();
}

static void run(u8 version, u8 nr_lrs, u32 steps)
{
	test_seed(version * 100 + nr_lrs);
	start(version, nr_lrs);
	for (u32 i = 0; i < steps; i++) {
		step();
		settle();
		check_all();
	}
}

TEST(vgicv3_with_1_lrs)
{
	run(3, 1, 20000);
}

TEST(vgicv3_with_2_lrs)
{
	run(3, 2, 20000);
}

TEST(vgicv3_with_4_lrs)
{
	run(3, 4, 20000);
}

TEST(vgicv3_with_16_lrs)
{
	run(3, 16, 20000);
}

TEST(vgicv2_with_1_lrs)
{
	run(2, 1, 20000);
}

TEST(vgicv2_with_2_lrs)
{
	run(2, 2, 20000);
}

TEST(vgicv2_with_4_lrs)
{
	run(2, 4, 20000);
}

TEST(vgicv2_with_16_lrs)
{
	run(2, 16, 20000);
}

/* The same where EL2 deactivates physical interrupts for the guest. */
TEST(vgicv2_deactivated_by_el2)
{
	machine_lr_deactivates = false;
	run(2, 1, 10000);
	run(2, 4, 10000);
	machine_lr_deactivates = true;
}
