/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests that make SDEI and alarm calls, with whatever else happens to their vCPUs,
 * all of it from the input, and the model of sdei_model.h beside them.
 * sources: el2/sdei/vsdei.c el2/sdei/alarm.c el2/entry/inject.c sdei/pe.c sdei/event.c
 * sources: sdei/words.c
 */
#include <arch/sysreg.h>

#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) u64 host_##name;
#include <arch/sysreg.def>

static const u8 *input;
static size_t left;

/* Past the end everything is 0. */
static u64 draw(u32 bytes)
{
	u64 value = 0;

	for (; bytes && left; bytes--, left--)
		value = value << 8 | *input++;
	return value;
}

#define world_expect(cond)                                                                         \
	do {                                                                                       \
		if (!(cond))                                                                       \
			__builtin_trap();                                                          \
	} while (0)

#include <sdei_steps.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	input = data;
	left = size;
	model_init();
	while (left)
		model_step();
	return 0;
}
