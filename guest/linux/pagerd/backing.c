// SPDX-License-Identifier: Apache-2.0
/* The file in which pages are kept: see backing.h. */
#define _GNU_SOURCE
#include "backing.h"

#include <abi/pager.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PAGE ((off_t)TOCSIN_PAGER_PAGE_SIZE)
#define MAGIC "TPAGERD1"

static off_t place(unsigned int page)
{
	return page * PAGE;
}

/* Into boot: what names this run of the kernel, whose page cache has what no disk has yet. */
static void name_boot(char *boot, size_t size)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");

	memset(boot, 0, size);
	if (!f || !fgets(boot, (int)size, f))
		err(1,
		    "/proc/sys/kernel/random/boot_id, which says whether the kernel is the same");
	fclose(f);
}

static void lock(const struct backing *b)
{
	if (!flock(b->fd, LOCK_EX | LOCK_NB))
		return;
	if (errno == EWOULDBLOCK)
		warnx("waits for the pagerd that has %s now", b->path);
	while (flock(b->fd, LOCK_EX))
		if (errno != EINTR)
			err(1, "%s", b->path);
}

static void write_record(const struct backing *b)
{
	const struct backing_record *r = &b->record;

	if (pwrite(b->fd, r, sizeof(*r), place(r->pages)) != sizeof(*r))
		err(1, "%s: the record of what is in it", b->path);
}

/* What the file says of itself; exits if it is nobody's or somebody else's. */
static struct backing_record read_record(const struct backing *b, const char *partition)
{
	struct backing_record r = {0};
	struct stat s;

	if (fstat(b->fd, &s))
		err(1, "%s", b->path);
	if (!S_ISREG(s.st_mode))
		errx(1, "%s is not a file, which can have holes", b->path);
	if (!s.st_size)
		return r;
	if (s.st_size < (off_t)sizeof(r) ||
	    pread(b->fd, &r, sizeof(r), s.st_size - (off_t)sizeof(r)) != sizeof(r) ||
	    memcmp(r.magic, MAGIC, sizeof(r.magic)) ||
	    s.st_size != place(r.pages) + (off_t)sizeof(r))
		errx(1, "%s is there, and was not made by pagerd: name another file, or remove it",
		     b->path);
	if (strncmp(r.partition, partition, sizeof(r.partition)))
		errx(1,
		     "%s has the pages of partition %.*s, not of %s: name another file, or remove "
		     "it",
		     b->path, PARTITION_NAME_SIZE, r.partition, partition);
	return r;
}

/* Later, a page that finds no room is lost. */
static void warn_if_small(const struct backing *b)
{
	unsigned long need = (unsigned long)place(b->record.pages), there;
	struct statvfs v;
	struct stat s;

	if (fstatvfs(b->fd, &v) || fstat(b->fd, &s) || !v.f_blocks)
		return;
	there = v.f_bavail * v.f_frsize + (unsigned long)s.st_blocks * 512;
	if (there < need)
		warnx(
		    "%s: there is room for %lu MiB, and %lu may be needed; a page that finds none "
		    "is lost",
		    b->path, there >> 20, need >> 20);
}

void backing_open(struct backing *b, const char *path, bool synchronous, unsigned int pages,
		  const char *partition)
{
	struct backing_record *r = &b->record, was;
	char boot[sizeof(r->boot)];

	b->path = path;
	b->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (synchronous ? O_DSYNC : 0), 0600);
	if (b->fd < 0)
		err(1, "%s", path);
	lock(b);
	was = read_record(b, partition);
	name_boot(boot, sizeof(boot));
	memset(r, 0, sizeof(*r));
	memcpy(r->magic, MAGIC, sizeof(r->magic));
	memcpy(r->partition, partition, strnlen(partition, sizeof(r->partition)));
	r->pages = pages;
	if (!synchronous)
		memcpy(r->boot, boot, sizeof(boot));
	if (was.pages == pages && (!was.boot[0] || !strncmp(was.boot, boot, sizeof(boot))))
		r->epoch = was.epoch;
	warn_if_small(b);
	if (!r->epoch) {
		backing_begin(b, 0);
		return;
	}
	/* What an earlier pagerd has left to the kernel. */
	if (synchronous && was.boot[0] && fdatasync(b->fd))
		err(1, "%s", path);
	write_record(b);
}

/* Emptied first: without a record it keeps nothing, whenever this is interrupted. */
void backing_begin(struct backing *b, unsigned int epoch)
{
	b->record.epoch = epoch;
	if (ftruncate(b->fd, 0))
		err(1, "%s", b->path);
	write_record(b);
}

/* The slot is memory of a device, so no O_DIRECT: the kernel has to copy. */
int backing_load(const struct backing *b, unsigned int page, void *to)
{
	ssize_t n = pread(b->fd, to, PAGE, place(page));

	return n == PAGE ? 0 : n < 0 ? errno : EIO;
}

int backing_store(const struct backing *b, unsigned int page, const void *from)
{
	ssize_t n = pwrite(b->fd, from, PAGE, place(page));

	return n == PAGE ? 0 : n < 0 ? errno : ENOSPC;
}

int backing_drop(const struct backing *b, unsigned int page)
{
	int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	if (!fallocate(b->fd, mode, place(page), PAGE) || errno == EOPNOTSUPP)
		return 0;
	return errno;
}

void backing_expect(const struct backing *b, unsigned int page)
{
	posix_fadvise(b->fd, place(page), PAGE, POSIX_FADV_WILLNEED);
}
