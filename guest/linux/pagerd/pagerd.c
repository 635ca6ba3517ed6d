// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the pages of a paged partition in a file (docs/pager.md). One process serves one
 * partition. It may be killed and started again at any moment.
 */
#include "serve.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OVERHEAD_US 100 /* two changes of partitions, and a copy out of the page cache */

static const char usage[] =
    "usage: pagerd [-l US] [-d US] [-s] [-v] PARTITION|DEVICE FILE\n"
    "Keeps in FILE the pages of PARTITION, in whose node tocsin,pager names this partition; or of\n"
    "the one behind DEVICE, which is as /dev/tocsin-channel0. FILE is made if it is not there, "
    "and\n"
    "still has all of them when pagerd ends, or is killed, and is started again.\n"
    "  -l US  say that a load takes US microseconds (default: what -d says, and 100)\n"
    "  -d US  answer no sooner than US microseconds after the question (default: at once)\n"
    "  -s     write to the disk before the answer: FILE is good after this system has crashed, "
    "too\n"
    "  -v     a line for each second in which something was asked\n";

static unsigned int number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *text == '-' || *end || n > 10000000)
		errx(2, "%s is not a number of microseconds, at most 10000000", text);
	return (unsigned int)n;
}

static _Noreturn void explain(void)
{
	fputs(usage, stderr);
	exit(2);
}

static struct service_options options(int argc, char **argv, bool *synchronous)
{
	struct service_options o = {0};
	bool told = false;
	int c;

	while ((c = getopt(argc, argv, "l:d:sv")) != -1) {
		switch (c) {
		case 'l':
			o.latency_us = number(optarg);
			told = true;
			break;
		case 'd':
			o.delay_us = number(optarg);
			break;
		case 's':
			*synchronous = true;
			break;
		case 'v':
			o.verbose = true;
			break;
		default:
			explain();
		}
	}
	if (!told)
		o.latency_us = o.delay_us + OVERHEAD_US;
	return o;
}

int main(int argc, char **argv)
{
	static struct service s;
	struct backing backing;
	bool synchronous = false;
	struct link link;

	s.options = options(argc, argv, &synchronous);
	if (argc - optind != 2)
		explain();
	setlinebuf(stdout);
	link_open(&link, argv[optind]);
	if (!served_open(&s.served, link.memory, link.size))
		errx(1, "%s, the channel to %s, is not for a pager", link.device, link.partition);
	backing_open(&backing, argv[optind + 1], synchronous, s.served.pages, link.partition);
	s.link = &link;
	s.backing = &backing;
	printf("pagerd: %s, %u pages, %u at a time, by %s; %s has ", link.partition, s.served.pages,
	       s.served.slots, link.device, backing.path);
	printf(backing.record.epoch ? "those of epoch %u\n" : "none\n", backing.record.epoch);
	serve(&s);
	return 0;
}
