/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events there are. A slot is Tocsin's own name of an event: those of private
 * events count from 0 and are bits of a PE's words; those of shared events count
 * from SDEI_SHARED.
 */
#pragma once

#include <abi/tocsin.h>
#include <arch/sdei.h>
#include <lib/types.h>

enum sdei_slot {
#define EVENT(name, number, priority, signalable, owner) SDEI_##name,
#include <sdei/event.def>
	SDEI_BOUND,         /* the first of those of bound PPIs: */
	SDEI_NR_BOUND = 16, /* no more than there are PPIs */
	SDEI_NR_PRIVATE = SDEI_BOUND + SDEI_NR_BOUND,
	SDEI_SHARED = 32, /* the first shared one, of a bound SPI */
	SDEI_NO_SLOT = 0x7fffffff
};

struct sdei_domain;

/* Sets of private slots. */
enum {
	SDEI_CRITICAL_SLOTS = 0
#define EVENT(name, number, priority, signalable, owner)                                           \
	| (priority == SDEI_CRITICAL) << SDEI_##name
#include <sdei/event.def>
	,
	/* What EVENT_SIGNAL may raise */
	SDEI_SIGNALABLE_SLOTS = 0
#define EVENT(name, number, priority, signalable, owner) | (signalable) << SDEI_##name
#include <sdei/event.def>
};

/* sdei_slot() for events of bound interrupts. */
u32 sdei_bound_slot(const struct sdei_domain *d, u32 number);

/* The slot of event number (all 32 bits count) in a partition, or SDEI_NO_SLOT. */
static inline u32 sdei_slot(const struct sdei_domain *d, u32 number)
{
#define EVENT(name, number_, priority, signalable, owner)                                          \
	if (number == (number_))                                                                   \
		return SDEI_##name;
#include <sdei/event.def>
	return sdei_bound_slot(d, number);
}

/* The event's number; slot is a valid one. */
static inline u32 sdei_number(u32 slot)
{
#define EVENT(name, number_, priority, signalable, owner)                                          \
	if (slot == SDEI_##name)                                                                   \
		return number_;
#include <sdei/event.def>
	return slot >= SDEI_SHARED ? TOCSIN_EVENT_BOUND_SHARED + slot - SDEI_SHARED
				   : TOCSIN_EVENT_BOUND_PRIVATE + slot - SDEI_BOUND;
}

/* May EVENT_SIGNAL raise it? */
static inline bool sdei_signalable(u32 slot)
{
	return slot < SDEI_BOUND && SDEI_SIGNALABLE_SLOTS >> slot & 1;
}
