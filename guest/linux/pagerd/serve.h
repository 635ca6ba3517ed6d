/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serving a partition: requests come by the channel, are done on the file when their delay is
 * over, loads first, and are answered. What has been answered with success is in the file, so
 * this process may be killed at any moment.
 */
#pragma once

#include "../../pager/pager.h"
#include "backing.h"
#include "link.h"

#include <stdint.h>

struct service_options {
	unsigned int latency_us; /* that Tocsin is told to expect */
	unsigned int delay_us;   /* from a request to its answer, at least */
	bool verbose;            /* a line for each second in which something was asked */
};

struct service_counts {
	unsigned long loads, stores, drops, failed;
};

struct service {
	struct service_options options;
	struct link *link;
	struct backing *backing;
	struct served served;
	struct {
		struct tocsin_pager_request asked;
		uint64_t due_ns;
	} queue[TOCSIN_PAGER_MAX_SLOTS]; /* as they came */
	unsigned int nr, most;           /* most: that were there at a time */
	bool heard;
	struct service_counts counts, reported;
	uint64_t report_ns; /* when the next line is due */
};

/* Serves until SIGTERM or SIGINT. Exits with a message if it cannot. */
void serve(struct service *s);
