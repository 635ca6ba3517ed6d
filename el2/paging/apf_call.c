/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async page-not-present: what a vCPU asks for itself. Its control block is brought in,
 * held, and cleared before anything else changes. No lock: all is the calling vCPU's.
 */
#include "apf_block.h"
#include <arch/nospec.h>
#include <arch/sysreg.h>
#include <drivers/timer.h>
#include <el2/idreg.h>
#include <el2/partition.h>
#include <el2/smccc.h>
#include <lib/bits.h>
#include <lib/layout.h>
#include <lib/string.h>
#include <mm/pages.h>

/* No line has two writers: the largest granule that a CPU has (DDI0487 CTR_EL0.CWG, 0: the
 * largest there can be), and for the ring in two areas, 1 KiB. */
#define CWG_LARGEST 2048
#define AREA_LEAST 1024
#define AREAS 4

/* abi/apf.h, which the guest sees */
LAYOUT(struct tocsin_apf_notice, token, 0);
LAYOUT(struct tocsin_apf_notice, reply, 4);
LAYOUT(struct tocsin_apf_notice, page, 8);
LAYOUT_SIZE(struct tocsin_apf_notice, 16);
LAYOUT(struct tocsin_apf_consumed, index, 0);
LAYOUT_SIZE(struct tocsin_apf_consumed, 4);
LAYOUT(struct tocsin_apf_ring, produced, 0);
LAYOUT(struct tocsin_apf_ring, reserved, 4);
LAYOUT(struct tocsin_apf_ring, token, 8);
REQUIRE(TOCSIN_FEATURE_APF == 15U << (TOCSIN_APF_INFO & 31));
_Static_assert(sizeof(struct tocsin_apf_ring) + APF_RING * sizeof(u32) <= 2 * AREA_LEAST,
	       "the ring has its place");
_Static_assert(APF_LIMIT < APF_RING && !(APF_RING & (APF_RING - 1)),
	       "room for all tokens, and one");

static u64 area_size(void)
{
	u64 cwg = FIELD_GET(CTR_EL0_CWG, read_sysreg(CTR_EL0));

	return cwg ? MAX(4UL << cwg, (u64)AREA_LEAST) : CWG_LARGEST;
}

struct verdict apf_info(struct vcpu *v, u32 fid)
{
	if (!v->apf)
		return smccc_return(v, TOCSIN_APF_NOT_SUPPORTED);
	v->regs.x[1] = TOCSIN_APF_VERSION | area_size() << 32;
	v->regs.x[2] = APF_LIMIT | (u64)APF_RING << 32;
	v->regs.x[3] = TOCSIN_EVENT_APF | (u64)APF_INTID << 32;
	return smccc_return(v, TOCSIN_APF_SUCCESS);
}

/* ---- enable, disable ---- */

static void release_block(struct vcpu *v)
{
	struct apf *a = v->apf;

	while (a->nr_frames)
		paged_release(&v->partition->paging->paged, a->frame[--a->nr_frames]);
}

/* Where EL2 finds an area of the block. */
static void *area(const struct vcpu *v, u32 n)
{
	u64 at = n * area_size();
	const struct apf *a = v->apf;

	return (u8 *)paged_frame_address(&v->partition->paging->paged, a->frame[at >> PAGE_SHIFT]) +
	       at % PAGE_SIZE;
}

static void begin(struct vcpu *v, u64 ipa)
{
	struct apf *a = v->apf;

	for (u32 i = 0; i < AREAS; i++)
		memset(area(v, i), 0, area_size());
	a->notice = area(v, 0);
	a->consumer = area(v, 1);
	a->ring = area(v, 2);
	a->ipa = ipa;
	apf_drop(a);
	a->on = true;
}

struct verdict apf_enable(struct vcpu *v, u32 fid)
{
	struct apf *a = v->apf;
	u64 ipa = v->regs.x[1], size = AREAS * area_size();
	struct paged *paged;

	if (!a)
		return smccc_return(v, TOCSIN_APF_NOT_SUPPORTED);
	paged = &v->partition->paging->paged;
	if (v->regs.x[2] || !IS_ALIGNED(ipa, size) || paged_page(paged, ipa) == PAGED_NO_PAGE ||
	    paged_page(paged, ipa + size - 1) == PAGED_NO_PAGE)
		return smccc_return(v, TOCSIN_APF_INVALID);
	if (a->on)
		return smccc_return(v, a->ipa == ipa ? TOCSIN_APF_ALREADY : TOCSIN_APF_DENIED);
	for (u32 page = paged_page(paged, ipa); a->nr_frames < MAX(size >> PAGE_SHIFT, 1UL);
	     page++) {
		enum bring answer = paging_bring(v, page, &a->frame[a->nr_frames]);

		if (answer == BRING_THERE) {
			a->nr_frames++;
			continue;
		}
		release_block(v);
		if (answer == BRING_LOST)
			return smccc_return(v, TOCSIN_APF_INVALID);
		v->regs.pc -= 4; /* the call is made again when the page is there */
		return VERDICT(RESUME);
	}
	begin(v, ipa);
	return smccc_return(v, TOCSIN_APF_SUCCESS);
}

struct verdict apf_disable(struct vcpu *v, u32 fid)
{
	struct apf *a = v->apf;

	if (!a)
		return smccc_return(v, TOCSIN_APF_NOT_SUPPORTED);
	if (!a->on)
		return smccc_return(v, TOCSIN_APF_ALREADY);
	v->regs.x[1] = apf_drop(a);
	a->on = false;
	release_block(v);
	return smccc_return(v, TOCSIN_APF_SUCCESS);
}

void apf_forget(struct vcpu *v)
{
	struct apf *a = v->apf;

	if (!a)
		return;
	vsdei_cancel(v, SDEI_APF);
	apf_drop(a);
	a->on = false;
	release_block(v);
	a->counts = (struct apf_counts){0};
}

enum err apf_create(struct vcpu *v)
{
	v->apf = boot_alloc(sizeof(*v->apf), 64);
	if (!v->apf)
		return ERR_NO_MEMORY;
	apf_drop(v->apf);
	return OK;
}

/* ---- counters ---- */

static u64 count(const struct vcpu *v, enum tocsin_apf_count which)
{
	const struct paging_counts *p = &v->paging.counts;
	const struct apf_counts *a = &v->apf->counts;
	const struct paged *paged = &v->partition->paging->paged;
	const u64 counts[TOCSIN_APF_NR_COUNTS] = {
	    [TOCSIN_APF_COUNT_EL0] = p->el0,
	    [TOCSIN_APF_COUNT_EL1] = p->el1,
	    [TOCSIN_APF_COUNT_THERE] = p->there,
	    [TOCSIN_APF_COUNT_NOTIFIED] = a->notified,
	    [TOCSIN_APF_COUNT_ACCEPTED] = a->accepted,
	    [TOCSIN_APF_COUNT_DECLINED] = a->declined,
	    [TOCSIN_APF_COUNT_CANCELLED] = a->cancelled,
	    [TOCSIN_APF_COUNT_EARLY] = a->early,
	    [TOCSIN_APF_COUNT_LIMIT] = a->limit,
	    [TOCSIN_APF_COUNT_READY] = a->ready,
	    [TOCSIN_APF_COUNT_LONGEST_US] = p->longest * 1000000 / timer_frequency(),
	    [TOCSIN_APF_COUNT_RESIDENT] = paged_nr_resident(paged),
	    [TOCSIN_APF_COUNT_STORED] = paged->counts.evicted,
	};

	return counts[index_nospec(which, TOCSIN_APF_NR_COUNTS)];
}

struct verdict apf_count(struct vcpu *v, u32 fid)
{
	u64 which = v->regs.x[1];

	if (!v->apf)
		return smccc_return(v, TOCSIN_APF_NOT_SUPPORTED);
	if (which >= TOCSIN_APF_NR_COUNTS)
		return smccc_return(v, TOCSIN_APF_INVALID);
	v->regs.x[1] = count(v, (enum tocsin_apf_count)which);
	return smccc_return(v, TOCSIN_APF_SUCCESS);
}
