/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vGIC's list-register management against a model that has no list registers:
 * random sequences of what devices, guests and register writes do, on four vCPUs of
 * three CPUs, with 1 to 16 list registers. After every step both must agree on what
 * is pending, active and delivered next.
 * sources: el2/vgic/vgic.c el2/vgic/vgic_lr.c el2/vgic/vgic_irq.c el2/vgic/vgic_reg.c
 * sources: el2/vgic/vgic_dist.c el2/vgic/vgic_cpu.c el2/vgic/vgic_redist.c el2/vgic/vgic_v2.c
 * sources: el2/vgic/vgic_sgi.c el2/vgic/vgic_sdei.c drivers/gic.c drivers/gicv2.c
 * sources: drivers/gicv3.c drivers/gic_virt.c
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
	struct model *m = model_of(vcpu, intid);

	write_bit_reg(vcpu, intid, enable ? GICD_ISENABLER : GICD_ICENABLER);
	m->enabled = enable && !m->claimed;
}

static void do_pend(u32 vcpu, u32 intid, bool pend)
{
	struct model *m = model_of(vcpu, intid);

	if (gic.version == 2 && intid < 16)
		return;
	write_bit_reg(vcpu, intid, pend ? GICD_ISPENDR : GICD_ICPENDR);
	m->latch = pend && !m->claimed;
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
	m->active = active && !m->claimed;
	m->active_on = NR_VCPUS;
}

static void do_priority(u32 vcpu, u32 intid, u8 priority)
{
	struct model *m = model_of(vcpu, intid);

	if (m->active)
		return;
	bank(actor(vcpu, intid), vcpu, intid, GICD_IPRIORITYR + intid, 1, true, priority);
	if (!m->claimed)
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
	if (!model_spi[intid].claimed)
		model_spi[intid].target = target;
}

static void do_line(u32 vcpu, u32 intid, bool level)
{
	struct model *m = model_of(vcpu, intid);
	struct wire *w = wire_of(vcpus[vcpu].cpu->index, intid);

	if (intid == EMULATED) {
		if (level && !m->line && m->edge)
			m->latch = !m->claimed;
		m->line = level;
		vgic_set_level(&part, intid, level);
		return;
	}
	/* The timer's line is there only for the vCPU in the hardware. What has been
	 * acknowledged physically stays pending if the line falls before the guest
	 * sees it, and another edge counts anew: leave it alone until then. */
	if (!is_hw(intid) || (intid == TIMER && vcpus[vcpu].cpu->current != &vcpus[vcpu]))
		return;
	if (w->active && !m->active && !m->claimed)
		return;
	if (level && !w->line && w->edge) {
		w->latch = true;
		m->latch = !m->claimed;
	}
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

/* Not one that a guest has acknowledged: the nests would not know. */
static void do_claim(u32 vcpu, u32 intid, bool claim)
{
	struct model *m = model_of(vcpu, intid);
	struct vcpu *v = &vcpus[intid < 32 ? vcpu : any_loaded()];

	if ((!is_hw(intid) && intid != EMULATED) || v->cpu->current != v || m->claimed == claim ||
	    (m->active && m->active_on != NR_VCPUS))
		return;
	on_cpu(v->cpu->index);
	if (claim)
		vgic_sdei_take(v, intid);
	else
		vgic_sdei_release(v, intid);
	m->claimed = claim;
	m->enabled = m->latch = m->active = false;
	if (intid >= 32 && intid != EMULATED) {
		EXPECT(!spi[intid].enabled && !spi[intid].active);
	}
}

/* The event of a claimed one is enabled, disabled or routed, or its handler is over. */
static void do_event(u32 vcpu, u32 intid, u32 what)
{
	struct vcpu *v = &vcpus[intid < 32 ? vcpu : any_loaded()];

	if (!model_of(vcpu, intid)->claimed || v->cpu->current != v)
		return;
	on_cpu(v->cpu->index);
	if (what == 0) {
		vgic_sdei_again(v, intid);
		if (intid != EMULATED)
			EXPECT(!wire_of(v->cpu->index, intid)->active);
	} else if (intid >= 32 && what == 1) {
		vgic_sdei_here(&part, intid);
	} else if (intid >= 32) {
		vgic_sdei_enable(&part, intid, what == 2);
		if (intid != EMULATED)
			EXPECT_EQ(spi[intid].enabled, what == 2);
	}
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
			  model_pending(m) && !m->claimed);
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
	switch (r % 28) {
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
	case 24:
		do_claim(vcpu, intid, flag);
		break;
	case 25 ... 27:
		do_event(vcpu, intid, r >> 40 & 3);
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

/* ---- claims, step by step ---- */

TEST(bindable)
{
	for (u8 version = 2; version <= 3; version++) {
		start(version, 4);
		for (u32 intid = 0; intid < 2048; intid++) {
			bool owned = is_hw(intid) || intid == EMULATED;

			EXPECT_EQ(vgic_bindable(&vcpus[0], intid),
				  owned ? VGIC_IDLE : VGIC_NOT_YOURS);
		}
		/* Acknowledged by another vCPU, until it deactivates it. */
		do_enable(1, 48, true);
		do_target(48, 1);
		do_line(1, 48, true);
		settle();
		on_cpu(1);
		guest_ack();
		EXPECT_EQ(vgic_bindable(&vcpus[0], 48), VGIC_NOT_IDLE);
		do_line(1, 48, false);
		on_cpu(1);
		guest_eoi();
		EXPECT_EQ(vgic_bindable(&vcpus[0], 48), VGIC_IDLE);
	}
}

/* Another vCPU still has it in a list register when it comes for its event: that it is
 * forgotten there does not let it come again. */
TEST(claimed_while_elsewhere)
{
	for (u8 version = 2; version <= 3; version++) {
		start(version, 4);
		do_enable(1, 48, true);
		do_target(48, 1);
		do_line(1, 48, true);
		settle();
		EXPECT(in_lr(&vcpus[1], 48, LR_PENDING));
		on_cpu(0);
		vgic_sdei_take(&vcpus[0], 48);
		EXPECT(!spi[48].active && !spi[48].enabled);
		EXPECT(in_lr(&vcpus[1], 48, LR_PENDING));
		vgic_sdei_here(&part, 48);
		vgic_sdei_enable(&part, 48, true);
		spi[48].active = true;
		EXPECT(!vgic_inject_physical(&vcpus[0], 48));
		on_cpu(1);
		EXPECT(vcpus[1].requests & REQ_VGIC);
		vgic_flush(&vcpus[1]);
		EXPECT(!in_lr(&vcpus[1], 48, LR_STATE));
		EXPECT(spi[48].active);
		on_cpu(0);
		vgic_sdei_again(&vcpus[0], 48);
		EXPECT(!spi[48].active);
	}
}

/* An emulated device's rising line is told, and asked for: a level as long as it is
 * high, an edge once. */
TEST(claimed_lines)
{
	start(3, 4);
	for (u32 edge = 0; edge < 2; edge++) {
		mmio(0, false, GICD_ICFGR + 8, 4, true, edge ? 2UL << (EMULATED - 32) * 2 : 0);
		on_cpu(0);
		vgic_sdei_take(&vcpus[0], EMULATED);
		machine_levels = 0;
		vgic_set_level(&part, EMULATED, true);
		vgic_set_level(&part, EMULATED, true);
		EXPECT_EQ(machine_levels, 1);
		EXPECT(vgic_sdei_raised(&part, EMULATED));
		EXPECT_EQ(vgic_sdei_raised(&part, EMULATED), !edge);
		vgic_set_level(&part, EMULATED, false);
		EXPECT(!vgic_sdei_raised(&part, EMULATED));
		vgic_set_level(&part, EMULATED, true);
		EXPECT_EQ(machine_levels, 2);
		vgic_sdei_release(&vcpus[0], EMULATED);
		EXPECT(!vgic_sdei_raised(&part, EMULATED));
		EXPECT_EQ(mmio(0, false, GICD_ISPENDR + 4, 4, false, 0) >> (EMULATED - 32) & 1,
			  !edge);
		vgic_set_level(&part, EMULATED, false);
		vgic_set_level(&part, EMULATED, true);
		EXPECT_EQ(machine_levels, 2);
		vgic_set_level(&part, EMULATED, false);
		mmio(0, false, GICD_ICPENDR + 4, 4, true, ~0UL);
	}
}
