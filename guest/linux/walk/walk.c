/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that go through anonymous memory and check what they find there:
 * walk PROCESSES MIB ROUNDS [random]. Each has MIB of its own, fills it, and when all have done
 * that goes through all of it ROUNDS times, by pages in a row or in an order of its own.
 * Prints "walk: " and how many pages were visited in how many microseconds, or "walk: FAIL" and
 * status 1.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define WORDS (PAGE / sizeof(uint64_t))

static uint64_t pattern(unsigned int walker, unsigned long page, unsigned int round, unsigned int i)
{
	return ((uint64_t)walker << 48 | (uint64_t)round << 32 | page) * 0x9e3779b97f4a7c15u + i;
}

/* The page that is visited as number i: an affine permutation. */
static unsigned long place(unsigned long i, unsigned long pages, int at_random)
{
	return at_random ? (i * 7919 + 13) % pages : i;
}

/* Checks what the last round has left, and leaves what the next one expects. */
static int visit(uint64_t *at, unsigned int walker, unsigned long page, unsigned int round)
{
	for (unsigned int i = 0; i < WORDS; i += 64) {
		if (round && at[i] != pattern(walker, page, round - 1, i)) {
			printf("walk: FAIL process %u, page %lu, word %u, round %u: %#lx\n", walker,
			       page, i, round, (unsigned long)at[i]);
			return 1;
		}
		at[i] = pattern(walker, page, round, i);
	}
	return 0;
}

/* How many processes have filled their memory; all see it. */
static unsigned int *filled;

static void wait_for_all(unsigned int processes)
{
	while (__atomic_load_n(filled, __ATOMIC_ACQUIRE) != processes)
		usleep(1000);
}

static int walk(unsigned int walker, unsigned int walkers, unsigned long pages, unsigned int rounds,
		int at_random)
{
	uint64_t *memory =
	    mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	for (unsigned int round = 0; round <= rounds; round++) {
		for (unsigned long i = 0; i < pages; i++) {
			unsigned long page = place(i, pages, at_random);

			if (visit(memory + page * WORDS, walker, page, round))
				return 1;
		}
		if (round == 0) {
			__atomic_add_fetch(filled, 1, __ATOMIC_RELEASE);
			wait_for_all(walkers);
		}
	}
	return 0;
}

static unsigned long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long)t.tv_sec * 1000000 + (unsigned long)t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	unsigned int processes, rounds;
	unsigned long pages, start;
	int status, failed = 0, at_random = argc > 4 && !strcmp(argv[4], "random");

	if (argc < 4)
		return 2;
	processes = (unsigned int)atoi(argv[1]);
	pages = strtoul(argv[2], NULL, 0) * (1 << 20) / PAGE;
	rounds = (unsigned int)atoi(argv[3]);
	filled = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (filled == MAP_FAILED)
		return 1;
	for (unsigned int i = 0; i < processes; i++)
		if (!fork())
			_exit(walk(i, processes, pages, rounds, at_random));
	wait_for_all(processes);
	start = now_us();
	while (wait(&status) > 0)
		failed |= status;
	if (failed)
		return 1;
	printf("walk: %u processes, %lu pages in %lu us\n", processes, processes * pages * rounds,
	       now_us() - start);
	return 0;
}
