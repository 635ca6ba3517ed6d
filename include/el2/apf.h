/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async page-not-present: tells a guest that it touched a page whose load takes a while, and later
 * that the page has come (docs/async-page-fault.md; abi/apf.h is the guest's view).
 */
#pragma once

#include <abi/apf.h>
#include <el2/trap.h>
#include <el2/vsdei.h>
#include <lib/lock.h>

struct partition;
struct vcpu;

/* Tokens that can be outstanding on a vCPU: bits of a word. */
#define APF_LIMIT 64
/* Entries of the ring: every token and TOCSIN_APF_ALL, a power of two. */
#define APF_RING 128
/* The ready interrupt: a PPI that QEMU's virt does not use. */
#define APF_INTID 20

/* A vCPU's. The lock protects what an arriving page changes; only the vCPU's CPU touches the
 * rest. */
struct apf {
	struct lock lock;
	u32 noticed; /* slot of the event that is pending or running; APF_LIMIT: none */
	u64 waiting; /* slots whose page is in flight; atomic */
	u64 came;    /* slots whose page has come since */
	u64 used, accepted;
	u32 page[APF_LIMIT];
	u32 token[APF_LIMIT];
	u64 context[APF_LIMIT]; /* names the thread that was told */
	u32 generation;
	u32 refused; /* page of the last notice that was not accepted, and its context */
	u64 refused_context;

	bool on;
	u64 ipa;      /* of the control block */
	u32 frame[2]; /* that hold the control block */
	u32 nr_frames;
	struct tocsin_apf_notice *notice;
	struct tocsin_apf_consumed *consumer;
	struct tocsin_apf_ring *ring;
	u32 produced, consumed; /* entries; the guest can only move consumed towards produced */
	u8 order[APF_RING];     /* slot of each entry */
	struct apf_counts {
		u64 notified, accepted, declined, cancelled, early, limit, ready;
	} counts;
};

/* The calls TOCSIN_APF_INFO to TOCSIN_APF_COUNT. */
struct verdict apf_info(struct vcpu *v, u32 fid);
struct verdict apf_enable(struct vcpu *v, u32 fid);
struct verdict apf_disable(struct vcpu *v, u32 fid);
struct verdict apf_count(struct vcpu *v, u32 fid);

/* v's state, for a partition whose memory is paged. ERR_NO_MEMORY. Boot CPU. */
enum err apf_create(struct vcpu *v) MUST_CHECK;

/*
 * EL0 of v waits for page, which comes from a store slower than the partition's limit: tells the
 * guest, if that is possible before v's next instruction. False: v has to wait. On v's CPU, v
 * loaded.
 */
bool apf_notify(struct vcpu *v, u32 page);

/* A page has come. Any CPU. True: v's CPU has something to do for it. */
bool apf_arrived(struct vcpu *v, u32 page);

/* The page came before v was entered: cancels the notice, as if the guest had not been told. On
 * v's CPU. */
void apf_withdraw(struct vcpu *v);

/* Puts what has come into v's ring. On v's CPU, in its time. */
void apf_serve(struct vcpu *v);

/* Is a page in flight of which the guest was told? Any CPU. */
static inline bool apf_waits(const struct apf *a)
{
	return a && atomic_load(&a->waiting);
}

/* As after reset: off, nothing outstanding. On v's CPU. */
void apf_forget(struct vcpu *v);

extern const struct vsdei_owner owner_apf;
