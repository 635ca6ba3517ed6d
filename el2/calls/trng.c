/* SPDX-License-Identifier: Apache-2.0 */
/*
 * True random numbers for guests (DEN0098), from the CPU's RNDR. There only in
 * partitions all of whose CPUs have it.
 */
#include <arch/rndr.h>
#include <el2/partition.h>
#include <el2/smccc.h>

#define VERSION_1_0 0x10000
#define INVALID_PARAMETERS (-2L)
#define NO_ENTROPY (-3L)

/* RNDR may have nothing just now; how often a word is asked for. */
#define ATTEMPTS 8
#define NR_WORDS 3

static bool present(const struct vcpu *v)
{
	return IDREG_FIELD(v->partition->idreg, ID_AA64ISAR0_EL1, RNDR) != 0;
}

struct verdict trng_version(struct vcpu *v, u32 fid)
{
	return smccc_return(v, present(v) ? VERSION_1_0 : SMCCC_NOT_SUPPORTED);
}

struct verdict trng_features(struct vcpu *v, u32 fid)
{
	u32 asked = (u32)smccc_arg(v, fid, 1);
	u32 number = SMCCC_NUMBER(asked);
	bool ours = number >= SMCCC_NUMBER(TRNG_VERSION) && number <= SMCCC_NUMBER(TRNG_RND) &&
		    SMCCC_OWNER(asked) == SMCCC_OWNER_STANDARD && smccc_implemented(asked);

	return smccc_return(v, present(v) && ours ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED);
}

/* The back end's UUID, 12e2a833-590a-4184-add7-8c9d5ec2e3ef. */
struct verdict trng_get_uuid(struct vcpu *v, u32 fid)
{
	if (!present(v))
		return smccc_return(v, SMCCC_NOT_SUPPORTED);
	v->regs.x[1] = 0x84410a59;
	v->regs.x[2] = 0x9d8cd7ad;
	v->regs.x[3] = 0xefe3c25e;
	return smccc_return(v, 0x33a8e212);
}

static bool random_word(u64 *word)
{
	for (int i = 0; i < ATTEMPTS; i++)
		if (rndr_read(word))
			return true;
	return false;
}

/* Up to three registers of 32 or 64 bits; the lowest word is in x3. */
struct verdict trng_rnd(struct vcpu *v, u32 fid)
{
	u32 width = fid & SMCCC_64 ? 64 : 32;
	u64 bits = smccc_arg(v, fid, 1);
	u64 words[NR_WORDS] = {0};

	if (!present(v))
		return smccc_return(v, SMCCC_NOT_SUPPORTED);
	v->regs.x[1] = v->regs.x[2] = v->regs.x[3] = 0;
	if (bits == 0 || bits > NR_WORDS * width)
		return smccc_return(v, INVALID_PARAMETERS);
	for (u32 i = 0; i * width < bits; i++) {
		if (!random_word(&words[i]))
			return smccc_return(v, NO_ENTROPY);
		words[i] &= GENMASK(MIN(bits - i * width, width) - 1, 0);
	}
	v->regs.x[1] = words[2];
	v->regs.x[2] = words[1];
	v->regs.x[3] = words[0];
	return smccc_return(v, SMCCC_SUCCESS);
}
