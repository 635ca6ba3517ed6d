/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can befall a task that sleeps for an absent page: a signal, a debugger, another CPU, its
 * process's end. sleeper COLD PRESSURE [COMMAND...]: fills COLD MiB, then PRESSURE MiB so that most
 * of the former are absent, and does each test of the table below; again after each COMMAND. This
 * runs on CPU 0 and the sleepers on CPU 1. Prints "sleeper: NAME passed" for each, or
 * "sleeper: FAIL NAME: why" and ends with status 1.
 */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define MIB (1ul << 20)
#define WORDS (PAGE / sizeof(uint64_t))
#define TRIES 200   /* until a task is seen asleep, and still is when all is done to it */
#define EXECUTED 42 /* status of this program after it has replaced itself */
#define KILLED (128 + SIGKILL) /* of a task, as a shell tells it */

/* All processes see it. */
static struct {
	unsigned int signals; /* that a sleeper has handled */
} * shared;

static uint64_t *cold;
static unsigned long cold_pages, visited;
static volatile uint64_t *touched; /* of the sleeper */

static uint64_t pattern(unsigned long page, unsigned long i)
{
	return (page + 1) * 0x9e3779b97f4a7c15u + i;
}

static uint64_t *filled(unsigned long pages, int flags)
{
	uint64_t *at =
	    mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	for (unsigned long i = 0; at != MAP_FAILED && i < pages * WORDS; i++)
		at[i] = pattern(i / WORDS, i % WORDS);
	return at == MAP_FAILED ? NULL : at;
}

/* ---- what others say ---- */

/* The number behind that word in that file. */
static unsigned long number(const char *path, const char *word)
{
	char line[256];
	unsigned long n = 0;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, word, strlen(word)) && line[strlen(word)] == ' ')
			n = strtoul(line + strlen(word), NULL, 10);
	if (f)
		fclose(f);
	return n;
}

static unsigned long count(const char *what)
{
	return number("/sys/kernel/debug/tocsin-apf/stats", what);
}

/* Does this task, of process pid, sleep for a page? */
static bool is_asleep(pid_t pid, pid_t task)
{
	char path[64], where[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/wchan", pid, task);
	f = fopen(path, "r");
	if (f) {
		where[fread(where, 1, sizeof(where) - 1, f)] = 0;
		fclose(f);
	}
	return !strcmp(where, "sleep_now");
}

/* ---- sleepers ---- */

static void run_on(pid_t task, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(task, sizeof(set), &set))
		_exit(99);
}

/* 0 if the page is as it was left. */
static int look(void)
{
	unsigned long page = (unsigned long)((uint64_t *)touched - cold) / WORDS;
	uint64_t first = touched[0];

	return first != pattern(page, 0) || touched[WORDS - 1] != pattern(page, WORDS - 1);
}

/* A process that does what, with touched at another page; it may have ended when this is over. */
static pid_t start(int (*what)(void))
{
	pid_t pid;

	touched = cold + visited++ * 7919 % cold_pages * WORDS;
	pid = fork();
	if (!pid) {
		run_on(0, 1);
		_exit(what());
	}
	return pid;
}

static bool ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

static int status_of(pid_t pid)
{
	int status;

	do {
		if (waitpid(pid, &status, __WALL) != pid)
			return -1;
	} while (WIFSTOPPED(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* One that was seen asleep in what, or has ended. */
static pid_t start_asleep(int (*what)(void))
{
	pid_t pid = start(what);

	while (!is_asleep(pid, pid) && !ended(pid))
		sched_yield();
	return pid;
}

/* ---- tests: NULL or what is wrong ---- */

/* It is gone before its page comes, and nobody minds that later. */
static const char *test_kill(void)
{
	unsigned long killed = count("killed");

	for (int i = 0; count("killed") == killed; i++) {
		pid_t pid = start_asleep(look);
		bool alive = !kill(pid, SIGKILL);
		int status = status_of(pid);

		if (i == TRIES)
			return "none was seen asleep";
		if (status && !(alive && status == KILLED))
			return "it has another status";
	}
	while (count("abandoned"))
		usleep(1000);
	return look() ? "the page is another" : NULL;
}

static void on_alarm(int signal)
{
	(void)signal;
	shared->signals++;
}

static int look_with_handler(void)
{
	signal(SIGALRM, on_alarm);
	return look();
}

/* A signal with a handler waits for the page. */
static const char *test_signal(void)
{
	unsigned long killed = count("killed");
	bool waited = false;

	for (int i = 0; !waited; i++) {
		pid_t pid;

		shared->signals = 0;
		pid = start_asleep(look_with_handler);
		if (!ended(pid)) {
			kill(pid, SIGALRM);
			waited = !__atomic_load_n(&shared->signals, __ATOMIC_ACQUIRE) &&
				 is_asleep(pid, pid);
		}
		if (status_of(pid))
			return "the page is another";
		if (waited && shared->signals != 1)
			return "not handled once";
		if (i == TRIES)
			return "none was seen asleep";
	}
	return count("killed") != killed ? "it did not sleep on" : NULL;
}

/* A debugger has it do a few instructions, reads the page, and goes. */
static const char *debug(pid_t pid)
{
	int status;

	for (int i = 0; i < 4; i++) {
		if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status) ||
		    WSTOPSIG(status) != SIGTRAP)
			return "it does not stop";
		if (i < 3 && ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL))
			return "it does not step";
	}
	if ((uint64_t)ptrace(PTRACE_PEEKDATA, pid, touched, NULL) != *touched)
		return "it has another page";
	return ptrace(PTRACE_DETACH, pid, NULL, NULL) ? "it cannot be left" : NULL;
}

/* A debugger that comes while it sleeps has it when the page is there. */
static const char *test_debugger(void)
{
	for (int i = 0; i < TRIES; i++) {
		pid_t pid = start_asleep(look);
		bool asleep = !ptrace(PTRACE_SEIZE, pid, NULL, NULL) &&
			      !ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) && is_asleep(pid, pid);
		const char *why = asleep ? debug(pid) : NULL;
		int status;

		if (!asleep || why)
			kill(pid, SIGKILL);
		status = status_of(pid);
		if (asleep)
			return why ?: status ? "the page is another" : NULL;
	}
	return "none was seen asleep";
}

/* ---- a thread sleeps, and its process goes on ---- */

static pid_t sleeping_thread;

static void *look_in_thread(void *unused)
{
	(void)unused;
	__atomic_store_n(&sleeping_thread, gettid(), __ATOMIC_RELEASE);
	return (void *)(intptr_t)look();
}

/* True: it is asleep. False: it has done. */
static bool start_thread(pthread_t *thread)
{
	pid_t task;
	char path[64];

	if (pthread_create(thread, NULL, look_in_thread, NULL))
		_exit(98);
	while (!(task = __atomic_load_n(&sleeping_thread, __ATOMIC_ACQUIRE)))
		sched_yield();
	snprintf(path, sizeof(path), "/proc/self/task/%d", task);
	while (!is_asleep(getpid(), task)) {
		if (access(path, F_OK))
			return false;
		sched_yield();
	}
	return true;
}

#define AWAKE 97 /* status: the thread was not seen asleep */

static int fork_beside(void)
{
	pthread_t thread;
	void *result;
	bool asleep = start_thread(&thread);
	pid_t pid = fork();

	if (!pid)
		_exit(look());
	if (status_of(pid) || pthread_join(thread, &result) || result)
		return 1;
	return asleep ? 0 : AWAKE;
}

static int execute_beside(void)
{
	pthread_t thread;

	if (!start_thread(&thread))
		return AWAKE;
	execl("/proc/self/exe", "sleeper", NULL);
	return 96;
}

static int exit_beside(void)
{
	pthread_t thread;

	return start_thread(&thread) ? EXECUTED : AWAKE;
}

/* What ends with that status, and by then the sleeping thread was killed, or not. */
static const char *beside(int (*what)(void), int wanted, bool kills)
{
	for (int i = 0; i < TRIES; i++) {
		unsigned long killed = count("killed");
		int status = status_of(start(what));

		if (status != AWAKE && status != wanted)
			return "it has another status";
		if (status == wanted && kills == (count("killed") != killed))
			return NULL;
	}
	return "none was seen asleep";
}

static const char *test_fork(void)
{
	return beside(fork_beside, 0, false);
}

static const char *test_execute(void)
{
	return beside(execute_beside, EXECUTED, true);
}

static const char *test_exit(void)
{
	return beside(exit_beside, EXECUTED, true);
}

/* ---- */

static int look_and_say_where(void)
{
	return look() ? 50 : sched_getcpu();
}

/* Told on CPU 1, where the interrupt comes, and woken on CPU 0. */
static const char *test_move(void)
{
	for (int i = 0; i < TRIES; i++) {
		pid_t pid = start_asleep(look_and_say_where);
		bool moved = false;
		int status;

		if (!ended(pid)) {
			run_on(pid, 0);
			moved = is_asleep(pid, pid);
		}
		status = status_of(pid);
		if (moved)
			return status ? "it is elsewhere" : NULL;
		if (status > 1)
			return "the page is another";
	}
	return "none was seen asleep";
}

/* Samples of all that runs on both CPUs, with who called it: reads stacks of programs, too. */
static int sample(int cpu, struct perf_event_mmap_page **page)
{
	struct perf_event_attr what = {
	    .type = PERF_TYPE_SOFTWARE,
	    .size = sizeof(what),
	    .config = PERF_COUNT_SW_CPU_CLOCK,
	    .sample_period = 100000, /* ns */
	    .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_CALLCHAIN,
	};
	int fd = (int)syscall(SYS_perf_event_open, &what, -1, cpu, -1, 0);

	*page = mmap(NULL, 9 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return *page == MAP_FAILED ? -1 : fd;
}

static const char *test_perf(void)
{
	unsigned long slept = count("slept");
	struct perf_event_mmap_page *page[2];
	int fd[2] = {sample(0, &page[0]), sample(1, &page[1])};
	bool sampled;

	if (fd[0] < 0 || fd[1] < 0)
		return "there is no perf";
	for (int i = 0; i < 20; i++)
		if (status_of(start(look)))
			return "the page is another";
	sampled = page[0]->data_head && page[1]->data_head;
	for (int i = 0; i < 2; i++) {
		munmap(page[i], 9 * PAGE);
		close(fd[i]);
	}
	return !sampled ? "there are no samples" : count("slept") == slept ? "nobody slept" : NULL;
}

static const struct {
	const char *name;
	const char *(*run)(void);
} tests[] = {
    {"57 kill", test_kill},    {"58 signal", test_signal},   {"58 debugger", test_debugger},
    {"59 fork", test_fork},    {"59 execute", test_execute}, {"59 exit", test_exit},
    {"59 60 move", test_move}, {"61 perf", test_perf},
};

static int test_all(void)
{
	for (unsigned int i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		const char *why = tests[i].run();

		if (why) {
			printf("sleeper: FAIL %s: %s\n", tests[i].name, why);
			return 1;
		}
		printf("sleeper: %s passed\n", tests[i].name);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int failed;

	if (argc == 1)
		return EXECUTED;
	if (argc < 3)
		return 2;
	setlinebuf(stdout);
	run_on(0, 0);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cold_pages = strtoul(argv[1], NULL, 0) * MIB / PAGE;
	cold = filled(cold_pages, MAP_SHARED);
	if (shared == MAP_FAILED || !cold ||
	    !filled(strtoul(argv[2], NULL, 0) * MIB / PAGE, MAP_PRIVATE))
		return 1;
	failed = test_all();
	for (int i = 3; i < argc && !failed; i++)
		failed = system(argv[i]) || test_all();
	return failed;
}
