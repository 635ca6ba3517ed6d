/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv3 SGIs: writes of the three ICC_SGI registers (IHI0069 12.2.19). With one
 * Security state, SGI0R asks for Group 0, SGI1R for Group 1 and ASGI1R for the
 * group of a state that is not there; one whose group is not what the receiver has
 * configured is dropped. Lock-free: receivers get a note.
 */
#include "vgic_state.h"
#include <el2/sysreg.h>

#define SGI_TARGETS GENMASK(15, 0)
#define SGI_AFF1 GENMASK(23, 16)
#define SGI_INTID GENMASK(27, 24)
#define SGI_AFF2 GENMASK(39, 32)
#define SGI_IRM BIT(40)
#define SGI_RS GENMASK(47, 44)
#define SGI_AFF3 GENMASK(55, 48)
#define SGI_CLUSTER (SGI_AFF1 | SGI_AFF2 | SGI_RS | SGI_AFF3)

static bool group_matches(const struct vcpu *v, u32 sgi, bool group1)
{
	return (v->vgic.bank.group >> sgi & 1) == group1;
}

static void send_to(struct vcpu *to, u32 sgi, bool group1)
{
	if (!group_matches(to, sgi, group1))
		return;
	atomic_or(&to->vgic.incoming, 1U << sgi);
	vcpu_request(to, REQ_VGIC);
}

static bool is_named(const struct vcpu *v, u64 value)
{
	u64 name = v->vgic.sgi_name;

	return !((value ^ name) & SGI_CLUSTER) && value & name & SGI_TARGETS;
}

static void send_to_all(struct vcpu *v, u64 value, u32 sgi, bool group1)
{
	struct partition *p = v->partition;

	for (struct vcpu *to = p->vcpus; to < p->vcpus + p->nr_vcpus; to++)
		if (value & SGI_IRM ? to != v : is_named(to, value))
			send_to(v->vgic.sgi_last = to, sgi, group1);
}

/* Most often to the one that the last one was for, alone. */
static inline void send(struct vcpu *v, u64 value, bool group1)
{
	struct vcpu *last = v->vgic.sgi_last;
	u32 sgi = (u32)FIELD_GET(SGI_INTID, value);

	if (last && (value & (SGI_CLUSTER | SGI_TARGETS | SGI_IRM)) == last->vgic.sgi_name)
		send_to(last, sgi, group1);
	else
		send_to_all(v, value, sgi, group1);
}

struct verdict sysreg_sgi1r(struct vcpu *v, u64 *value, bool read)
{
	u32 sgi = (u32)FIELD_GET(SGI_INTID, *value);

	if (read || gic.version != 3)
		return VERDICT(UNDEF);
	/* Fast path: inject an SGI directly that a vCPU sends only to itself. */
	if ((*value & (SGI_CLUSTER | SGI_TARGETS | SGI_IRM)) != v->vgic.sgi_name ||
	    !(v->vgic.direct >> sgi & 1) || !group_matches(v, sgi, true) || !vgic_direct(v, sgi))
		send(v, *value, true);
	return VERDICT(SKIP);
}

/* For the other security state's group, which a guest does not have. */
struct verdict sysreg_asgi1r(struct vcpu *v, u64 *value, bool read)
{
	return read || gic.version != 3 ? VERDICT(UNDEF) : VERDICT(SKIP);
}

struct verdict sysreg_sgi0r(struct vcpu *v, u64 *value, bool read)
{
	if (read || gic.version != 3)
		return VERDICT(UNDEF);
	send(v, *value, false);
	return VERDICT(SKIP);
}
