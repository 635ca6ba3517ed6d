/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trapped accesses to system registers, answered as the register's class in
 * arch/sysreg.def says. No state, no lock.
 */
#include <arch/esr.h>
#include <el2/context.h>
#include <el2/partition.h>
#include <el2/sysreg.h>
#include <mm/cache.h>

/* Reads of the ID space, Op0 3, Op1 0, CRn 0, CRm 0-7: all at once. */
#define ID_READ_MASK (SYS_ENCODE(3, 7, 15, 8, 0) | ESR_SYSREG_READ)
#define ID_READ (SYS_ENCODE(3, 0, 0, 0, 0) | ESR_SYSREG_READ)

#define RT_XZR 31

/* DC ISW, CSW and CISW, of which the last does for all what it is asked for. What a loop over
 * a cache takes from the lines of neighbours is by the trap less than loads would take. */
struct verdict sysreg_set_way(struct vcpu *v, u64 *value, bool read)
{
	if (read)
		return VERDICT(UNDEF);
	cache_hand_out_set_way(*value);
	return VERDICT(SKIP);
}

/* A PASS register: what a vCPU writes stays in its context, which the loaded one
 * has in the hardware too. */
#define PASS(v, name, mask, value, read)                                                           \
	do {                                                                                       \
		if (read) {                                                                        \
			*(value) = (v)->el1[EL1_##name];                                           \
		} else {                                                                           \
			(v)->el1[EL1_##name] = *(value) & (mask);                                  \
			write_sysreg(name, (v)->el1[EL1_##name]);                                  \
			context_save_debug(v);                                                     \
		}                                                                                  \
	} while (0)

/* One case for each register that is trapped and not UNDEFINED. */
static struct verdict emulate(struct vcpu *v, u32 encoding, u64 *value, bool read)
{
	switch (encoding) {
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) CASE_##class(name, arg)
#define CASE_RAZ(name, arg)                                                                        \
	case SYS_##name:                                                                           \
		*value = 0;                                                                        \
		return VERDICT(SKIP);
#define CASE_EMU(name, arg)                                                                        \
	case SYS_##name:                                                                           \
		return sysreg_##arg(v, value, read);
#define CASE_PASS(name, arg)                                                                       \
	case SYS_##name:                                                                           \
		PASS(v, name, arg, value, read);                                                   \
		return VERDICT(SKIP);
#define CASE_EL2(name, arg)
#define CASE_CTX(name, arg)
#define CASE_OPT(name, arg)
#define CASE_ID(name, arg)
#define CASE_IDRAW(name, arg)
#define CASE_HW(name, arg)
#include <arch/sysreg.def>
	default:
		return vgic_settle(v) ? VERDICT(RESUME) : VERDICT(UNDEF);
	}
}

struct verdict trap_sysreg(struct vcpu *v, u64 esr)
{
	u32 rt = ESR_SYSREG_RT(esr);
	bool read = esr & ESR_SYSREG_READ;
	u64 value = rt == RT_XZR ? 0 : v->regs.x[rt];
	struct verdict verdict = VERDICT(SKIP);

	if ((esr & ID_READ_MASK) == ID_READ)
		value = v->partition->idreg[IDREG_INDEX(esr)];
	else if (ESR_SYSREG_ENCODING(esr) == SYS_ICC_SGI1R_EL1) /* written often, never read */
		return sysreg_sgi1r(v, &value, read);
	else
		verdict = emulate(v, ESR_SYSREG_ENCODING(esr), &value, read);
	if (read && rt != RT_XZR && verdict.action == ACT_SKIP)
		v->regs.x[rt] = value;
	return verdict;
}
