/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel by which Tocsin asks a pager: a device of guest/linux/tocsin-channel whose node
 * is compatible with "tocsin,pager". Its peer is the partition served.
 */
#pragma once

#include "backing.h"

struct link {
	int fd; /* readable while a bell waits to be heard */
	char device[64];
	char partition[PARTITION_NAME_SIZE + 1];
	void *memory;
	unsigned long size;
};

/* Finds the channel of that partition, or opens that device if there is a slash in it; has it for
 * this process alone, and waits for another one that has it. Says what is wrong, and exits. */
void link_open(struct link *l, const char *name);

/* Exits if that fails. */
void link_ring(const struct link *l);

/* Takes note of the bells that have rung; waits for none. */
void link_hear(const struct link *l);
