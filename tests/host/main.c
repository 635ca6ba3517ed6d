/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a host test program's tests in the order of the file. */
#include <arch/sysreg.h>
#include <lib/check.h>
#include <test.h>

#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) u64 host_##name;
#include <arch/sysreg.def>

static struct test *tests, **tests_end = &tests;
static int failures;
static unsigned long random_state = 0x9e3779b97f4a7c15UL;

void test_register(struct test *t)
{
	*tests_end = t;
	tests_end = &t->next;
}

void test_fail(const char *file, int line, const char *what)
{
	if (failures++ < 10)
		printf("  %s:%d: not so: %s\n", file, line, what);
}

void test_seed(unsigned long seed)
{
	random_state = seed ? seed : 1;
}

unsigned long test_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dUL;
}

__attribute__((weak)) void check_failed(const char *expr, const char *file, u32 line)
{
	printf("CHECK failed: %s at %s:%u\n", expr, file, line);
	abort();
}

/* "ok NAME" or "FAIL NAME" per test: the runner counts these lines. */
int main(void)
{
	int failed = 0;

	for (struct test *t = tests; t; t = t->next) {
		failures = 0;
		t->run();
		printf("%s %s\n", failures ? "FAIL" : "ok", t->name);
		fflush(stdout);
		failed += failures != 0;
	}
	return failed != 0;
}
