/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping the pages of another partition: what a pager and Tocsin say to each other
 * (docs/pager.md). To the pager it is a channel (abi/channel.h) whose node is compatible with
 * "tocsin,pager" and "tocsin,channel", and whose peer is the partition served. This is
 * what lies in the channel's memory. Numbers are little-endian. Plain C and no includes.
 */
#pragma once

#define TOCSIN_PAGER_MAGIC 0x31475054u /* "TPG1" */
#define TOCSIN_PAGER_VERSION 1u

/* Offsets in the memory. Rings have as many entries as there are slots, a power of two. */
#define TOCSIN_PAGER_OFFER 0x0000       /* struct tocsin_pager_offer */
#define TOCSIN_PAGER_HELLO 0x0800       /* struct tocsin_pager_hello */
#define TOCSIN_PAGER_REQUESTS 0x1000    /* struct tocsin_pager_request[slots] */
#define TOCSIN_PAGER_COMPLETIONS 0x2000 /* struct tocsin_pager_completion[slots] */
#define TOCSIN_PAGER_SLOTS 0x3000       /* a page each */

#define TOCSIN_PAGER_PAGE_SIZE 4096u
#define TOCSIN_PAGER_MIN_SLOTS 4u
#define TOCSIN_PAGER_MAX_SLOTS 256u

/* Written by Tocsin. All but session and produced stays as it is. */
struct tocsin_pager_offer {
	unsigned int magic;
	unsigned int version;   /* the highest that Tocsin speaks */
	unsigned int slots;     /* entries of each ring, too */
	unsigned int page_size; /* bytes */
	unsigned int pages;     /* numbers of pages are below this */
	unsigned int session;   /* of the hello that was heard last; 0: none */
	unsigned int produced; /* requests in this session; the next one goes to produced % slots */
};

/*
 * Written by the pager. To begin, or to begin anew after it has forgotten what it was asked:
 * session 0, then all the rest, then session: any number but 0, the offer's session, and the one
 * that the hello had before; then it rings. That one may be of a hello that has not been heard yet,
 * and must not be taken for this one; as the pager's partition starts, Tocsin clears it. When the
 * offer has the same session, the rings are empty but for what is asked anew, and both producers
 * count from 0. Before, answers are not heard.
 */
struct tocsin_pager_hello {
	unsigned int version;    /* that is spoken; not above the offer's */
	unsigned int latency_us; /* that a load is expected to take */
	unsigned int keeps;      /* it still has what it was given in this epoch; 0: nothing */
	unsigned int session;
	unsigned int produced; /* completions in this session */
};

/* What is asked. At most one request for a page is open at a time, but for those that were not
 * completed in time: then the next one for that page takes effect after them. Else the order in
 * which they are completed is the pager's. */
enum tocsin_pager_op {
	TOCSIN_PAGER_LOAD = 1,  /* write the page's contents to the slot; the copy is kept */
	TOCSIN_PAGER_EVICT = 2, /* keep what is in the slot, unchanged, as the page's contents */
	TOCSIN_PAGER_DROP = 3   /* the page's contents are not needed any more; no data */
};

struct tocsin_pager_request {
	unsigned int id; /* names the slot, and the request among all that had it */
	unsigned int op;
	unsigned int page;
	unsigned int epoch; /* another than before: all earlier contents are void */
};
/* Where its data is. From the request until its completion the slot is the pager's. */
#define TOCSIN_PAGER_SLOT(id) ((id)&0xffu)

/* Written by the pager, each once for each request. */
struct tocsin_pager_completion {
	unsigned int id;
	unsigned int status; /* 0: done; else a number of the pager's own: it cannot be done */
};
