/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test pager and the partition that it serves share, in the memory of a channel between
 * them besides the pager's own: how the pager is to behave, and what it has seen. The store is
 * there, too, so that it outlives the pager.
 */
#pragma once

#include "guest.h"
#include <abi/pager.h>

#define BOARD_PAGES 4096 /* that the store has room for */
#define BOARD_STORE 0x10000

enum order {
	ORDER_LOOK,     /* at how it is to behave */
	ORDER_HELLO,    /* say hello again */
	ORDER_RESET,    /* SYSTEM_RESET */
	ORDER_OFF,      /* SYSTEM_OFF */
	ORDER_STRANGE,  /* complete what was not asked, and what was asked twice */
	ORDER_AHEAD,    /* name a producer that cannot be */
	ORDER_BACK,     /* and the right one again */
	ORDER_SCRIBBLE, /* write over all of the channel's memory but the hello */
	ORDER_STORM,    /* ring often */
	ORDER_VERSION   /* say hello in a version that there is not */
};

#define KEEP_ALL (~0u)
#define HOLD(op) (1u << (op))
#define HOLD_ALL (~0u)

struct board {
	/* Written by who is served. */
	volatile u32 order, asked;            /* asked counts the orders */
	volatile u32 latency_us;              /* of each request, and said in the hello */
	volatile u32 shuffle;                 /* they are completed in any order */
	volatile u32 hold;                    /* those with these operations stay open */
	volatile u32 fail_loads, fail_evicts; /* statuses for fail_page */
	volatile u32 fail_page;
	volatile u32 keeps; /* 0, or KEEP_ALL */
	/* Written by the pager. */
	volatile u32 obeyed; /* so many orders */
	volatile u32 hellos; /* that were heard */
	volatile u32 loads, evicts, drops;
	volatile u32 slots, open, most_open;
	volatile u32 epoch;
	volatile u32 wrong;      /* 0, or the line in which something was asked that may not be */
	u8 has[BOARD_PAGES];     /* it was given that page */
	u8 is_open[BOARD_PAGES]; /* a request for it is */
};
