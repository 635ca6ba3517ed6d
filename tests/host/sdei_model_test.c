/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A million random steps of three vCPUs: all calls, signals, interrupts, owners,
 * hotplug and suspend, against the model of sdei_model.h.
 * sources: el2/sdei/vsdei.c el2/sdei/alarm.c el2/entry/inject.c sdei/pe.c sdei/event.c
 * sources: sdei/words.c
 */
#include <setjmp.h>
#include <test.h>

#define STEPS 1000000

/* Once the two differ there is nothing more to compare. */
static jmp_buf differ;
static unsigned step;

static unsigned long draw(unsigned bytes)
{
	return test_random() >> (64 - 8 * bytes);
}

#define world_expect(cond)                                                                         \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("  step %u\n", step);                                               \
			test_fail(__FILE__, __LINE__, #cond);                                      \
			longjmp(differ, 1);                                                        \
		}                                                                                  \
	} while (0)

#include <sdei_steps.h>

TEST(sdei_model)
{
	if (setjmp(differ))
		return;
	model_init();
	for (step = 0; step < STEPS; step++)
		model_step();
	EXPECT(model_count.deliveries > STEPS / 100);
	EXPECT(model_count.nested > STEPS / 1000);
	EXPECT(model_count.shared > STEPS / 1000);
	EXPECT(model_count.completions > STEPS / 100);
	EXPECT(model_count.resumptions > STEPS / 1000);
	EXPECT(model_count.deaths > STEPS / 2000);
	EXPECT(model_count.restarts > STEPS / 1000);
	EXPECT(model_count.now > STEPS / 1000);
}
