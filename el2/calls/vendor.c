/* SPDX-License-Identifier: Apache-2.0 */
/* Tocsin's own service, by which a guest recognises it. */
#include <abi/apf.h>
#include <abi/tocsin.h>
#include <el2/partition.h>
#include <el2/smccc.h>

struct verdict vendor_features(struct vcpu *v, u32 fid)
{
	v->regs.x[1] = v->regs.x[2] = v->regs.x[3] = 0;
	return smccc_return(v, TOCSIN_FEATURE_FEATURES |
				   (v->partition->config->sdei ? TOCSIN_FEATURE_ALARMS : 0) |
				   (v->apf ? TOCSIN_FEATURE_APF : 0));
}

struct verdict vendor_uid(struct vcpu *v, u32 fid)
{
	v->regs.x[1] = TOCSIN_UID_1;
	v->regs.x[2] = TOCSIN_UID_2;
	v->regs.x[3] = TOCSIN_UID_3;
	return smccc_return(v, TOCSIN_UID_0);
}

struct verdict vendor_revision(struct vcpu *v, u32 fid)
{
	v->regs.x[1] = TOCSIN_REVISION_MINOR;
	return smccc_return(v, TOCSIN_REVISION_MAJOR);
}
