/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of el2/paging/paging.c whose partitions have no pager. */
#pragma once

#include <el2/channel.h>
#include <mm/pager.h>
#include <stdlib.h>

enum err pager_init(struct pager *p, const struct pager_config *c)
{
	(void)p, (void)c;
	abort();
}

void pager_rung(struct pager *p)
{
	(void)p;
	abort();
}

bool pager_must_ring(struct pager *p)
{
	(void)p;
	abort();
}

void channel_ring(struct channel_end *e, u32 bells)
{
	(void)e, (void)bells;
	abort();
}
