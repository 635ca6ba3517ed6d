/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that go through anonymous memory and check what they find there. Each has MIB of its
 * own, fills it, and when all have done that goes through it again and again, by pages in a row or
 * in an order of its own.
 *
 * walk PROCESSES MIB ROUNDS [random]: so many times; prints "walk: " and how many pages were
 * visited in how many microseconds.
 * walk PROCESSES MIB compare MS TURNS: until they have been watched MS milliseconds without and MS
 * with sleeping for absent pages, TURNS times; prints what they did in each.
 * "walk: FAIL" and status 1 for a page that is not what it was.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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

/* All see it: how many have filled their memory, and the pages visited since. */
#define MOST 64
static struct shared {
	unsigned int filled;
	struct {
		unsigned long pages;
		char rest_of_line[56];
	} done[MOST];
} * shared;

static void wait_for_all(unsigned int processes)
{
	while (__atomic_load_n(&shared->filled, __ATOMIC_ACQUIRE) != processes)
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
			if (round)
				shared->done[walker].pages++;
		}
		if (round == 0) {
			__atomic_add_fetch(&shared->filled, 1, __ATOMIC_RELEASE);
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

/* ---- with and without sleeping ---- */

#define ENABLED "/sys/module/tocsin_apf/parameters/enabled"
#define STATS "/sys/kernel/debug/tocsin-apf/stats"

struct sample {
	unsigned long us, pages, el0, el1, slept;
};

static unsigned long stat_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static struct sample sample(unsigned int processes)
{
	struct sample s = {0};
	char text[2048] = "";
	FILE *f = fopen(STATS, "r");

	if (f) {
		text[fread(text, 1, sizeof(text) - 1, f)] = 0;
		fclose(f);
	}
	s.el0 = stat_of(text, "waits-el0 ");
	s.el1 = stat_of(text, "waits-el1 ");
	s.slept = stat_of(text, "tocsin-accepted ");
	for (unsigned int i = 0; i < processes; i++)
		s.pages += __atomic_load_n(&shared->done[i].pages, __ATOMIC_RELAXED);
	s.us = now_us();
	return s;
}

static void turn_on(int on)
{
	FILE *f = fopen(ENABLED, "w");

	if (!f || fprintf(f, "%d\n", on) < 0 || fclose(f)) {
		printf("walk: FAIL no module\n");
		exit(1);
	}
}

/* Pages a second; the first quarter is for what was under way before. */
static unsigned long watch(unsigned int processes, int on, unsigned int ms)
{
	struct sample a, b;
	unsigned long rate;

	turn_on(on);
	usleep(ms * 250);
	a = sample(processes);
	usleep(ms * 1000);
	b = sample(processes);
	rate = (b.pages - a.pages) * 1000000 / (b.us - a.us);
	printf(
	    "walk: %u processes, async %s: %5lu pages/s (%lu in %lu us; waits %lu of EL0, %lu of "
	    "EL1; %lu sleeps)",
	    processes, on ? "on " : "off", rate, b.pages - a.pages, b.us - a.us, b.el0 - a.el0,
	    b.el1 - a.el1, b.slept - a.slept);
	return rate;
}

static void compare(unsigned int processes, unsigned int ms, unsigned int turns)
{
	while (turns--) {
		unsigned long off = watch(processes, 0, ms);
		unsigned long on = (printf("\n"), watch(processes, 1, ms));

		printf(": %lu.%02lu times\n", on / (off ?: 1), on * 100 / (off ?: 1) % 100);
	}
}

/* ---- */

static int start_all(pid_t *child, unsigned int processes, unsigned long pages, unsigned int rounds,
		     int at_random)
{
	for (unsigned int i = 0; i < processes; i++) {
		child[i] = fork();
		if (child[i] < 0)
			return 1;
		if (!child[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(walk(i, processes, pages, rounds, at_random));
		}
	}
	wait_for_all(processes);
	return 0;
}

int main(int argc, char **argv)
{
	int status, failed = 0, endless = argc > 5 && !strcmp(argv[3], "compare");
	int at_random = argc > 4 && !strcmp(argv[4], "random");
	unsigned int processes, rounds;
	unsigned long pages, start;
	pid_t child[MOST];

	if (argc < 4)
		return 2;
	setlinebuf(stdout);
	processes = (unsigned int)atoi(argv[1]);
	pages = strtoul(argv[2], NULL, 0) * (1 << 20) / PAGE;
	rounds = endless ? UINT32_MAX - 1 : (unsigned int)atoi(argv[3]);
	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (processes > MOST || shared == MAP_FAILED ||
	    start_all(child, processes, pages, rounds, at_random))
		return 1;
	start = now_us();
	if (endless) {
		compare(processes, (unsigned int)atoi(argv[4]), (unsigned int)atoi(argv[5]));
		for (unsigned int i = 0; i < processes; i++)
			kill(child[i], SIGKILL);
	}
	while (wait(&status) > 0)
		failed |= endless ? WIFEXITED(status) : status;
	if (failed)
		return 1;
	if (!endless)
		printf("walk: %u processes, %lu pages in %lu us\n", processes,
		       processes * pages * rounds, now_us() - start);
	return 0;
}
