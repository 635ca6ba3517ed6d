// SPDX-License-Identifier: Apache-2.0
/* The channel to Tocsin: see link.h. */
#include "link.h"

#include "../tocsin-channel/tocsin_channel.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHANNELS "/sys/class/misc/tocsin-channel*"
#define COMPATIBLE "/device/of_node/compatible"
#define BELL 1u

/* Is one of the strings of that file "tocsin,pager"? */
static bool is_pagers(const char *sysfs)
{
	char path[256], list[256] = "";
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s" COMPATIBLE, sysfs);
	f = fopen(path, "r");
	if (!f)
		return false;
	n = fread(list, 1, sizeof(list) - 1, f);
	fclose(f);
	for (size_t at = 0; at < n; at += strlen(list + at) + 1)
		if (!strcmp(list + at, "tocsin,pager"))
			return true;
	return false;
}

/* Opens l->device. */
static bool open_device(struct link *l)
{
	struct tocsin_channel_info info;

	l->fd = open(l->device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (l->fd < 0)
		return false;
	if (ioctl(l->fd, TOCSIN_CHANNEL_GET_INFO, &info)) {
		close(l->fd);
		return false;
	}
	l->size = info.size;
	snprintf(l->partition, sizeof(l->partition), "%.*s", TOCSIN_CHANNEL_NAME_SIZE, info.peer);
	return true;
}

/* Opens the channel of that partition. False: there is none, and found lists those that are. */
static bool find(struct link *l, const char *name, char *found, size_t room)
{
	bool is_there = false;
	glob_t g;

	if (glob(CHANNELS, 0, NULL, &g))
		return false;
	for (size_t i = 0; i < g.gl_pathc && !is_there; i++) {
		if (!is_pagers(g.gl_pathv[i]))
			continue;
		snprintf(l->device, sizeof(l->device), "/dev/%s", strrchr(g.gl_pathv[i], '/') + 1);
		if (!open_device(l))
			err(1, "%s", l->device);
		is_there = !strcmp(l->partition, name);
		if (is_there)
			break;
		snprintf(found + strlen(found), room - strlen(found), " %s", l->partition);
		close(l->fd);
	}
	globfree(&g);
	return is_there;
}

static void lock(const struct link *l)
{
	if (!flock(l->fd, LOCK_EX | LOCK_NB))
		return;
	if (errno == EWOULDBLOCK)
		warnx("waits for the pagerd that has %s now", l->device);
	while (flock(l->fd, LOCK_EX))
		if (errno != EINTR)
			err(1, "%s", l->device);
}

void link_open(struct link *l, const char *name)
{
	char found[512] = "";

	if (strchr(name, '/')) {
		snprintf(l->device, sizeof(l->device), "%s", name);
		if (!open_device(l))
			err(1, "%s", name);
	} else if (!find(l, name, found, sizeof(found))) {
		errx(1,
		     "this partition is not the pager of %s; it is of:%s "
		     "(is tocsin_channel.ko loaded? is \"tocsin,pager\" in %s's node?)",
		     name, *found ? found : " nobody", name);
	}
	lock(l);
	l->memory = mmap(NULL, l->size, PROT_READ | PROT_WRITE, MAP_SHARED, l->fd, 0);
	if (l->memory == MAP_FAILED)
		err(1, "%s: its memory", l->device);
}

void link_ring(const struct link *l)
{
	uint32_t bells = BELL;

	if (write(l->fd, &bells, sizeof(bells)) != sizeof(bells))
		err(1, "%s: ringing", l->device);
}

void link_hear(const struct link *l)
{
	uint32_t bells;

	if (read(l->fd, &bells, sizeof(bells)) < 0 && errno != EAGAIN)
		err(1, "%s", l->device);
}
