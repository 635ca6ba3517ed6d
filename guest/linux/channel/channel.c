/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of Debian's that talks to tests/guest/channel.c, which is partition "pong" at
 * the other side: by the devices of guest/linux/tocsin-channel. Prints "channel: FAIL" and
 * why, or how often pong has answered.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../tocsin-channel/tocsin_channel.h"

#define BELL_ORDER 1u
#define BELL_DONE 2u
#define BELL_ECHO 4u
#define WRITE_HERE 0
#define OFF 4
#define ROUNDS 100

/* At the start of the first channel's memory. */
struct board {
	volatile uint32_t order, arg, result, hold, hello;
};

static struct channel {
	int fd;
	struct tocsin_channel_info info;
	volatile uint32_t *memory;
} channels[3];

static void fail(const char *what, unsigned long found)
{
	printf("channel: FAIL %s: 0x%lx (%s)\n", what, found, strerror(errno));
	exit(1);
}

static void expect(int good, const char *what, unsigned long found)
{
	if (!good)
		fail(what, found);
}

static void open_channel(struct channel *c, int n)
{
	char path[32];
	void *memory = NULL;

	snprintf(path, sizeof(path), "/dev/tocsin-channel%d", n);
	c->fd = open(path, O_RDWR);
	expect(c->fd >= 0, path, n);
	expect(!ioctl(c->fd, TOCSIN_CHANNEL_GET_INFO, &c->info), "info", n);
	expect(!strcmp(c->info.peer, "pong"), "the peer's name", n);
	if (c->info.size)
		memory = mmap(NULL, c->info.size, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	expect(memory != MAP_FAILED, "mmap", n);
	c->memory = memory;
}

static void ring(struct channel *c, uint32_t bells)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	expect(write(c->fd, &bells, 4) == 4, "write", bells);
}

/* Sleeps until one of bells has rung; the others are forgotten. */
static uint32_t hear(struct channel *c, uint32_t bells)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	uint32_t heard;

	do {
		expect(poll(&p, 1, 20000) == 1 && p.revents & POLLIN, "poll", p.revents);
		expect(read(c->fd, &heard, 4) == 4, "read", 0);
	} while (!(heard & bells));
	return heard;
}

static void check_memory(struct channel *c)
{
	struct board *board = (struct board *)c->memory;
	uint32_t last = c->info.size / 4 - 1;

	expect(c->info.size == 0x10000, "size", c->info.size);
	c->memory[last] = 41;
	board->order = WRITE_HERE;
	board->arg = last;
	ring(c, BELL_ORDER);
	hear(c, BELL_DONE);
	expect(!board->result && c->memory[last] == 42, "answer", c->memory[last]);
	expect(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, c->fd, 0) == MAP_FAILED,
	       "executable", 0);
	expect(mmap(NULL, c->info.size + 4096, PROT_READ, MAP_SHARED, c->fd, 0) == MAP_FAILED,
	       "more than its size", 0);
}

int main(void)
{
	struct channel *c = channels;
	struct board *board;

	for (int n = 0; n < 3; n++)
		open_channel(&channels[n], n);
	board = (struct board *)c->memory;
	for (int n = 0; n < 200 && !board->hello; n++)
		usleep(100000);
	expect(board->hello == 1, "pong is not there", board->hello);
	check_memory(c);
	for (int n = 0; n < ROUNDS; n++) {
		ring(c, BELL_ECHO);
		hear(c, BELL_ECHO);
	}
	board->order = OFF;
	ring(c, BELL_ORDER);
	hear(c, TOCSIN_CHANNEL_PEER_CHANGED);
	expect(!ioctl(c->fd, TOCSIN_CHANNEL_GET_INFO, &c->info), "info", 0);
	expect(!c->info.peer_runs && c->info.peer_starts == 1, "it runs", c->info.peer_starts);
	printf("channel: %d answers\n", ROUNDS);
	return 0;
}
