/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random syndromes of system-register traps against a random set of hardware
 * ID registers.
 * sources: el2/entry/sysreg.c el2/cpu/idreg.c
 */
#include <arch/esr.h>
#include <el2/context.h>
#include <el2/partition.h>
#include <el2/sysreg.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) u64 host_##name;
#include <arch/sysreg.def>

static struct partition partition;

u8 stage2_parange(u8 bits)
{
	return bits <= 32 ? 0 : 5;
}

bool vgic_settle(struct vcpu *v)
{
	(void)v;
	return false;
}

void cache_hand_out_set_way(u64 value)
{
	(void)value;
}

/* As the vGIC's: write-only registers. */
static struct verdict write_only(bool read)
{
	return read ? VERDICT(UNDEF) : VERDICT(SKIP);
}

struct verdict sysreg_sgi1r(struct vcpu *v, u64 *value, bool read)
{
	(void)v, (void)value;
	return write_only(read);
}

struct verdict sysreg_asgi1r(struct vcpu *v, u64 *value, bool read)
{
	(void)v, (void)value;
	return write_only(read);
}

/* el2/vcpu/context.c */
void context_save_debug(struct vcpu *v)
{
	v->debugs = true;
}

struct verdict sysreg_sgi0r(struct vcpu *v, u64 *value, bool read)
{
	(void)v, (void)value;
	return write_only(read);
}

static void check(bool so)
{
	if (!so)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct vcpu v;
	u64 host[NR_IDREG] = {0};
	u32 iss;

	memset(&v, 0x5a, sizeof(v));
	v.debugs = false;
	v.partition = &partition;
	memcpy(host, data, MIN(size, sizeof(host)));
	idreg_sanitise(partition.idreg, host, 3, 40);
	for (; size >= sizeof(iss); data += sizeof(iss), size -= sizeof(iss)) {
		struct vcpu before = v;
		struct verdict verdict;
		u32 rt;

		memcpy(&iss, data, sizeof(iss));
		rt = ESR_SYSREG_RT(iss);
		verdict = trap_sysreg(&v, (u64)EC_SYSREG << 26 | ESR_ISS(iss));
		check(verdict.action == ACT_SKIP || verdict.action == ACT_UNDEF);
		if (verdict.action == ACT_SKIP && iss & ESR_SYSREG_READ && rt < 31)
			before.regs.x[rt] = v.regs.x[rt];
		if (verdict.action == ACT_SKIP && !(iss & ESR_SYSREG_READ)) {
			/* Debug registers stay in the context: nothing else may. */
			memcpy(before.el1, v.el1, sizeof(v.el1));
			before.debugs = v.debugs;
		}
		check(!memcmp(&before, &v, sizeof(v)));
	}
	return 0;
}
