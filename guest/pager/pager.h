/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pager's side of include/abi/pager.h, for one partition that it serves. It needs no runtime,
 * so bare metal and programs under an operating system compile it alike. It rings no bell
 * and hears none: those are the caller's, who rings after served_hello() and after
 * completions, and calls served_next() until it says no after each bell it has heard.
 *
 * One thread at a time for each struct served.
 */
#pragma once

#include <abi/pager.h>
#include <stdbool.h>

struct served {
	unsigned char *memory;  /* the channel's */
	unsigned int slots;     /* requests that can be open at a time */
	unsigned int pages;     /* numbers of pages are below this */
	unsigned int session;   /* that our hello named */
	unsigned int taken;     /* requests of it that served_next() has returned */
	unsigned int completed; /* and completions of it */
};

/* Begins with the channel's memory, size bytes at a page's boundary. Nothing is written. False: the
 * offer is not one that this speaks, or the memory is too small for it. */
bool served_open(struct served *s, void *memory, unsigned long size);

/*
 * Says hello: at the start, and whenever what was asked has been forgotten; all ids from before
 * are void. latency_us: what a load is expected to take. keeps: the epoch of which everything
 * that was ever completed is still there, 0: none. Then ring.
 */
void served_hello(struct served *s, unsigned int latency_us, unsigned int keeps);

/* Has the last hello been heard? Before, there are no requests. */
bool served_heard(const struct served *s);

/* The next request, each once: its slot is the caller's until it is completed. False: none
 * for now. What is in it is sound: a slot and a page that are, and one of the operations. */
bool served_next(struct served *s, struct tocsin_pager_request *r);

/* The slot of a request, TOCSIN_PAGER_PAGE_SIZE bytes; its offset in the channel's memory. */
void *served_slot(const struct served *s, unsigned int id);
unsigned long served_slot_offset(unsigned int id);

/* Answers a request of this session, once: status 0, or a number of the caller's own. What was
 * written to the slot before, or by a device that has ended, is seen before it. Then ring, after
 * several at once if there are. */
void served_complete(struct served *s, unsigned int id, unsigned int status);
