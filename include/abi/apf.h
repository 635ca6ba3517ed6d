/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async page-not-present, version 1.0: what a guest sees of it (docs/async-page-fault.md).
 * Calls by HVC or SMC of the service in abi/tocsin.h. Plain C and no includes.
 */
#pragma once

#define TOCSIN_FEATURE_APF (15u << 4) /* of TOCSIN_FEATURES: four functions */

/* Results in x0 */
#define TOCSIN_APF_SUCCESS 0
#define TOCSIN_APF_NOT_SUPPORTED (-1) /* this partition's memory is not paged */
#define TOCSIN_APF_INVALID (-2)
#define TOCSIN_APF_DENIED (-3)
#define TOCSIN_APF_ALREADY (-4)

/*
 * TOCSIN_APF_INFO: x1 the version (major in 31:16, minor in 15:0) and in 63:32 the size of
 * an area; x2 how many tokens can be outstanding on a vCPU, and in 63:32 how many
 * entries the ring has, a power of two; x3 the number of the SDEI event, and in 63:32 the
 * INTID of the ready interrupt, a PPI. The same on all vCPUs.
 */
#define TOCSIN_APF_INFO 0xc6000004u
#define TOCSIN_APF_VERSION 0x10000u

/*
 * TOCSIN_APF_ENABLE, for the calling vCPU: x1 is the guest-physical address of its control
 * block, four areas, aligned to its size, in RAM; x2 flags, 0. The block is cleared
 * and stays resident. INVALID, and nothing has happened; ALREADY with this address;
 * DENIED: with another.
 */
#define TOCSIN_APF_ENABLE 0xc6000005u

/*
 * TOCSIN_APF_DISABLE, for the calling vCPU: its outstanding tokens will never be ready;
 * x1 is how many. Tasks that sleep for them are to be woken. ALREADY: it was not enabled.
 */
#define TOCSIN_APF_DISABLE 0xc6000006u

/* TOCSIN_APF_COUNT: the counter x1 of the calling vCPU in x1; INVALID: there is none. */
#define TOCSIN_APF_COUNT 0xc6000007u
enum tocsin_apf_count {
	TOCSIN_APF_COUNT_EL0,      /* waits of the vCPU for pages of EL0 */
	TOCSIN_APF_COUNT_EL1,      /* and of EL1 */
	TOCSIN_APF_COUNT_THERE,    /* faults without a wait */
	TOCSIN_APF_COUNT_NOTIFIED, /* handlers of the event entered */
	TOCSIN_APF_COUNT_ACCEPTED,
	TOCSIN_APF_COUNT_DECLINED,
	TOCSIN_APF_COUNT_CANCELLED,  /* the page came before the handler was entered */
	TOCSIN_APF_COUNT_EARLY,      /* it came before the handler was over */
	TOCSIN_APF_COUNT_LIMIT,      /* all tokens were outstanding */
	TOCSIN_APF_COUNT_READY,      /* tokens put into the ring */
	TOCSIN_APF_COUNT_LONGEST_US, /* of the waits */
	TOCSIN_APF_COUNT_RESIDENT,   /* pages of the partition */
	TOCSIN_APF_COUNT_STORED,     /* pages of it that were evicted, all in all */
	TOCSIN_APF_NR_COUNTS
};

/*
 * The control block: four areas. In the first is a notice, in the second what the guest has
 * consumed, in the third and fourth the ring. Areas are at least the largest
 * cache-writeback granule (CTR_EL0.CWG), so that no line has two writers.
 */
struct tocsin_apf_notice {
	unsigned int token; /* of the event whose handler runs */
	unsigned int reply; /* 0 when the handler is entered; TOCSIN_APF_ACCEPT before it completes,
			     * or the vCPU waits for the page */
	unsigned long page; /* guest-physical address, for information */
};
#define TOCSIN_APF_ACCEPT 1u

struct tocsin_apf_consumed {
	unsigned int index; /* of the ring's entries, counted for ever; see below */
};

/*
 * The entry n is at token[n % entries]; those from the guest's index to produced - 1 are
 * new. The guest reads produced (acquire), then the entries, then writes its index
 * (release). A token is outstanding until the index has passed it. Entries are never 0.
 */
struct tocsin_apf_ring {
	unsigned int produced;
	unsigned int reserved;
	unsigned int token[];
};

/* In the ring: every token of this vCPU that has been accepted is ready, or void. */
#define TOCSIN_APF_ALL 0xffffffffu
