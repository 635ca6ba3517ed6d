/* SPDX-License-Identifier: Apache-2.0 */
/* Stolen time for guests: two calls, and a number in memory that they may read. */
#include <drivers/timer.h>
#include <el2/partition.h>
#include <el2/pvtime.h>
#include <el2/smccc.h>
#include <lib/layout.h>

/* DEN0057 3.4.1 */
LAYOUT_SIZE(struct pvtime, 64);
LAYOUT(struct pvtime, revision, 0);
LAYOUT(struct pvtime, attributes, 4);
LAYOUT(struct pvtime, stolen_ns, 8);

#define NS_PER_SECOND 1000000000UL

static struct pvtime *structure_of(const struct vcpu *v)
{
	const struct partition_config *c = v->partition->config;

	if ((v->index + 1) * sizeof(struct pvtime) > c->pvtime.size)
		return NULL;
	return (struct pvtime *)c->pvtime.pa + v->index;
}

void pvtime_create(struct partition *p)
{
	for (u32 i = 0; i < p->nr_vcpus; i++)
		p->vcpus[i].cpu->schedule.account_wait |= pvtime_has(&p->vcpus[i]);
}

bool pvtime_has(const struct vcpu *v)
{
	return structure_of(v);
}

void pvtime_reset(const struct vcpu *v)
{
	struct pvtime *to = structure_of(v);

	if (to)
		*to = (struct pvtime){0};
}

/* The guest sees one store. */
void pvtime_add(struct vcpu *v, u64 ticks)
{
	u64 frequency = timer_frequency();
	u64 ns = ticks / frequency * NS_PER_SECOND + ticks % frequency * NS_PER_SECOND / frequency;
	struct pvtime *to = structure_of(v);

	if (to)
		atomic_store(&to->stolen_ns, to->stolen_ns + ns);
}

struct verdict pvtime_features(struct vcpu *v, u32 fid)
{
	u32 asked = (u32)smccc_arg(v, fid, 1);
	bool known = asked == PV_TIME_FEATURES || asked == PV_TIME_ST;

	return smccc_return(v, known && pvtime_has(v) ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED);
}

struct verdict pvtime_st(struct vcpu *v, u32 fid)
{
	u64 ipa = v->partition->config->pvtime.ipa + v->index * sizeof(struct pvtime);

	return smccc_return(v, pvtime_has(v) ? (long)ipa : SMCCC_NOT_SUPPORTED);
}
