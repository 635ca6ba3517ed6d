/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: guest/linux/pagerd/serve.c guest/linux/pagerd/backing.c guest/linux/pagerd/link.c
 * sources: guest/pager/pager.c
 *
 * Linux's pager as a process of its own, which is killed and started again, against a small
 * Tocsin: shared memory, a socket in place of bells, and a file that lives in memory.
 */
#define _GNU_SOURCE
#include "../../guest/linux/pagerd/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <test.h>
#include <time.h>
#include <unistd.h>

#define PAGES 64u
#define SLOTS 8u
#define SIZE (TOCSIN_PAGER_SLOTS + SLOTS * TOCSIN_PAGER_PAGE_SIZE)
#define WORDS (TOCSIN_PAGER_PAGE_SIZE / 8)

/* ---- Tocsin ---- */

static struct {
	unsigned char *memory;
	int bell, pagers_bell; /* the ends of the socket */
	char path[64];         /* of the file */
	unsigned int epoch, produced, consumed, generation;
	struct {
		unsigned int op, id; /* 0: free */
		unsigned int page;
		unsigned long contents;
	} slot[SLOTS];
	unsigned long kept[PAGES]; /* what the pager has; 0: nothing */
	bool going[PAGES];
	unsigned long done, failed, lost;
	pid_t pager;
} t;

static struct tocsin_pager_offer *offer(void)
{
	return (struct tocsin_pager_offer *)(t.memory + TOCSIN_PAGER_OFFER);
}

static struct tocsin_pager_hello *hello(void)
{
	return (struct tocsin_pager_hello *)(t.memory + TOCSIN_PAGER_HELLO);
}

static unsigned long *slot(unsigned int n)
{
	return (unsigned long *)(t.memory + TOCSIN_PAGER_SLOTS + n * TOCSIN_PAGER_PAGE_SIZE);
}

static void make_tocsin(void)
{
	int ends[2], file = memfd_create("pages", 0);

	memset(&t, 0, sizeof(t));
	t.memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (file < 0 || t.memory == MAP_FAILED ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends))
		abort();
	t.bell = ends[0];
	t.pagers_bell = ends[1];
	snprintf(t.path, sizeof(t.path), "/proc/self/fd/%d", file);
	t.epoch = 1;
	*offer() = (struct tocsin_pager_offer){
	    TOCSIN_PAGER_MAGIC, TOCSIN_PAGER_VERSION, SLOTS, TOCSIN_PAGER_PAGE_SIZE, PAGES, 0, 0};
}

static void put_request(unsigned int n)
{
	struct tocsin_pager_request *ring =
	    (struct tocsin_pager_request *)(t.memory + TOCSIN_PAGER_REQUESTS);

	t.slot[n].id = n | ++t.generation << 8;
	ring[t.produced++ % SLOTS] =
	    (struct tocsin_pager_request){t.slot[n].id, t.slot[n].op, t.slot[n].page, t.epoch};
}

static void ring(void)
{
	unsigned int bells = 1;

	__atomic_store_n(&offer()->produced, t.produced, __ATOMIC_RELEASE);
	EXPECT(write(t.bell, &bells, 4) == 4 || errno == EAGAIN);
}

/* Asks for something about a page for which nothing is open, if a slot is free. */
static bool ask(unsigned int op, unsigned int page)
{
	unsigned int n = 0;

	while (n < SLOTS && t.slot[n].op)
		n++;
	if (n == SLOTS || t.going[page] || (op != TOCSIN_PAGER_EVICT && !t.kept[page]))
		return false;
	t.slot[n].op = op;
	t.slot[n].page = page;
	t.slot[n].contents = op == TOCSIN_PAGER_EVICT ? test_random() : t.kept[page];
	for (unsigned int i = 0; i < WORDS; i++)
		slot(n)[i] = op == TOCSIN_PAGER_EVICT ? t.slot[n].contents + i : 0;
	t.going[page] = true;
	if (op != TOCSIN_PAGER_LOAD)
		t.kept[page] = 0;
	put_request(n);
	ring();
	return true;
}

/* What was asked is done; or, with a status, not. */
static void complete(const struct tocsin_pager_completion *c)
{
	unsigned int n = TOCSIN_PAGER_SLOT(c->id), wrong = 0;

	if (n >= SLOTS || !t.slot[n].op || t.slot[n].id != c->id) {
		EXPECT(!"an answer to what was asked");
		return;
	}
	t.done++;
	t.failed += !!c->status;
	for (unsigned int i = 0; i < WORDS; i++)
		wrong += slot(n)[i] != t.slot[n].contents + i;
	if (t.slot[n].op == TOCSIN_PAGER_LOAD && !c->status)
		EXPECT_EQ(wrong, 0);
	if (t.slot[n].op == TOCSIN_PAGER_EVICT && !c->status)
		t.kept[t.slot[n].page] = t.slot[n].contents;
	t.going[t.slot[n].page] = false;
	t.slot[n].op = 0;
}

static void hear_hello(void)
{
	const struct tocsin_pager_hello *h = hello();
	unsigned int keeps = h->keeps;

	for (unsigned int page = 0; keeps != t.epoch && page < PAGES; page++) {
		t.lost += !!t.kept[page];
		t.kept[page] = 0;
	}
	t.produced = 0;
	t.consumed = 0;
	for (unsigned int n = 0; n < SLOTS; n++) {
		/* Loads of what is lost, and what nobody waits for. */
		if (t.slot[n].op != TOCSIN_PAGER_EVICT && !t.kept[t.slot[n].page]) {
			t.going[t.slot[n].page] = false;
			t.slot[n].op = 0;
		} else if (t.slot[n].op) {
			put_request(n);
		}
	}
	__atomic_store_n(&offer()->produced, t.produced, __ATOMIC_RELAXED);
	__atomic_store_n(&offer()->session, h->session, __ATOMIC_RELEASE);
	ring();
}

/* Waits for a bell, at most so long, and looks at everything. */
static void look(int ms)
{
	struct tocsin_pager_completion *answers =
	    (struct tocsin_pager_completion *)(t.memory + TOCSIN_PAGER_COMPLETIONS);
	struct pollfd p = {.fd = t.bell, .events = POLLIN};
	unsigned int bells, there;

	poll(&p, 1, ms);
	while (read(t.bell, &bells, 4) == 4)
		;
	if (__atomic_load_n(&hello()->session, __ATOMIC_ACQUIRE) != offer()->session)
		hear_hello();
	there = __atomic_load_n(&hello()->produced, __ATOMIC_ACQUIRE) - t.consumed;
	EXPECT(there <= SLOTS);
	for (; there && there <= SLOTS; there--)
		complete(&answers[t.consumed++ % SLOTS]);
}

/* Until all has been answered. */
static void settle(void)
{
	for (unsigned int n = 0, tries = 0; n < SLOTS;) {
		if (t.slot[n].op && ++tries > 2000) {
			EXPECT(!"an answer");
			return;
		}
		t.slot[n].op ? look(10) : (void)n++;
	}
}

/* ---- the pager ---- */

struct start {
	const char *partition;
	bool synchronous;
	unsigned int delay_us;
	rlim_t room; /* of the file, in bytes; 0: any */
};

static _Noreturn void be_pager(const struct start *how)
{
	static struct service s;
	struct link link = {.fd = t.pagers_bell, .device = "the socket"};
	struct backing backing;

	/* Its sentences are not the test's. */
	if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
		_exit(3);
	snprintf(link.partition, sizeof(link.partition), "%s", how->partition);
	s.options = (struct service_options){.delay_us = how->delay_us, .verbose = true};
	s.link = &link;
	s.backing = &backing;
	if (!served_open(&s.served, t.memory, SIZE))
		_exit(3);
	backing_open(&backing, t.path, how->synchronous, PAGES, how->partition);
	signal(SIGXFSZ, SIG_IGN);
	if (how->room)
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){how->room, how->room});
	serve(&s);
	_exit(0);
}

static void start(struct start how)
{
	fflush(stdout);
	t.pager = fork();
	if (!t.pager)
		be_pager(&how);
	if (t.pager < 0)
		abort();
}

/* Its exit status, or minus a signal. */
static int wait_for_pager(void)
{
	int status;

	if (waitpid(t.pager, &status, 0) != t.pager)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int end_pager(int signal)
{
	kill(t.pager, signal);
	return wait_for_pager();
}

static const struct start USUAL = {"one", false, 0, 0}, SYNCHRONOUS = {"one", true, 0, 0};

/* A pager that has what was stored of all pages, and tells how many loads are right. */
static void store_all(struct start how)
{
	start(how);
	for (unsigned int page = 0; page < PAGES; page++)
		while (!ask(TOCSIN_PAGER_EVICT, page))
			look(10);
	settle();
}

static unsigned int load_all(void)
{
	unsigned long before = t.done, failed = t.failed;

	for (unsigned int page = 0; page < PAGES; page++)
		while (t.kept[page] && !ask(TOCSIN_PAGER_LOAD, page))
			look(10);
	settle();
	return t.done - before - (t.failed - failed);
}

static unsigned long blocks(void)
{
	struct stat s;

	return stat(t.path, &s) ? 0 : s.st_blocks * 512ul / TOCSIN_PAGER_PAGE_SIZE;
}

/* ---- */

TEST(pagerd_loses_nothing_when_it_is_killed)
{
	unsigned int kills = 0;

	make_tocsin();
	start(USUAL);
	for (unsigned int i = 0; i < 20000 && kills < 1000; i++) {
		unsigned int what = test_random() % 64, page = test_random() % PAGES;

		ask(what < 32   ? TOCSIN_PAGER_EVICT
		    : what < 60 ? TOCSIN_PAGER_LOAD
				: TOCSIN_PAGER_DROP,
		    page);
		look(what % 2);
		if (test_random() % 128 == 0) {
			EXPECT_EQ(end_pager(SIGKILL), -SIGKILL);
			start(USUAL);
			kills++;
			if (i % 2)
				settle();
		}
	}
	settle();
	load_all();
	EXPECT(kills > 50 && t.done > 1000 && !t.failed && !t.lost);
	EXPECT_EQ(end_pager(SIGTERM), 0);
}

TEST(pagerd_begins_anew_with_an_epoch)
{
	make_tocsin();
	store_all(USUAL);
	EXPECT(blocks() >= PAGES);
	t.epoch++;
	memset(t.kept, 0, sizeof(t.kept));
	EXPECT(ask(TOCSIN_PAGER_EVICT, 5));
	settle();
	EXPECT(blocks() <= 3);
	EXPECT_EQ(end_pager(SIGKILL), -SIGKILL);
	start(USUAL);
	EXPECT_EQ(load_all(), 1);
	EXPECT_EQ(end_pager(SIGTERM), 0);
}

TEST(pagerd_gives_the_room_of_dropped_pages_back)
{
	unsigned long before;

	make_tocsin();
	store_all(USUAL);
	before = blocks();
	for (unsigned int page = 0; page < PAGES / 2; page++)
		while (!ask(TOCSIN_PAGER_DROP, page))
			look(10);
	settle();
	EXPECT_EQ(blocks(), before - PAGES / 2);
	EXPECT_EQ(load_all(), PAGES / 2);
	EXPECT_EQ(end_pager(SIGTERM), 0);
}

/* As if the kernel were another one since. */
static void another_boot(void)
{
	struct backing_record r;
	int fd = open(t.path, O_RDWR);

	EXPECT(pread(fd, &r, sizeof(r), (off_t)PAGES * TOCSIN_PAGER_PAGE_SIZE) == sizeof(r));
	if (r.boot[0])
		r.boot[0] ^= 1;
	EXPECT(pwrite(fd, &r, sizeof(r), (off_t)PAGES * TOCSIN_PAGER_PAGE_SIZE) == sizeof(r));
	close(fd);
}

TEST(pagerd_keeps_over_a_crash_of_its_system_what_it_wrote_to_the_disk)
{
	for (int synchronous = 0; synchronous < 2; synchronous++) {
		make_tocsin();
		store_all(synchronous ? SYNCHRONOUS : USUAL);
		end_pager(SIGKILL);
		another_boot();
		start(USUAL);
		look(1000);
		EXPECT_EQ(load_all(), synchronous ? PAGES : 0);
		EXPECT_EQ(end_pager(SIGTERM), 0);
	}
}

TEST(pagerd_says_so_if_there_is_no_room)
{
	struct start small = USUAL;

	small.room = PAGES / 2 * TOCSIN_PAGER_PAGE_SIZE;
	make_tocsin();
	start(USUAL); /* whose record is there then */
	EXPECT(ask(TOCSIN_PAGER_EVICT, 0));
	settle();
	EXPECT_EQ(end_pager(SIGTERM), 0);
	store_all(small);
	EXPECT_EQ(t.failed, PAGES / 2);
	EXPECT_EQ(load_all(), PAGES / 2);
	EXPECT_EQ(end_pager(SIGTERM), 0);
}

TEST(pagerd_answers_no_sooner_than_it_is_told)
{
	struct start slow = USUAL;
	struct timespec a, b;

	slow.delay_us = 20000;
	make_tocsin();
	start(slow);
	look(5000);
	clock_gettime(CLOCK_MONOTONIC, &a);
	EXPECT(ask(TOCSIN_PAGER_EVICT, 0));
	settle();
	clock_gettime(CLOCK_MONOTONIC, &b);
	EXPECT((b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000 >= 20000);
	EXPECT_EQ(end_pager(SIGTERM), 0);
}

TEST(pagerd_takes_no_file_that_is_not_its_own)
{
	struct start other = {"other", false, 0, 0};
	int fd;

	make_tocsin();
	store_all(USUAL);
	EXPECT_EQ(end_pager(SIGTERM), 0);
	start(other);
	EXPECT_EQ(wait_for_pager(), 1);
	start(USUAL);
	EXPECT_EQ(load_all(), PAGES);
	EXPECT_EQ(end_pager(SIGTERM), 0);
	fd = open(t.path, O_RDWR | O_TRUNC);
	EXPECT(write(fd, "somebody's letters", 18) == 18);
	start(USUAL);
	EXPECT_EQ(wait_for_pager(), 1);
	close(fd);
}

/* Two of them: the second one waits, and goes on when the first has died. */
TEST(pagerd_can_stand_by)
{
	pid_t first;

	make_tocsin();
	store_all(USUAL);
	first = t.pager;
	start(USUAL);
	EXPECT_EQ(load_all(), PAGES);
	kill(first, SIGKILL);
	EXPECT(waitpid(first, NULL, 0) == first);
	look(5000);
	EXPECT_EQ(load_all(), PAGES);
	EXPECT_EQ(end_pager(SIGTERM), 0);
}
