/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of vCPUs whose memory is all there: what el2/paging/paging.c and el2/paging/apf*.c
 * would do.
 */
#pragma once

#include <el2/partition.h>

u64 paging_ready(const struct vcpu *v)
{
	(void)v;
	return UINT64_MAX;
}

void paging_step(struct vcpu *v, u64 now)
{
	(void)v;
	(void)now;
}

void paging_forget(struct vcpu *v)
{
	(void)v;
}

void paging_rung(struct partition *p)
{
	(void)p;
}

void paging_renew(struct partition *p)
{
	(void)p;
}

void paging_reset_step(struct partition *p, u64 *next)
{
	(void)p;
	(void)next;
}

bool paging_is_reset(const struct partition *p, u64 next)
{
	(void)p;
	(void)next;
	return true;
}

const struct vsdei_owner owner_apf;

enum err paging_create(struct partition *p)
{
	(void)p;
	return OK;
}
