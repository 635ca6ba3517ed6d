/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests at the virtual interrupt controller: accesses of any offset, width and
 * value by several vCPUs, with SGIs, interrupts, list registers in any state that a
 * guest can bring about, and switches in between. The first byte chooses version
 * and list registers; then twelve bytes are one step. What may not happen: an
 * invalid memory access, a lock left taken, an interrupt in two list registers, an
 * access that is never done.
 * sources: el2/vgic/vgic.c el2/vgic/vgic_lr.c el2/vgic/vgic_irq.c el2/vgic/vgic_reg.c
 * sources: el2/vgic/vgic_dist.c el2/vgic/vgic_cpu.c el2/vgic/vgic_redist.c el2/vgic/vgic_v2.c
 * sources: el2/vgic/vgic_sgi.c el2/vgic/vgic_sdei.c drivers/gic.c drivers/gicv2.c
 * sources: drivers/gicv3.c drivers/gic_virt.c
 */
#include <el2/sysreg.h>
#include <el2/vgic/vgic_state.h>
#include <lock_held.h>
#include <vgic_machine.h>

#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) u64 host_##name;
#include <arch/sysreg.def>

struct step {
	u8 what, who;
	u16 offset;
	u64 value;
} __attribute__((packed));

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void serve_all(void)
{
	for (u32 i = 0; i < NR_CPUS; i++) {
		on_cpu(i);
		host_cpus[i].current->requests = 0;
		vgic_flush(host_cpus[i].current);
	}
}

static void access_mmio(struct vcpu *v, const struct step *s)
{
	struct mmio_access a = {
	    .value = s->value, .size = 1U << (s->what >> 4 & 3), .write = s->what >> 6 & 1};
	bool redist = gic.version == 3 && s->what >> 7;
	u64 limit = redist             ? part.vgic.frames[0].count * GICR_FRAME
		    : gic.version == 3 ? 0x10000
				       : 0x1000;
	enum mmio_result r = MMIO_RETRY;

	/* Registers are dense at the start of a page; elsewhere by 64 KiB. */
	a.offset = ((u64)s->offset | (redist ? (u64)(s->who >> 2 & 7) << 16 : 0)) % limit;
	a.offset &= ~((u64)a.size - 1);
	a.value &= a.size == 8 ? ~0UL : (1UL << a.size * 8) - 1;
	for (u32 i = 0; r == MMIO_RETRY; i++) {
		if (i > 3)
			abort();
		on_cpu(v->cpu->index);
		r = redist ? vgic_redist_access(v, &part.vgic.frames[0], &a)
			   : vgic_dist_access(v, &part, &a);
		if (r == MMIO_RETRY)
			serve_all();
	}
}

/* A guest's acknowledge, deactivation, or both. */
static void touch_lr(struct vcpu *v, const struct step *s)
{
	u64 *lr = host_lr[s->offset % gic.nr_lrs];

	if (*lr & LR_PENDING && s->value & 1)
		*lr ^= LR_STATE;
	else if (s->value & 2)
		*lr &= ~LR_ACTIVE;
	if (s->value & 4)
		host_ICH_HCR_EL2 |= s->value & 0xf8000000;
	if (s->value & 8)
		vgic_maintenance(v);
}

static void switch_vcpu(void)
{
	struct cpu *cpu = &host_cpus[0];

	on_cpu(0);
	vgic_put(cpu->current);
	cpu->current = cpu->current == &vcpus[0] ? &vcpus[3] : &vcpus[0];
	vgic_load(cpu->current);
}

static void take(struct vcpu *v, u32 intid)
{
	struct wire *w = wire_of(v->cpu->index, intid);

	if (w->active)
		return;
	w->active = vgic_inject_physical(v, intid);
}

/* SDEI takes an interrupt, gives it back, or lets it come again. */
static void claim(struct vcpu *v, const struct step *s)
{
	u32 intid = s->offset % NR_INTIDS;

	if (vgic_bindable(v, intid) == VGIC_NOT_YOURS)
		return;
	if (s->value & 1)
		vgic_sdei_release(v, intid);
	else if (vgic_bank(v, intid)->visible >> intid % 32 & 1)
		vgic_sdei_take(v, intid);
	else
		vgic_sdei_again(v, intid);
	if (intid >= GIC_SPI_BASE && s->value & 2)
		vgic_sdei_raised(&part, intid);
}

static void one_step(const struct step *s)
{
	struct vcpu *v = host_cpus[s->who % NR_CPUS].current;
	u64 value = s->value;

	on_cpu(v->cpu->index);
	switch (s->what & 15) {
	case 0:
		switch_vcpu();
		break;
	case 1:
		take(v, 16 + s->offset % (NR_INTIDS - 16));
		break;
	case 2:
		vgic_set_level(&part, s->offset, value & 1);
		break;
	case 3:
		sysreg_sgi1r(v, &value, false);
		break;
	case 4:
		sysreg_sgi0r(v, &value, false);
		break;
	case 5 ... 6:
		touch_lr(v, s);
		break;
	case 7:
		vgic_flush(v);
		break;
	case 8:
		vgic_pending(&vcpus[s->who % NR_VCPUS]);
		break;
	case 9:
		if (!(s->value & 0xf0)) /* not too often */
			vgic_vcpu_reset(v);
		break;
	case 10:
		claim(v, s);
		break;
	default:
		access_mmio(v, s);
		break;
	}
}

static void check(void)
{
	for (u32 c = 0; c < NR_CPUS; c++) {
		on_cpu(c);
		for (u32 i = 0; i < gic.nr_lrs; i++)
			for (u32 j = 0; j < i; j++)
				if (*host_lr[i] & LR_STATE && *host_lr[j] & LR_STATE &&
				    (*host_lr[i] & 0x3ff) == (*host_lr[j] & 0x3ff))
					abort();
	}
	if (lock_held(&part.vgic.lock))
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct step s;

	if (size < 1)
		return 0;
	machine_init(data[0] & 1 ? 3 : 2, 1 + (data[0] >> 4));
	for (size_t at = 1; size - at >= sizeof(s); at += sizeof(s)) {
		memcpy(&s, data + at, sizeof(s));
		one_step(&s);
		check();
	}
	for (u32 next = 0; !vgic_reset(&part, &next);)
		;
	return 0;
}
