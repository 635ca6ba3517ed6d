/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the vGIC is compared with: interrupts without list registers, guests' CPU
 * interfaces that acknowledge and end what list registers offer, and the comparison.
 * For vgic_test.c.
 */
#pragma once

#include <test.h>
#include <vgic_machine.h>

/* An interrupt as the architecture describes it. */
struct model {
	bool enabled, latch, line, edge, active;
	bool claimed;         /* for SDEI: of the rest only line, edge and priority count */
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
		EXPECT_EQ(vgic_inject_physical(current(), intid),
			  !model_of(current()->index, intid)->claimed);
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

static bool in_lr(const struct vcpu *v, u32 intid, u64 state);

/* A claimed interrupt is nowhere, but that a PPI's memory knows its physical state. */
static void check_claimed(u32 vcpu, u32 intid)
{
	struct vcpu *v = &vcpus[vcpu];

	for (u32 i = 0; i < NR_VCPUS; i++)
		if (intid >= 32 || i == vcpu)
			EXPECT(!in_lr(&vcpus[i], intid, LR_STATE));
	if (intid == TIMER && v->cpu->current == v)
		EXPECT_EQ(ppi[v->cpu->index][TIMER].active, v->vgic.bank.pending >> TIMER & 1);
}

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
	struct vgic_bank *w = intid < 32 ? &v->vgic.bank : &part.vgic.banks[intid / 32];
	struct model *m = model_of(vcpu, intid);
	u32 bit = intid % 32, holders = 0;
	bool pending = ((w->pending | (w->line & ~w->edge)) >> bit & 1) ||
		       (intid < 16 && v->vgic.incoming >> intid & 1);
	bool active = w->active >> bit & 1;
	bool in_memory = pending || active;

	if (m->claimed) {
		check_claimed(vcpu, intid);
		return;
	}
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
