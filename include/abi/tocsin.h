/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest may know of Tocsin: its vendor-specific hypervisor service
 * (DEN0028, owner 6), by HVC or SMC. Plain C and no includes, so that a guest
 * can use this file as it is.
 */
#pragma once

/* The service's UUID f8c6dbeb-28e6-4cd7-ab9e-fb8f6498f798 as
 * VENDOR_HYP_UID (0x8600ff01) returns it in w0-w3: byte 0 of the UUID is bits
 * 7:0 of w0. */
#define TOCSIN_UID_0 0xebdbc6f8u
#define TOCSIN_UID_1 0xd74ce628u
#define TOCSIN_UID_2 0x8ffb9eabu
#define TOCSIN_UID_3 0x98f79864u

/* VENDOR_HYP_REVISION (0x8600ff03): major in w0, minor in w1. */
#define TOCSIN_REVISION_MAJOR 0
#define TOCSIN_REVISION_MINOR 1

/* Which functions of the service there are: w0 has bit n set if function
 * 0x8600000n (with arguments of 64 bits 0xc600000n) answers; w1-w3 are 0. */
#define TOCSIN_FEATURES 0x86000000u
#define TOCSIN_FEATURE_FEATURES (1u << 0)
#define TOCSIN_FEATURE_ALARMS (7u << 1) /* three: see below */

/*
 * SDEI events beside those that the specification defines. Bits 31:0 of SDEI_VERSION
 * are TOCSIN_SDEI_VENDOR.
 */
#define TOCSIN_SDEI_VENDOR TOCSIN_UID_0

/* Private, critical: the alarm, which a vCPU rings on another one of its partition,
 * or on itself. It also interrupts a handler of a normal event. */
#define TOCSIN_EVENT_ALARM 0x40000001u
/* Private, critical: the first signal of the partition's watchdog, for each vCPU that has
 * registered it. Refreshing withdraws it where it has not been delivered yet. It never comes
 * in a partition without a watchdog. */
#define TOCSIN_EVENT_WATCHDOG 0x40000002u
/* Private, critical: a page is not present (abi/apf.h). */
#define TOCSIN_EVENT_APF 0x40000003u
/* Those that INTERRUPT_BIND hands out: the first for PPIs (private) and for SPIs (shared). */
#define TOCSIN_EVENT_BOUND_PRIVATE 0x40010000u
#define TOCSIN_EVENT_BOUND_SHARED 0x40020000u

/*
 * Alarm calls (SMC64/HVC64; x1 is the MPIDR of a vCPU, of which only the affinity
 * counts). Results are SDEI's: 0, NOT_SUPPORTED (-1) without SDEI,
 * INVALID_PARAMETERS (-2) for an MPIDR or flags that mean nothing, DENIED (-3).
 *
 * TOCSIN_ALARM rings: as SDEI_EVENT_SIGNAL, but for TOCSIN_EVENT_ALARM. x2 holds
 * flags; with TOCSIN_ALARM_NOW x1 must be the caller, and the handler either runs
 * before the caller's next instruction or the result is DENIED and nothing happens.
 *
 * TOCSIN_ALARM_CANCEL withdraws an alarm that rings but has not been heard: 1 if it did.
 *
 * TOCSIN_ALARM_STATUS: how many alarms the vCPU has heard in x1 and how many of these
 * handlers are over in x2, since it was started.
 */
#define TOCSIN_ALARM 0xc6000001u
#define TOCSIN_ALARM_CANCEL 0xc6000002u
#define TOCSIN_ALARM_STATUS 0xc6000003u
#define TOCSIN_ALARM_NOW (1u << 0)
