/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that makes calls: vCPUs, identifiers and arguments from the input.
 * sources: el2/calls/smccc.c el2/calls/smccc_arch.c el2/vcpu/pvtime.c el2/calls/vpsci.c
 * sources: el2/calls/trng.c el2/calls/vendor.c
 */
#include <smccc_world.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

struct step {
	u32 fid;
	u8 vcpu, esr, answer, failures;
	u64 arguments[3];
};

static void check(bool so)
{
	if (!so)
		__builtin_trap();
}

/* Whatever was called: x4 and above are untouched, unknown is -1 and nothing
 * else, and nr_on counts the vCPUs that are not off. */
static void make_call(struct vcpu *v, const struct step *step)
{
	u32 fid = step->fid & ~(u32)SMCCC_SVE_HINT, not_off = 0;
	struct vcpu before;
	struct verdict verdict;

	memcpy(&v->regs.x[1], step->arguments, sizeof(step->arguments));
	v->regs.x[0] = step->fid;
	before = *v;
	verdict = step->esr & 1 ? trap_smc64(v, step->esr >> 1) : trap_hvc64(v, step->esr >> 1);
	if (step->esr >> 1) {
		check(verdict.action == ACT_UNDEF &&
		      !memcmp(v->regs.x, before.regs.x, sizeof(v->regs.x)));
		return;
	}
	check(verdict.action == ACT_RESUME);
	check(!memcmp(&v->regs.x[4], &before.regs.x[4],
		      sizeof(v->regs.x) - 4 * sizeof(v->regs.x[0])));
	/* Only an SMC has still to be stepped over. */
	check(v->regs.pc == before.regs.pc + (step->esr & 1 ? 4 : 0));
	check(((v->regs.pstate ^ before.regs.pstate) & ~(PSTATE_BTYPE | PSTATE_SS)) == 0);
	if (!smccc_implemented(fid))
		check(v->regs.x[0] == ~0UL && !memcmp(&v->regs.x[1], &before.regs.x[1], 24));
	for (u32 i = 0; i < NR_VCPUS; i++)
		not_off += world.vcpus[i].power != POWER_OFF;
	check(not_off == world.partition.nr_on);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct step step;

	world_init();
	if (size && data[0] & 1)
		world_add_rndr();
	for (; size >= sizeof(step); data += sizeof(step), size -= sizeof(step)) {
		memcpy(&step, data, sizeof(step));
		world.answer = step.answer % 4 - 2;
		world.rndr_failures = step.failures;
		make_call(&world.vcpus[step.vcpu % NR_VCPUS], &step);
	}
	return 0;
}
