/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How numbers and slots of events of bound interrupts correspond. They are not in
 * the table: all are normal, none can be signalled, one slot each.
 */
#include <arch/nospec.h>
#include <sdei/domain.h>

_Static_assert(SDEI_NR_PRIVATE <= 30, "private slots and two flags are bits of one word");
_Static_assert(SDEI_NR_PRIVATE <= SDEI_SHARED, "private and shared slots do not overlap");

u32 sdei_bound_slot(const struct sdei_domain *d, u32 number)
{
	u64 private = number - TOCSIN_EVENT_BOUND_PRIVATE;
	u64 shared = number - TOCSIN_EVENT_BOUND_SHARED;

	if (index_check(&private, d->nr_private))
		return SDEI_BOUND + (u32) private;
	if (index_check(&shared, d->nr_shared))
		return SDEI_SHARED + (u32)shared;
	return SDEI_NO_SLOT;
}
