/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PSCI 1.1 for guests (DEN0022). Sections named below are that document's.
 * vcpu->power is the state machine, OFF -> ON_PENDING -> ON -> OFF; the step out
 * of OFF is here, the others are the vCPU's own.
 */
#include "vpsci.h"
#include <el2/partition.h>
#include <el2/smccc.h>

#define VERSION_1_1 0x10001

/* MIGRATE_INFO_TYPE: no trusted OS, or one that need not migrate. */
#define MIGRATE_NOT_REQUIRED 2

/* CPU_SUSPEND's power_state, original format (5.4.2); any StateID and level is
 * taken, as a CPU may always sleep less deeply than it was asked to. */
#define POWER_STATE_POWERDOWN BIT(16)
#define POWER_STATE_RESERVED (GENMASK(31, 26) | GENMASK(23, 17))

#define RESET2_WARM 0

enum { AFFINITY_ON, AFFINITY_OFF, AFFINITY_ON_PENDING };

struct verdict vpsci_version(struct vcpu *v, u32 fid)
{
	return smccc_return(v, VERSION_1_1);
}

/* 0 also says: power_state in the original format, no OS-initiated mode. */
struct verdict vpsci_features(struct vcpu *v, u32 fid)
{
	u32 asked = (u32)smccc_arg(v, fid, 1);
	bool psci = SMCCC_OWNER(asked) == SMCCC_OWNER_STANDARD &&
		    SMCCC_NUMBER(asked) <= SMCCC_NUMBER(PSCI_SYSTEM_RESET2);

	if ((psci || asked == SMCCC_VERSION) && smccc_implemented(asked))
		return smccc_return(v, PSCI_SUCCESS);
	return smccc_return(v, PSCI_NOT_SUPPORTED);
}

/* 5.6.1, 5.7.1: the vCPU of that MPIDR, or NULL: there is none, or bits that must be zero are
 * not. */
static struct vcpu *find_target(struct vcpu *v, u64 mpidr)
{
	return mpidr & ~MPIDR_AFFINITY ? NULL : partition_vcpu(v->partition, mpidr);
}

/* Where a vCPU can start: an instruction's address in the partition's RAM. */
static bool entry_valid(struct partition *p, u64 entry)
{
	enum stage2_kind kind = stage2_lookup(&p->stage2, entry).kind;

	return IS_ALIGNED(entry, 4) && entry >> p->config->ipa_bits == 0 &&
	       (kind == STAGE2_MEMORY || kind == STAGE2_PAGED);
}

/* 5.4. Standby returns SUCCESS after the wake-up; power-down does not return. */
struct verdict vpsci_cpu_suspend(struct vcpu *v, u32 fid)
{
	u32 power_state = (u32)v->regs.x[1];
	u64 entry = smccc_arg(v, fid, 2);

	if (power_state & POWER_STATE_RESERVED)
		return smccc_return(v, PSCI_INVALID_PARAMETERS);
	if (!(power_state & POWER_STATE_POWERDOWN)) {
		vcpu_wait(v);
	} else {
		if (!entry_valid(v->partition, entry))
			return smccc_return(v, PSCI_INVALID_ADDRESS);
		vcpu_suspend_powerdown(v, entry, smccc_arg(v, fid, 3));
	}
	return smccc_return(v, PSCI_SUCCESS);
}

/* 5.5. */
struct verdict vpsci_cpu_off(struct vcpu *v, u32 fid)
{
	vcpu_off(v);
	return smccc_return(v, PSCI_SUCCESS);
}

/* 5.6. The caller that moves power out of OFF owns entry and context until REQ_START, which
 * publishes them; the target reads neither before. */
struct verdict vpsci_cpu_on(struct vcpu *v, u32 fid)
{
	struct partition *p = v->partition;
	struct vcpu *target = find_target(v, smccc_arg(v, fid, 1));
	u64 entry = smccc_arg(v, fid, 2);

	if (!target)
		return smccc_return(v, PSCI_INVALID_PARAMETERS);
	if (!entry_valid(p, entry))
		return smccc_return(v, PSCI_INVALID_ADDRESS);
	if (!atomic_cas(&target->power, POWER_OFF, POWER_ON_PENDING))
		return smccc_return(v, atomic_load(&target->power) == POWER_ON_PENDING
					   ? PSCI_ON_PENDING
					   : PSCI_ALREADY_ON);
	atomic_add(&p->nr_on, 1);
	target->entry = entry;
	target->context = smccc_arg(v, fid, 3);
	vcpu_request(target, REQ_START);
	return smccc_return(v, PSCI_SUCCESS);
}

/* 5.7. Only single CPUs: since 1.0 a higher level need not be supported. */
struct verdict vpsci_affinity_info(struct vcpu *v, u32 fid)
{
	struct vcpu *target = find_target(v, smccc_arg(v, fid, 1));
	u32 level = (u32)v->regs.x[2];

	if (!target || level != 0)
		return smccc_return(v, PSCI_INVALID_PARAMETERS);
	switch (atomic_load(&target->power)) {
	case POWER_ON:
		return smccc_return(v, AFFINITY_ON);
	case POWER_ON_PENDING:
		return smccc_return(v, AFFINITY_ON_PENDING);
	default:
		return smccc_return(v, AFFINITY_OFF);
	}
}

struct verdict vpsci_migrate_info_type(struct vcpu *v, u32 fid)
{
	return smccc_return(v, MIGRATE_NOT_REQUIRED);
}

/* 5.10 and 5.11 do not return: the stop request is served before the guest could see the result. */
struct verdict vpsci_system_off(struct vcpu *v, u32 fid)
{
	partition_stop(v->partition, STOP_OFF);
	return smccc_return(v, PSCI_INTERNAL_FAILURE);
}

struct verdict vpsci_system_reset(struct vcpu *v, u32 fid)
{
	partition_stop(v->partition, STOP_RESET);
	return smccc_return(v, PSCI_INTERNAL_FAILURE);
}

/* 5.12. Of the architectural resets there is one, and none of a vendor's. */
struct verdict vpsci_system_reset2(struct vcpu *v, u32 fid)
{
	if ((u32)v->regs.x[1] != RESET2_WARM)
		return smccc_return(v, PSCI_INVALID_PARAMETERS);
	return vpsci_system_reset(v, fid);
}
