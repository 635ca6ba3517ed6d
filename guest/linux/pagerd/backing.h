/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file in which the pages of a partition are kept: page n at n * 4096, holes where there is
 * nothing, and a record behind the last page that says whose they are and of which epoch. What
 * has been stored outlives this program, and if it is synchronous also the kernel below it.
 */
#pragma once

#include <stdbool.h>

#define PARTITION_NAME_SIZE 32

struct backing_record {
	char magic[8];
	unsigned int pages;
	unsigned int epoch;                  /* all that was stored in it is there; 0: nothing is */
	char partition[PARTITION_NAME_SIZE]; /* terminated unless it fills it */
	char boot[40]; /* the kernel in whose memory some of it may still be; "": none */
};

struct backing {
	const char *path;
	int fd;
	struct backing_record record;
};

/*
 * Opens the file for so many pages of that partition, or makes it, and has it for this process
 * alone: waits for another one that has it. record.epoch says what it keeps. Does not return
 * if the file is something else, or another partition's: it says so, and exits.
 */
void backing_open(struct backing *b, const char *path, bool synchronous, unsigned int pages,
		  const char *partition);

/* Forgets everything: what comes is of that epoch. Exits if that fails. */
void backing_begin(struct backing *b, unsigned int epoch);

/* All three return 0 or an errno. A dropped page may still be there. */
int backing_load(const struct backing *b, unsigned int page, void *to);
int backing_store(const struct backing *b, unsigned int page, const void *from);
int backing_drop(const struct backing *b, unsigned int page);

/* That page will be loaded soon: a disk may begin to read it. */
void backing_expect(const struct backing *b, unsigned int page);
