/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host tests: TEST(name) { ... EXPECT(cond); ... } registers itself. A program
 * is one tests/host/NAME_test.c, whose line "sources: ..." names the files of
 * the product that it links.
 */
#pragma once

#include <lock_held.h>
#include <stdio.h>
#include <stdlib.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

void test_register(struct test *t);
void test_fail(const char *file, int line, const char *what);

/* xorshift64*: the same sequence on every machine. */
unsigned long test_random(void);
void test_seed(unsigned long seed);

#define TEST(id)                                                                                   \
	static void test_##id(void);                                                               \
	static struct test test_##id##_entry = {#id, test_##id, 0};                                \
	__attribute__((constructor)) static void test_##id##_add(void)                             \
	{                                                                                          \
		test_register(&test_##id##_entry);                                                 \
	}                                                                                          \
	static void test_##id(void)

#define EXPECT(cond)                                                                               \
	do {                                                                                       \
		if (!(cond))                                                                       \
			test_fail(__FILE__, __LINE__, #cond);                                      \
	} while (0)

#define EXPECT_EQ(a, b)                                                                            \
	do {                                                                                       \
		unsigned long a_ = (unsigned long)(a), b_ = (unsigned long)(b);                    \
		if (a_ != b_) {                                                                    \
			printf("  %s = 0x%lx, expected 0x%lx\n", #a, a_, b_);                      \
			test_fail(__FILE__, __LINE__, #a " == " #b);                               \
		}                                                                                  \
	} while (0)
