/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vGIC's list-register management against a model that has no list registers:
 * random sequences of what devices, guests and register writes do, on four vCPUs of
 * three CPUs, with 1 to 16 list registers. After every step both must agree on what
 * is pending, active and delivered next.
 * sources: el2/vgic.c el2/vgic_lr.c el2/vgic_irq.c el2/vgic_reg.c el2/vgic_dist.c
 * sources: el2/vgic_redist.c el2/vgic_v2.c el2/vgic_sgi.c drivers/gic.c
 * sources: drivers/gicv2.c drivers/gicv3.c drivers/gic_virt.c
 */
#include <el2/sysreg.h>
#include <test.h>
#include <vgic_machine.h>

/* An interrupt as the architecture describes it. */
struct model {
	bool enabled, latch, line, edge, active;
	u8 priority, sources; /* GICv2 SGIs: by whom; latch is their OR */
	u32 target, active_on;
};

static struct model model_spi[NR_INTIDS], model_private[NR_VCPUS][32];
static bool groups_on;

/* Acknowledged and not yet ended, per vCPU, innermost last. */
static struct nest {
	u32 depth;
	u32 intid[64];
	u8 priority[64];
} nests[NR_VCPUS];

static const u32 tested[] = {0, 1, 5, 15, 20, TIMER, EMULATED, 48, 49, 50, 51, 63, 64, 65, 70, 71};

static struct model *model_of(u32 vcpu, u32 intid)
{
	return intid < 32 ? &model_private[vcpu][intid] : &model_spi[intid];
}

static bool is_hw(u32 intid)
{
	return intid == TIMER || (intid >= FIRST_HW && intid <= LAST_HW);
}

static bool model_pending(const struct model *m)
{
	return m->latch || (m->line && !m->edge);
}

/* Which of two to deliver is free when priorities are equal: so only the best
 * priority is the model's, 0x100 if there is none. */
static u32 model_best(u32 vcpu)
{
	u32 best = 0x100;

	for (u32 i = 0; i < ARRAY_SIZE(tested); i++) {
		struct model *m = model_of(vcpu, tested[i]);

		if (tested[i] >= 32 && m->target != vcpu)
			continue;
		if (groups_on && m->enabled && !m->active && model_pending(m))
			best = MIN(best, m->priority);
	}
	return best;
}

/* ---- the guests' CPU interfaces ---- */

static struct vcpu *current(void)
{
	return this_cpu()->current;
}

static u32 lr_intid(u64 lr)
{
	return lr & 0x3ff;
}

static int best_pending_lr(void)
{
	int best = -1;

	for (int i = 0; i < gic.nr_lrs; i++) {
		u64 lr = *host_lr[i];

		if ((lr & LR_STATE) == LR_PENDING &&
		    (best < 0 || (lr & LR_PRIORITY) < (*host_lr[best] & LR_PRIORITY)))
			best = i;
	}
	return best;
}

static u32 running_priority(u32 vcpu)
{
	struct nest *n = &nests[vcpu];

	return n->depth ? n->priority[n->depth - 1] : 0x100;
}

/* The maintenance interrupt's conditions that Tocsin uses. */
static bool maintenance_wanted(bool eoi)
{
	u64 hcr = host_ICH_HCR_EL2;

	return eoi || (hcr & ICH_HCR_EL2_LRENPIE && hcr & ICH_HCR_EL2_EOICOUNT) ||
	       (hcr & ICH_HCR_EL2_NPIE && best_pending_lr() < 0);
}

static void guest_ack(void)
{
	struct vcpu *v = current();
	int n = best_pending_lr();
	u32 best = model_best(v->index), intid;
	struct model *m;
	struct nest *nest = &nests[v->index];

	if (n < 0 || FIELD_GET(LR_PRIORITY, *host_lr[n]) >= running_priority(v->index)) {
		EXPECT(best >= running_priority(v->index));
		return;
	}
	intid = lr_intid(*host_lr[n]);
	m = model_of(v->index, intid);
	EXPECT_EQ(FIELD_GET(LR_PRIORITY, *host_lr[n]), best);
	EXPECT(groups_on);
	EXPECT(m->enabled);
	EXPECT(!m->active);
	EXPECT(model_pending(m));
	*host_lr[n] ^= LR_STATE;
	m->active = true;
	m->active_on = v->index;
	m->latch = false;
	if (gic.version == 2 && intid < 16) {
		EXPECT(m->sources >> (*host_lr[n] >> 10 & 7) & 1);
		m->sources &= (u8) ~(1U << (*host_lr[n] >> 10 & 7));
		m->latch = m->sources;
	}
	nest->intid[nest->depth] = intid;
	nest->priority[nest->depth++] = (u8)best;
	if (maintenance_wanted(false))
		vgic_maintenance(v);
}

static void guest_eoi(void)
{
	struct vcpu *v = current();
	struct nest *nest = &nests[v->index];
	u32 intid;
	bool eoi = false, found = false;

	if (!nest->depth)
		return;
	intid = nest->intid[--nest->depth];
	model_of(v->index, intid)->active = false;
	for (u32 i = 0; i < gic.nr_lrs; i++) {
		u64 *lr = host_lr[i];

		if (!(*lr & LR_ACTIVE) || lr_intid(*lr) != intid)
			continue;
		found = true;
		*lr &= ~LR_ACTIVE;
		if (*lr & LR_HW)
			wire_of(this_cpu()->index, intid)->active = false;
		else
			eoi = *lr & LR_EOI && !(*lr & LR_STATE);
	}
	if (!found)
		host_ICH_HCR_EL2 += 1UL << 27;
	if (maintenance_wanted(eoi))
		vgic_maintenance(v);
}

/* ---- the machine goes on until nothing is left to do ---- */

static bool take_physical(u32 cpu)
{
	bool any = false;

	on_cpu(cpu);
	for (u32 intid = 16; intid < NR_INTIDS; intid++) {
		struct wire *w = wire_of(cpu, intid);
		bool enabled = intid < 32 ? intid == TIMER : w->enabled && w->route == cpu;

		if (!enabled || w->active || !is_raised(w))
			continue;
		w->active = true;
		w->latch = false;
		EXPECT(vgic_inject_physical(current(), intid));
		any = true;
	}
	return any;
}

static void settle(void)
{
	u32 here = this_cpu()->index;
	bool any = true;

	for (u32 round = 0; any && round < 20; round++) {
		any = false;
		for (u32 i = 0; i < NR_VCPUS; i++) {
			struct vcpu *v = &vcpus[i];

			if (v->requests && v->cpu->current == v) {
				on_cpu(v->cpu->index);
				v->requests = 0;
				vgic_flush(v);
				any = true;
			}
		}
		for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
			any |= take_physical(cpu);
	}
	EXPECT(!any);
	on_cpu(here);
}

/* ---- agreement ---- */

static bool in_lr(const struct vcpu *v, u32 intid, u64 state)
{
	u32 here = this_cpu()->index, count = 0;
	bool found = false;

	if (v->cpu->current != v)
		return false;
	on_cpu(v->cpu->index);
	for (u32 i = 0; i < gic.nr_lrs; i++)
		if (*host_lr[i] & LR_STATE && lr_intid(*host_lr[i]) == intid) {
			count++;
			found |= !!(*host_lr[i] & state);
		}
	EXPECT(count <= 1);
	on_cpu(here);
	return found;
}

static void check_one(u32 vcpu, u32 intid)
{
	struct vcpu *v = &vcpus[vcpu];
	struct vgic_word *w = intid < 32 ? &v->vgic.word : &part.vgic.words[intid / 32];
	struct model *m = model_of(vcpu, intid);
	u32 bit = intid % 32, holders = 0;
	bool pending = ((w->pending | (w->line & ~w->edge)) >> bit & 1) ||
		       (intid < 16 && v->vgic.incoming >> intid & 1);
	bool active = w->active >> bit & 1;
	bool in_memory = pending || active;

	for (u32 i = 0; i < NR_VCPUS; i++) {
		if (intid < 32 && i != vcpu)
			continue;
		pending |= in_lr(&vcpus[i], intid, LR_PENDING);
		active |= in_lr(&vcpus[i], intid, LR_ACTIVE);
		holders += in_lr(&vcpus[i], intid, LR_STATE);
	}
	EXPECT(holders <= 1);
	if (is_hw(intid) && (intid >= 32 || v->cpu->current == v)) {
		struct wire *wire = wire_of(v->cpu->index, intid);

		EXPECT_EQ(wire->active, holders || in_memory);
		pending |= is_raised(wire);
	}
	/* A timer's line is in the timer's registers while its vCPU is not in hardware. */
	EXPECT(pending == model_pending(m) || (v->cpu->current != v && intid == TIMER && m->line));
	EXPECT_EQ(active, m->active);
}

static void check_all(void)
{
	u32 here = this_cpu()->index;

	for (u32 v = 0; v < NR_VCPUS; v++)
		for (u32 i = 0; i < ARRAY_SIZE(tested); i++)
			if (tested[i] < 32 || v == 0)
				check_one(v, tested[i]);
	for (u32 c = 0; c < NR_CPUS; c++) {
		u32 best;
		int n;

		on_cpu(c);
		best = model_best(current()->index);
		n = best_pending_lr();
		EXPECT_EQ(n < 0 ? 0x100 : FIELD_GET(LR_PRIORITY, *host_lr[n]), best);
		EXPECT(best == 0x100 || vgic_pending(current()));
	}
	on_cpu(here);
}

/* ---- what can happen ---- */

static u64 mmio(u32 vcpu, bool redist, u64 offset, u8 size, bool write, u64 value)
{
	struct mmio_access a = {.offset = offset, .value = value, .size = size, .write = write};
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
